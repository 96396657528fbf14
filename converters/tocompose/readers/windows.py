"""Docker commands written for PowerShell or cmd.exe, said as a POSIX shell says them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tocompose.readers.text import Text

_POWERSHELL_END = re.compile(r"(?<=[ \t])`(?=[ \t]*\n)")
_CMD_END = re.compile(r"(?<=[ \t])\^(?=[ \t]*\n)")
_POWERSHELL = re.compile(
    r"\$env:\w|^[ \t]*\$\w+[ \t]*=[ \t]*[\"'(\w]|\b(?:Write-(?:Host|Output|Error)|Get-Location)\b",
    re.M | re.I,
)
# A folder of the host, then its path: `C:\data`, `.\data`, `$PWD\data`, `%cd%\data`.
_QUOTED_PATH = re.compile(r"(?<=[\"'])((?:\w[\w-]*=)?[A-Za-z]:\\[^\"'`:*?<>|\n]*)")
_PATH = re.compile(r"(?<![\w$}%])([A-Za-z]:\\[^\s\"'`:;*?<>|]*[^\s\"'`:;*?<>|\\])")
_RELATIVE = re.compile(
    r"(?:(?<![\w\\/])\.{1,2}|\$\{?(?:env:)?\w+\}?|\$\(\(?(?:Get-Location|pwd)\)?(?:\.Path)?\)|%\w+%|%~dp0)"
    r"(\\[^\s\"'`:;*?<>|]*[^\s\"'`:;*?<>|\\])",
    re.I,
)
_POWERSHELL_FOLDER = re.compile(
    r"\$\(\(?(?:Get-Location|pwd)\)?(?:\.Path)?\)|\$\{?(?:pwd|PSScriptRoot)\}?(?!\w)", re.I
)
_POWERSHELL_VARIABLE = re.compile(r"\$\{?env:(\w+)\}?", re.I)
_POWERSHELL_SETTING = re.compile(
    r"^([ \t]*)\$(?:env:)?(\w+)[ \t]*=[ \t]*(?=[\"'\w])", re.M | re.I
)
_CMD_FOLDER = re.compile(r"%cd%|%~dp0(?:\\|(?=[\w.]))?", re.I)
_CMD_VARIABLE = re.compile(r"(?<!%)%(\w+)%(?!%)")
_CMD_SETTING = re.compile(
    r'^([ \t]*@?)set[ \t]+(?:"(\w+)=([^"\n]*)"[ \t]*|(\w+)=([^"\n]*))$', re.M | re.I
)
_CMD_REMARK = re.compile(r"^[ \t]*(?:@?rem\b|::)", re.M | re.I)


def as_shell(source: Text) -> Text:
    """The text with the line ends, variables, settings and paths of a POSIX shell; any other text as it is."""
    if _is_powershell(source):
        return _from_powershell(_with_slashes(source, _QUOTED_PATH, _PATH, _RELATIVE))
    if _is_cmd(source):
        return _from_cmd(_with_slashes(source, _QUOTED_PATH, _PATH, _RELATIVE))
    return _with_slashes(source, _QUOTED_PATH, _PATH)


def _is_powershell(source: Text) -> bool:
    ends = len(_POWERSHELL_END.findall(source.text))
    marked = (ends and ends == source.text.count("`")) or _POWERSHELL.search(source.text)
    return source.file.lower().endswith(".ps1") or bool(marked)


def _is_cmd(source: Text) -> bool:
    named = source.file.lower().endswith((".bat", ".cmd"))
    return (
        named or _CMD_END.search(source.text) is not None or "%cd%" in source.text.lower()
    )


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
    source = _replace_all(source, _POWERSHELL_END, "\\\\")
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
