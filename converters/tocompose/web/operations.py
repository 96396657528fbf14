"""What each operation of the API answers, in JSON's types."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tocompose import __version__
from tocompose.answers import Answers, answered_settings, read_answers
from tocompose.collector import collector_off
from tocompose.exporters.bundle import Layout
from tocompose.exporters.kept_overlays import OVERLAYS
from tocompose.importers import ImportOptions, SourceError, importers
from tocompose.limits import LIMITS, limit
from tocompose.model import File
from tocompose.notes import Note, explanation
from tocompose.pipeline import Options, Result, convert
from tocompose.project import PRUNED
from tocompose.reports import with_reports
from tocompose.reports.json import note_record, report_document
from tocompose.reports.line_links import note_lines
from tocompose.reports.report import Report, image_of, report
from tocompose.rules import Context
from tocompose.web.fields import OPERATIONS, BadRequest, ConversionRequest, RequestField
from tocompose.wording import spelling_hint

# Options of the formats that have a field of their own.
_FORMAT_OPTIONS = ("namespace", "values", "set")
# What of the report stands in an answer beside the files and the notes.
_REPORTED = ("name", "importer", "sources", "values", "notes_by_kind", "next")


@collector_off()
def answer_convert(request: ConversionRequest) -> dict[str, Any]:
    """The files, and the notes with the lines that they stand beside; or why there are none."""
    try:
        options = _pipeline_options(request)
        result = convert(request.project, options)
        _check_answers_used(options.answers, result)
    except (SourceError, ValueError) as problem:
        return _refusal(problem)
    files, full_report = _written(request, result)
    document = report_document(full_report)
    return {
        "converted": True,
        **{name: document[name] for name in _REPORTED},
        "services": _services(result),
        "files": [_file_record(file) for file in files],
        "notes": list(_placed_notes(full_report)),
    }


def _refusal(problem: Exception) -> dict[str, Any]:
    notes: tuple[Note, ...] = getattr(problem, "notes", ())
    return {
        "converted": False,
        "problem": str(problem),
        "notes": [{**note_record(note), "lines": []} for note in notes],
    }


def _written(request: ConversionRequest, result: Result) -> tuple[tuple[File, ...], Report]:
    if request.options.get("one-file"):
        return result.files[:1], report(result, request.project)
    return with_reports(result, request.project)


def _services(result: Result) -> list[dict[str, str]]:
    return [
        {"name": service.name, "image": image_of(service)}
        for service in result.stack.services
    ]


def _file_record(file: File) -> dict[str, Any]:
    try:
        content = {"text": file.content.decode("utf-8")}
    except UnicodeDecodeError:
        content = {"base64": b64encode(file.content).decode()}
    return {
        "path": file.path,
        "mode": f"{file.mode:04o}",
        "secret": file.secret,
        **content,
    }


def _placed_notes(full_report: Report) -> Iterator[dict[str, Any]]:
    for note, lines in zip(full_report.notes, note_lines(full_report), strict=True):
        yield {**note_record(note), "lines": [line._asdict() for line in lines]}


def _pipeline_options(request: ConversionRequest) -> Options:
    values = request.options
    answers = _read_answers(values.get("answers"))
    import_options = ImportOptions(
        name=values.get("name"), options=_importer_options(values)
    )
    environments = values.get("env", list(OVERLAYS))
    return Options(
        source=values.get("from") or answers.by_id.get("format"),
        practices=values.get("practices", "all"),
        layout=Layout(
            split=not values.get("one-file", False),
            modern_names=values.get("modern-names", False),
            environments=tuple(OVERLAYS[name] for name in dict.fromkeys(environments)),
        ),
        settings=answered_settings(import_options, answers),
        context=Context(
            harden=values.get("harden", False), keep_ports=values.get("keep-ports", False)
        ),
        answers=answers,
    )


def _read_answers(values: Mapping[str, Any] | None) -> Answers:
    return read_answers(json.dumps(values), "answers.json") if values else Answers()


def _importer_options(values: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    options = {name: list(values[name]) for name in _FORMAT_OPTIONS if values.get(name)}
    for text in values.get("option", ()):
        name, sign, value = text.partition("=")
        if not sign or not name:
            message = f"option: {text[:100]!r}: write NAME=VALUE"
            raise BadRequest(400, "malformed", message)
        if name in (*_FORMAT_OPTIONS, "argv", "paste"):
            hint = f": it is a field of options ({name})" if name in _FORMAT_OPTIONS else ""
            message = f"option: {name} cannot be given here{hint}"
            raise BadRequest(400, "malformed", message)
        options.setdefault(name, []).append(value)
    return {name: tuple(texts) for name, texts in options.items()}


def _check_answers_used(answers: Answers, result: Result) -> None:
    for decision in answers.unused(result.stack, result.notes):
        raise SourceError(f"answers: this conversion has no decision {decision}")


@collector_off()
def answer_plan(request: ConversionRequest) -> dict[str, Any]:
    """The decisions of a conversion, and a file of answers to edit."""
    from tocompose.decisions import plan
    from tocompose.reports.plan import as_answers, as_data

    try:
        conversion_plan = plan(request.project, _pipeline_options(request))
    except (SourceError, ValueError) as problem:
        return _refusal(problem)
    data = as_data(conversion_plan.heading, conversion_plan.decisions)
    return {"converted": True, **data, "answers": as_answers(conversion_plan.decisions)}


@collector_off()
def answer_check(request: ConversionRequest) -> dict[str, Any]:
    """The score and the findings, and the files as they would be with what is safe put right."""
    from tocompose.check import RuleSelection, audit, lint, repair
    from tocompose.check.findings import explain_unrecognised, findings_report
    from tocompose.check.ignores import UnknownRule, read_codes

    project = request.project
    try:
        selection = RuleSelection(
            *(read_codes(request.options.get(name, ())) for name in ("select", "ignore"))
        )
    except UnknownRule as unknown:
        raise BadRequest(400, "malformed", str(unknown)) from None
    audited = audit(project, project.named, "", selection)
    problem = explain_unrecognised(audited, project)
    if audited is None or problem is not None:
        return {"checked": False, "problem": problem, "notes": []}
    findings = lint([audited], selection)
    repaired = repair(project, project.named, "", selection)
    checked = findings_report(findings, project)
    return {
        "checked": True,
        "score": findings.as_dict(),
        "notes": [
            {**note_record(note), "level": note.kind.level.value} for note in checked.notes
        ],
        "repaired": [_file_record(file) for file in (repaired.files if repaired else ())],
    }


def answer_explain(request: ConversionRequest) -> dict[str, Any]:
    """What a note means, what a practice does, or what a line of the checklist asks for."""
    from tocompose.reports.explain import all_codes, explain_code
    from tocompose.rules.practice_texts import explain_name

    named_code = str(request.fields.get("code", "")).strip()
    if not named_code:
        raise BadRequest(400, "malformed", "the request needs code")
    code = named_code.upper()
    if (named := explain_name(code)) is not None:
        return {
            "code": named.id,
            "kind": named.kind,
            "title": named.title,
            "text": named.text,
        }
    try:
        row, text = explanation(code), explain_code(code)
    except KeyError:
        # To compare the names takes long where the text is long.
        hint = spelling_hint(code[:100], all_codes())
        message = f"there is no note, rule or checklist line {named_code[:100]!r}{hint}"
        raise BadRequest(404, "unknown", message) from None
    return {"code": code, "kind": row["kind"], "title": row["title"], "text": text}


def answer_about(request: ConversionRequest) -> dict[str, Any]:
    """The version, the formats, what can be asked, and the limits."""
    formats = [{"name": importer.name, "title": importer.title} for importer in importers()]
    return {
        "version": __version__,
        "formats": formats,
        "operations": {
            name: {
                "title": operation.title,
                "fields": _field_records(operation.fields),
                "options": _field_records(operation.options),
            }
            for name, operation in OPERATIONS.items()
        },
        "skipped_folders": sorted(PRUNED),
        "limits": {
            **request.limits._asdict(),
            **{name.lower(): limit(name) for name in LIMITS},
        },
    }


def _field_records(fields: Iterable[RequestField]) -> list[dict[str, Any]]:
    return [{**field._asdict(), "choices": list(field.choices)} for field in fields]


ANSWERS: Mapping[str, Callable[[ConversionRequest], dict[str, Any]]] = {
    "convert": answer_convert,
    "plan": answer_plan,
    "check": answer_check,
    "explain": answer_explain,
    "about": answer_about,
}
