"""Values of a shape that their key does not take, keys that there are not, and names that Compose refuses.

Compose refused such files in every version, and docker compose refuses them today: what is at fault is left out. What
is merely written otherwise than today, one text for a list of one, is put right when it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tocompose.compose.current_form import flag_of, says_nothing
from tocompose.compose.form_shapes import (
    SHAPES,
    is_limit,
    is_number,
    is_plain_integer,
    is_scalar,
    is_text,
)
from tocompose.compose.keys import Form, Key, is_extension, section_keys
from tocompose.compose.read import keeps_texts
from tocompose.compose.shapes import KEYS_NEEDED
from tocompose.knowledge.secrets.texts import redact_secrets
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import replace_variables
from tocompose.syntax.names import is_key


class Misshapen(NamedTuple):
    """What is left out: the keys that lead to it, its value, and the rule it breaks; no rule for an unknown key."""

    keys: tuple[str, ...]
    value: Any
    rule: str = ""

    @property
    def facts(self) -> dict[str, Any]:
        """What a note says of it: whose it is, the key, and what stands there.

        Of a value, which may be a secret, only the kind is said.
        """
        section, *keys_below = self.keys
        if self.rule == _NAME_RULE:
            is_listed = len(keys_below) > 1
            owner, key = keys_below[:2] if is_listed else (section, "name")
            value = redact_secrets(str(self.value))
            return {"service": owner, "key": key, "value": value}
        kind = _KINDS.get(type(self.value), "a text")
        key = ".".join(keys_below[1:]) or ("value" if keys_below else section)
        return {"service": _owner(section, keys_below), "key": key, "value": f"({kind})"}


def _owner(section: str, keys_below: Sequence[str]) -> str:
    if not keys_below:
        return "the file"
    return keys_below[0] if section == "services" else f"{section[:-1]} {keys_below[0]}"


_KINDS = {dict: "a map", list: "a list", type(None): "nothing"}


def kind_of(value: Any) -> str:
    """What a map or a list is called; empty for one value."""
    return _KINDS.get(type(value), "") if isinstance(value, dict | list) else ""


class ShapeJudge:
    """Walks a document by the table of keys; `faults` are what it left out.

    Strictly, it also finds what we read and docker compose does not: a number where a text has to be.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self._strict = strict
        self.faults: list[Misshapen] = []

    def whole(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The document without what is at fault; the user's own sections stay."""
        keys = section_keys("top")
        judged: dict[str, Any] = {}
        for name, value in document.items():
            key = keys.get(name)
            if is_extension(name):
                judged[name] = value
            elif key is None:
                self._reject((name,), value)
            elif value is None:
                judged[name] = value
            elif self._fits(key, value, (name,)):
                judged[name] = self._judged(key, value, (name,))
        return judged

    def _reject(self, keys: tuple[str, ...], value: Any, rule: str = "") -> None:
        self.faults.append(Misshapen(keys, value, rule))

    def _section(
        self, section: str, body: Mapping[str, Any], keys: tuple[str, ...]
    ) -> dict[str, Any]:
        """The map of a section with rows, without unknown keys and what does not fit keys_below the others."""
        known_keys = section_keys(section)
        judged: dict[str, Any] = {}
        for name, value in body.items():
            key, path = known_keys.get(name), (*keys, name)
            if is_extension(name):
                judged[name] = value
            elif key is None:
                self._reject(path, value)
            elif not self._strict and says_nothing(key, value):
                # Nothing is said; docker compose refuses that.
                continue
            elif self._may_stay(section, key, value, path):
                judged_value = self._judged(key, value, path)
                if not _is_emptied(key, value, judged_value):
                    judged[name] = judged_value
        return judged

    def _may_stay(self, section: str, key: Key, value: Any, keys: tuple[str, ...]) -> bool:
        if value is None and not says_nothing(key, value):
            return True
        if _is_open_flag(section, key, value):
            self._reject(keys, value, "true or false")
            return False
        return self._fits(key, value, keys)

    def _fits(self, key: Key, value: Any, keys: tuple[str, ...]) -> bool:
        shape = SHAPES.get(key.form)
        if shape is None or self._is_short(key, value):
            return True
        if _lacks_maps(key, value):
            self._reject(keys, value, "a list of maps")
            return False
        takes = shape.strictly if self._strict else shape.takes
        is_misread = self._strict and _is_misread(key, value)
        if takes(value) and not is_misread:
            return True
        self._reject(keys, value, shape.rule)
        return False

    def _is_short(self, key: Key, value: Any) -> bool:
        takes = is_text if self._strict else is_scalar
        return bool(key.short) and takes(value)

    def _judged(self, key: Key, value: Any, keys: tuple[str, ...]) -> Any:
        """The value without what does not fit in it."""
        if isinstance(value, list):
            return self._judged_list(key, value, keys)
        if not isinstance(value, Mapping):
            return value
        match key.form:
            case Form.SECTION:
                return self._section(key.section, value, keys)
            case Form.NAMED | Form.NAMES:
                return self._named(key, value, keys)
            case Form.PAIRS | Form.VARIABLES | Form.ARGUMENTS:
                return self._pairs(value, keys)
            case Form.MAP | Form.HOSTS:
                return self._values(key, value, keys)
            case _:
                return value

    def _judged_list(self, key: Key, value: list[Any], keys: tuple[str, ...]) -> list[Any]:
        """The list without lines that do not fit; that a name is there twice is a fault and changes nothing."""
        fitting = (line for line in value if self._fits_in_list(key, line, keys))
        judged = [self._listed(key, line, keys) for line in fitting]
        if self._strict and key.form is Form.NAMES and _has_repeats(judged):
            self._reject(keys, value, "names, each of them once")
        return judged

    def _named(
        self, key: Key, value: Mapping[str, Any], keys: tuple[str, ...]
    ) -> dict[str, Any]:
        judged: dict[str, Any] = {}
        for name, body in value.items():
            path = (*keys, name)
            if self._strict and key.section == "dependency" and not _has_condition(body):
                self._reject(path, body, "a map with a condition")
            if not is_key(name):
                self._reject(path, name, _NAME_RULE)
            elif isinstance(body, Mapping):
                settings = self._section(key.section, body, path)
                if self._says_enough(key, settings, path):
                    judged[name] = settings
            elif key.section in KEYS_NEEDED:
                self._reject(path, body, "a map of settings")
            else:
                if body is not None:
                    self._reject(path, body, "a map of settings")
                judged[name] = None
        return judged

    def _says_enough(
        self, key: Key, settings: Mapping[str, Any], keys: tuple[str, ...]
    ) -> bool:
        """Whether an entry has one of the keys without which docker compose refuses it; where not, that is a fault."""
        needed_keys = KEYS_NEEDED.get(key.section, ())
        if not needed_keys:
            return True
        if any(settings.get(name) not in (None, False, "") for name in needed_keys):
            return True
        self._reject(keys, settings, f"a map with the key {' or '.join(needed_keys)}")
        return False

    def _pairs(self, value: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
        judged: dict[str, Any] = {}
        for name, text in value.items():
            if text is None or is_scalar(text):
                judged[name] = text
            else:
                self._reject((*keys, name), text, "one value")
        return judged

    def _values(
        self, key: Key, value: Mapping[str, Any], keys: tuple[str, ...]
    ) -> dict[str, Any]:
        """The map of names that the user chose, without values that its key does not take."""
        judged: dict[str, Any] = {}
        takes = _content_judge(key) if self._strict else is_scalar
        takes_lists = key.lists or key.form is Form.HOSTS
        for name, content in value.items():
            path = (*keys, name)
            if isinstance(content, Mapping) and key.section:
                judged[name] = self._section(key.section, content, path)
            elif isinstance(content, list) and takes_lists:
                judged[name] = [line for line in content if self._takes(takes, line, path)]
            elif self._takes(takes, content, path):
                judged[name] = content
        return judged

    def _takes(
        self, takes: Callable[[Any], bool], value: Any, keys: tuple[str, ...]
    ) -> bool:
        """Whether one value is taken; where it is not, that is a fault."""
        fits = takes(value)
        if not fits:
            self._reject(keys, value, "one value")
        return fits

    def _fits_in_list(self, key: Key, line: Any, keys: tuple[str, ...]) -> bool:
        """Whether a line of a list fits; where it does not, that is a fault."""
        if isinstance(line, Mapping) and key.form in _SECTIONS_IN_LISTS:
            fits = not key.short or key.short in line
            rule = f"a map with the key {key.short}"
        elif key.form is Form.NAMES and is_scalar(line) and not _may_be_key(line):
            fits, keys, rule = False, (*keys, str(line)), _NAME_RULE
        else:
            fits, rule = self._fits_as_text(key, line)
        if not fits:
            self._reject(keys, line, rule)
        return fits

    def _fits_as_text(self, key: Key, line: Any) -> tuple[bool, str]:
        """Whether a line of a list is one value that its key takes, and what it takes."""
        if key.form is Form.ENTRIES and not key.short:
            return False, "a map of settings"
        shape = SHAPES.get(key.form)
        takes = shape.line if shape and self._strict else is_scalar
        return takes(line), "one value"

    def _listed(self, key: Key, line: Any, keys: tuple[str, ...]) -> Any:
        """The line of a list without what does not fit in it."""
        if not isinstance(line, Mapping):
            return line
        section = key.section or _SECTIONS_IN_LISTS[key.form]
        return self._section(section, line, keys)


_NAME_RULE = "letters, digits, `_`, `.` and `-`"
# The lists whose entries may be maps, and the rows of these where the key does not name them.
_SECTIONS_IN_LISTS = {
    Form.ENTRIES: "",
    Form.PORTS: "port",
    Form.MOUNTS: "mount",
    Form.DEVICES: "device",
}


def _content_judge(key: Key) -> Callable[[Any], bool]:
    """What docker compose takes below the names of a map."""
    if key.literal:
        return is_plain_integer
    return is_limit if key.section else is_number


def _is_misread(key: Key, value: Any) -> bool:
    """Whether docker compose takes the value, yet no such text: -1 is no size then."""
    is_size = key.unit is not None and value == "-1"
    return is_size or (key.literal and is_text(value))


def _lacks_maps(key: Key, value: Any) -> bool:
    """Whether one value stands where only a list of maps can: none that could be the key of such a map, no word."""
    takes_text = key.form is not Form.ENTRIES or bool(key.short)
    is_word = bool(key.word) and value == key.word
    return is_scalar(value) and not takes_text and not is_word


def _has_condition(body: Any) -> bool:
    return isinstance(body, Mapping) and "condition" in body


def _may_be_key(entry: Any) -> bool:
    return is_key(replace_variables(str(entry), lambda _: "x"))


def _has_repeats(names: list[Any]) -> bool:
    return len({str(name) for name in names}) < len(names)


def _is_emptied(key: Key, value: Any, judged: Any) -> bool:
    """Whether a section or a test of health says nothing, or nothing is left of a list that did."""
    is_needless = key.form in (Form.SECTION, Form.HEALTH_TEST)
    return judged in ({}, []) and (bool(value) or is_needless)


def _is_open_flag(section: str, key: Key, value: Any) -> bool:
    """Whether only a variable says if it is on, where we have no place for that."""
    is_open = key.form is Form.FLAG and isinstance(value, str) and flag_of(value) is None
    return is_open and not keeps_texts(section)
