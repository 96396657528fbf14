"""Accounts for every leaf of the input: mapped, noted, ignored with a reason, or reported as not carried over.

Importers never see raw values, only a `Cursor`; each way to obtain a value settles what became of the leaf.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from enum import Enum
from functools import lru_cache
from itertools import chain
from typing import Any

from tocompose.limits import limit
from tocompose.notes import Kind, Note, explanation, note
from tocompose.record import NamedTuple
from tocompose.source import Branch, Child, Leaf, Node, Path, Span, leaves
from tocompose.syntax.model_path import ROOT, ModelPath


class Fate(Enum):
    """What became of a leaf."""

    UNREAD = "unread"
    MAPPED = "mapped"
    NOTED = "noted"
    IGNORED = "ignored"


class Settlement(NamedTuple):
    """The settled fate of a leaf: where it was mapped to, or the note codes or the reason it was ignored."""

    fate: Fate
    detail: tuple[str, ...] = ()
    paths: tuple[ModelPath, ...] = ()


class Ledger:
    """The fates of all leaves of a conversion, over any number of source trees."""

    def __init__(self) -> None:
        self._fates: dict[Leaf, Settlement] = {}
        self._roots: list[Node] = []
        self._leaves: dict[Leaf, None] = {}
        self._paths: dict[Leaf, Path] = {}
        self.notes: list[Note] = []
        self._known_notes: set[Note] = set()
        self._said_notes: Counter[str] = Counter()
        self._moves: dict[ModelPath, ModelPath] = {}

    def told_losses(self, first: Collection[str] = ()) -> Iterator[str]:
        """What was said to be lost at a place of the source, as `file:line:column: message`, in order.

        Those of the codes that are to be the `first` come before the others.
        """
        losses = (one_note for one_note in self.notes if one_note.kind is Kind.LOST)
        for loss in sorted(losses, key=lambda told: told.code not in first):
            if loss.span:
                yield f"{loss.span}: {loss.message}"

    def open(self, root: Node) -> Cursor:
        """A cursor at the root of a source tree, whose leaves are from now on accounted for."""
        self._roots.append(root)
        self._leaves = {}
        return Cursor(self, root, (), root.span)

    def fate(self, leaf: Leaf) -> Settlement:
        """What became of the leaf so far."""
        return self._fates.get(leaf, _UNREAD)

    def map(self, leaf: Leaf, to: ModelPath) -> None:
        """Records that the leaf's value went to the model path `to`; a leaf may go to several."""
        paths = self._fates.get(leaf, _UNREAD).paths
        if to not in paths:
            self._fates[leaf] = Settlement(Fate.MAPPED, paths=(*paths, to))

    def move(self, old: ModelPath, new: ModelPath) -> None:
        """Records that what was mapped to the old path is written at the new one."""
        self._moves[old] = new

    def written_at(self, path: ModelPath) -> ModelPath:
        """Where what was mapped to the path is written: somewhere else after moves."""
        visited: set[ModelPath] = set()
        while path in self._moves and path not in visited:
            visited.add(path)
            path = self._moves[path]
        return path

    def leave_out(self, leaf: Leaf, path: ModelPath, code: str) -> None:
        """Records that what was mapped to the path is not written after all, which the note of that code tells."""
        paths = tuple(mapped for mapped in self.fate(leaf).paths if mapped != path)
        mapped_still = Settlement(Fate.MAPPED, paths=paths)
        self._fates[leaf] = mapped_still if paths else _settled(Fate.NOTED, (code,))

    def settle(self, leaf: Leaf, fate: Fate, detail: str) -> None:
        """Records a fate other than mapped; what is mapped already stays mapped."""
        settlement = self._fates.get(leaf, _UNREAD)
        is_noted = settlement.fate is Fate.NOTED
        if settlement.fate is Fate.MAPPED or (is_noted and fate is Fate.IGNORED):
            return
        details = settlement.detail if settlement.fate is fate else ()
        self._fates[leaf] = _settled(fate, (*details, detail))

    def add_note(self, new_note: Note) -> None:
        """Adds a note that settles no leaf; beyond the limit of its code it is only counted."""
        if new_note in self._known_notes or not self.count_in(new_note.code):
            return
        self._known_notes.add(new_note)
        self.notes.append(new_note)

    def count_in(self, code: str) -> bool:
        """Counts one more note of the code; whether it may still be said."""
        most = limit("NOTES")
        self._said_notes[code] += 1
        return self._said_notes[code] <= most

    def counted_notes(self) -> list[Note]:
        """A note for each code of which more were to be said than may be."""
        most = limit("NOTES")
        return [
            note(
                "TC056",
                told=code,
                number=f"{said - most:,}",
                title=explanation(code)["title"],
            )
            for code, said in self._said_notes.items()
            if said > most
        ]

    def leaves(self) -> Iterator[Leaf]:
        """Every leaf of every opened tree, each once, in source order."""
        if not self._leaves:
            self._leaves = dict.fromkeys(
                leaf for root in self._roots for leaf in leaves(root)
            )
        return iter(self._leaves)

    def path(self, leaf: Leaf) -> Path:
        """The leaf's path in its tree, found on first use."""
        if not self._paths:
            for root in self._roots:
                _index_paths(root, (), self._paths)
        return self._paths.get(leaf, ())

    def count(self) -> dict[Fate, int]:
        """How many leaves met each fate."""
        counts = dict.fromkeys(Fate, 0)
        for leaf in self.leaves():
            counts[self.fate(leaf).fate] += 1
        return counts


_UNREAD = Settlement(Fate.UNREAD)


# Many leaves one after the other are left out for the same reason.
@lru_cache(maxsize=16)
def _settled(fate: Fate, details: tuple[str, ...]) -> Settlement:
    return Settlement(fate, details)


def _index_paths(node: Node, path: Path, paths: dict[Leaf, Path]) -> None:
    stack: list[tuple[Node, Path]] = [(node, path)]
    while stack:
        current, current_path = stack.pop()
        if isinstance(current, Leaf):
            paths.setdefault(current, current_path)
        else:
            stack.extend(
                (child.node, (*current_path, child.key))
                for child in reversed(current.children)
            )


class Cursor:
    """A place in the source tree, through which an importer reads and settles what stands there.

    A cursor at a key that is absent is falsy and empty: `take` gives None, iteration gives nothing. Few paths are ever
    asked for, so a cursor keeps the one above it and the keys from there.
    """

    __slots__ = ("_above", "_keys", "_ledger", "_node", "span")

    def __init__(
        self,
        ledger: Ledger,
        node: Node | None,
        above: Path | Cursor,
        span: Span,
        keys: str | int | Path = (),
    ) -> None:
        self._ledger = ledger
        self._node = node
        self._above = above
        self._keys = keys
        self.span = span

    @property
    def path(self) -> Path:
        """The keys from the root of the tree."""
        parts: list[Path] = []
        place: Path | Cursor = self
        while isinstance(place, Cursor):
            keys = place._keys
            parts.append(keys if isinstance(keys, tuple) else (keys,))
            place = place._above
        return tuple(chain(place, *reversed(parts)))

    @property
    def node(self) -> Node | None:
        """The raw node, for walks that settle many leaves at once."""
        return self._node

    def __bool__(self) -> bool:
        return self._node is not None

    @property
    def ledger(self) -> Ledger:
        """The ledger in which this cursor settles."""
        return self._ledger

    @property
    def kind(self) -> str:
        """`leaf`, `missing`, or the kind of the branch (`map`, `list` …)."""
        if self._node is None:
            return "missing"
        return "leaf" if isinstance(self._node, Leaf) else self._node.kind

    @property
    def style(self) -> str:
        """The style of the leaf; empty for a branch."""
        return self._node.style if isinstance(self._node, Leaf) else ""

    @property
    def value_span(self) -> Span:
        """Where the value itself stands; `span` is where its key stands."""
        return self._node.span if self._node is not None else self.span

    @property
    def children(self) -> tuple[Child, ...]:
        """The raw entries, for navigation only."""
        return self._node.children if isinstance(self._node, Branch) else ()

    def at(self, *keys: str | int) -> Cursor:
        """The cursor at a key or path below this one; falsy where nothing stands there."""
        node: Node | None = self._node
        span = self.span
        for key in keys:
            child = node.child(key) if type(node) is Branch else None
            if child is None:
                node = None
                break
            _, span, node = child
        return Cursor(self._ledger, node, self, span, keys[0] if len(keys) == 1 else keys)

    def _below(self, keys: Path) -> Node | None:
        """The node at a path below this one."""
        node = self._node
        for key in keys:
            child = node.child(key) if type(node) is Branch else None
            if child is None:
                return None
            node = child[2]
        return node

    def __iter__(self) -> Iterator[Cursor]:
        for child in self.children:
            yield Cursor(self._ledger, child.node, self, child.span, child.key)

    def __len__(self) -> int:
        return len(self.children)

    @property
    def key(self) -> str:
        """The last element of the path, as text."""
        keys = self._keys
        if not isinstance(keys, tuple):
            return str(keys)
        path = self.path
        return str(path[-1]) if path else ""

    def keys(self) -> tuple[str, ...]:
        """The keys of a map in source order."""
        return tuple(str(child.key) for child in self.children)

    def peek(self, *keys: str | int) -> str | None:
        """The text of a leaf, for a decision; settles nothing."""
        node = self._below(keys)
        return node.text if isinstance(node, Leaf) else None

    def take(self, *keys: str | int, to: ModelPath) -> str | None:
        """The text of a leaf, which thereby counts as mapped to the model path `to`; None where there is no leaf."""
        node = self._below(keys)
        if not isinstance(node, Leaf):
            return None
        self._ledger.map(node, to)
        return node.text

    def map(self, *, to: ModelPath) -> None:
        """Counts every leaf at or below as mapped to `to`: for a branch that is carried over as one value."""
        for leaf in self._leaves():
            self._ledger.map(leaf, to)

    def note(
        self,
        code: str,
        *,
        subject: ModelPath = ROOT,
        related: Iterable[Span] = (),
        **facts: Any,
    ) -> None:
        """Says a note about what stands here and counts every unsettled leaf at or below as noted."""
        self.annotate(code, subject=subject, related=related, **facts)
        self._settle(Fate.NOTED, code)

    def annotate(
        self,
        code: str,
        *,
        subject: ModelPath = ROOT,
        related: Iterable[Span] = (),
        **facts: Any,
    ) -> None:
        """Says a note about what stands here without settling it: the value is mapped elsewhere."""
        self._ledger.add_note(
            note(code, self.span, subject=subject, related=tuple(related), **facts)
        )

    def mark_noted(self, code: str) -> None:
        """Counts every unsettled leaf at or below as noted by a note that is said elsewhere."""
        self._settle(Fate.NOTED, code)

    def skip(self, why: str) -> None:
        """Counts every unsettled leaf at or below as ignored, for the reason given."""
        self._settle(Fate.IGNORED, why)

    def unread(self) -> bool:
        """Whether some leaf at or below is not settled yet."""
        return any(self._ledger.fate(leaf).fate is Fate.UNREAD for leaf in self._leaves())

    def _settle(self, fate: Fate, detail: str) -> None:
        for leaf in self._leaves():
            self._ledger.settle(leaf, fate, detail)

    def _leaves(self) -> Iterator[Leaf]:
        return leaves(self._node) if self._node is not None else iter(())

    def __repr__(self) -> str:
        return f"Cursor({self.kind} at {self.path}, {self.span})"


def audit_unread(ledger: Ledger) -> list[Note]:
    """A note for each leaf that nobody read, at its position: the guard against silent loss."""
    return [
        note("TC001", leaf.span, what=_describe_leaf(ledger, leaf))
        for leaf in ledger.leaves()
        if ledger.fate(leaf).fate is Fate.UNREAD and ledger.count_in("TC001")
    ]


def audit_written(
    ledger: Ledger, written: Iterable[ModelPath], rule_notes: Iterable[Note] = ()
) -> list[Note]:
    """A note for each leaf said to be mapped whose model path did not reach any written file: an internal error.

    What a rule took out of the stack is none: one of the `rule_notes` is about the path.
    """
    reached = {path[:depth] for path in written for depth in range(1, len(path) + 1)}
    changes = (change for change in rule_notes if change.kind in (Kind.LOST, Kind.CHANGED))
    codes = {change.subject: change.code for change in changes}
    unreached = [
        (leaf, path)
        for leaf in ledger.leaves()
        for path in ledger.fate(leaf).paths
        if ledger.written_at(path) not in reached
    ]
    faults = []
    for leaf, path in unreached:
        if code := codes.get(ledger.written_at(path)):
            ledger.leave_out(leaf, path, code)
        else:
            what = _describe_leaf(ledger, leaf)
            faults.append(note("TC901", leaf.span, path=str(path), what=what))
    return faults


def _describe_leaf(ledger: Ledger, leaf: Leaf) -> str:
    """What to call the leaf in a note: its path, or the name of a flag; never its value, which may be a secret."""
    if leaf.style == "word":
        return _flag_name(leaf.text) or "a word"
    return ".".join(str(key) for key in ledger.path(leaf)) or "this value"


def _flag_name(word: str) -> str:
    """The name of a flag; of a short one its letter, since the value may follow at once (`-psecret`)."""
    if word.startswith("--"):
        return word.partition("=")[0]
    return word[:2] if word.startswith("-") else ""
