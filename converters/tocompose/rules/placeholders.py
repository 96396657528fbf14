"""FILL-IN: what the source leaves for its reader to fill in is asked for in `.env`, under its own name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterator

from tocompose.compose.variable_usage import meaning_for_services
from tocompose.knowledge.placeholders import (
    is_documentation,
    is_placeholder,
    is_placeholder_path,
    is_placeholder_text,
)
from tocompose.knowledge.secrets.names import secret_name
from tocompose.knowledge.secrets.texts import password_spans, redact_secrets
from tocompose.knowledge.servers import has_development_password
from tocompose.model import EnvSetting, EnvVariable, Mount, Service, Stack
from tocompose.notes import Note, note
from tocompose.record import NamedTuple, replace
from tocompose.rules import Context, Example, Outcome, Rule
from tocompose.rules.evidence import host_names
from tocompose.rules.roles import is_data
from tocompose.rules.variables import bare_names, taken_variables, with_settings
from tocompose.source import Span
from tocompose.stack_texts import stack_texts
from tocompose.syntax.interpolation import plain, required_reference, variables
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import variable_name
from tocompose.wording import listed_names


class _Blank(NamedTuple):
    """What the source leaves to fill in: what it is called, its text where that may be shown, and its place."""

    what: str
    shown: str
    span: Span | None


class _FillIns:
    """The values to fill in, each under the name of its own key."""

    def __init__(self, stack: Stack) -> None:
        self._taken = taken_variables(stack) | bare_names(stack)
        self._host_names = host_names(stack)
        self._defaults = _repeating_defaults(stack)
        self._texts = "\n".join(_values_of(stack, self._defaults))
        self._asked_settings: set[str] = set()
        # How many services have a folder of the host there: what the variable of one is called says of which one.
        self._mounted_at = Counter(
            mount.target
            for service in stack.services
            for mount in service.mounts
            if mount.kind == "bind"
        )
        # The passwords, by the text that stands for them and the service that has it.
        self._passwords: dict[str, dict[str, str]] = {}
        # The references by the variable's name and its text in the source: what is equal there stays so.
        self._answers: dict[tuple[str, str], str] = {}
        self.settings: dict[str, EnvSetting] = {}
        self.notes: list[Note] = []

    def apply_to(self, service: Service) -> Service:
        """The service with a variable for each placeholder in its environment and its bind mounts."""
        environment = tuple(
            self._ask_value(service, self._without_default(variable))
            for variable in service.environment
        )
        mounts = tuple(self._ask_path(service, mount) for mount in service.mounts)
        self.notes.extend(_note_empty(service))
        if environment == service.environment and mounts == service.mounts:
            return service
        return replace(service, environment=environment, mounts=mounts)

    def _without_default(self, variable: EnvVariable) -> EnvVariable:
        """The variable without its default, where that is a placeholder for which its setting asks."""
        name = self._defaults.get(variable.value or "")
        if name not in self._asked_settings:
            return variable
        return replace(variable, value=required_reference(name, ".env"))

    def _ask_value(self, service: Service, variable: EnvVariable) -> EnvVariable:
        if _is_left_empty(service, variable):
            return self._offer_value(service, variable)
        value = _placeholder_in(service, variable)
        if value is None:
            return variable
        linked_variable = self._link_value(variable)
        if linked_variable is not variable:
            return linked_variable
        reference = (
            self._password_of_server(service, variable.name, value)
            or self._answers.get((variable.name, value))
            or self._ask_for_value(service, variable, value)
        )
        return replace(variable, value=reference)

    def _password_of_server(
        self, service: Service, holder_name: str, value: str
    ) -> str | None:
        """The reference to a password that is asked for already, where its server has the same placeholder."""
        names_by_owner = self._passwords.get(value, {})
        if "PASS" not in holder_name.upper() or service.name in names_by_owner:
            return None
        from tocompose.rules.same_secret import is_same_secret

        of_servers = (
            setting_name
            for owner, setting_name in names_by_owner.items()
            if is_same_secret(service, holder_name, value, owner, self._host_names)
        )
        setting_name = next(of_servers, None)
        return None if setting_name is None else required_reference(setting_name, ".env")

    def _ask_for_value(self, service: Service, variable: EnvVariable, value: str) -> str:
        """The reference to a new variable that must be set in the place of a placeholder."""
        path = ModelPath.service(service.name, "environment", variable.name)
        setting = EnvSetting(
            name=variable.name,
            secret=secret_name(variable.name),
            required=True,
        )
        shown = _shown_placeholder(variable.name, value)
        blank = _Blank(variable.name, shown, variable.origin or service.origin)
        reference = self._ask(service, setting, path, blank)
        self._answers[variable.name, value] = reference
        if "PASS" in variable.name.upper():
            name = list(self.settings)[-1]
            self._passwords.setdefault(value, {}).setdefault(service.name, name)
        return reference

    def _offer_value(self, service: Service, variable: EnvVariable) -> EnvVariable:
        """The variable with a value that may be set, and is empty as long as nobody does."""
        name = self._free_name(service, variable_name(variable.name).upper())
        self.settings[name] = EnvSetting(
            name=name,
            description=f"Used by {service.name}; empty in the source",
            secret=True,
            origin=service.origin,
        )
        path = ModelPath.service(service.name, "environment", variable.name)
        span = variable.origin or service.origin
        asked = note("TC854", span, subject=path, service=service.name, name=name)
        self.notes.append(asked)
        return replace(variable, value=f"${{{name}:-}}")

    def ask_setting(self, setting: EnvSetting, stack: Stack) -> EnvSetting:
        """The setting without its value where that is a placeholder, as in a Secret that was never filled in.

        A word that stands elsewhere too, as a password in an address, works as long as all of them stay.
        """
        value = setting.value
        if not value or not is_placeholder(setting.name, value):
            return setting
        if has_development_password(setting):
            return setting
        if any(self._is_repeated(text) for text in (value, *_passwords_in(value))):
            return setting
        user = next(
            (service for service in stack.services if _names(service, setting)), None
        )
        if user is None:
            return setting
        path = ModelPath.service(user.name, "environment", setting.name)
        asking_span = setting.origin or user.origin
        self.notes.append(
            note(
                "TC852",
                asking_span,
                subject=path,
                what=setting.name,
                text=_shown_placeholder(setting.name, value),
                service=user.name,
                name=setting.name,
            )
        )
        self._asked_settings.add(setting.name)
        return replace(setting, value=None, required=True)

    def _is_repeated(self, text: str) -> bool:
        return text[:1].isalnum() and self._texts.count(text) > 1

    def link_values(self, service: Service) -> Service:
        """The service with the password of another one by its variable, where a value repeats its placeholder."""
        environment = tuple(map(self._link_value, service.environment))
        return replace(service, environment=environment)

    def _link_value(self, variable: EnvVariable) -> EnvVariable:
        value = variable.value
        if value is None:
            return variable
        for placeholder, holders in self._passwords.items():
            # A word in capitals stands nowhere by chance, another one may.
            is_meant = "://" in value or placeholder.isupper()
            if placeholder not in value or not is_meant or placeholder == value:
                continue
            named = [name for owner, name in holders.items() if owner in value]
            name = next(iter(named or holders.values()))
            pattern = rf"(?<=[:=]){re.escape(placeholder)}(?=[@&]|$)"
            value = re.sub(pattern, required_reference(name, ".env"), value)
        return variable if value == variable.value else replace(variable, value=value)

    def _ask_path(self, service: Service, mount: Mount) -> Mount:
        source = plain(mount.source or "") if mount.kind == "bind" else None
        if not source or not (is_placeholder_path(source) or is_placeholder_text(source)):
            return mount
        path = ModelPath.service(service.name, "volumes")
        name = f"{mount.target.strip('/')}_PATH"
        is_shared = self._mounted_at[mount.target] > 1
        setting = EnvSetting(
            name=f"{service.name}_{name}" if is_shared else name,
            description=f"Folder of this machine that {service.name} sees at {mount.target}",
            required=True,
        )
        return replace(
            mount,
            source=self._ask(
                service,
                setting,
                path,
                _Blank(
                    f"the host folder of {mount.target}",
                    _shown_placeholder("", source),
                    mount.origin or service.origin,
                ),
            ),
        )

    def _ask(
        self, service: Service, setting: EnvSetting, path: ModelPath, blank: _Blank
    ) -> str:
        """The reference to a variable that must be set, which stands in the list of what to fill in."""
        name = self._free_name(service, variable_name(setting.name).upper())
        described = setting.description
        shown = f"; a placeholder in the source{blank.shown}" if blank.shown else ""
        if name != setting.name:
            described = described or f"{setting.name} of {service.name}{shown}"
        elif shown and not described:
            described = meaning_for_services(name, [service.name]) + shown
        self.settings[name] = replace(
            setting, name=name, description=described, origin=service.origin
        )
        self.notes.append(
            note(
                "TC852",
                blank.span,
                subject=path,
                what=blank.what,
                text=blank.shown,
                service=service.name,
                name=name,
            )
        )
        return required_reference(name, ".env")

    def _free_name(self, service: Service, name: str) -> str:
        longer = variable_name(f"{service.name}_{name}").upper()
        return longer if name in self._taken or name in self.settings else name


# A placeholder that is longer is told of by the name of its variable alone.
_LONGEST_SHOWN = 60


def _shown_placeholder(name: str, value: str) -> str:
    """The text that is left out, for the note; nothing where it may be, or hold, a secret."""
    is_shown = (
        len(value) <= _LONGEST_SHOWN
        and not secret_name(name)
        and not any(password_spans(value))
        and redact_secrets(value) == value
    )
    return f" ({value})" if is_shown else ""


def _passwords_in(value: str) -> list[str]:
    """The passwords of the addresses in a value."""
    return [value[start:stop] for start, stop in password_spans(value)]


def _repeating_defaults(stack: Stack) -> dict[str, str]:
    """The settings by the references that say their values once more, as those to an app.json do."""
    return {
        f"${{{setting.name}:-{setting.value}}}": setting.name
        for setting in stack.settings
        if setting.value
    }


def _values_of(stack: Stack, repeated: Container[str | None]) -> Iterator[str]:
    """The values of the settings and of all environments, but for those that repeat one."""
    for setting in stack.settings:
        yield setting.value or ""
    for service in stack.services:
        for variable in service.environment:
            if variable.value not in repeated:
                yield variable.value or ""


# So many empty values are a form that documentation leaves to its reader.
_EMPTY_FORM = 3
_MOST_EMPTY = 10


def _placeholder_in(service: Service, variable: EnvVariable) -> str | None:
    """The placeholder that a variable holds; None where its value is meant."""
    value = plain(variable.value or "")
    is_documented = service.origin is not None and is_documentation(service.origin.file)
    if value and is_placeholder(variable.name, value, is_documented=is_documented):
        return value
    return None


def _is_left_empty(service: Service, variable: EnvVariable) -> bool:
    """Whether a password is one of the empty values of a form."""
    is_secret = variable.value == "" and secret_name(variable.name)
    return is_secret and len(_empty_names(service)) >= _EMPTY_FORM


def _empty_names(service: Service) -> list[str]:
    """The variables whose values are left empty; what an engine or a platform shows as JSON runs so."""
    if service.origin is None or service.origin.file.endswith(".json"):
        return []
    return [variable.name for variable in service.environment if variable.value == ""]


def _note_empty(service: Service) -> Iterator[Note]:
    """Says of a form which values it leaves empty, but for the passwords, which are asked for."""
    empty_names = _empty_names(service)
    names = [name for name in empty_names if not secret_name(name)]
    if names and len(empty_names) >= _EMPTY_FORM:
        first = next(one.origin for one in service.environment if one.name == names[0])
        path = ModelPath.service(service.name, "environment", names[0])
        is_all = len(names) == len(service.environment)
        facts = {
            "service": service.name,
            "are": "are" if names[1:] else "is",
            "emptied": " (with the key if nothing is left)" if is_all else "",
        }
        shown = listed_names(names, _MOST_EMPTY)
        span = first or service.origin
        yield note("TC555", span, subject=path, related=(), names=shown, **facts)


def _names(service: Service, setting: EnvSetting) -> bool:
    """Whether a variable of the service takes the value of a setting."""
    return any(
        variable.name == setting.name
        for env_variable in service.environment
        for variable in variables(env_variable.value or "")
    )


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack that asks for each value which its source left to the reader."""
    fill_ins = _FillIns(stack)
    settings = (fill_ins.ask_setting(setting, stack) for setting in stack.settings)
    stack = replace(stack, settings=tuple(settings))
    data_first = sorted(stack.services, key=lambda service: not is_data(service))
    mended = {service.name: fill_ins.apply_to(service) for service in data_first}
    services = tuple(
        fill_ins.link_values(mended[service.name]) for service in stack.services
    )
    asked = with_settings(
        replace(stack, services=services), tuple(fill_ins.settings.values())
    )
    return Outcome(stack=asked, notes=(*fill_ins.notes, *_notes_of_marks(asked)))


def _notes_of_marks(stack: Stack) -> Iterator[Note]:
    """The notes about what a template left where no variable can ask for it; imported for a stack with braces."""
    has_braces = any(b"{{" in file.content for file in stack.files)
    if has_braces or any(stack_texts(stack, "{{")):
        from tocompose.rules.template_marks import note_template_marks

        yield from note_template_marks(stack)


RULE = Rule(
    id="FILL-IN",
    title="Ask for values that the source leaves open",
    summary=(
        "A placeholder from documentation, such as YOUR_API_KEY_HERE, becomes a required "
        "variable, so that the stack does not start with it."
    ),
    severity="must",
    mend=apply,
    covers=("Q-12",),
    url="https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/",
    examples=(
        Example(
            "services: {web: {image: 'me/web:1', environment: {API_KEY: YOUR_API_KEY_HERE}}}",
            "services: {web: {image: 'me/web:1', environment: {API_KEY: '${API_KEY:?set API_KEY in .env}'}}}",
        ),
    ),
)
