"""What is about to be written beside the sources, kept until it is done: a killed run can then be taken up again.

After such a kill the repository holds some of our files already and is no longer what was converted, so the files are
written from here rather than made anew.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from tocompose.batch.delivery import TargetFolder, was_refused, write_targets
from tocompose.batch.outcome import (
    RepositoryOutcome,
    Status,
    outcome_data,
    outcome_from_data,
)
from tocompose.model import File
from tocompose.notes import in_order

FOLDER = ".pending"


def keep_intent(
    output: str, outcome: RepositoryOutcome, targets: Iterable[TargetFolder]
) -> None:
    """Puts the intent on disk, readable for the user only, all of it or nothing."""
    folder = Path(output, FOLDER)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    intent_file = _intent_path(output, outcome.repository.id)
    fresh = intent_file.with_suffix(f".{os.getpid()}")
    data = {
        "outcome": outcome_data(outcome),
        "targets": [_pack_target(target) for target in targets],
    }
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii"
    ) as stream:
        json.dump(data, stream)
    fresh.replace(intent_file)


def forget_intent(output: str, identity: str) -> None:
    """Removes the intent of a repository that is done."""
    _intent_path(output, identity).unlink(missing_ok=True)


def close_intents(output: str) -> None:
    """Removes the folder of the intents once none is left and no process adds any."""
    folder = Path(output, FOLDER)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def finish_intents(output: str, force: bool) -> Iterator[RepositoryOutcome]:
    """Writes what an interrupted run was about to write; the outcome of each such repository."""
    folder = Path(output, FOLDER)
    for intent_file in sorted(folder.iterdir()) if folder.is_dir() else ():
        if intent_file.suffix != ".json":
            intent_file.unlink()
            continue
        data = json.loads(intent_file.read_text(encoding="ascii"))
        outcome = outcome_from_data(data["outcome"])
        # Of files that were there already the notes have spoken: these may be ours, from the run that was killed.
        delivery_notes = write_targets(
            [_unpack_target(target) for target in data["targets"]], force
        )
        yield with_notes(
            outcome, (target for target in delivery_notes if was_refused([target]))
        )


def with_notes(
    outcome: RepositoryOutcome, delivery_notes: Iterable[Any]
) -> RepositoryOutcome:
    """The outcome with what writing had to tell beyond what was foreseen."""
    new_notes = [
        delivery_note
        for delivery_note in delivery_notes
        if delivery_note not in outcome.notes
    ]
    status = Status.FAILED if was_refused(new_notes) else outcome.status
    return (
        outcome._replace(status=status, notes=tuple(in_order([*outcome.notes, *new_notes])))
        if new_notes
        else outcome
    )


def _intent_path(output: str, identity: str) -> Path:
    return Path(
        output,
        FOLDER,
        sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:32] + ".json",
    )


def _pack_target(target: TargetFolder) -> list[Any]:
    files = [
        [file.path, b64encode(file.content).decode(), file.mode, file.secret]
        for file in target.files
    ]
    return [
        target.folder,
        target.application_name,
        files,
        target.may_overwrite,
        dict(target.generated),
    ]


def _unpack_target(data: list[Any]) -> TargetFolder:
    target_folder, application_name, files, may_overwrite, *forms = data
    output_files = [
        File(path=path, content=b64decode(text), mode=mode, secret=secret)
        for path, text, mode, secret in files
    ]
    return TargetFolder(
        target_folder,
        application_name,
        tuple(output_files),
        tuple(may_overwrite),
        # An intent of an earlier version of tocompose has none.
        *forms,
    )
