"""The variables that are passwords inside of addresses, where a character may mean something else."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.knowledge.secrets.texts import password_variables
from tocompose.model import Stack
from tocompose.patterns import regex
from tocompose.stack_texts import stack_texts
from tocompose.syntax.interpolation import nested_variables

# RFC 3986, 2.3: what means the same in an address and as it is; everything else has to be encoded there.
SAFE_VALUE = regex(r"[A-Za-z0-9._~-]*")
ENCODED_VALUE = regex(r"(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})*")
SAFE_CHARACTERS = "letters, digits and - . _ ~"


class AddressUse:
    """The variables of a stack that addresses hold as passwords, and those that stand as they are too."""

    def __init__(self, stack: Stack) -> None:
        texts = [text for _, text in stack_texts(stack, "$")]
        self.in_addresses = frozenset(
            variable.name for text in texts for variable in password_variables(text)
        )
        self.as_they_are = frozenset(
            name for text in texts for name in _outside_addresses(text)
        )

    def rule_for(self, name: str) -> str:
        """What a value must be made of; empty where any will do."""
        if name not in self.in_addresses:
            return ""
        if name in self.as_they_are:
            return f"{SAFE_CHARACTERS} only: it is part of an address"
        return f"{SAFE_CHARACTERS}, others URL-encoded such as %40 for @: it is part of an address"

    def accepts(self, name: str, value: str) -> bool:
        """Whether a value means the same wherever the variable stands."""
        if name not in self.in_addresses:
            return True
        pattern = SAFE_VALUE if name in self.as_they_are else ENCODED_VALUE
        return pattern.fullmatch(value) is not None


def _outside_addresses(text: str) -> Iterator[str]:
    """The variables of a text that are no passwords of an address in it."""
    starts = {variable.start for variable in password_variables(text)}
    for variable in nested_variables(text):
        if variable.template is not text or variable.start not in starts:
            yield variable.name
