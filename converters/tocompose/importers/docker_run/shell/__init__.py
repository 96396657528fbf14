"""Shell scripts, Makefiles and systemd units, worked out without running them: text to docker commands."""
