"""Make variables and rules: variables are put in where they are used, each recipe line is a shell of its own."""

from __future__ import annotations

import re

from tocompose.importers.docker_run.shell.commands import source_text
from tocompose.importers.docker_run.shell.parameters import parameter_names
from tocompose.importers.docker_run.shell.state import Shell, with_source
from tocompose.importers.docker_run.shell.variables import OpenVariable, Value
from tocompose.knowledge.secrets.names import secret_name
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.syntax.interpolation import literal

_PLAIN_WORD = regex(r"[^\s'\"\\`${}]+")
_DOCKER = regex(r"docker|podman", re.IGNORECASE)


def read_makefile(shell: Shell, cursor: Cursor) -> None:
    """Reads all variables first, as make does, then the rules in order."""
    for child in cursor:
        if child.kind in ("macro", "macro-exported"):
            _define_macro(shell, child)
        elif child.kind == "macro-names":
            shell.scope.exports |= {leaf.peek() or "" for leaf in child}
            child.skip("exports variables of make")
    for child in cursor:
        if child.kind == "rule":
            _read_rule(shell, child)


def _define_macro(shell: Shell, cursor: Cursor) -> None:
    child = cursor.children[0]
    name, held = str(child.key), cursor.at(child.key)
    operator, raw = held.style.removeprefix("macro"), held.peek() or ""
    old = shell.scope.get(name)
    shell.assigned.append(held)
    if operator == "?=" and old is not None:
        return
    if operator == "+=" and old is not None:
        raw_before = old.raw if old.raw is not None else old.text
        value = Value(
            "", (*old.sources, held), old.opens, raw=f"{raw_before} {raw}".strip()
        )
    else:
        value = _macro_value(shell, name, held, operator, raw)
    shell.scope.set(name, value)
    if cursor.kind == "macro-exported":
        shell.scope.exports.add(name)


def _macro_value(shell: Shell, name: str, held: Cursor, operator: str, raw: str) -> Value:
    if operator == "!=":
        raw = f"$({raw})"
    if re.fullmatch(r"\$\((?!\().*\)", raw, re.DOTALL) and raw.count("$(") == 1:
        shell.variable = name
        value = shell.word_context.substitute(raw[2:-1], held, 2)
        shell.variable = ""
        return with_source(value, held)
    if not raw:
        return Value("", (held,))
    if _PLAIN_WORD.fullmatch(raw):
        if operator == "?=" and not secret_name(name):
            return Value(
                f"${{{name}:-{literal(raw)}}}", (held,), (OpenVariable(name, raw),)
            )
        return shell.kept_variables.keep(name, Value(literal(raw), (held,)), exported=False)
    return Value("", (held,), raw=raw)


def _read_rule(shell: Shell, cursor: Cursor) -> None:
    child = cursor.children[0]
    body = cursor.at(child.key)
    if body.kind in ("macro", "macro-exported"):
        _define_macro(shell, body)
        return
    if not _mentions_docker(shell, body):
        body.skip("a make target without docker commands")
        return
    shell.run_all(body)


def _mentions_docker(shell: Shell, body: Cursor) -> bool:
    text = source_text(body)
    if _DOCKER.search(text):
        return True
    for name in parameter_names(text):
        value = shell.scope.get(name)
        if value is not None and _DOCKER.search(value.raw or value.text):
            return True
    return False
