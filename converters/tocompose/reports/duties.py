"""What a person must do before the first start, apart from all that needs nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tocompose.knowledge.generators import encrypts_data
from tocompose.knowledge.images import DATA_ROLES
from tocompose.knowledge.servers import kept_variables
from tocompose.model import Stack
from tocompose.notes import Kind, Note, explanation, generated_forms
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.reports.needless_values import deletion_of_placeholders
from tocompose.reports.next_steps import development_passwords, passwords_to_change
from tocompose.reports.repeated_notes import leaves_nothing, said_once
from tocompose.reports.report import (
    Report,
    listed_subjects,
    subject_of,
)
from tocompose.reports.shared_advice import shared_advice, with_loops
from tocompose.reports.values_to_set import (
    MOST_IN_A_SENTENCE,
    counted_values,
    free_values,
    generated_names,
    hints_of,
    keeps_data,
    optional_values,
    said_by_values,
    todo_of,
    unset_names,
    values_to_set,
)
from tocompose.syntax.model_path import ModelPath
from tocompose.wording import enumerated


class DutyDetail(NamedTuple):
    """What some of the notes of a duty say, where in the source, and what to do about these alone."""

    text: str
    places: tuple[str, ...] = ()
    advice: str = ""


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
        return bool(self.notes) and todo_of(self.notes[0]) == "after"


def duties(report: Report) -> tuple[Duty, ...]:
    """What a person must do, a line for each kind: values first, then data, then what was lost."""
    return (*_value_duties(report), *_old_value_duties(report), *_note_duties(report))


class StartDuties(NamedTuple):
    """What is to be done besides setting values, such as data to copy, and how many other boxes there are."""

    named: tuple[Duty, ...]
    unnamed: int


def start_duties(report: Report) -> StartDuties:
    """The duties beside values, without the losses that may need nothing before the first start: these are counted."""
    note_duties = list(_note_duties(report))
    named = [duty for duty in note_duties if todo_of(duty.notes[0])]
    others = len(note_duties) - len(named)
    return StartDuties((*_old_value_duties(report), *named), others)


def _old_value_duties(report: Report) -> Iterator[Duty]:
    """Values that `.env` has, or may lack, and that are other ones where the app runs or is to run."""
    yield from _config_duties(report)
    yield from _key_duties(report)
    yield from _password_duties(report)


def _value_duties(report: Report) -> Iterator[Duty]:
    names = values_to_set(report)
    if not names:
        return
    is_sentence = len(names) <= MOST_IN_A_SENTENCE
    which = f": {', '.join(names)}" if is_sentence else " (listed below)"
    how = f"`tocompose env .` in this folder asks for {'each' if names[1:] else 'it'}."
    how += deletion_of_placeholders(report, names)
    also = "".join(_optional_parts(report, is_sentence=is_sentence))
    text = f"Set {counted_values(names)} in .env{which}{also}"
    hints = hints_of(report, names) if is_sentence else {}
    details = (
        DutyDetail(f"{', '.join(hinted_names)}: {hint}")
        for hint, hinted_names in hints.items()
    )
    notes = tuple(note for note in report.notes if said_by_values(note, names))
    yield Duty(text, text, advice=how, notes=notes, details=tuple(details))


def _optional_parts(report: Report, *, is_sentence: bool) -> Iterator[str]:
    """What is said of passwords that the source leaves empty, and of what nothing demands; by name, unless a list below
    names them, or they are many."""
    empty, free = optional_values(report), free_values(report)
    if empty:
        which = enumerated(empty) if is_sentence else f"{len(empty)} more"
        yield f"; also {which}, where a password is needed"
    if free:
        is_short = is_sentence and len(free) <= MOST_IN_A_SENTENCE
        names = f"optional: {', '.join(free)}"
        yield f"; {names if is_short else f'{len(free)} more are optional'}"


def _config_duties(report: Report) -> Iterator[Duty]:
    """Variables of which the platform keeps the running app's values beside the repository."""
    if report.importer != "procfile":
        return
    notes = tuple(note for note in report.notes if note.code == "TC895")
    if has_unset := _has_unset_variables(report):
        text = _COPY_CONFIG if notes else _COPY_TO_ENV
        kept = _kept_variables(report.stack, is_in_file=bool(notes))
        also = f"{_CHANGE_ELSEWHERE}{kept}{_ADD_ELSEWHERE}" if notes else kept
        advice = f"{_CONFIG_ADVICE}{_own_passwords(report.stack)}{also}"
    elif notes:
        text, advice = str(explanation("TC895")["do"]), notes[0].advice
    if has_unset or notes:
        details = tuple(DutyDetail(note.message, (str(note.span),)) for note in notes)
        yield Duty(text, _begun_small(text), advice=advice, notes=notes, details=details)


def _kept_variables(stack: Stack, *, is_in_file: bool) -> str:
    """Which values must not be copied: those by which the app finds servers of the stack, whole or in parts.
    Where nothing in the compose file is compared, those of `.env` alone.
    """
    server_origins = {
        service.origin for service in stack.services if service.role in DATA_ROLES
    }
    names = dict.fromkeys(
        variable.name
        for service in stack.services
        for variable in service.environment
        if variable.origin and variable.origin in server_origins
    )
    asked = {setting.name for setting in stack.settings}
    passwords = development_passwords(stack)
    addresses = [name for name in names if name not in passwords]
    return kept_variables([name for name in addresses if is_in_file or name in asked])


def _own_passwords(stack: Stack) -> str:
    """That the new servers have passwords of their own, which no config var holds."""
    names = development_passwords(stack)
    if not names:
        return ""
    reason = (
        "they are for the stack's own servers"
        if names[1:]
        else "it is for the stack's own server"
    )
    return f" Do not copy {enumerated(names)}: {reason}."


def _has_unset_variables(report: Report) -> bool:
    """Whether the source only names variables that `.env` may hold."""
    needless = {*values_to_set(report), *generated_names(report)}
    return not needless.issuperset(unset_names(report.stack))


_COPY_CONFIG = "Copy the config vars of the running app"
_COPY_TO_ENV = f"{_COPY_CONFIG} to .env"
# Most values of an app.json stand in the compose file, where `.env` does not change them.
_CHANGE_ELSEWHERE = (
    " Where other config vars differ from docker-compose.yml, change them there."
)
_ADD_ELSEWHERE = " Add config vars that the stack lacks to the `environment` of the services that need them."
# https://devcenter.heroku.com/articles/config-vars#view-current-config-var-values
_CONFIG_ADVICE = (
    "If it runs on Heroku, `heroku config -s -a APP` prints them (APP is the app's name there). Copy the values of the"
    " variables in .env: without them mail, logins or file storage may not work."
)


def _password_duties(report: Report) -> Iterator[Duty]:
    """Passwords that only let the first start succeed: a database keeps the one that it was made with."""
    names = passwords_to_change(report)
    if not names:
        return
    passwords = "passwords of your own" if names[1:] else "a password of your own"
    text = f"Set {passwords} in .env before a start on a server: {enumerated(names)}"
    notes = (
        note
        for note in report.notes
        if note.code == "TC411" and note.subject[1:2] in [(name,) for name in names]
    )
    advice = "A database reads it on its first start only, and the value there is for development."
    yield Duty(text, _begun_small(text), advice=advice, notes=tuple(notes))


def _key_duties(report: Report) -> Iterator[Duty]:
    """Values that were generated, where there may be data of the app that belongs to other ones."""
    notes = [note for note in report.notes if generated_forms([note])]
    if not generated_names(report) or not notes or not keeps_data(report.stack):
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
        commands_in_words = enumerated(list(dict.fromkeys(shown)))
        yield f"{commands_in_words} {prints} (APP is the app's name on Heroku)."


# https://devcenter.heroku.com/articles/config-vars#view-current-config-var-values
_PRINTS_VALUE = regex(r"`heroku config:get \w+ -a APP`")


def _note_duties(report: Report) -> Iterator[Duty]:
    by_task: dict[str, list[Note]] = {}
    names = values_to_set(report)
    for note in report.notes:
        if _is_to_do(note, names):
            by_task.setdefault(_task_of(note), []).append(note)
    for notes in sorted(by_task.values(), key=_turn_of):
        yield _duty_of(notes)


def _turn_of(notes: list[Note]) -> int:
    """When a task is done: what is missing of the stack comes first; data are moved into servers that run, which need
    their files and networks."""
    todo = todo_of(notes[0])
    if todo == "make" and notes[0].kind is Kind.LOST:
        return -1
    return 1 if todo == "data" else 0 if todo else 2


def _task_of(note: Note) -> str:
    """What the notes of one box have in common: what is to be done, or the code of those that name no task."""
    return str(explanation(note.code).get("do", note.code))


def _is_to_do(note: Note, names: Sequence[str]) -> bool:
    """Whether a person must act on a note in another way than by setting one of these variables."""
    if said_by_values(note, names):
        return False
    if note.kind is Kind.LOST:
        return not leaves_nothing(note)
    return bool(todo_of(note)) and note.subject[:1] != ("settings",)


def _duty_of(notes: list[Note]) -> Duty:
    """What notes of one task say, in one line; how to do it is said once, what each needs of its own beside it."""
    subjects = _subjects(notes)
    action = _action_on(notes[0].code, subjects)
    task = f"{action} {subjects}".strip()
    details = _with_loops(_details_of(notes), notes)
    is_single = len(details) == 1
    advice = shared_advice([detail.advice for detail in details])
    # The task names already what it is about.
    is_alike = len({note.message for note in notes}) == 1
    text = notes[0].message if is_alike else details[0].text
    told_text = text.removeprefix(f"{subjects}: ")
    note_places = dict.fromkeys(str(note.span) for note in notes if note.span)
    return Duty(
        text=f"{task}: {told_text}" if is_single else task,
        task=_begun_small(action),
        subjects=tuple(note.subject for note in notes),
        places=tuple(note_places) if is_single else (),
        advice=advice.shared,
        notes=tuple(notes),
        details=() if is_single else tuple(map(_with_own_advice, details, advice.own)),
    )


def _with_loops(details: Sequence[DutyDetail], notes: Sequence[Note]) -> list[DutyDetail]:
    """The details, those together whose commands differ in the name of a service alone and are one loop."""
    advices = [detail.advice for detail in details]
    names = {note.advice: str(note.subject[1]) for note in notes if note.subject[1:]}
    looped = with_loops(advices, [names.get(advice, "") for advice in advices])
    with_advice = map(_with_own_advice, details, looped)
    return sorted(with_advice, key=lambda detail: looped.index(detail.advice))


def _with_own_advice(detail: DutyDetail, advice: str) -> DutyDetail:
    return detail._replace(advice=advice)


# What is asked for where a row names no task: one of a plug-in, or one about a value.
_ANY_ACTION, _VALUE_ACTION = "Check", "Set the value of"
_BEFORE_SUBJECTS = regex(r" (?:behind|by|for|in|into|of|to)$")


def _action_on(code: str, subjects: str) -> str:
    """The task of a code in a few words: without subjects nothing in it leads to them."""
    row = explanation(code)
    any_action = _VALUE_ACTION if row.get("todo") == "value" else _ANY_ACTION
    action = str(row.get("do", any_action))
    return action if subjects else _BEFORE_SUBJECTS.sub("", action)


def _details_of(notes: list[Note]) -> list[DutyDetail]:
    """What notes say, each text once with its places; where they are about several things, about which."""
    is_of_several = len({note.subject[:2] for note in notes}) > 1
    by_advice: dict[str, list[Note]] = {}
    for note in notes:
        by_advice.setdefault(note.advice, []).append(note)
    spans_by_text: dict[tuple[str, str], list[str]] = {}
    for advice, alike in by_advice.items():
        for speaker in said_once(alike):
            whole_text = with_subject(speaker.note, speaker.text)
            text = whole_text if is_of_several else speaker.text
            spans_by_text.setdefault((text, advice), []).extend(map(str, speaker.spans))
    return [
        DutyDetail(text, tuple(dict.fromkeys(spans)), advice)
        for (text, advice), spans in spans_by_text.items()
    ]


def with_subject(note: Note, text: str) -> str:
    """What a note says, after the name of what it is about where the text does not tell it."""
    subject = subject_of(note)
    is_told = not subject or str(note.subject[1]) in note.message
    return text if is_told else f"{subject}: {text}"


def _begun_small(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"


def _subjects(notes: list[Note]) -> str:
    return listed_subjects(note.subject for note in notes)
