"""Existing compose files held against the checklist: what an expert would change, where, and a score for each line."""

from tocompose.check.lint import Lint, lint
from tocompose.check.repair import Repair, repair
from tocompose.check.score import Audit, Line, audit
from tocompose.check.selection import RuleSelection, fails

__all__ = [
    "Audit",
    "Line",
    "Lint",
    "Repair",
    "RuleSelection",
    "audit",
    "fails",
    "lint",
    "repair",
]
