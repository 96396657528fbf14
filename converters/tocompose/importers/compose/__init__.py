"""Existing compose files, for `check` and `--merge`: what docker compose would make of them, as a stack.

A compose file is no source to convert from, so this package offers no importer.
"""
