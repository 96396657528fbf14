"""The texts of a unit as Compose reads them: specifiers, and the variables that systemd puts into a command line."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.docker_run.invocation import Argument
from tocompose.importers.quadlet.units import QuadletUnit
from tocompose.ledger import Cursor
from tocompose.project import Project, normal_path, only_namesake
from tocompose.readers.dotenv import read_dotenv
from tocompose.readers.systemd import plain_atoms, unquoted
from tocompose.record import NamedTuple
from tocompose.source import Leaf
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ROOT
from tocompose.tables import load

# `docker compose` is run in a session, which sets these.
_OF_SESSION = frozenset({"HOME", "USER", "XDG_RUNTIME_DIR"})


class OpenVariables:
    """The variables that the units leave to whoever starts the stack, with their values where a file says them."""

    def __init__(self) -> None:
        self.values: dict[str, str | None] = {}
        self.secrets: dict[str, None] = {}
        self.demanded: dict[str, None] = {}
        self._home_is_told = False

    def tell_home(self, cursor: Cursor) -> None:
        """Says once whose home a folder is in."""
        if not self._home_is_told:
            self._home_is_told = True
            cursor.annotate("TC868", subject=ROOT)

    def keep(self, name: str, value: str | None = None) -> None:
        """Keeps a variable; a value that is known stays."""
        if self.values.get(name) is None:
            self.values[name] = value

    def keep_secret(self, name: str) -> None:
        """Keeps a variable that holds a secret."""
        self.keep(name)
        self.secrets[name] = None


class _Setting(NamedTuple):
    """What systemd puts in for a variable, and the word that says it."""

    text: str
    cursor: Cursor


class UnitTexts:
    """Reads the texts of one unit."""

    def __init__(self, unit: QuadletUnit, project: Project, opens: OpenVariables) -> None:
        self._unit = unit
        self._opens = opens
        self._file_values: dict[str, str] = {}
        self._settings = dict(self._read_settings())
        for setting in unit.every("Service", "EnvironmentFile"):
            self._read_file(setting, project)
        self._is_of_user = any(
            unit_word.peek() == "default.target"
            for unit_word in unit.words("Install", "WantedBy")
        )

    def value(self, setting: Cursor) -> Argument:
        """The value of a line; quotes around the whole are none of it."""
        text = setting.peek() or ""
        if len(text) > 1 and text[0] == text[-1] == '"':
            text = text[1:-1]
        return self._expand(text, setting)

    def word(self, unit_word: Cursor) -> Argument:
        """One word of a line, its quotes undone."""
        return self._expand(unquoted(unit_word.peek() or ""), unit_word)

    def _expand(self, text: str, cursor: Cursor) -> Argument:
        if "$" not in text and "%" not in text:
            return Argument(text, cursor.value_span, (cursor,))
        unit_parts: list[str] = []
        sources = [cursor]
        for atom in plain_atoms(text):
            setting = self._settings.get(atom.text)
            if atom.kind == "text":
                unit_parts.append(literal(atom.text))
            elif atom.text.startswith("%"):
                unit_parts.append(self._specifier(atom.text[1:], cursor))
            elif setting is not None:
                unit_parts.append(setting.text)
                sources.append(setting.cursor)
            else:
                unit_parts.append(self._open(atom.text, cursor))
        return Argument("".join(unit_parts), cursor.value_span, tuple(sources))

    def _open(self, name: str, cursor: Cursor) -> str:
        if name in _OF_SESSION:
            return f"${{{name}}}"
        self._opens.keep(name, self._file_values.get(name))
        if name not in self._file_values:
            self._opens.demanded[name] = None
            cursor.annotate(
                "TC785", name=name, subject=self._unit.subject, object=self._unit.name
            )
        return f"${{{name}}}"

    def _specifier(self, letter: str, cursor: Cursor) -> str:
        own_texts = self._own_specifiers()
        if letter in own_texts:
            return own_texts[letter]
        texts: list[str] | None = load("quadlet/specifiers").get(letter)
        if texts is not None:
            if letter == "h":
                self._opens.tell_home(cursor)
            return texts[self._is_of_user]
        host = load("shell")["systemd"]["host"].get(letter)
        if host is None:
            return f"%{letter}"
        name, command = host
        cursor.annotate("TC152", name=name, command=command)
        self._opens.keep(name)
        return f"${{{name}}}"

    def _own_specifiers(self) -> dict[str, str]:
        unit = self._unit.service_unit
        stem = unit.removesuffix(".service")
        prefix, at, instance = stem.partition("@")
        default = self._unit.last("Install", "DefaultInstance")
        if at and not instance and default is not None:
            instance = default.peek() or ""
            default.skip("the instance of the template that is meant")
        if at and not instance:
            self._opens.keep("INSTANCE")
            instance = "${INSTANCE}"
            stem = unit = f"{prefix}@{instance}"
        return {
            "n": unit,
            "N": stem,
            "p": prefix,
            "j": prefix.rpartition("-")[2],
            "i": instance,
            "I": instance.replace("-", "/"),
        }

    def _read_settings(self) -> Iterator[tuple[str, _Setting]]:
        for unit_word in self._unit.words("Service", "Environment"):
            name, _, text = unquoted(unit_word.peek() or "").partition("=")
            unit_word.skip("filled in where it is used, as systemd does")
            yield name, _Setting(literal(text), unit_word)

    def _read_file(self, setting: Cursor, project: Project) -> None:
        """Reads a file of [Service]: at its path, or by its name where the source has one of that name only."""
        path = (setting.peek() or "").lstrip("-")
        content = _file_content(project, path, self._unit.folder)
        if content is None:
            setting.note("TC161", file=path)
            return
        setting.skip("its variables are filled in where they are used")
        for child in read_dotenv(content).tree.children:
            if isinstance(child.node, Leaf) and child.node.style != "unparsed":
                self._file_values[str(child.key)] = child.node.text


def _file_content(project: Project, path: str, folder: str) -> bytes | None:
    inside = normal_path(path if path.startswith("/") else f"{folder}/{path}")
    if inside is not None and (content := project.read(inside)) is not None:
        return content
    namesake = only_namesake(project, path)
    return project.read(namesake) if namesake is not None else None
