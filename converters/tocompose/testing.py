"""A kit for the tests of plug-ins: the laws that hold for the formats, rules and tables of tocompose itself.

Each function raises AssertionError with what is wrong and where. They need no test runner.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import dedent

from tocompose.check import audit
from tocompose.compose.write import compose_document
from tocompose.exporters.bundle import Layout
from tocompose.importers import ImportOptions, SourceError, importer, plugin_faults
from tocompose.knowledge.images import ImageFacts, image_facts
from tocompose.knowledge.servers import server_facts, servers
from tocompose.ledger import Fate
from tocompose.model import ComposeFileRole, Stack
from tocompose.notes import Kind, Level, Note, explanation
from tocompose.pipeline import Options, Result, convert
from tocompose.plugin_faults import general_faults
from tocompose.plugins import NOTE_CODE, note_rows
from tocompose.project import Memory
from tocompose.record import replace
from tocompose.rules import Example, Outcome, Rule, View, registry
from tocompose.rules.opened_files import open_view
from tocompose.source import Leaf, Span
from tocompose.writing import write

__all__ = [
    "check_accepted",
    "check_format",
    "check_image",
    "check_ledger",
    "check_mutations",
    "check_note",
    "check_notes",
    "check_plugins",
    "check_rule",
    "check_server",
]
# A value that no source has, put in the place of another.
CANARY = "zqcanary7"


def check_plugins() -> None:
    """Checks that every part that installed packages bring can be used; a run leaves others out with a note (TC902)."""
    faults = (*plugin_faults(), *general_faults())
    assert not faults, f"{faults[0]}"


def check_format(
    name: str,
    files: Mapping[str, str],
    *,
    unread: int = 0,
    silent: Iterable[str] = (),
    compose: str | None = None,
) -> Result:
    """The result of converting an example, after checking it against all laws of a format.

    The files are recognized without `--from`. Every value has a record in the ledger, and at most `unread` values have
    none but TC001. The same files give the same bytes, in any order. A change of a value shows in the files or the
    notes, unless its text is in `silent`. Every note is registered, and its place is in the source. `tocompose check`
    accepts the files, and so does docker compose: the program `compose`, or the one on PATH.
    """
    check_plugins()
    result = _convert(files, None)
    assert result.importer == name, (
        f"the files are taken for {result.importer}, not for {name}: sniff must recognize them, "
        f"and no other format may be surer of them"
    )
    plugin_format = importer(name)
    assert plugin_format is not None and plugin_format.title, (
        f"{name} is not registered, or has no title"
    )
    check_ledger(result, unread=unread)
    _check_determinism(files, name, result)
    check_mutations(files, name, silent=silent)
    for one_note in result.notes:
        check_note(one_note, files)
    check_accepted(result, files, compose=compose)
    return result


def _convert(files: Mapping[str, str], name: str | None, practices: str = "all") -> Result:
    project = Memory({path: text.encode() for path, text in files.items()}, "example")
    project.named = ()
    layout = Layout(split=True)
    return convert(
        project,
        Options(source=name, practices=practices, layout=layout, settings=ImportOptions()),
    )


def check_ledger(result: Result, *, unread: int = 0) -> None:
    """Checks that the ledger says of every value what became of it, and that at most `unread` values have a TC001 note.

    A value that is recorded as carried over must be in the output.
    """
    for one_note in result.notes:
        is_fault = one_note.code in ("TC901", "TC902")
        assert not is_fault, f"{one_note.span}: {one_note.message}"
    leaves = list(result.ledger.leaves())
    assert leaves, "nothing of the source was opened in the ledger"
    unread_places = [
        str(spoken_note.span) for spoken_note in result.notes if spoken_note.code == "TC001"
    ]
    assert len(unread_places) <= unread, (
        f"nothing reads the values at {', '.join(unread_places)}"
    )
    for leaf in leaves:
        settlement = result.ledger.fate(leaf)
        assert settlement.fate is not Fate.IGNORED or settlement.detail, (
            f"{leaf.span}: a value is left out without a reason"
        )


def _check_determinism(files: Mapping[str, str], name: str, result: Result) -> None:
    again = _convert(files, name)
    reordered = _convert(dict(reversed(list(files.items()))), name)
    assert _told(reordered) == _told(again), "the same source gave something else"
    assert _files(again) == _files(result), (
        "--from gives something else than the format that was detected"
    )


def _files(result: Result) -> dict[str, bytes]:
    return {file.path: file.content for file in result.files}


def _told(result: Result) -> tuple[object, ...]:
    """All that a user sees: the files, and what the notes say."""
    notes = [
        (
            spoken_note.code,
            spoken_note.message,
            spoken_note.advice,
            str(spoken_note.subject),
        )
        for spoken_note in result.notes
    ]
    return _files(result), notes


def check_mutations(
    files: Mapping[str, str], name: str, *, silent: Iterable[str] = ()
) -> None:
    """Checks that a change of each carried-over value shows in the files or the notes, or is refused.

    Values whose text is in `silent` are left out of the check.
    """
    result = _convert(files, name, "none")
    told_before = _told(result)
    spared = set(silent)
    for leaf in result.ledger.leaves():
        if result.ledger.fate(leaf).fate is not Fate.MAPPED or leaf.text in spared:
            continue
        changed = _with_canary(files, leaf)
        if changed is None:
            continue
        try:
            told_after = _told(_convert(changed, name, "none"))
        except SourceError:
            # To refuse the source is to tell.
            continue
        assert told_after != told_before, (
            f"{leaf.span}: {leaf.text!r} became another value, and neither files nor notes show it"
        )


def _with_canary(files: Mapping[str, str], leaf: Leaf) -> dict[str, str] | None:
    """The files with another value in the place of the leaf; None where it does not stand there as it is."""
    span = leaf.span
    lines = files.get(span.file, "").split("\n")
    if span.line != span.end_line or not 0 < span.line <= len(lines) or not leaf.text:
        return None
    line = lines[span.line - 1]
    written = line[span.column - 1 : span.end_column - 1]
    if leaf.text not in written:
        return None
    changed_text = (
        str(int(leaf.text) + 1) if leaf.text.isdigit() else f"{leaf.text}{CANARY}"
    )
    lines[span.line - 1] = (
        line[: span.column - 1]
        + written.replace(leaf.text, changed_text, 1)
        + line[span.end_column - 1 :]
    )
    return {**files, span.file: "\n".join(lines)}


def check_note(one_note: Note, files: Mapping[str, str]) -> None:
    """Checks that the note is registered, has its place in these files, and has advice if it is lost or assumed."""
    row = explanation(one_note.code)
    assert one_note.message and "{" not in str(one_note.message).replace("${", ""), (
        f"{one_note.code}: a fact is missing in {one_note.message!r}"
    )
    if row["kind"] in (Kind.LOST.value, Kind.ASSUMED.value):
        assert one_note.advice, f"{one_note.code}: what is {row['kind']} needs advice"
    if one_note.span is not None:
        _check_span(one_note.code, one_note.span, files)


def _check_span(code: str, span: Span, files: Mapping[str, str]) -> None:
    assert span.file in files, f"{code}: there is no file {span.file}"
    count = files[span.file].count("\n") + 1
    assert 0 < span.line <= span.end_line <= count, (
        f"{code}: {span} lies outside of the file"
    )


def check_notes(package_codes: Iterable[str], results: Iterable[Result]) -> None:
    """Checks that each code of a package is well formed, and that one of the results has a note with it."""
    check_plugins()
    spoken_codes = {spoken_note.code for result in results for spoken_note in result.notes}
    for code in package_codes:
        assert NOTE_CODE.fullmatch(code), f"{code} is no code of a plug-in"
        row = note_rows()[code]
        assert row["kind"] in {kind.value for kind in Kind}, (
            f"{code}: {row['kind']} is no kind"
        )
        for column in ("title", "message", "why"):
            assert str(row[column]).strip(), f"{code}: {column} is empty"
        if row["kind"] in (Kind.LOST.value, Kind.ASSUMED.value):
            assert row.get("advice"), f"{code}: what is {row['kind']} needs advice"
        assert code in spoken_codes, f"no example says {code}"


def check_accepted(
    result: Result, sources: Mapping[str, str], *, compose: str | None = None
) -> None:
    """Checks that `tocompose check` finds no error in the files of the result, and that docker compose accepts them.

    `compose` is the program, by default the one on PATH; without one only `check` judges. `sources` are the files of
    the source by their paths.
    """
    program = compose or shutil.which("docker-compose")
    files = _files(result)
    if program:
        with tempfile.TemporaryDirectory() as folder:
            write(result.files, Path(folder))
            ran = subprocess.run(
                [program, "config", "--quiet"],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
        needed = "required variable" in ran.stderr
        assert ran.returncode == 0 or needed, f"docker compose refuses it: {ran.stderr}"
    source_contents = {path: text.encode() for path, text in sources.items()}
    findings = audit(Memory(source_contents | files, "example"), (result.files[0].path,))
    assert findings is not None and findings.recognised, "this is no compose file"
    errors = [
        spoken_note
        for spoken_note in findings.notes
        if spoken_note.kind.level is Level.ERROR
    ]
    assert not errors, f"check finds {errors[0].code}: {errors[0].message}"


def check_rule(rule: Rule) -> None:
    """Checks the examples of a rule: `before` becomes `after`, a second run changes nothing, and additions have notes.

    A rule that only judges must find a fault in `before` and none in `after`.
    """
    assert rule.id in {known_rule.id for known_rule in registry()} or rule.mend is None, (
        f"{rule.id} is not registered"
    )
    assert rule.title and rule.url and rule.examples, (
        f"{rule.id} needs a title, a URL and an example"
    )
    for example in rule.examples:
        _check_verdicts(rule, example)
        if rule.mend is None:
            _check_finding(rule, example)
            continue
        unmended = _view(example.before).main.stack
        outcome = rule.apply(unmended, example.context)
        mended = outcome.stack
        assert _documents(mended)[0] == _documents(_view(example.after).main.stack)[0], (
            f"{rule.id}: the example is not turned into its `after`"
        )
        assert rule.apply(mended, example.context).stack == mended, (
            f"{rule.id}: applied twice, it changes its own result"
        )
        _check_additions(rule, unmended, outcome)


def _check_additions(rule: Rule, unmended: Stack, outcome: Outcome) -> None:
    if outcome.stack != unmended:
        assert outcome.notes, f"{rule.id} changes the stack without a note"
    for one_note in outcome.notes:
        assert one_note.kind in (Kind.ADDED, Kind.CHANGED, Kind.ASSUMED, Kind.INFO), (
            f"{rule.id}: a rule loses nothing, but says {one_note.code}"
        )


def _check_finding(rule: Rule, example: Example) -> None:
    assert rule.judge is not None, f"{rule.id} neither mends nor judges"
    verdicts = list(rule.judge(_view(example.before)))
    faults = [verdict.note for verdict in verdicts if verdict.note is not None]
    assert faults, f"{rule.id}: it finds no fault with the `before` of its example"
    for fault in faults:
        assert explanation(fault.code)["title"] and fault.message


def _check_verdicts(rule: Rule, example: Example) -> None:
    """What the rule has mended, it judges to be as it should be."""
    if rule.judge is None:
        return
    verdicts = list(rule.judge(_view(example.after)))
    faults = [verdict.note.message for verdict in verdicts if verdict.note is not None]
    assert not faults, f"{rule.id}: it finds fault with its own result: {faults[0]}"


def _view(text: str) -> View:
    """The compose file of an example as judges see it."""
    view = open_view(Memory({"compose.yaml": dedent(text).encode()}), ("compose.yaml",))
    assert view is not None and view.main.stack.services, f"no compose file: {text}"
    return view


def _documents(stack: Stack) -> tuple[dict[str, object], ...]:
    unnamed = replace(stack, name="example")
    return tuple(compose_document(unnamed, home) for home in ComposeFileRole)


def check_image(reference: str) -> ImageFacts:
    """The facts in the row of an image, after checking them: ports are ports, and data folders are absolute paths."""
    facts = image_facts(reference)
    assert facts is not None, f"no row is about {reference}"
    for port in facts.ports:
        number = port.partition("/")[0]
        assert number.isdigit() and 0 < int(number) < 65536, (
            f"{facts.id}: {port} is no port"
        )
    for data in facts.data:
        assert data.path.startswith("/"), f"{facts.id}: {data.path} is not absolute"
    for health_check in facts.checks:
        assert health_check.test[0] in ("CMD", "CMD-SHELL"), (
            f"{facts.id}: a health command begins with CMD or CMD-SHELL"
        )
    return facts


def check_server(kind: str) -> None:
    """Checks the row of a server: it has a title, its image has a row too, and its address names host and port."""
    row = servers()[kind]
    assert row.get("title"), f"{kind} needs a title"
    assert server_facts(kind).ports, f"{kind}: the row of its image says no port"
    if "variables" in row:
        missing = {"sets", "addon"} - row.keys()
        assert not missing, f"{kind}: what has variables needs {', '.join(sorted(missing))}"
    url = str(row.get("url", "<host>:<port>"))
    assert "<host>" in url and "<port>" in url, (
        f"{kind}: its address names no host and port"
    )
