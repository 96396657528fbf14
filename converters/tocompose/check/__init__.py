"""Existing compose files held against the checklist: what an expert would change, where, and a score for each line."""

from tocompose.check.repair import Repair, repair
from tocompose.check.score import Audit, Line, audit

__all__ = ["Audit", "Line", "Repair", "audit", "repair"]
