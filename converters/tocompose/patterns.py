"""Regular expressions that are compiled when they are first used: of those that a run loads it uses one in two.

Most of the time of a short run is theirs. So one may say what each match of it holds: a text without that is told by
a look for a few words, and the pattern is not compiled at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, AnyStr, cast

# One of the words of each group stands in every match.
Hints = Sequence[Sequence[str]]


def regex(source: AnyStr, flags: int = 0, *, hints: Hints = ()) -> re.Pattern[AnyStr]:
    """What `re.compile` gives, for a constant of a module: to load it costs nothing.

    Every match holds a word of each group of `hints`, in small letters where the pattern takes both.
    """
    if hints:
        return cast("re.Pattern[AnyStr]", HintedPattern(str(source), flags, hints))
    return cast("re.Pattern[AnyStr]", _Uncompiled(source, flags))


class _Uncompiled:
    """Stands for a compiled pattern, whose methods it takes over one by one as they are asked for."""

    def __init__(self, source: str | bytes, flags: int) -> None:
        self._source, self._flags = source, flags

    def __getattr__(self, name: str) -> Any:
        # Kept on the object: from the second time on, a method is found without coming here.
        method = self.__dict__[name] = getattr(re.compile(self._source, self._flags), name)
        return method


class HintedPattern:
    """Stands for a compiled pattern; a text that no match of it can stand in does not reach it."""

    def __init__(self, source: str, flags: int, hints: Hints) -> None:
        self.source, self.flags, self.hints = source, flags, hints
        self.folds = bool(flags & re.IGNORECASE or re.search(r"\(\?[msx]*i", source))

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The pattern itself."""
        return re.compile(self.source, self.flags)

    def __getattr__(self, name: str) -> Any:
        # What is seldom asked for is left to the pattern itself.
        return getattr(self.compiled, name)

    def may_match(self, text: str) -> bool:
        """Whether the text holds what every match does."""
        if self.folds:
            if not text.isascii():
                # Letters of other scripts count as those of ASCII there: `ſ` is an s.
                return True
            text = text.lower()
        # Loops: this is asked thousands of times, and generators would take twice as long.
        for words in self.hints:
            for word in words:
                if word in text:
                    break
            else:
                return False
        return True

    def search(self, text: str) -> re.Match[str] | None:
        """As that of `re.Pattern`."""
        return self.compiled.search(text) if self.may_match(text) else None

    def match(self, text: str) -> re.Match[str] | None:
        """As that of `re.Pattern`."""
        return self.compiled.match(text) if self.may_match(text) else None

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """As that of `re.Pattern`."""
        return self.compiled.fullmatch(text) if self.may_match(text) else None

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """As that of `re.Pattern`."""
        return self.compiled.finditer(text) if self.may_match(text) else iter(())


class Forms:
    """Many patterns as the alternatives of one: of a text only those are looked for whose hints it holds.

    Each match of any of them holds one of `least` as well, which is looked for first.
    """

    def __init__(self, least: re.Pattern[str], patterns: Iterable[HintedPattern]) -> None:
        self.least, self.patterns = least, tuple(patterns)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """As that of `re.Pattern`."""
        if self.least.search(text) is None:
            return
        possible = [form.compiled for form in self.patterns if form.may_match(text)]
        next_matches = {form: form.search(text) for form in possible}
        position = 0
        while True:
            for form, match in next_matches.items():
                if match is not None and match.start() < position:
                    next_matches[form] = form.search(text, position)
            matches = [match for match in next_matches.values() if match is not None]
            if not matches:
                return
            # Of those that start together the first is taken, as of alternatives.
            first_match = min(matches, key=lambda match: match.start())
            yield first_match
            position = first_match.end()

    def search(self, text: str) -> re.Match[str] | None:
        """As that of `re.Pattern`."""
        return next(self.finditer(text), None)

    def sub(self, replacement: Callable[[re.Match[str]], str], text: str) -> str:
        """As that of `re.Pattern`."""
        parts, position = [], 0
        for match in self.finditer(text):
            parts += [text[position : match.start()], replacement(match)]
            position = match.end()
        return "".join([*parts, text[position:]])
