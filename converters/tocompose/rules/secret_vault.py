"""The secrets found so far: under which name of `.env` each stands, and who may share it."""

from __future__ import annotations

import re

from tocompose.model import Service, Setting, Stack
from tocompose.record import replace
from tocompose.rules.services import taken_variables, variable_defaults
from tocompose.source import Span
from tocompose.syntax.interpolation import literal, required_reference
from tocompose.syntax.names import variable_name

# Shorter values, and plain words, stand in a text by chance.
_LEAST = 8
_BARE = r"\$\$|\$\{(?P<name>[A-Za-z_]\w*)\}"
# The name of a variable and what is said when it is missing: people write PASSWORD=PASSWORD, and it is no secret there.
_NAMED = r"\$\{[A-Za-z_]\w*(?::?\?[^{}]*\})?"


class Vault:
    """Gives every secret its setting; the value of a secret is never in any text that it returns."""

    def __init__(self, stack: Stack, clashing: frozenset[str]) -> None:
        self.settings: dict[str, Setting] = {
            setting.name: setting for setting in stack.settings
        }
        self._taken = taken_variables(stack)
        self._defaults = variable_defaults(stack)
        self._clashing = clashing
        self._holders: dict[str, list[tuple[str, str]]] = {}
        for setting in stack.settings:
            if setting.secret and setting.value:
                self._holders.setdefault(setting.value, []).append(("", setting.name))

    def keep(self, service: Service, name: str, value: str, origin: Span | None) -> str:
        """The name of the setting that holds the value, shared with a service that this one needs."""
        shared = self.find(service, value)
        if shared is not None:
            return shared
        chosen = self._name(service, variable_name(name), value)
        if chosen not in self.settings:
            words = f"{name} of {service.name}"
            setting = Setting(
                name=chosen,
                value=value,
                secret=True,
                description=words,
                required=True,
                origin=origin,
            )
            self.settings[chosen] = setting
            self._taken.add(chosen)
        self.mark(chosen)
        self._holders.setdefault(value, []).append((service.name, chosen))
        return chosen

    def adopt(self, name: str, value: str, description: str, origin: Span | None) -> bool:
        """Makes a variable of the source a secret setting; its value counts only where the setting has none.

        False where the variable is used elsewhere with another default or none, which the value would change.
        """
        known = self.settings.get(name)
        if (known is None or known.value is None) and set(self._defaults.get(name, ())) != {
            value
        }:
            return False
        if known is None:
            known = Setting(
                name=name,
                value=value,
                description=description,
                required=True,
                origin=origin,
            )
        value = known.value or value
        self.settings[name] = replace(known, value=value, secret=True)
        self._holders.setdefault(value, []).append(("", name))
        return True

    def mark(self, name: str) -> bool:
        """Counts a setting that the source had as a secret; whether it was none before."""
        setting = self.settings.get(name)
        if setting is None or setting.secret:
            return False
        self.settings[name] = replace(setting, secret=True)
        if setting.value:
            self._holders.setdefault(setting.value, []).append(("", name))
        return True

    def find(self, service: Service, value: str) -> str | None:
        """The setting of a service that this one needs, or of the source, which holds the value already."""
        needed = {item.service for item in service.depends_on} | {""}
        names = [name for owner, name in self._holders.get(value, ()) if owner in needed]
        return min(names, key=lambda name: "ROOT" in name, default=None)

    def own(self, service: Service, value: str) -> str | None:
        """The setting that holds the value for this service or for one that it needs."""
        mine = [
            name for owner, name in self._holders.get(value, ()) if owner == service.name
        ]
        return mine[0] if mine else self.find(service, value)

    def hidden(self, service: Service, text: str) -> str:
        """The text with every secret in it replaced by its variable, where it stands as a word of its own."""
        for value, holders in self._holders.items():
            form = literal(value)
            if (
                len(value) >= _LEAST
                and not (value.isalpha() and value.islower())
                and form in text
            ):
                name = self.own(service, value) or holders[0][1]
                text = _with_variable(text, form, name)
        return text

    def asked(self, text: str) -> str:
        """The text in which a bare variable of a secret that has a value asks for it: without it nothing would start
        as it did."""
        return re.sub(_BARE, self._asked, text) if "$" in text else text

    def _asked(self, match: re.Match[str]) -> str:
        setting = self.settings.get(match["name"] or "")
        return (
            variable(setting.name)
            if setting is not None and setting.secret and setting.value
            else match[0]
        )

    def _name(self, service: Service, name: str, value: str) -> str:
        known = self.settings.get(name)
        if known is not None and known.value == value and name not in self._clashing:
            return name
        if name not in self._taken and name not in self._clashing:
            return name
        longer = variable_name(f"{service.name}_{name}")
        candidate, number = longer, 2
        while candidate in self._taken and not self._holds(candidate, value):
            candidate, number = f"{longer}_{number}", number + 1
        return candidate

    def _holds(self, name: str, value: str) -> bool:
        known = self.settings.get(name)
        return known is not None and known.value == value


def _with_variable(text: str, form: str, name: str) -> str:
    """The text with the variable in the place of each `form` that is a word of its own."""
    found = rf"(?P<kept>{_NAMED})|(?<![\w$]){re.escape(form)}(?!\w)"
    return re.sub(found, lambda match: match["kept"] or variable(name), text)


def variable(name: str) -> str:
    """The reference to a secret in a compose file: `up` says what is missing when `.env` has no value."""
    return required_reference(name, ".env")
