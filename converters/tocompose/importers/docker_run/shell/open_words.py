"""Unquoted words that are one open variable: they may stand for several words, or for none."""

from __future__ import annotations

import re

from tocompose.importers.docker_run.shell.variables import Value
from tocompose.patterns import regex
from tocompose.readers.atoms import Atom
from tocompose.syntax.interpolation import Variable, literal, parse, plain

_GIVES_OPTIONS = regex(
    r"(?:echo|printf)\s+[\"']?-|^\s*\w*(?:arg|opt|flag|param)s?\w*\s*$", re.IGNORECASE
)
_OPTIONAL = regex(r"OPT|ARG|FLAG|PARAM|EXTRA|SWITCH", re.IGNORECASE)


def is_optional(value: Value, atom: Atom) -> bool:
    """Whether an unquoted word is one open variable that may well hold several options, or none."""
    match parse(value.text):
        case (Variable() as variable,) if not atom.quoted:
            has_empty_default = variable.default == ""
        case _:
            return False
    if atom.kind == "command":
        return bool(value.opens) and bool(_GIVES_OPTIONS.search(atom.text))
    if atom.kind != "parameter":
        return False
    match atom.operator:
        case ":+" | "+":
            return True
        case ":-" | "-":
            return has_empty_default or not atom.argument.strip("\"'")
        case "" if variable.source == f"${{{atom.text}}}":
            return _OPTIONAL.search(atom.text) is not None
    return has_empty_default


def default_texts(value: Value, atom: Atom) -> list[str]:
    """The words of a default with several, which no variable of Compose can stand for; none for any other word."""
    match parse(value.text):
        case (Variable(default=str(default)),) if not atom.quoted:
            texts = (plain(default) or "").split()
            return list(map(literal, texts)) if len(texts) > 1 else []
    return []
