"""The secrets found so far: under which name of `.env` each stands, and who may share it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.knowledge.placeholders import is_placeholder_text
from tocompose.knowledge.secrets.names import secret_name
from tocompose.knowledge.secrets.texts import (
    may_be_secret,
    password_spans,
    replace_spans,
)
from tocompose.model import EnvSetting, Runtime, Service, Stack
from tocompose.patterns import regex
from tocompose.record import replace
from tocompose.rules.evidence import host_names
from tocompose.rules.secret_holders import is_secret
from tocompose.rules.service_images import facts_of
from tocompose.rules.variables import bare_names, taken_variables, variable_defaults
from tocompose.source import Span
from tocompose.stack_texts import services_by_variable
from tocompose.syntax.interpolation import (
    Literal,
    Variable,
    literal,
    nested_variables,
    plain,
    replace_literals,
    required_reference,
)
from tocompose.syntax.names import variable_name

# Shorter values, and plain words, stand in a text by chance.
_SHORTEST_REPEATED = 8
_SHORTEST_FLOWING = 8
_WORD = regex(r"\w+")
_HOST = regex(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?")
# The settings of the source belong to no service: all may share them.
_SOURCE = ""


def address_passwords(stack: Stack) -> frozenset[str]:
    """The passwords that stand in longer values of variables, as far as they do not stand elsewhere by chance."""
    passwords: set[str] = set()
    for service in stack.services:
        for variable in service.environment:
            value = plain(variable.value) if variable.value else None
            for start, stop in password_spans(value or "", variable.name):
                password = (value or "")[start:stop]
                if len(password) >= _SHORTEST_FLOWING and not password.isalpha():
                    passwords.add(password)
    return frozenset(passwords)


def clashing_names(stack: Stack) -> frozenset[str]:
    """The names that get the name of their service in front: of different secrets, or one that says nothing."""
    values: dict[str, set[str]] = {}
    for service in stack.services:
        for variable in service.environment:
            value = plain(variable.value) if variable.value else None
            if value and is_secret(variable.name, value, facts_of(service)):
                values.setdefault(variable_name(variable.name), set()).add(value)
    clashing = {name for name, different in values.items() if len(different) > 1}
    return bare_names(stack) | clashing


class Vault:
    """Gives every secret its setting; the value of a secret is never in any text that it returns."""

    def __init__(self, stack: Stack, clashing: frozenset[str]) -> None:
        self._settings = {setting.name: setting for setting in stack.settings}
        self._taken = taken_variables(stack)
        self._defaults = variable_defaults(stack)
        self._clashing = clashing
        self._host_names = host_names(stack)
        self._marked: set[str] = set()
        # The variable whose value a setting was made for.
        self._made_for: dict[str, str] = {}
        self._holders: dict[str, dict[str, list[str]]] = {}
        self._repeated = _RepeatedValues()
        # A value of a cluster is one by its object and key: who is not given it has another one, however equal.
        self._users = (
            services_by_variable(stack) if stack.runs_in is Runtime.CLUSTER else {}
        )
        for setting in stack.settings:
            if setting.secret and setting.value:
                self._hold_for_users(setting.value, setting.name)

    @property
    def settings(self) -> Mapping[str, EnvSetting]:
        """The settings by name, those of the source first."""
        return self._settings

    @property
    def is_empty(self) -> bool:
        """Whether no secret is known or lacks a value: no text can then repeat one or ask for it."""
        return not self._holders and not any(map(_lacks_value, self._settings.values()))

    def setting_for_service(
        self, service: Service, name: str, value: str, origin: Span | None
    ) -> str:
        """The name of the setting that holds the value, shared with a service that this one needs."""
        shared = self.shared_setting(service, value, name)
        if shared is not None:
            return shared
        free_name = self._free_name(service, variable_name(name), value)
        if free_name not in self._settings:
            self._settings[free_name] = EnvSetting(
                name=free_name,
                value=value,
                secret=True,
                description="" if free_name == name else f"{name} of {service.name}",
                required=True,
                origin=origin,
            )
            self._taken.add(free_name)
            self._made_for[free_name] = name
        elif self._made_for.get(free_name) == name:
            # It is not of one service alone: the files name all that use it.
            shared_setting = replace(self._settings[free_name], description="")
            self._settings[free_name] = shared_setting
        self.mark_secret(free_name)
        self._hold(value, service.name, free_name)
        return free_name

    def make_secret(
        self, name: str, value: str, description: str, origin: Span | None
    ) -> bool:
        """Makes a variable of the source a secret setting; its value counts only where the setting has none.

        False where the variable is used elsewhere with another default or none, which the value would change.
        """
        setting = self._settings.get(name)
        is_known = setting is not None and setting.value is not None
        if not is_known and self._defaults.get(name, {}).keys() - {literal(value)}:
            return False
        if setting is None:
            setting = EnvSetting(
                name=name,
                value=value,
                description=description,
                required=True,
                origin=origin,
            )
        value = setting.value or value
        self._settings[name] = replace(setting, value=value, secret=True)
        self._hold(value, _SOURCE, name)
        return True

    def mark_secret(self, name: str) -> bool:
        """Counts a setting that the source had as a secret; whether the source did not say so itself."""
        setting = self._settings.get(name)
        if setting is not None and not setting.secret:
            self._settings[name] = replace(setting, secret=True)
            self._marked.add(name)
            if setting.value:
                self._hold_for_users(setting.value, name)
        return name in self._marked

    def mark_named_secrets(self) -> None:
        """Counts the settings of the source as secrets whose own names say that they are, wherever they are used."""
        for name, setting in list(self._settings.items()):
            if not setting.example and _is_secret_setting(setting):
                self.mark_secret(name)

    def may_hold_secret(self, name: str) -> bool:
        """Whether the value of the variable can be a secret, as far as it is known."""
        setting = self._settings.get(name)
        return setting is None or setting.value is None or may_be_secret(setting.value)

    def is_held(self, value: str) -> bool:
        """Whether some setting holds the value already."""
        return value in self._holders

    def any_setting(self, value: str) -> str | None:
        """The first setting that holds the value, whosever it is."""
        holders = self._holders.get(value)
        return next(iter(holders.values()))[0] if holders else None

    def shared_setting(self, service: Service, value: str, name: str = "") -> str | None:
        """The setting of a service that this one needs, or of the source, which holds the value already.

        With the name of a variable, it is that of the same secret.
        """
        holders = self._holders.get(value)
        if holders is None:
            return None
        from tocompose.rules.same_secret import is_same_secret

        needed = [
            dependency.service
            for dependency in service.depends_on
            if is_same_secret(service, name, value, dependency.service, self._host_names)
        ]
        names = [name for owner in (_SOURCE, *needed) for name in holders.get(owner, ())]
        if self._users and len(holders.keys() & set(needed)) > 1 < len(set(names)):
            # Which of two servers with equal passwords is meant, nobody knows.
            return None
        return min(names, key=lambda name: "ROOT" in name, default=None)

    def service_setting(self, service: Service, value: str) -> str | None:
        """The setting that holds the value for this service or for one that it needs."""
        holders = self._holders.get(value, {})
        names = holders.get(service.name)
        return names[0] if names else self.shared_setting(service, value)

    def repeated_setting(self, service: Service, value: str) -> str | None:
        """The setting that holds the value for any service, where it does not stand in two places by chance."""
        if not self._repeated.holds(value):
            return None
        any_holder = next(iter(self._holders[value].values()))[0]
        return self.service_setting(service, value) or any_holder

    def replace_secrets(self, service: Service, text: str) -> str:
        """The text with every secret in it replaced by its variable, where it stands as a word of its own.

        A text that is nothing but a placeholder waits for a value of its own, however equal its words are.
        """
        if is_placeholder_text(text):
            return text

        def without_secrets(literal_part: Literal) -> str:
            edits = []
            for start, stop, value in self._repeated.spans(literal_part.source):
                name = self.repeated_setting(service, value)
                if name is not None:
                    edits.append((start, stop, secret_reference(name)))
            return replace_spans(literal_part.source, edits)

        return replace_literals(text, without_secrets)

    def require_secrets(self, text: str) -> str:
        """The text in which the variable of a secret asks for its value: without it nothing would start as it did, or a
        password would be empty."""
        return replace_spans(
            text,
            [
                (variable.start, variable.end_offset, secret_reference(variable.name))
                for variable in nested_variables(text)
                if self._is_replaceable(variable)
            ],
        )

    def repeats_value(self, text: str) -> bool:
        """Whether the text has the value of a secret as the default of its variable, which `require_secrets` drops."""
        return any(
            bool(variable.operator) and self._is_replaceable(variable)
            for variable in nested_variables(text)
        )

    def unset_secrets(self, text: str) -> Iterator[str]:
        """The secrets without a value that the text asks for by `require_secrets`."""
        for variable in nested_variables(text):
            setting = self._settings.get(variable.name)
            if setting is not None and _lacks_value(setting) and not variable.operator:
                yield variable.name

    def _is_replaceable(self, variable: Variable) -> bool:
        setting = self._settings.get(variable.name)
        if setting is None or not setting.secret:
            return False
        if not setting.value:
            return _lacks_value(setting) and not variable.operator
        return not variable.operator or variable.default == literal(setting.value)

    def _hold_for_users(self, value: str, name: str) -> None:
        """Holds the value of a setting of the source for all services, or for those that a cluster gives it."""
        for owner in self._users.get(name, (_SOURCE,)):
            self._hold(value, owner, name)

    def _hold(self, value: str, owner: str, name: str) -> None:
        self._holders.setdefault(value, {}).setdefault(owner, []).append(name)
        self._repeated.add(value)

    def _free_name(self, service: Service, name: str, value: str) -> str:
        if name not in self._clashing and (
            name not in self._taken or self._holds(name, value)
        ):
            return name
        longer = variable_name(f"{service.name}_{name}")
        candidate, number = longer, 2
        while candidate in self._taken and not self._holds(candidate, value):
            candidate, number = f"{longer}_{number}", number + 1
        return candidate

    def _holds(self, name: str, value: str) -> bool:
        setting = self._settings.get(name)
        return setting is not None and setting.value == value


def _lacks_value(setting: EnvSetting) -> bool:
    """Whether the setting is a secret that the source needs and gives no value to; an empty one is a value."""
    return setting.secret and setting.required and setting.value is None


def _is_secret_setting(setting: EnvSetting) -> bool:
    if setting.value is None:
        return secret_name(setting.name)
    return is_secret(setting.name, setting.value, None)


class _RepeatedValues:
    """Finds the values of secrets in texts in a time that grows with the texts, not with the number of secrets."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        # How many words a value has, and how many characters stand before the first and after the last of them.
        self._shapes: set[tuple[int, int, int]] = set()

    def add(self, value: str) -> None:
        """Looks for the value from now on, unless it is so short or plain that it stands somewhere by chance, or an
        address, which others have for themselves."""
        form = literal(value)
        word_spans = [match.span() for match in _WORD.finditer(form)]
        is_plain_word = value.isalpha() and value.islower()
        if is_plain_word or _HOST.fullmatch(value) or not may_be_secret(value):
            return
        if len(value) >= _SHORTEST_REPEATED and word_spans:
            self._values[form] = value
            self._shapes.add(
                (len(word_spans), word_spans[0][0], len(form) - word_spans[-1][1])
            )

    def holds(self, value: str) -> bool:
        """Whether the value is looked for."""
        return literal(value) in self._values

    def spans(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Where values stand as words of their own, none within another, the longest first where several start."""
        word_spans = (
            [match.span() for match in _WORD.finditer(text)] if self._shapes else []
        )
        done = 0
        for index, (word_start, _) in enumerate(word_spans):
            for count, prefix_length, suffix_length in sorted(self._shapes, reverse=True):
                last_index = index + count - 1
                start = word_start - prefix_length
                if last_index >= len(word_spans) or start < done:
                    continue
                stop = word_spans[last_index][1] + suffix_length
                value = self._values.get(text[start:stop])
                if value is not None and _is_whole(text, start, stop):
                    yield start, stop, value
                    done = stop
                    break


def _is_whole(text: str, start: int, stop: int) -> bool:
    """Whether what stands there is not part of a longer word or of a variable."""
    left_char, right_char = text[start - 1 : start], text[stop : stop + 1]
    return left_char != "$" and not _WORD.match(left_char) and not _WORD.match(right_char)


def secret_reference(name: str) -> str:
    """The reference to a secret in a compose file: `up` says what is missing when `.env` has no value."""
    return required_reference(name, ".env")
