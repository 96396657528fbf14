"""Whole sources made by grammars, each held against docker compose, itself and another hash seed."""
