"""The variables that a person must set before the first start, with what is known of their values."""

from __future__ import annotations

from collections.abc import Container, Sequence

from tocompose.knowledge.generators import encrypts_data
from tocompose.knowledge.images import DATA_ROLES
from tocompose.knowledge.secrets.names import secret_name
from tocompose.model import Role, Service, Stack
from tocompose.notes import Note, explanation, generated_forms
from tocompose.patterns import regex
from tocompose.record import NamedTuple, replace
from tocompose.reports.kept_data import stores_in_place
from tocompose.reports.report import Report, settings_of
from tocompose.stack_texts import services_by_variable

# More names than these are a list of their own.
MOST_IN_A_SENTENCE = 8


def values_to_set(report: Report) -> tuple[str, ...]:
    """The variables without which docker compose refuses to start, or a service would start with nothing."""
    settings = settings_of(report)
    unset = set(unset_names(report.stack))
    asked = {
        name
        for note in report.notes
        if todo_of(note) == "value"
        for name in names_asked_for(note, unset)
    }
    generated = generated_names(report)
    return tuple(
        name
        for name, is_needed in settings.items()
        if (is_needed or name in asked) and name not in generated
    )


def optional_values(report: Report) -> tuple[str, ...]:
    """The variables that may be set, and that a service gets as empty as the source has them otherwise."""
    needed = values_to_set(report)
    unset = set(unset_names(report.stack))
    named = (
        name
        for note in report.notes
        if todo_of(note) == "optional"
        for name in names_asked_for(note, unset)
    )
    return tuple(dict.fromkeys(name for name in named if name not in needed))


def free_values(report: Report) -> tuple[str, ...]:
    """The other variables without a value: nothing demands them. Those of an app on a platform have a duty of their
    own, as there they have values."""
    if report.importer == "procfile":
        return ()
    told = {*values_to_set(report), *optional_values(report), *generated_names(report)}
    return tuple(name for name in unset_names(report.stack) if name not in told)


def unset_names(stack: Stack) -> tuple[str, ...]:
    """The variables of `.env` without a value, also those that need none."""
    return tuple(setting.name for setting in stack.settings if setting.value is None)


def generated_names(report: Report) -> frozenset[str]:
    """The variables whose values are made where the files are written to a folder."""
    has_env_file = any(file.path == ".env" for file in report.files)
    return frozenset(generated_forms(report.notes) if has_env_file else ())


def said_by_values(note: Note, names: Sequence[str]) -> bool:
    """Whether all that a note says is that one of these variables has to be set, or may be."""
    todo = todo_of(note)
    is_named = any(name in note.message or name in note.advice for name in names)
    return todo == "optional" or (todo == "value" and is_named)


_NAME = regex(r"[A-Za-z_]\w*")


def names_asked_for(note: Note, unset: Container[str]) -> list[str]:
    """The variables without a value that a note is about, or that it names."""
    if note.subject[:1] == ("settings",):
        return [name for name in note.subject[1:2] if name in unset]
    if note.subject[2:3] == ("environment",) and note.subject[-1] in unset:
        return [note.subject[-1]]
    names_in_note = _NAME.findall(f"{note.message} {note.advice}")
    return [name for name in names_in_note if name in unset]


def todo_of(note: Note) -> str:
    """On what a person must act before the first start, or after it; empty where on nothing."""
    return str(explanation(note.code).get("todo", ""))


def counted_values(names: Sequence[str]) -> str:
    """How many values there are, as a sentence says it."""
    return f"{len(names)} values" if len(names) > 1 else "one value"


class ValueToSet(NamedTuple):
    """Values to set: their variables, and what they are or where they are to be had."""

    names: tuple[str, ...]
    meaning: str


class ValuesOfServices(NamedTuple):
    """The values to set that the same services use: those that explain themselves, and the others."""

    services: tuple[str, ...]
    plain: tuple[str, ...]
    explained: tuple[ValueToSet, ...]


def missing_values(report: Report) -> tuple[ValuesOfServices, ...]:
    """The values to set where they are too many for a sentence, by the services that use them."""
    names = values_to_set(report)
    if len(names) <= MOST_IN_A_SENTENCE:
        return ()
    optional = optional_values(report)
    users = services_by_variable(report.stack)
    meanings = {setting.name: setting.description for setting in report.stack.settings}
    texts = placeholder_texts(report, names)
    for hint, hinted_names in hints_of(report, names).items():
        for name in hinted_names:
            described = meanings.get(name, "") if name in texts else ""
            meanings[name] = f"{described}; {hint}" if described else hint
    meanings |= dict.fromkeys(optional, "may stay empty, as in the source")
    by_users: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for name in (*names, *optional):
        by_meaning = by_users.setdefault(users.get(name, ()), {})
        by_meaning.setdefault(meanings.get(name, "").rstrip("."), []).append(name)
    return tuple(
        ValuesOfServices(
            services,
            tuple(by_meaning.pop("", ())),
            tuple(
                ValueToSet(tuple(alike), meaning) for meaning, alike in by_meaning.items()
            ),
        )
        for services, by_meaning in by_users.items()
    )


def hints_of(report: Report, names: Sequence[str]) -> dict[str, list[str]]:
    """Where the values are to be had, where notes know it: the variables that each hint is for."""
    names_by_hint: dict[str, list[str]] = {}
    hints = {
        name: _SET_IN_ENV.sub("", note.advice)
        for note in report.notes
        if todo_of(note) == "value" and not _ONLY_SET.match(note.advice)
        for name in names_asked_for(note, names)
    }
    hints = {**placeholder_texts(report, names), **hints}
    old_values = _old_value_hints(report.stack, names)
    for name, hint in hints.items():
        full_hint = (
            f"{hint.rstrip('.')}. {old_values[name]}" if name in old_values else hint
        )
        names_by_hint.setdefault(full_hint, []).append(name)
    unhinted: dict[str, list[str]] = {}
    for name, sentence in old_values.items():
        if name not in hints:
            unhinted.setdefault(sentence, []).append(name)
    for sentence, alike in unhinted.items():
        names_by_hint[_for_several(sentence) if alike[1:] else sentence] = alike
    return names_by_hint


def _old_value_hints(stack: Stack, names: Sequence[str]) -> dict[str, str]:
    """What is said of the values that old data belong to: keys that encrypt them, and the passwords of servers."""
    users = services_by_variable(stack)
    servers = [service for service in stack.services if service.role in DATA_ROLES]
    hints: dict[str, str] = {}
    for name in names:
        owners = [server for server in servers if server.name in users.get(name, ())]
        if encrypts_data(name):
            owners = _services_with_data(stack, users.get(name, ()))
        elif not secret_name(name):
            continue
        stores = stores_in_place(stack, map(_with_written_mounts, owners))
        if not stores.are_none:
            state = "are" if stores.are_several else "is"
            hints[name] = _GOES_ON.format(stores=stores.listed(), state=state)
        elif encrypts_data(name) and keeps_data(stack):
            hints[name] = _OLD_KEY
    return hints


def _services_with_data(stack: Stack, users: Container[str]) -> list[Service]:
    """The services that use a key, and the databases that they wait for; each one, where it is not known which."""
    using = [service for service in stack.services if service.name in users]
    databases = [service for service in stack.services if service.role is Role.DATA]
    awaited = {edge.service for service in using for edge in service.depends_on}
    named_databases = [service for service in databases if service.name in awaited]
    return [*(using or stack.services), *(named_databases or databases)]


def _with_written_mounts(service: Service) -> Service:
    """The service with the mounts alone that can hold its data."""
    mounts = tuple(mount for mount in service.mounts if not mount.read_only)
    return replace(service, mounts=mounts)


def _for_several(sentence: str) -> str:
    return sentence.replace("old value", "old values").replace("with it", "with them")


_ASKED, _PLACEHOLDER = regex(r"Set (\w+) in \.env"), regex(r" is a placeholder \((.+)\)$")


def placeholder_texts(report: Report, names: Container[str]) -> dict[str, str]:
    """What stands in the source where these values are to be set, unless it may be a secret."""
    texts: dict[str, str] = {}
    for note in report.notes:
        asked, shown = _ASKED.match(note.advice), _PLACEHOLDER.search(note.message)
        if note.code == "TC852" and asked and shown and asked[1] in names:
            texts[asked[1]] = f"{shown[1]} in the source"
    return texts


_OLD_KEY = (
    "Use the old value if you move data of the running app, which may be encrypted with it."
)


_GOES_ON = "Use the old value, unless {stores} {state} empty: the stack goes on with the data there."


# Advice that says no more than that the value has to be set.
_ONLY_SET = regex(r"Set |Write the value after ")


# The end of an advice that says it too, below a heading that does.
_SET_IN_ENV = regex(r" (and put (?:it|them) in|to) `\.env`(?=\.?$)")


def keeps_data(stack: Stack) -> bool:
    """Whether a service keeps data outside of its container, apart from code that only development mounts."""
    mounts = (mount for service in stack.services for mount in service.mounts)
    return any(mount.kind in ("bind", "volume") for mount in mounts)
