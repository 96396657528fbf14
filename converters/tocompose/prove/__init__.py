"""Proof: the real docker CLI and docker compose send the same to a recording engine."""
