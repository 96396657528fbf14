"""Makes text of a source harmless in each kind of report: it can neither break out of its place nor act there.

The jinja2 environment of the templates in `reports/templates/` is here: it escapes all that is put into them.
"""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path
from typing import Any

from tocompose.patterns import regex

# Everything that Markdown (CommonMark, GFM tables, GitHub's maths) could take for more than a character. An underscore
# inside a word is none of it; a square bracket only where a link, a footnote, a box or a definition may come of it, a
# number sign only where a heading or the number of an issue may, a tilde at the start of a word alone closes nothing.
_MARKDOWN = regex(
    r"[\\`*$]|(?<!\w)_+|(?<!_)_+(?!\w)"
    r"|\](?=[(\[])|\[(?=\^)|(?:(?<=!)|\A)\[|(?:\A|(?<=\s))#+(?=#|\d|\s|\Z)|\A#|(?<!\s)(?<!\A)~+|~~+"
)
# A value with variables, which would be taken for maths: it is shown as code.
_WITH_VARIABLE = regex(r"([\w./:@%+-]*\$(?:\{[^}\s`]*\}|\w+)(?:[\w./:@%+${}-]*[\w/}])?)")
# What begins a list at the start of a line.
_LIST_MARK = regex(r"^(\d{1,9})?([-+.)])(?=\s|$)")
_MERMAID_SAFE = regex(r"[A-Za-z0-9 ._:/,→-]")


def printable(text: str) -> str:
    """One line without control, direction or invisible characters: they are shown as escapes (`\\x1b`)."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape_character(char) for char in text)


def _escape_character(char: str) -> str:
    if char in "\t\n":
        return " "
    code = ord(char)
    return (
        f"\\x{code:02x}"
        if code < 0x100
        else f"\\u{code:04x}"
        if code < 0x10000
        else f"\\U{code:08x}"
    )


def escape_markdown(text: str) -> str:
    """Text that Markdown shows as it is, also inside a table cell."""
    return _as_cell(_LIST_MARK.sub(r"\1\\\2", _escape_inline(text)))


def _escape_inline(text: str) -> str:
    safe = printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKDOWN.sub(lambda match: "".join(f"\\{char}" for char in match[0]), safe)


def _as_cell(markdown: str) -> str:
    """Markdown in a table cell, where a bar needs a backslash even inside code."""
    return markdown.replace("|", "\\|")


def code_span(text: str) -> str:
    """A Markdown code span: the fence is longer than any run of backticks in it."""
    safe = printable(text)
    fence = "`" * (max((len(run) for run in re.findall(r"`+", safe)), default=0) + 1)
    pad = " " if safe.startswith("`") or safe.endswith("`") or not safe else ""
    return f"{fence}{pad}{safe}{pad}{fence}"


def code_cell(text: str) -> str:
    """A code span in a table cell."""
    return _as_cell(code_span(text))


def escape_prose(text: str) -> str:
    """Text of a note in Markdown: what stands between backticks in it becomes a code span, the rest is plain."""
    spans = printable(text).split("`")
    if len(spans) % 2 == 0:
        return _LIST_MARK.sub(r"\1\\\2", _escape_inline(text))
    first, *later_spans = spans
    return _LIST_MARK.sub(r"\1\\\2", _with_variables(first)) + "".join(
        _with_variables(span) if index % 2 else code_span(span)
        for index, span in enumerate(later_spans)
        if span
    )


def prose_cell(text: str) -> str:
    """Text of a note in a table cell."""
    return _as_cell(escape_prose(text))


def _with_variables(text: str) -> str:
    """Plain text, its values with variables as code spans."""
    return "".join(
        code_span(part) if index % 2 else _escape_inline(part)
        for index, part in enumerate(_WITH_VARIABLE.split(text))
    )


def escape_mermaid(text: str) -> str:
    """A label inside `"…"` in a Mermaid diagram: anything that its grammar knows stands as a character entity."""
    return "".join(
        char if _MERMAID_SAFE.fullmatch(char) else f"#{ord(char)};"
        for char in printable(text)
    )


def fault_line(fault: BaseException) -> str:
    """The file and line in which a fault of tocompose itself happened; its text may quote a secret of the input."""
    trace = fault.__traceback__
    if trace is None:
        return "an unknown place"
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


def describe_fault(fault: BaseException, whose: str = "tocompose itself") -> str:
    """Whose fault it is, of what kind, and where it happened."""
    return f"a fault of {whose} ({type(fault).__name__} in {fault_line(fault)})"


def template_environment(*, autoescape: bool) -> Any:
    """A new environment; `autoescape` is for HTML, Markdown has filters of its own. A name that is not there raises."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("tocompose.reports"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=autoescape,
    )


def read_asset(name: str) -> str:
    """A script or style of `reports/templates/`."""
    # Loads what unpacks archives, which only a report as a page needs.
    from importlib.resources import files

    return files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def content_hash(text: str) -> str:
    """The hash by which a content security policy allows a script or style."""
    from hashlib import sha256

    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
