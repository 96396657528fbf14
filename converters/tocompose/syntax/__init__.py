"""The small languages of Compose files: interpolation, units, the short forms of ports and mounts, names."""
