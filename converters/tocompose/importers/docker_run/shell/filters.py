"""What programs print that are given constants: `tr`, `cut`, `basename`, simple forms of `sed` and their like."""

from __future__ import annotations

import binascii
import posixpath
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from itertools import groupby

from tocompose.importers.docker_run.shell.arithmetic import evaluate
from tocompose.patterns import regex
from tocompose.readers.reading import C_ESCAPES

# A program's output, from its arguments and what it reads; None where that is not known.
Filter = Callable[[Sequence[str], str], str | None]

_ESCAPE = regex(r"\\(?:([abefnrtv\\'\"])|0?([0-7]{1,3})|x([0-9A-Fa-f]{1,2}))")
_ESCAPED = {**C_ESCAPES, "e": "\x1b"}
_RANGE = regex(r"(\d*)(-?)(\d*)")
_SUBSTITUTION = regex(
    r"s(?P<mark>[/|#,:@])(.*?)(?<!\\)(?P=mark)(.*?)(?<!\\)(?P=mark)([gIp]*)"
)
_SETS = {
    "[:upper:]": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "[:lower:]": "abcdefghijklmnopqrstuvwxyz",
    "[:digit:]": "0123456789",
    "[:space:]": " \t\n\r\f\v",
}


def unescaped(text: str) -> str:
    """The text with the escapes that `echo -e` and `printf` know."""

    def character(match: re.Match[str]) -> str:
        letter, octal, hexadecimal = match.groups()
        if letter:
            return _ESCAPED.get(letter, letter)
        return chr(int(octal, 8) & 255) if octal else chr(int(hexadecimal, 16))

    return _ESCAPE.sub(character, text)


# Patterns that could take a long time are not tried.
_LONGEST_PATTERN, _MOST_REPEATS, _LONGEST_TEXT = 200, 3, 2_000


def compiled_pattern(pattern: str, text: str, flags: int = 0) -> re.Pattern[str] | None:
    """A regular expression of a script; None for one that is not understood, or may take long with the text."""
    is_long = len(pattern) > _LONGEST_PATTERN or len(text) > _LONGEST_TEXT
    repeats = len(re.findall(r"[*+{]", pattern))
    if is_long or repeats > _MOST_REPEATS or re.search(r"\)[*+{]|\[\[[:.=]", pattern):
        return None
    try:
        return re.compile(pattern, flags)
    except re.error:
        return None


def _lines_of(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _joined(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _basename(arguments: Sequence[str], _: str) -> str | None:
    match arguments:
        case [path]:
            return posixpath.basename(path.rstrip("/")) + "\n"
        case [path, suffix]:
            return posixpath.basename(path.rstrip("/")).removesuffix(suffix) + "\n"
    return None


def _dirname(arguments: Sequence[str], _: str) -> str | None:
    return (posixpath.dirname(arguments[0]) or ".") + "\n" if len(arguments) == 1 else None


def _seq(arguments: Sequence[str], _: str) -> str | None:
    is_padded = list(arguments[:1]) == ["-w"]
    texts = arguments[is_padded:]
    if not all(re.fullmatch(r"-?\d{1,6}", text) for text in texts):
        return None
    numbers = _counted_numbers([int(text) for text in texts])
    if numbers is None:
        return None
    width = max(map(len, texts)) if is_padded else 0
    return _joined([str(number).zfill(width) for number in numbers])


def _counted_numbers(operands: list[int]) -> range | None:
    """The numbers from a start to a limit in steps, as far as anybody counts in a script."""
    match operands:
        case [limit]:
            start, step = 1, 1
        case [start, limit]:
            step = 1
        case [start, step, limit]:
            step = step or 1
        case _:
            return None
    stop = min(limit, start + 100_000) + (1 if step > 0 else -1)
    return range(start, stop, step)


def _tr(arguments: Sequence[str], text: str) -> str | None:
    match arguments:
        case ["-d", characters]:
            return re.sub(f"[{re.escape(_characters(characters))}]", "", text)
        case ["-s", characters]:
            return re.sub(f"([{re.escape(_characters(characters))}])\\1+", r"\1", text)
        case [old, new] if not old.startswith("-") and new:
            old_characters, new_characters = _characters(old), _characters(new)
            new_characters += new_characters[-1] * (
                len(old_characters) - len(new_characters)
            )
            return text.translate(
                dict(zip(map(ord, old_characters), new_characters, strict=False))
            )
    return None


def _characters(written: str) -> str:
    """The characters of a set of `tr`."""
    for name, characters in _SETS.items():
        written = written.replace(name, characters)

    def between(match: re.Match[str]) -> str:
        return "".join(map(chr, range(ord(match[1]), ord(match[2]) + 1)))

    return re.sub(r"(\w)-(\w)", between, unescaped(written))


def _cut_options(arguments: Sequence[str]) -> dict[str, str] | None:
    """The values of `-d`, `-f` and `-c`, by their letter; None where there is another."""
    values: dict[str, str] = {}
    pending = list(arguments)
    while pending:
        flag = pending.pop(0)
        if flag[:2] not in ("-d", "-f", "-c"):
            return None
        values[flag[1]] = flag[2:] or (pending.pop(0) if pending else "")
    return values


def _cut(arguments: Sequence[str], text: str) -> str | None:
    values = _cut_options(arguments)
    if values is None:
        return None
    delimiter = values.get("d", "\t")
    kept_range = _cut_range(values.get("f") or values.get("c") or "")
    if kept_range is None or len(delimiter) != 1:
        return None
    if "c" in values:
        return _joined([line[kept_range] for line in _lines_of(text)])
    return _joined(
        [
            delimiter.join(line.split(delimiter)[kept_range]) if delimiter in line else line
            for line in _lines_of(text)
        ]
    )


def _cut_range(written: str) -> slice | None:
    """The fields or characters of `2`, `2-`, `-3` or `2-3`; None for several of these."""
    match = _RANGE.fullmatch(written)
    if match is None or not written:
        return None
    start = int(match[1] or 1) - 1
    if not match[2]:
        return slice(start, start + 1)
    return slice(start, int(match[3]) if match[3] else None)


def _sed(arguments: Sequence[str], text: str) -> str | None:
    """`sed 's/a/b/'` and `sed -n 's/a/b/p'` with a pattern that Python reads in the same way."""
    options = {letter for word in arguments if word.startswith("-") for letter in word[1:]}
    scripts = [argument for argument in arguments if not argument.startswith("-")]
    match = _SUBSTITUTION.fullmatch(scripts[0]) if len(scripts) == 1 else None
    if match is None or options - set("nEre"):
        return None
    return _substituted_lines(match, options, text)


def _substituted_lines(match: re.Match[str], options: set[str], text: str) -> str | None:
    """The lines that a substitution of sed prints: all of them, or with `-n` and `p` those that it changes."""
    pattern = _pattern_of_sed(match, is_extended=bool(options & {"E", "r"}))
    compiled = pattern and compiled_pattern(pattern, text, _FLAGS_OF_SED["I" in match[4]])
    only_changed = "p" in match[4]
    if not compiled or only_changed is not ("n" in options):
        return None
    mark = match["mark"]
    replacement = re.sub(r"(?<!\\)&", r"\\g<0>", match[3].replace("\\" + mark, mark))
    count = 0 if "g" in match[4] else 1
    try:
        replaced = [compiled.subn(replacement, line, count) for line in _lines_of(text)]
    except (re.error, IndexError):
        return None
    return _joined([line for line, changes in replaced if changes or not only_changed])


_FLAGS_OF_SED = {True: re.IGNORECASE, False: re.NOFLAG}


def _pattern_of_sed(match: re.Match[str], *, is_extended: bool) -> str | None:
    """The pattern of a substitution as Python reads it; None where the two languages differ."""
    pattern = match[2]
    if not is_extended:
        if re.search(r"[+?(){}|]", pattern.replace("\\", "")):
            return None
        pattern = "\\" + pattern if pattern.startswith("*") else pattern
    return pattern.replace("\\" + match["mark"], match["mark"])


def _head(arguments: Sequence[str], text: str) -> str | None:
    count = _line_count(arguments)
    return None if count is None else _joined(_lines_of(text)[:count])


def _tail(arguments: Sequence[str], text: str) -> str | None:
    count = _line_count(arguments)
    return None if count is None else _joined(_lines_of(text)[-count:] if count else [])


def _line_count(arguments: Sequence[str]) -> int | None:
    match = re.fullmatch(r"(?:-n\s*)?-?(\d{1,6})", " ".join(arguments) or "-10")
    return int(match[1]) if match else None


def _sort(arguments: Sequence[str], text: str) -> str | None:
    lines = sorted(_lines_of(text))
    match list(arguments):
        case []:
            return _joined(lines)
        case ["-u"]:
            return _joined(list(dict.fromkeys(lines)))
        case ["-r"]:
            return _joined(lines[::-1])
    return None


def _awk(arguments: Sequence[str], text: str) -> str | None:
    """`awk '{print $2}'`, with a separator of its own by `-F`."""
    match = re.fullmatch(r"(?:-F ?(.) )?\{ ?print \$(\d|NF) ?\}", " ".join(arguments))
    if match is None:
        return None
    printed: list[str] = []
    for line in _lines_of(text):
        fields = line.split(match[1])
        number = len(fields) if match[2] == "NF" else int(match[2])
        printed.append(line if number == 0 else "".join(fields[number - 1 : number]))
    return _joined(printed)


def _base64(arguments: Sequence[str], text: str) -> str | None:
    match " ".join(arguments).replace("-w 0", "-w0"):
        case "-d" | "-D" | "--decode":
            try:
                return b64decode(text, validate=False).decode()
            except (binascii.Error, ValueError):
                return None
        case "" if len(text) <= _ENCODED_LINE:
            return b64encode(text.encode()).decode() + "\n"
        case "-w0" | "--wrap=0":
            return b64encode(text.encode()).decode()
    return None


# So many bytes make one line of 76 letters.
_ENCODED_LINE = 57


def _wc(arguments: Sequence[str], text: str) -> str | None:
    counts = {"-l": text.count("\n"), "-w": len(text.split()), "-c": len(text.encode())}
    match list(arguments):
        case [flag] if flag in counts:
            return f"{counts[flag]}\n"
    return None


def _expr(arguments: Sequence[str], _: str) -> str | None:
    """`expr 1 + 2`, of whole numbers."""
    operands = list(arguments)
    if (
        not all(re.fullmatch(r"-?\d{1,18}|[-+*/%]", word) for word in operands)
        or not operands
    ):
        return None
    number = evaluate(" ".join(operands), lambda _: None)
    return None if number is None else f"{number}\n"


def _uniq(arguments: Sequence[str], text: str) -> str | None:
    if arguments:
        return None
    return _joined([line for line, _ in groupby(_lines_of(text))])


def _xargs(arguments: Sequence[str], text: str) -> str | None:
    """Without a command, the words on one line; what it does with quotes is left alone."""
    is_plain = not arguments and not set(text) & set("'\"\\")
    return " ".join(text.split()) + "\n" if is_plain else None


FILTERS: dict[str, Filter] = {
    "awk": _awk,
    "base64": _base64,
    "basename": _basename,
    "cut": _cut,
    "dirname": _dirname,
    "expr": _expr,
    "head": _head,
    "sed": _sed,
    "seq": _seq,
    "sort": _sort,
    "tail": _tail,
    "tr": _tr,
    "uniq": _uniq,
    "wc": _wc,
    "xargs": _xargs,
}


def matching_lines(arguments: Sequence[str], text: str) -> str | None:
    """What `grep` of a plain text prints; None for options or patterns that are not known."""
    flags = "".join(argument[1:] for argument in arguments if argument.startswith("-"))
    operands = [argument for argument in arguments if not argument.startswith("-")]
    if len(operands) != 1 or set(flags) - set("qivFE"):
        return None
    pattern = _pattern_of_grep(operands[0], is_fixed="F" in flags)
    case = re.IGNORECASE if "i" in flags else 0
    compiled = None if pattern is None else compiled_pattern(pattern, text, case)
    if compiled is None:
        return None
    inverted = "v" in flags
    return _joined(
        [line for line in _lines_of(text) if bool(compiled.search(line)) is not inverted]
    )


def _pattern_of_grep(written: str, *, is_fixed: bool) -> str | None:
    """The pattern as Python reads it; None where the kinds of patterns of grep differ."""
    if is_fixed:
        return re.escape(written)
    return None if re.search(r"[+?(){}|\\]|\[\[", written) else written
