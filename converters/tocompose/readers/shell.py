"""Reads shell text into a positioned tree; what is written for PowerShell or cmd.exe first as a POSIX shell says it.

Kinds: `script` and `body` hold statements; `command` holds words (leaves of style `word`), `assignment`, `append` and
`redirect`; `and`, `or`, `not`, `pipeline`, `background`, `if`, `for`, `while`, `until`, `case`, `function`, `group`,
`subshell` and XX
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tocompose.patterns import regex
from tocompose.readers.commands import by_line, simple_list
from tocompose.readers.idioms import cleaned, continued_lines, loose_operators
from tocompose.readers.repair import LOGICAL_LINE
from tocompose.readers.text import Edit, Text, Unreadable, without_returns
from tocompose.readers.typography import TypographicMark, typographic_marks
from tocompose.source import Branch, Child, Leaf, Node, leaves
from tocompose.syntax.names import variable_name

LONGEST_TEXT = 2_000_000
LONGEST_LINE = 200_000
_EXPRESSION = regex(r"\$\{\{([^{}\n]*)\}\}")
_DOCKER = regex(r"(?:\S*/)?(?:docker|podman)")
_CALL = regex(r"(?<![\w.-])(?:docker|podman|nerdctl)(?:\.exe)?[^\S\n]")


def read(source: Text, *, documentation: bool = False) -> Branch:
    """The tree of a script, or of a code block in `documentation`, where `# ` may be a prompt, also for Windows.

    Raises Unreadable for text of a size that no script has.
    """
    _guard_expressions(source)
    source = without_returns(source)
    source = _without_expressions(as_shell(source) if documentation else source)
    source, restored = _without_typography(source)
    as_written, operators = source, loose_operators(source.text)
    source = (
        source.edited((start, start, "\\") for start in operators) if operators else source
    )
    text, asides = cleaned(source, documentation=documentation)
    statements = simple_list(text, 0, len(text.text))
    unclosed: list[Child] = []
    if statements is None:
        statements, unclosed = _read_repaired(text)
    nodes: list[Node] = [*statements, *restored]
    nodes += [
        Leaf(source.text[a.start : a.end_offset], text.span(a.start, a.end_offset), a.kind)
        for a in asides
    ]
    nodes += [
        Leaf(as_written.text[at], as_written.span(at, at + 1), "operator")
        for at in operators
    ]
    children = (
        *(Child(index, node.span, node) for index, node in enumerate(nodes)),
        *unclosed,
    )
    return Branch("script", children, source.span(0, len(source.text)))


def _without_expressions(source: Text) -> Text:
    """The text with the expressions of GitHub workflows, which no shell sees, as variables.

    https://docs.github.com/en/actions/reference/workflows-and-actions/contexts
    """
    if "${{" not in source.text:
        return source
    return source.edited(
        (match.start(), match.end(), _as_variable(match[1]))
        for match in _EXPRESSION.finditer(source.text)
    )


def _without_typography(source: Text) -> tuple[Text, list[Node]]:
    """The text with its docker commands as they were typed, and a leaf `typography` for each of those that differ."""
    if source.text.isascii():
        return source, []
    edits: list[Edit] = []
    leaves: list[Node] = []
    for line in LOGICAL_LINE.finditer(continued_lines(source.text)):
        call = _CALL.search(line[0])
        if call is None:
            continue
        start = line.start() + call.start()
        marks = typographic_marks(source.text[start : line.end()])
        edits += [(start + m.start, start + m.end_offset, m.typed) for m in marks]
        leaves += _typography_leaf(source, start, marks)
    return source.edited(edits), leaves


def _typography_leaf(
    source: Text, start: int, marks: Iterable[TypographicMark]
) -> Iterator[Leaf]:
    """The first dash or quote of a command that was not typed so; a blank of another kind changes nothing."""
    for mark in marks:
        if mark.kind != "blank":
            span = source.span(start + mark.start, start + mark.end_offset)
            text = source.text[start + mark.start : start + mark.end_offset]
            yield Leaf(text, span, "typography")
            return


def _as_variable(expression: str) -> str:
    name = re.sub(r"^\s*(?:secrets|vars|env|inputs)\.", "", expression)
    return f"${{{variable_name(name)}}}"


def _read_repaired(text: Text) -> tuple[list[Node], list[Child]]:
    """The statements of text with compound commands, and each line with an unclosed quote as a leaf `unclosed`."""
    from tocompose.readers.repair import repaired

    sound, lines = repaired(text)
    remaining = [
        Child(
            f"unclosed{line.start}",
            text.span(line.quote, line.quote + 1),
            _unclosed_leaf(text, line.start, line.end_offset),
        )
        for line in lines
    ]
    statements = simple_list(sound, 0, len(sound.text)) if lines else None
    return (_read_structured(sound) if statements is None else statements), remaining


def _unclosed_leaf(text: Text, start: int, end_offset: int) -> Leaf:
    return Leaf(
        text.text[start:end_offset].strip(), text.span(start, end_offset), "unclosed"
    )


def _read_structured(text: Text) -> list[Node]:
    """The statements by the grammar of bash; where it finds errors, by line if that keeps more docker commands."""
    from tocompose.readers.grammar import by_grammar

    statements, sound = by_grammar(text)
    if sound:
        return statements
    recovered = by_line(text, 0, len(text.text))
    return recovered if _docker_calls(recovered) > _docker_calls(statements) else statements


def _docker_calls(nodes: list[Node]) -> int:
    return sum(
        1
        for node in nodes
        for leaf in leaves(node)
        if leaf.style == "word" and _DOCKER.fullmatch(leaf.text)
    )


def _guard_expressions(source: Text) -> None:
    if len(source.text) > LONGEST_TEXT:
        message = f"{len(source.text):,} characters are too many for a script; give the part with the docker commands"
        raise Unreadable(source.span(0, 0), message)
    start = 0
    while start < len(source.text):
        stop = source.text.find("\n", start)
        stop = len(source.text) if stop == -1 else stop
        if stop - start > LONGEST_LINE:
            message = f"a line of {stop - start:,} characters is too long for a script; is this a script?"
            raise Unreadable(source.span(start, start), message)
        start = stop + 1


_POWERSHELL_END = regex(r"(?<=[ \t])`(?=[ \t]*\n)")
_CMD_END = regex(r"(?<=[ \t])\^(?=[ \t]*\n)")
_POWERSHELL_PROMPT = r"(?:PS\b[^>\n]{0,80}>{1,2}[ \t]*)?"
_POWERSHELL = regex(
    rf"\$env:\w|^[ \t]*{_POWERSHELL_PROMPT}\$\w+[ \t]*=[ \t]*[\"'(\w]|\b(?:Write-(?:Host|Output|Error)|Get-Location)\b",
    re.M | re.I,
)
# A folder of the host, then its path: `C:\data`, `.\data`, `$PWD\data`, `%cd%\data`.
_QUOTED_PATH = regex(r"(?<=[\"'])((?:\w[\w-]*=)?[A-Za-z]:\\[^\"'`:*?<>|\n]*)")
_PATH = regex(r"(?<![\w$}%])([A-Za-z]:\\[^\s\"'`:;,*?<>|]*[^\s\"'`:;,*?<>|\\])")
# A pipe that programs of Windows listen on, such as the engine's.
_PIPE = regex(r"(\\\\\.\\pipe\\[\w.-]+)", re.I)
_RELATIVE = regex(
    r"(?:(?<![\w\\/])\.{1,2}|\$\{?(?:env:)?\w+\}?|\$\(\(?\$?(?:Get-Location|pwd)\)?(?:\.Path)?\)|%\w+%|%~dp0)"
    r"(\\[^\s\"'`:;*?<>|]*[^\s\"'`:;*?<>|\\])",
    re.I,
)
_POWERSHELL_FOLDER = regex(
    r"\$\(\(?\$?(?:Get-Location|pwd)\)?(?:\.Path)?\)|\$\{?(?:pwd|PSScriptRoot)\}?(?!\w)",
    re.I,
)
_POWERSHELL_VARIABLE = regex(r"\$\{?env:(\w+)\}?", re.I)
_POWERSHELL_SETTING = regex(
    rf"^([ \t]*{_POWERSHELL_PROMPT})\$(?:env:)?(\w+)[ \t]*=[ \t]*(?=[\"'\w])",
    re.M | re.I,
)
_CMD_PROMPT = r"[A-Za-z]:[\\/][^>\n\"']{0,80}>[ \t]*"
_CMD_FOLDER = regex(r"%cd%|%~dp0(?:\\|(?=[\w.]))?", re.I)
_CMD_VARIABLE = regex(r"(?<!%)%(\w+)%(?!%)")
_CMD_SETTING = regex(
    rf'^([ \t]*(?:{_CMD_PROMPT})?@?)set[ \t]+(?:"(\w+)=([^"\n]*)"[ \t]*|(\w+)=([^"\n]*))$',
    re.M | re.I,
)
_PROMPTED_SETTING = regex(rf"^[ \t]*{_CMD_PROMPT}set[ \t]+\"?\w+=", re.M | re.I)
_CMD_PROMPTED = regex(rf"^[ \t]*{_CMD_PROMPT}[^\n]*%\w+%", re.M)
# https://learn.microsoft.com/windows/deployment/usmt/usmt-recognized-environment-variables
_WINDOWS_VARIABLE = regex(
    r"%(?:cd|~dp0|username|userprofile|userdomain|computername|homepath|homedrive|(?:local)?appdata"
    r"|programdata|programfiles|public|systemdrive|systemroot|temp|tmp)%",
    re.I,
    hints=[["%"]],
)
_CMD_REMARK = regex(r"^[ \t]*(?:@?rem\b|::)", re.M | re.I)


def as_shell(source: Text) -> Text:
    """The text with the line ends, variables, settings and paths of a POSIX shell; any other text as it is."""
    if _is_powershell(source):
        return _from_powershell(
            _with_slashes(source, _QUOTED_PATH, _PATH, _PIPE, _RELATIVE)
        )
    if _is_cmd(source):
        return _from_cmd(_with_slashes(source, _QUOTED_PATH, _PATH, _PIPE, _RELATIVE))
    return _with_slashes(source, _QUOTED_PATH, _PATH, _PIPE)


def _is_powershell(source: Text) -> bool:
    ends = len(_POWERSHELL_END.findall(source.text))
    marked = (ends and ends == source.text.count("`")) or _POWERSHELL.search(source.text)
    return source.file.lower().endswith(".ps1") or bool(marked)


def _is_cmd(source: Text) -> bool:
    if source.file.lower().endswith((".bat", ".cmd")):
        return True
    marks = (_CMD_END, _PROMPTED_SETTING, _CMD_PROMPTED, _WINDOWS_VARIABLE)
    return any(mark.search(source.text) for mark in marks)


def _with_slashes(source: Text, *patterns: re.Pattern[str]) -> Text:
    """The text with slashes in its host paths: docker takes them too, where a shell would drop backslashes."""
    if "\\" not in source.text:
        return source
    stretches = sorted(
        match.span(1) for pattern in patterns for match in pattern.finditer(source.text)
    )
    return source.masked("".join(_slashed_texts(source.text, stretches)))


def _slashed_texts(text: str, stretches: Iterable[tuple[int, int]]) -> Iterator[str]:
    """The pieces of the text, with slashes for the backslashes of these stretches."""
    done = 0
    for start, end_offset in stretches:
        yield text[done:start]
        yield text[max(start, done) : end_offset].replace("\\", "/")
        done = max(done, end_offset)
    yield text[done:]


def _from_powershell(source: Text) -> Text:
    from tocompose.readers.powershell import as_posix

    source = as_posix(_replace_all(source, _POWERSHELL_END, "\\\\"))
    source = _replace_all(source, _POWERSHELL_SETTING, r"\1\2=")
    source = _replace_all(source, _POWERSHELL_FOLDER, "$PWD")
    return _replace_all(source, _POWERSHELL_VARIABLE, r"${\1}")


def _from_cmd(source: Text) -> Text:
    source = _replace_all(source, _CMD_END, "\\\\")
    source = _replace_all(source, _CMD_REMARK, "#")
    source = source.edited(
        (match.start(), match.end(), _shell_setting(match))
        for match in _CMD_SETTING.finditer(source.text)
    )
    source = source.edited(
        (match.start(), match.end(), "$PWD" if match[0].lower() == "%cd%" else "$PWD/")
        for match in _CMD_FOLDER.finditer(source.text)
    )
    return _replace_all(source, _CMD_VARIABLE, r"${\1}")


def _shell_setting(match: re.Match[str]) -> str:
    """`set NAME=value`: the value goes to the end of the line, and only `%NAME%` means something in it."""
    name, text = match[2] or match[4], match[3] if match[2] else match[5]
    value = re.sub(r"([$`\\])", r"\\\1", text.rstrip())
    return f'{match[1].rstrip("@")}{name}="{value}"'


def _replace_all(source: Text, pattern: re.Pattern[str], replacement: str) -> Text:
    return source.edited(
        (m.start(), m.end(), m.expand(replacement)) for m in pattern.finditer(source.text)
    )
