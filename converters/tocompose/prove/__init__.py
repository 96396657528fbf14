"""Proof: the real docker CLI and docker compose send the same to a recording engine."""

from tocompose.prove.binaries import Binaries, ProofError, find_binaries
from tocompose.prove.clients import Command
from tocompose.prove.difference import Difference, Match, Proof
from tocompose.prove.proof import prove_commands

__all__ = [
    "Binaries",
    "Command",
    "Difference",
    "Match",
    "Proof",
    "ProofError",
    "find_binaries",
    "prove_commands",
]
