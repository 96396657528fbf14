"""What a proof is made of: the differences of each container, and which of them were declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from tocompose.prove.recording import ClientRefusal
from tocompose.record import NamedTuple

# Each value with what is shown in its place, the longest first.
Hidden: TypeAlias = tuple[tuple[str, str], ...]

SHORTEST = 5  # a shorter value (true, 80) is hidden only where it is the whole text
INHERENT = ("HostConfig.AutoRemove",)  # R18: no Compose file can say --rm


class Difference(NamedTuple):
    """One field that the two sides say differently; None is a side that says nothing.

    `container` is docker's name for it, or Compose's when docker has none; empty for the project as a whole.
    `declared_by` is the code of a note that says so, `service` the Compose service.
    """

    container: str
    field: str
    docker_value: Any
    compose_value: Any
    declared_by: str = ""
    service: str = ""

    @property
    def is_inherent(self) -> bool:
        """Whether no Compose file could say it."""
        return self.field in INHERENT and not self.compose_value

    @property
    def is_accounted(self) -> bool:
        """Whether the user was told, or nobody could have done better."""
        return self.is_inherent or bool(self.declared_by)


class Match(NamedTuple):
    """A container and the service that it became, either empty when there is no such side, with what differs."""

    container: str
    service: str
    differences: tuple[Difference, ...] = ()


class Proof(NamedTuple):
    """The outcome: every container of either side, what differs in the project as a whole, what docker refused.

    `hidden` lists values that no report may show, with what is shown for them; `unchecked` says what the proof took for
    granted.
    """

    matches: tuple[Match, ...]
    project: tuple[Difference, ...] = ()
    refusals: tuple[ClientRefusal, ...] = ()
    hidden: Hidden = ()
    unchecked: str = ""

    @property
    def differences(self) -> tuple[Difference, ...]:
        """All differences, container by container."""
        return (
            *(difference for match in self.matches for difference in match.differences),
            *self.project,
        )

    @property
    def undeclared(self) -> tuple[Difference, ...]:
        """The differences that nobody told the user about."""
        return tuple(
            difference for difference in self.differences if not difference.is_accounted
        )

    @property
    def verdict(self) -> str:
        """`refused`, `different`, `declared`, `equal apart from --rm` or `equal`, the worst that applies."""
        if self.refusals:
            return "refused"
        if self.undeclared:
            return "different"
        if any(
            difference.declared_by and not difference.is_inherent
            for difference in self.differences
        ):
            return "declared"
        return "equal apart from --rm" if self.differences else "equal"

    @property
    def holds(self) -> bool:
        """Whether the Compose file starts what the commands start, apart from what was declared."""
        return not self.refusals and not self.undeclared


def hidden_values(dotenv: bytes, env: Mapping[str, str]) -> Hidden:
    """The values of an `.env` file and of an environment, with the variables that stand for them."""
    lines = [
        line.partition("=")
        for line in dotenv.decode(errors="replace").splitlines()
        if not line.startswith("#")
    ]
    names_by_value = {
        value.strip().strip("'\""): name.strip() for name, equals, value in lines if equals
    }
    names_by_value.update({value: name for name, value in env.items()})
    return tuple(
        (value, f"${{{name}}}")
        for value, name in sorted(names_by_value.items(), key=_longest_first)
        if value
    )


def _longest_first(pair: tuple[str, str]) -> tuple[int, str]:
    return -len(pair[0]), pair[0]


def mask_hidden(text: str, hidden: Hidden) -> str:
    """The text with every hidden value replaced."""
    for value, shown in hidden:
        if text == value or len(value) >= SHORTEST:
            text = text.replace(value, shown)
    return text
