"""The parameters by which a tool says what container to start, as the words of `docker run`.

Which flag a parameter is stands in `mappings/docker/sources.yaml`; how its value is written, by its form here.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping

from tocompose.readers.commands import word_list
from tocompose.readers.scalar_text import ScalarTexts
from tocompose.readers.templates import TEMPLATE, quoted_word, with_shell_variables
from tocompose.readers.words import Unbalanced
from tocompose.readers.yaml import boolean, is_null
from tocompose.record import NamedTuple
from tocompose.source import Branch, Child, Leaf, Node, Span
from tocompose.tables import Row

# What the item of a loop holds, by `item` and `item.key`.
Bindings = Mapping[str, str]


class Remark(NamedTuple):
    """A note to say at a place: its code and the one fact that it tells."""

    code: str
    leaf: Leaf


class ContainerWords(NamedTuple):
    """The words of a command by where they stand in it, the name that others call the container, what is lost."""

    flags: list[Node]
    image: list[Node]
    command: list[Node]
    names: list[Leaf]
    remarks: list[Remark]

    def operands(self) -> list[Node]:
        """The image with the words behind it; none without an image."""
        return [*self.image, *self.command] if self.image else []


class ParameterReader:
    """Reads the parameters of the containers of one file; with `expands` the tool puts in `$NAME` as a shell does."""

    def __init__(
        self, texts: ScalarTexts, bindings: Bindings | None = None, *, expands: bool = False
    ) -> None:
        self._texts = texts
        self._bindings = bindings or {}
        self._expands = expands

    def read_all(
        self, parameters: Iterable[Child], rows: Mapping[str, Row]
    ) -> ContainerWords:
        """The words for all parameters of a container."""
        container_words = ContainerWords([], [], [], [], [])
        by_alias = {alias: row for row in rows.values() for alias in row.get("aliases", ())}
        siblings = tuple(parameters)
        for child in siblings:
            row = rows.get(str(child.key)) or by_alias.get(str(child.key))
            self._read_one(child, row or {"note": "TC034"}, container_words, siblings)
        return container_words

    def word(self, text: str, span: Span) -> Leaf:
        """A word that no shell reads, with what the loop's item holds put in."""
        text = TEMPLATE.sub(self._bound_text, text) if self._bindings else text
        if self._expands and "$" in text:
            # `$$` is how such a tool writes a dollar sign.
            return Leaf("\\$".join(map(quoted_word, text.split("$$"))), span, "word")
        return Leaf(text, span, "template" if "{{" in text else "literal")

    def flag(self, name: str, node: Node, span: Span) -> list[Node]:
        """The flag with each entry of a map of variables."""
        return [
            word for pair in self.pairs(node, ()) for word in (self.word(name, span), pair)
        ]

    def _bound_text(self, match: re.Match[str]) -> str:
        name = match["expression"].replace("['", ".").replace("']", "")
        return self._bindings.get(name, match[0])

    def _read_one(
        self,
        child: Child,
        row: Row,
        words: ContainerWords,
        siblings: tuple[Child, ...],
    ) -> None:
        if "ignore" in row or _is_nothing(child.node):
            return
        if "note" in row:
            words.remarks.append(Remark(row["note"], Leaf(str(child.key), child.span)))
        elif row.get("name"):
            words.names.extend(self._leaves(child.node))
        elif row.get("operand") == "command":
            words.command.extend(self._command(child.node))
        elif "operand" in row:
            words.image.extend(self._leaves(child.node))
        else:
            self._read_flag(child, row, words, siblings)

    def _read_flag(
        self,
        child: Child,
        row: Row,
        words: ContainerWords,
        siblings: tuple[Child, ...],
    ) -> None:
        flag, form = str(row.get("flag", "")), str(row["form"])
        if form not in _SINGLE_FORMS and _is_template(child.node):
            # A list or map of which the file does not say the entries.
            text = child.node.text if isinstance(child.node, Leaf) else ""
            words.remarks.append(Remark("TC155", Leaf(text, child.node.span)))
            return
        if form == "words":
            words.flags.extend(self._command(child.node))
        elif form == "entrypoint":
            entry_words = self._command(child.node)
            # Without a word, of `[]` or null, it is the image's own program.
            if entry_words:
                words.flags.extend((self.word(flag, child.span), entry_words[0]))
            words.command[:0] = entry_words[1:]
        elif form == "health":
            words.flags.extend(self._health(child))
        elif form == "ipam":
            words.flags.extend(self._ipam(child))
        elif form in ("switch", "switch-off"):
            words.flags.extend(self._switch(flag, child, is_off=form == "switch-off"))
        else:
            values = _FORMS[form](self, child.node, siblings)
            for value in values:
                text = row.get("values", {}).get(value.text)
                words.flags.append(self.word(flag, child.span))
                words.flags.append(self.word(text, value.span) if text else value)

    def _leaves(self, node: Node) -> list[Leaf]:
        """The scalars of a node, of a list each."""
        if isinstance(node, Leaf):
            return (
                [] if is_null(node.text, node.style) else [self.word(node.text, node.span)]
            )
        if node.kind == "list":
            return [leaf for child in node.children for leaf in self._leaves(child.node)]
        return [self.word(str(child.key), child.span) for child in node.children]

    def _command(self, node: Node) -> list[Node]:
        """The words of a command, in a text as a shell splits it."""
        if isinstance(node, Branch):
            return [*self._leaves(node)]
        text = self._texts.text_of(node)
        if self._bindings:
            text = text.edited(
                (match.start(), match.end(), self._bound_text(match))
                for match in TEMPLATE.finditer(text.text)
            )
        text = with_shell_variables(text)
        try:
            return [child.node for child in word_list(text, 0, len(text.text)).children]
        except Unbalanced:
            return [self.word(word, node.span) for word in node.text.split()]

    def _switch(self, flag: str, child: Child, *, is_off: bool) -> Iterator[Leaf]:
        leaf = child.node
        if not isinstance(leaf, Leaf):
            return
        truth = boolean(leaf.text, "plain")
        if truth is None:
            yield self.word(f"{flag}={leaf.text}", leaf.span)
        elif truth is not is_off:
            yield self.word(flag, child.span)

    def _health(self, child: Child) -> Iterator[Leaf]:
        """A healthcheck: a test, and how often it is made."""
        if isinstance(child.node, Leaf):
            text = re.sub(r"^CMD(?:-SHELL)?\s+", "", child.node.text)
            yield self.word("--health-cmd", child.span)
            yield self.word(text, child.node.span)
            return
        for setting in child.node.children:
            if setting.key == "test":
                yield from self._health_test(setting)
            elif isinstance(setting.node, Leaf):
                name = str(setting.key).replace("_", "-")
                yield self.word(f"--health-{name}", setting.span)
                yield self.word(setting.node.text, setting.node.span)

    def _health_test(self, setting: Child) -> Iterator[Leaf]:
        leaves = self._leaves(setting.node)
        texts = [leaf.text for leaf in leaves]
        if texts == ["NONE"]:
            yield self.word("--no-healthcheck", setting.span)
            return
        if texts[:1] == ["CMD"]:
            command = shlex.join(texts[1:])
        else:
            command = " ".join(texts[1:] if texts[:1] == ["CMD-SHELL"] else texts)
        yield self.word("--health-cmd", setting.span)
        yield self.word(command, setting.node.span)

    def _ipam(self, child: Child) -> Iterator[Leaf]:
        flags = {"subnet": "--subnet", "gateway": "--gateway", "iprange": "--ip-range"}
        for pool in child.node.children if isinstance(child.node, Branch) else ():
            for setting in pool.node.children if isinstance(pool.node, Branch) else ():
                if str(setting.key) in flags and isinstance(setting.node, Leaf):
                    yield self.word(flags[str(setting.key)], setting.span)
                    yield self.word(setting.node.text, setting.node.span)

    def texts(self, node: Node, _: tuple[Child, ...]) -> Iterator[Leaf]:
        """One value, or each of a list."""
        yield from self._leaves(node)

    def lines(self, node: Node, _: tuple[Child, ...]) -> Iterator[Leaf]:
        """The values of a list; of a text those between its commas."""
        for leaf in self._leaves(node):
            for text in leaf.text.split(",") if isinstance(node, Leaf) else [leaf.text]:
                if text.strip():
                    yield self.word(text.strip(), leaf.span)

    def pairs(self, node: Node, _: tuple[Child, ...]) -> Iterator[Leaf]:
        """`NAME=value` for each entry of a map or list; a list may hold maps of a `name` and a `value`."""
        yield from self._joined(node, "=")

    def hosts(self, node: Node, _: tuple[Child, ...]) -> Iterator[Leaf]:
        """`host:address` for each entry."""
        yield from self._joined(node, ":")

    def tmpfs(self, node: Node, _: tuple[Child, ...]) -> Iterator[Leaf]:
        """`folder:options` for each entry."""
        for leaf in self._joined(node, ":"):
            yield self.word(leaf.text.rstrip(":"), leaf.span)

    def _joined(self, node: Node, sign: str) -> Iterator[Leaf]:
        if isinstance(node, Leaf):
            yield from self._leaves(node)
            return
        for child in node.children:
            if node.kind == "list":
                yield from self._pair_of(child.node, sign)
            elif isinstance(child.node, Branch):
                # Drone's `from_secret` and its kin: the value stands elsewhere.
                yield self.word(f"{child.key}{sign}{{{{ {child.key} }}}}", child.span)
            else:
                is_empty = is_null(child.node.text, child.node.style)
                value = "" if is_empty else child.node.text
                span = child.span.to(child.node.span)
                yield self.word(f"{child.key}{sign}{value}", span)

    def _pair_of(self, node: Node, sign: str) -> Iterator[Leaf]:
        if isinstance(node, Leaf):
            yield from self._leaves(node)
            return
        name, value = (node.child(key) for key in ("name", "value"))
        if name is None or value is None:
            yield from self._joined(node, sign)
        elif isinstance(name.node, Leaf) and isinstance(value.node, Leaf):
            yield self.word(f"{name.node.text}{sign}{value.node.text}", node.span)

    def restart(self, node: Node, siblings: tuple[Child, ...]) -> Iterator[Leaf]:
        """The restart policy with how often it tries."""
        retries = next(
            (child.node for child in siblings if child.key == "restart_retries"), None
        )
        for leaf in self._leaves(node):
            text = "no" if boolean(leaf.text) is False else leaf.text
            if isinstance(retries, Leaf) and text == "on-failure":
                text = f"{text}:{retries.text}"
            yield self.word(text, leaf.span)

    def ulimits(self, node: Node, _: tuple[Child, ...]) -> Iterator[Leaf]:
        """`name=soft:hard`, which Ansible writes with a colon."""
        for leaf in self._joined(node, "="):
            yield self.word(re.sub(r"^(\w+):", r"\1=", leaf.text), leaf.span)

    def networks(self, node: Node, _: tuple[Child, ...]) -> Iterator[Leaf]:
        """The networks with the addresses and aliases that the container has there."""
        yield from self._options(node, _NETWORK_KEYS)

    def mounts(self, node: Node, _: tuple[Child, ...]) -> Iterator[Leaf]:
        """The mounts in the form of `--mount`."""
        yield from self._options(node, _MOUNT_KEYS)

    def _options(self, node: Node, names: Mapping[str, str]) -> Iterator[Leaf]:
        """`key=value,key=value` for each map of a list; an only `name` stands alone."""
        for child in node.children if isinstance(node, Branch) else ():
            if isinstance(child.node, Leaf):
                yield from self._leaves(child.node)
                continue
            fields = [
                field
                for setting in child.node.children
                for field in self._fields(setting, names)
            ]
            text = ",".join(fields)
            is_name = len(fields) == 1 and text.startswith("name=")
            yield self.word(
                text.removeprefix("name=") if is_name else text, child.node.span
            )

    def _fields(self, setting: Child, names: Mapping[str, str]) -> Iterator[str]:
        name = names.get(str(setting.key), str(setting.key).replace("_", "-"))
        for leaf in self._leaves(setting.node):
            truth = boolean(leaf.text)
            if truth is None:
                yield f"{name}={leaf.text}"
            elif truth:
                yield name

    def gpus(self, node: Node, _: tuple[Child, ...]) -> Iterator[Leaf]:
        """The GPUs that are asked for: all, a number, or some."""
        for child in node.children if isinstance(node, Branch) else ():
            settings = child.node.children if isinstance(child.node, Branch) else ()
            texts = {
                str(s.key): [leaf.text for leaf in self._leaves(s.node)] for s in settings
            }
            if ids := texts.get("device_ids"):
                yield self.word(f'"device={",".join(ids)}"', child.node.span)
            else:
                count = texts.get("count", ["-1"])[0]
                yield self.word("all" if count == "-1" else count, child.node.span)

    def rates(self, node: Node, _: tuple[Child, ...]) -> Iterator[Leaf]:
        """`path:rate` for each map of a list."""
        for child in node.children if isinstance(node, Branch) else ():
            if isinstance(child.node, Branch):
                path, rate = (child.node.child(key) for key in ("path", "rate"))
                if (
                    path
                    and rate
                    and isinstance(path.node, Leaf)
                    and isinstance(rate.node, Leaf)
                ):
                    yield self.word(f"{path.node.text}:{rate.node.text}", child.node.span)


def _is_nothing(node: Node) -> bool:
    """Whether a parameter is left at its default: null, an empty map or list, Ansible's `omit`."""
    if isinstance(node, Branch):
        return False
    is_omitted = re.fullmatch(r"\{\{\s*omit\s*\}\}", node.text) is not None
    return is_omitted or node.style in ("{}", "[]") or is_null(node.text, node.style)


def _is_template(node: Node) -> bool:
    """Whether a value is one expression and nothing else."""
    return isinstance(node, Leaf) and TEMPLATE.fullmatch(node.text.strip()) is not None


# Forms of parameters that take one value.
_SINGLE_FORMS = frozenset(
    {"text", "switch", "switch-off", "restart", "words", "entrypoint"}
)
_NETWORK_KEYS = {"ipv4_address": "ip", "ipv6_address": "ip6", "aliases": "alias"}
_MOUNT_KEYS = {
    "read_only": "readonly",
    "propagation": "bind-propagation",
    "no_copy": "volume-nocopy",
}
_Form = Callable[[ParameterReader, Node, tuple[Child, ...]], Iterator[Leaf]]
_FORMS: dict[str, _Form] = {
    "text": ParameterReader.texts,
    "list": ParameterReader.texts,
    "lines": ParameterReader.lines,
    "pairs": ParameterReader.pairs,
    "hosts": ParameterReader.hosts,
    "tmpfs": ParameterReader.tmpfs,
    "restart": ParameterReader.restart,
    "ulimits": ParameterReader.ulimits,
    "networks": ParameterReader.networks,
    "mounts": ParameterReader.mounts,
    "gpus": ParameterReader.gpus,
    "rates": ParameterReader.rates,
}
