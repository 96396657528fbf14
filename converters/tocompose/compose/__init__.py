"""Compose documents and the stack model: read, merged, written, by one table of Compose's keys."""
