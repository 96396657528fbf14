"""The functions of GNU make."""

from __future__ import annotations

# What gives back its words, whole or in part: https://www.gnu.org/software/make/manual/html_node/Functions.html
TEXT_FUNCTIONS = frozenset(
    """
    if or and strip subst patsubst word wordlist firstword lastword filter filter-out addprefix addsuffix let info
    warning error file
    """.split()
)
