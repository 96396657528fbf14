"""Reads the code blocks of documentation (Markdown, reStructuredText, AsciiDoc) that hold docker commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape

from tocompose.patterns import regex
from tocompose.readers import shell, systemd
from tocompose.readers.mentions import CALL, MODULE, STARTING_CALL
from tocompose.readers.repair import LOGICAL_LINE
from tocompose.readers.text import Text, Unreadable, join_texts, without_returns
from tocompose.record import NamedTuple
from tocompose.source import Branch, Child, Leaf, Node
from tocompose.tables import load

_FENCE = regex(
    r"^(?P<lead>[ \t]*(?:>[ \t]?)*(?:(?:[-*+]|\d+[.)])[ \t]+)?)(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^\n`]*)$"
)
_LISTING = regex(r"^(?P<mark>-{4,}|\.{4,})[ \t]*$")
# Code in running text: between backticks, in a tag, or alone in the cell of a table.
_INLINE = regex(
    r"(?<!`)(?P<mark>`{1,3})(?!`)(?P<code>[^`\n]+(?:\n[^`\n]+)?)(?P=mark)(?!`)"
    r"|<(?:code|kbd|tt)>(?P<tagged>[^<>\n]+)</(?:code|kbd|tt)>"
    r"|(?<=\|)[ \t]*(?P<cell>(?:docker|podman|nerdctl)[ \t][^|`\n]+?)[ \t]*(?=\|)"
)
_UNIT = regex(r"^[ \t]*\[Service\][ \t]*$", re.MULTILINE)
_SETTING = regex(
    r"[ \t]*(?:\$[ \t]+)?(?:#.*|(?:export[ \t]+)?[A-Za-z_]\w*=(?:[^\s]*|\"[^\"]*\"|'[^']*'))?[ \t]*"
)


_PRE = regex(r"[ \t]*<pre\b", re.IGNORECASE)
_TAG = regex(
    r"</?(?:pre|code|strong|em|b|i|u|span|mark|kbd|samp|a|br|div)\b[^<>]*>", re.IGNORECASE
)
_ENTITY = regex(r"&(?:[a-z]+|#\d+|#x[0-9a-f]+);", re.IGNORECASE)


class _SourceLine(NamedTuple):
    start: int
    text: str


def _read_block(block: Text) -> Branch:
    return shell.read(block, documentation=True)


def read(
    source: Text,
    read_block: Callable[[Text], Branch] = _read_block,
    read_yaml: Callable[[Text], Branch] | None = None,
) -> Branch:
    """A `script` of one `script` for each block with docker commands, in order, each leaf at its place in the file.

    Where there is no such block, lines that begin with docker and code between backticks count. Code in the text beside
    them is a `mention`, and what stands in a block of another language a leaf `unread`. Where nothing else starts a
    container, `read_yaml` gets the text with nothing but a block of YAML in it.
    """
    text = without_returns(source)
    lines = _split_lines(text.text)
    blocks = list(_code_blocks(text, lines))
    prose = _without_blocks(text, lines, blocks)
    bodies = list(_shell_bodies(blocks))
    unmarked = [] if _hold_call(bodies) else list(_unmarked_commands(prose))
    bodies = unmarked or bodies
    nodes: list[Node] = [read_block(body) for body in bodies]
    services = [] if _hold_call(bodies) else _service_nodes(text, lines, blocks, read_yaml)
    nodes += services or _unread_blocks(blocks)
    in_use = "\n".join(body.text for body in unmarked)
    mentioned = (code for code in _inline_commands(prose) if code.text not in in_use)
    nodes += [_mention(code, read_block) for code in mentioned]
    children = tuple(Child(index, node.span, node) for index, node in enumerate(nodes))
    return Branch("script", children, text.span(0, len(text.text)))


def _service_nodes(
    text: Text,
    lines: list[_SourceLine],
    blocks: list[_Block],
    read_yaml: Callable[[Text], Branch] | None,
) -> list[Node]:
    """The units of systemd that start a container; where there is none, the playbooks that do."""
    units = list(_units(blocks))
    if units or read_yaml is None:
        return units
    return [read_yaml(alone) for alone in _playbooks(text, lines, blocks)]


def _shell_bodies(blocks: Iterable[_Block]) -> Iterator[Text]:
    """The blocks that hold docker commands for a shell, or set variables for those that do."""
    for block in blocks:
        code = block.body.text
        is_code = CALL.search(code) is not None or _sets_only(code)
        is_shell = block.language in load("shell")["languages"]
        if is_code and is_shell and not _UNIT.search(code):
            yield block.body


def _hold_call(bodies: Iterable[Text]) -> bool:
    return any(CALL.search(body.text) for body in bodies)


def _mention(code: Text, read_block: Callable[[Text], Branch]) -> Branch:
    """A command in running text: the text itself, and what it says as code."""
    span = code.span(0, len(code.text))
    children = (
        Child("text", span, Leaf(code.text, span, "mention")),
        Child("code", span, read_block(code)),
    )
    return Branch("mention", children, span)


def _units(blocks: Iterable[_Block]) -> Iterator[Node]:
    """The blocks that are units of systemd, which start a container where nothing else does."""
    for block in blocks:
        if _UNIT.search(block.body.text) and STARTING_CALL.search(block.body.text):
            span = block.body.span(0, len(block.body.text))
            path = Child("path", span, Leaf("app.service", span))
            try:
                unit = systemd.read(block.body)
            except Unreadable:
                continue
            yield Branch("written-unit", (path, Child("unit", span, unit)), span)


def _playbooks(
    text: Text, lines: list[_SourceLine], blocks: Iterable[_Block]
) -> Iterator[Text]:
    """For each block of YAML with a module that starts a container the text with all else blank."""
    for block in blocks:
        if block.language in ("yaml", "yml") and MODULE.search(block.body.text):
            code = block.body.text.rstrip()
            span = block.body.span(0, len(code))
            start = lines[span.line - 1].start
            is_last = span.end_line >= len(lines)
            stop = len(text.text) if is_last else lines[span.end_line].start
            before, after = text.text[:start], text.text[stop:]
            yield text.masked(_blank(before) + text.text[start:stop] + _blank(after))


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _unread_blocks(blocks: Iterable[_Block]) -> Iterator[Node]:
    """A leaf for each block that starts a container by other means than a shell's."""
    languages = load("shell")["languages"]
    for block in blocks:
        module = MODULE.search(block.body.text)
        call = STARTING_CALL.search(block.body.text) or module
        is_shell = block.language in languages and module is None
        is_other = not is_shell or _UNIT.search(block.body.text)
        if call is not None and is_other:
            yield Leaf(call[0], block.body.span(*call.span()), "unread")


def _without_blocks(text: Text, lines: list[_SourceLine], blocks: Iterable[_Block]) -> Text:
    """The text outside of code blocks; the rest is blank."""
    pieces, done = list[str](), 0
    for block in blocks:
        start = lines[block.first_line].start
        stop = (
            lines[block.next_line].start if block.next_line < len(lines) else len(text.text)
        )
        pieces += (text.text[done:start], _blank(text.text[start:stop]))
        done = stop
    return text.masked("".join((*pieces, text.text[done:])))


def _unmarked_commands(text: Text) -> Iterator[Text]:
    """Commands that are no code to Markdown: lines that begin with docker, else code in running text."""
    lines = [
        match
        for match in LOGICAL_LINE.finditer(text.text)
        if CALL.match(_without_prompt(match[0]))
    ]
    if lines:
        yield from (text.cut(match.start(), match.end()) for match in lines)
    else:
        yield from _inline_commands(text)


def _inline_commands(text: Text) -> Iterator[Text]:
    """The docker commands in running text."""
    for match in _INLINE.finditer(text.text):
        start, stop = match.span(match.lastgroup or 0)
        if CALL.match(_without_prompt(text.text[start:stop].lstrip())):
            yield _on_one_line(text.cut(start, stop))


def _on_one_line(code: Text) -> Text:
    """Code in running text, which a line may break anywhere."""
    breaks = re.finditer(r"[ \t]*\n[ \t]*", code.text)
    return code.edited((match.start(), match.end(), " ") for match in breaks)


def _without_tags(text: Text) -> Text:
    """The text of HTML code: GitBook and README pages mark words of a command bold in it."""
    plain = text.edited(
        (match.start(), match.end(), "") for match in _TAG.finditer(text.text)
    )
    return plain.edited(
        (match.start(), match.end(), unescape(match[0]))
        for match in _ENTITY.finditer(plain.text)
    )


def _without_prompt(code: str) -> str:
    return re.sub(r"^(?:\$ |sudo )+", "", code)


def _sets_only(text: str) -> bool:
    """Whether a block only sets variables, which later blocks may use."""
    return bool(text.strip()) and all(_SETTING.fullmatch(line) for line in text.split("\n"))


def _split_lines(text: str) -> list[_SourceLine]:
    lines, start = [], 0
    for line in text.split("\n"):
        lines.append(_SourceLine(start, line))
        start += len(line) + 1
    return lines


class _Block(NamedTuple):
    """A code block of a language: its body, the numbers of the line behind it and of its first line."""

    language: str
    body: Text
    next_line: int
    first_line: int = 0


def _code_blocks(text: Text, lines: list[_SourceLine]) -> Iterator[_Block]:
    """The fenced, delimited and indented code blocks of any language."""
    index = 0
    while index < len(lines):
        block = _code_block(text, lines, index)
        if block is None:
            index += 1
            continue
        yield block._replace(first_line=index)
        index = block.next_line


def _code_block(text: Text, lines: list[_SourceLine], index: int) -> _Block | None:
    """The code block that begins on a line; None where none does."""
    file, line = text.file.lower(), lines[index].text
    if match := _FENCE.match(line):
        end_line = _fence_end(lines, index + 1, match["mark"])
        body = _block_body(text, lines[index + 1 : end_line])
        return _Block(_fence_language(match["info"]), body, end_line + 1)
    if file.endswith((".adoc", ".asciidoc")) and (match := _LISTING.match(line)):
        end_line = _listing_end(lines, index + 1, match["mark"])
        return _Block("", _block_body(text, lines[index + 1 : end_line]), end_line + 1)
    if _PRE.match(line):
        end_line = _pre_end(lines, index)
        body = _without_tags(join_texts(_dedented_lines(text, lines[index:end_line])))
        return _Block("", body, end_line)
    return _indented_block(text, lines, index, 2 if file.endswith(".rst") else 4)


def _indented_block(
    text: Text, lines: list[_SourceLine], index: int, least: int
) -> _Block | None:
    stands_free = index == 0 or not lines[index - 1].text.strip()
    if not stands_free or _indentation(lines[index].text) < least:
        return None
    end_line = _indented_end(lines, index, least)
    return _Block("", _block_body(text, lines[index:end_line]), end_line)


def _listing_end(lines: list[_SourceLine], index: int, mark: str) -> int:
    for number in range(index, len(lines)):
        if lines[number].text.rstrip() == mark:
            return number
    return len(lines)


def _pre_end(lines: list[_SourceLine], index: int) -> int:
    for number in range(index, len(lines)):
        if "</pre>" in lines[number].text.lower():
            return number + 1
    return len(lines)


def _block_body(text: Text, lines: list[_SourceLine]) -> Text:
    """The lines of a block without their common indentation."""
    return join_texts(_dedented_lines(text, lines))


def _fence_language(fence_text: str) -> str:
    languages = re.findall(r"[A-Za-z0-9_-]+", fence_text)
    return languages[0].lower() if languages else ""


def _fence_end(lines: list[_SourceLine], index: int, mark: str) -> int:
    closing = re.compile(rf"^[ \t]*(?:>[ \t]?)*{re.escape(mark[0])}{{{len(mark)},}}[ \t]*$")
    return next(
        (n for n in range(index, len(lines)) if closing.match(lines[n].text)), len(lines)
    )


def _indentation(line: str) -> int:
    stripped = line.lstrip(" \t")
    return len(line[: len(line) - len(stripped)].expandtabs(4)) if stripped else 0


def _indented_end(lines: list[_SourceLine], index: int, least: int) -> int:
    """The line after the last one that is indented, blank lines between them included."""
    last_line = index
    for number in range(index, len(lines)):
        if lines[number].text.strip():
            if _indentation(lines[number].text) < least:
                break
            last_line = number
    return last_line + 1


def _dedented_lines(text: Text, lines: list[_SourceLine]) -> Iterator[Text]:
    """Each line without the quote marks and indentation that all have in common."""
    quote = re.compile(r"[ \t]*(?:>[ \t]?)+")
    quoted = all(quote.match(line.text) for line in lines if line.text.strip())
    leads = [
        match.end() if quoted and (match := quote.match(line.text)) else 0 for line in lines
    ]
    margins = [
        _left_margin(line.text[lead:])
        for line, lead in zip(lines, leads, strict=True)
        if line.text[lead:].strip()
    ]
    margin = min(margins, default=0)
    for line, lead in zip(lines, leads, strict=True):
        start = line.start + min(lead + margin, len(line.text))
        yield text.cut(start, min(line.start + len(line.text) + 1, len(text.text)))


def _left_margin(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
