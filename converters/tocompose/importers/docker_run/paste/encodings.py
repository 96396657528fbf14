"""What mails and JSON write for the characters of a command: `=3D` for `=`, `\\"` for a quote in a text."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from tocompose.importers.docker_run.paste.damage import CALL, Damage
from tocompose.patterns import regex
from tocompose.readers.json_text import undo_escapes

# https://www.rfc-editor.org/rfc/rfc2045#section-6.7: bytes, and the end of a line that goes on.
_SOFT_BREAK = r"=[ \t]*(?:\n|\Z)"
_ESCAPED_BYTES = r"(?:=[0-9A-F]{2})+"
_ESCAPE = regex(rf"{_SOFT_BREAK}|{_ESCAPED_BYTES}", hints=[["="]])
# A mail program fills lines up to 76 characters.
_LONG_LINE = regex(rf"^[^\n]{{72,75}}{_SOFT_BREAK}", re.MULTILINE, hints=[["="]])
_JSON_TEXT = r'"(?:[^"\\\n]|\\[^\n])*"'
# A member of an object or of a list, on a line of its own.
_MEMBER = regex(
    rf'^[ \t{{\[]*(?:"[^"\n]*"[ \t]*:[ \t]*)?(?P<code>"[ \t]*{CALL}(?:[^"\\\n]|\\[^\n])*")[ \t,}}\]]*$',
    re.MULTILINE | re.I,
    hints=[['"']],
)
# The words of a command as a list, also as the argument of a function.
_WORD_LIST = regex(
    rf'^[^"\n]*(?P<code>\[[ \t]*"(?:sudo"[ \t]*,[ \t]*")?(?:docker|podman)"(?:\s*,\s*{_JSON_TEXT})+\s*,?\s*\])[^"\n]*$',
    re.MULTILINE,
    hints=[['"']],
)
_JSON_WORD = regex(_JSON_TEXT)
_JSON_ESCAPE = regex(r"\\[nt\\/u]")


def decode_mail(text: str) -> Iterator[Damage]:
    """The characters that a mail in quoted-printable form writes as `=3D`, without the breaks of its long lines."""
    escapes = list(_ESCAPE.finditer(text))
    signs = sum(match[0].count("=") for match in escapes)
    is_mail = "=3D" in text and len(escapes) > 1
    if signs < text.count("=") or not (is_mail or _LONG_LINE.search(text)):
        return
    for match in escapes:
        codes = match[0].rstrip().replace("=", "")
        typed = bytes.fromhex(codes).decode("utf-8", "replace") if codes else ""
        yield Damage(*match.span(), typed, "TC845", f"`{match[0].strip()}`")


def decode_json(text: str) -> Iterator[Damage]:
    """The commands that stand in JSON as texts or as lists of words, without what stands around them."""
    commands = [*_json_texts(text), *_json_lists(text)]
    is_document = text.strip()[:1] in ("{", "[") and text.strip()[-1:] in ("}", "]")
    done = 0
    for match, code in sorted(commands, key=lambda command: command[0].start()):
        start, end_offset = match.span()
        before = done if is_document else start
        written = text[start : match.start("code")].strip() or '"'
        yield Damage(before, match.end("code"), f"\n{code}", "TC848", f"`{written}`", start)
        yield Damage(match.end("code"), end_offset, "")
        done = end_offset
    if is_document and commands:
        yield Damage(done, len(text), "")


def _json_texts(text: str) -> Iterator[tuple[re.Match[str], str]]:
    for match in _MEMBER.finditer(text):
        is_alone = match["code"] == match[0].strip()
        # In quotes alone a command may be of a shell, which reads these signs otherwise.
        if not is_alone or _JSON_ESCAPE.search(match["code"]):
            yield match, undo_escapes(match["code"][1:-1]).text.rstrip()


def _json_lists(text: str) -> Iterator[tuple[re.Match[str], str]]:
    for match in _WORD_LIST.finditer(text):
        json_words = _JSON_WORD.findall(match["code"])
        yield match, shlex.join(undo_escapes(word[1:-1]).text for word in json_words)
