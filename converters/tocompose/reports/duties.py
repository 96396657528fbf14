"""What a person must do before the first start, apart from all that needs nobody."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from tocompose.knowledge.generators import encrypts_data
from tocompose.model import Stack
from tocompose.notes import Kind, Note, explanation, generated_forms
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.reports.repeated_notes import leaves_nothing, said_once
from tocompose.reports.report import (
    Report,
    group_of,
    listed_subjects,
    settings_of,
    subject_of,
)
from tocompose.stack_texts import services_by_variable
from tocompose.syntax.model_path import ModelPath
from tocompose.wording import enumerated

# More names than these are a list of their own.
MOST_IN_A_SENTENCE = 8
# What has a command of its own for each piece: data to copy, a network to create, a registry to log in to.
_WITH_OWN_COMMAND = ("data", "make", "after")


class DutyDetail(NamedTuple):
    """What some of the notes of a duty say, and where in the source; or an advice, with the `parts` that it is for."""

    text: str
    places: tuple[str, ...] = ()
    parts: tuple[DutyDetail, ...] = ()


class Duty(NamedTuple):
    """One thing to do: `text` says it whole, `task` in a few words, before the `subjects` that it is to be done to;
    where in the source, and how.

    `notes` are those that say so; what several of them say stands in the `details`.
    """

    text: str
    task: str = ""
    subjects: tuple[ModelPath, ...] = ()
    places: tuple[str, ...] = ()
    advice: str = ""
    notes: tuple[Note, ...] = ()
    details: tuple[DutyDetail, ...] = ()

    @property
    def code(self) -> str:
        """The codes of the notes; empty for what no note says."""
        return ", ".join(dict.fromkeys(note.code for note in self.notes))

    @property
    def is_after_start(self) -> bool:
        """Whether it can be done only when the stack runs."""
        return bool(self.notes) and _todo_of(self.notes[0]) == "after"


def values_to_set(report: Report) -> tuple[str, ...]:
    """The variables without which docker compose refuses to start, or a service would start with nothing."""
    settings = settings_of(report)
    unset = {setting.name for setting in report.stack.settings if setting.value is None}
    asked = {
        name
        for note in report.notes
        if _todo_of(note) == "value"
        for name in names_asked_for(note, unset)
    }
    generated = generated_names(report)
    return tuple(
        name
        for name, is_needed in settings.items()
        if (is_needed or name in asked) and name not in generated
    )


def generated_names(report: Report) -> frozenset[str]:
    """The variables whose values are made where the files are written to a folder."""
    has_env_file = any(file.path == ".env" for file in report.files)
    return frozenset(generated_forms(report.notes) if has_env_file else ())


def said_by_values(note: Note, names: Sequence[str]) -> bool:
    """Whether all that a note says is that one of these variables has to be set."""
    return _todo_of(note) == "value" and any(
        name in note.message or name in note.advice for name in names
    )


_NAME = regex(r"[A-Za-z_]\w*")


def names_asked_for(note: Note, unset: Container[str]) -> list[str]:
    """The variables without a value that a note is about, or that it names."""
    if note.subject[:1] == ("settings",):
        return [name for name in note.subject[1:2] if name in unset]
    if note.subject[2:3] == ("environment",) and note.subject[-1] in unset:
        return [note.subject[-1]]
    words = _NAME.findall(f"{note.message} {note.advice}")
    return [name for name in words if name in unset]


def _todo_of(note: Note) -> str:
    return str(explanation(note.code).get("todo", ""))


def duties(report: Report) -> tuple[Duty, ...]:
    """What a person must do, a line for each kind: values first, then data, then what was lost."""
    return (*_value_duties(report), *_key_duties(report), *_note_duties(report))


def start_duties(report: Report) -> tuple[Duty, ...]:
    """What must be done before the first start besides setting values: data to copy, networks and files to make."""
    note_duties = [duty for duty in _note_duties(report) if _todo_of(duty.notes[0])]
    return (*_key_duties(report), *note_duties)


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
    users = services_by_variable(report.stack)
    meanings = {setting.name: setting.description for setting in report.stack.settings}
    for hint, hinted_names in _hints(report, names).items():
        meanings |= dict.fromkeys(hinted_names, hint)
    by_users: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for name in names:
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


def _value_duties(report: Report) -> Iterator[Duty]:
    names = values_to_set(report)
    if not names:
        return
    is_sentence = len(names) <= MOST_IN_A_SENTENCE
    which = f": {', '.join(names)}" if is_sentence else " (listed below)"
    how = f"`tocompose env .` in this folder asks for {'each' if names[1:] else 'it'}."
    text = f"Set {counted_values(names)} in .env{which}"
    hints = _hints(report, names) if is_sentence else {}
    details = (
        DutyDetail(f"{', '.join(hinted_names)}: {hint}")
        for hint, hinted_names in hints.items()
    )
    yield Duty(text, text, advice=how, details=tuple(details))


def _hints(report: Report, names: Sequence[str]) -> dict[str, list[str]]:
    """Where the values are to be had, where notes know it: the variables that each hint is for."""
    names_by_hint: dict[str, list[str]] = {}
    hints = {
        name: _SET_IN_ENV.sub("", note.advice)
        for note in report.notes
        if _todo_of(note) == "value" and not _ONLY_SET.match(note.advice)
        for name in names_asked_for(note, names)
    }
    for name in names:
        if name in hints:
            names_by_hint.setdefault(hints[name], []).append(name)
    keys = [name for name in names if encrypts_data(name)]
    if keys and _keeps_data(report.stack):
        names_by_hint[_OLD_KEYS if keys[1:] else _OLD_KEY] = keys
    return names_by_hint


_OLD_KEY = (
    "Use the old value if you move data of the running app, which may be encrypted with it."
)
_OLD_KEYS = "Use the old values if you move data of the running app, which may be encrypted with them."
# Advice that says no more than that the value has to be set.
_ONLY_SET = regex(r"Set |Write the value after ")
# The end of an advice that says it too, below a heading that does.
_SET_IN_ENV = regex(r" (and put it in|to) `\.env`(?=\.?$)")


def _key_duties(report: Report) -> Iterator[Duty]:
    """Values that were generated, where there may be data of the app that belongs to other ones."""
    notes = [note for note in report.notes if generated_forms([note])]
    if not generated_names(report) or not notes or not _keeps_data(report.stack):
        return
    keys = list(dict.fromkeys(str(note.subject[1]) for note in notes))
    text = f"If you move data of the running app, copy its {enumerated(keys)} to .env first"
    advice = " ".join((*_key_advice(keys), *_printing_commands(notes)))
    yield Duty(text, _begun_small(text), advice=advice, notes=tuple(notes))


def _key_advice(keys: Sequence[str]) -> Iterator[str]:
    """What the new values do to data of the running app."""
    yield "New values were generated." if keys[1:] else "A new value was generated."
    if any(map(encrypts_data, keys)):
        yield "Data that the app has encrypted can be read with the old one only."
    if not all(map(encrypts_data, keys)):
        yield "Sessions, tokens and hashes that were made with the old one are valid with it only."


def _printing_commands(notes: Sequence[Note]) -> Iterator[str]:
    """What prints the old values, where the notes name a command for that."""
    commands = (_PRINTS_VALUE.search(note.advice) for note in notes)
    shown = [command[0] for command in commands if command]
    if shown:
        prints = "print them" if shown[1:] else "prints it"
        yield f"{enumerated(list(dict.fromkeys(shown)))} {prints}."


# https://devcenter.heroku.com/articles/config-vars#view-current-config-var-values
_PRINTS_VALUE = regex(r"`heroku config:get \w+`")


def _keeps_data(stack: Stack) -> bool:
    """Whether a service keeps data outside of its container, apart from code that only development mounts."""
    mounts = (mount for service in stack.services for mount in service.mounts)
    return any(mount.kind in ("bind", "volume") for mount in mounts)


def _note_duties(report: Report) -> Iterator[Duty]:
    by_duty: dict[tuple[str, str], list[Note]] = {}
    names = values_to_set(report)
    for note in report.notes:
        is_loss = note.kind is Kind.LOST and not leaves_nothing(note)
        if is_loss or _is_to_do(note, names):
            by_duty.setdefault(_box_of(note), []).append(note)
    for notes in sorted(by_duty.values(), key=lambda alike: not _todo_of(alike[0])):
        yield _duty_of(notes)


def _box_of(note: Note) -> tuple[str, str]:
    """What the notes of one box have in common: its title, or their code and advice."""
    if box := _title_of_box(note):
        return box, ""
    has_command = _todo_of(note) in _WITH_OWN_COMMAND
    return (note.code, note.advice) if has_command else group_of(note)


def _title_of_box(note: Note) -> str:
    return str(explanation(note.code).get("box", ""))


def _is_to_do(note: Note, names: Sequence[str]) -> bool:
    """Whether a person must act on a note in another way than by setting one of these variables."""
    is_about_value = note.subject[:1] == ("settings",) or said_by_values(note, names)
    return bool(_todo_of(note)) and not is_about_value


def _duty_of(notes: list[Note]) -> Duty:
    """What notes of one box say, in one line; how to do it is said once."""
    if _is_divided(notes):
        return _divided_duty(notes)
    action = str(explanation(notes[0].code).get("do", ""))
    subjects = _subjects(notes)
    task = f"{action} {subjects}".strip() if action else ""
    details = _details_of(notes, is_named=not task)
    is_single = len(details) == 1
    if is_single:
        text = details[0].text
        # The task names already what it is about.
        whole = f"{task}: {text.removeprefix(f'{subjects}: ')}" if task else text
    else:
        whole = text = task or _titled(notes)
    places = dict.fromkeys(str(note.span) for note in notes if note.span)
    return Duty(
        text=whole,
        task=_begun_small(action) or text,
        subjects=tuple(note.subject for note in notes) if action else (),
        places=tuple(places) if is_single else (),
        advice=notes[0].advice,
        notes=tuple(notes),
        details=() if is_single else details,
    )


def _details_of(notes: list[Note], is_named: bool) -> tuple[DutyDetail, ...]:
    """What notes say, each text once with its places; with names, what speaks for others says whom it is about."""
    spans_by_text: dict[str, list[str]] = {}
    for speaker in said_once(notes):
        is_for_others = speaker.text != speaker.note.message
        text = (
            with_subject(speaker.note, speaker.text)
            if is_named and is_for_others
            else speaker.text
        )
        spans_by_text.setdefault(text, []).extend(map(str, speaker.spans))
    return tuple(
        DutyDetail(text, tuple(dict.fromkeys(spans)))
        for text, spans in spans_by_text.items()
    )


def _details_by_advice(notes: list[Note]) -> Iterator[DutyDetail]:
    """What notes advise, each advice with what the notes that give it say."""
    by_advice: dict[str, list[Note]] = {}
    for note in notes:
        by_advice.setdefault(note.advice, []).append(note)
    for advice, alike in by_advice.items():
        yield DutyDetail(advice, parts=_details_of(alike, is_named=True))


def _is_divided(notes: list[Note]) -> bool:
    """Whether notes of one box give several advices."""
    return bool(_title_of_box(notes[0])) and len({note.advice for note in notes}) > 1


def _divided_duty(notes: list[Note]) -> Duty:
    text, details = _titled(notes), _details_by_advice(notes)
    return Duty(text, text, notes=tuple(notes), details=tuple(details))


def with_subject(note: Note, text: str) -> str:
    """What a note says, after the name of what it is about where the text does not tell it."""
    subject = subject_of(note)
    is_told = not subject or str(note.subject[1]) in note.message
    return text if is_told else f"{subject}: {text}"


def _begun_small(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"


def _titled(notes: list[Note]) -> str:
    title = _title_of_box(notes[0]) or explanation(notes[0].code)["title"]
    return f"{title}: {_subjects(notes) or 'whole stack'}"


def _subjects(notes: list[Note]) -> str:
    return listed_subjects(note.subject for note in notes)
