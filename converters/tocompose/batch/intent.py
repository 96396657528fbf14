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

from tocompose.batch.delivery import Target, put, refused
from tocompose.batch.outcome import Outcome, Status, from_data, to_data
from tocompose.model import File
from tocompose.notes import in_order

FOLDER = ".pending"


def keep(output: str, outcome: Outcome, targets: Iterable[Target]) -> None:
    """Puts the intent on disk, readable for the user only, all of it or nothing."""
    folder = Path(output, FOLDER)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = _place(output, outcome.repository.id)
    fresh = place.with_suffix(f".{os.getpid()}")
    data = {"outcome": to_data(outcome), "targets": [_packed(item) for item in targets]}
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii"
    ) as stream:
        json.dump(data, stream)
    fresh.replace(place)


def forget(output: str, identity: str) -> None:
    """Removes the intent of a repository that is done."""
    _place(output, identity).unlink(missing_ok=True)


def unfinished(output: str, force: bool) -> Iterator[Outcome]:
    """Writes what an interrupted run was about to write; the outcome of each such repository."""
    folder = Path(output, FOLDER)
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if place.suffix != ".json":
            place.unlink()
            continue
        data = json.loads(place.read_text(encoding="ascii"))
        outcome = from_data(data["outcome"])
        # Of files that were there already the notes have spoken: these may be ours, from the run that was killed.
        said = put([_unpacked(item) for item in data["targets"]], force)
        yield with_told(outcome, (item for item in said if refused([item])))


def with_told(outcome: Outcome, said: Iterable[Any]) -> Outcome:
    """The outcome with what writing had to tell beyond what was foreseen."""
    more = [item for item in said if item not in outcome.notes]
    status = Status.FAILED if refused(more) else outcome.status
    return (
        outcome._replace(status=status, notes=tuple(in_order([*outcome.notes, *more])))
        if more
        else outcome
    )


def _place(output: str, identity: str) -> Path:
    return Path(
        output,
        FOLDER,
        sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:32] + ".json",
    )


def _packed(target: Target) -> list[Any]:
    files = [
        [file.path, b64encode(file.content).decode(), file.mode, file.secret]
        for file in target.files
    ]
    return [target.place, target.where, files, target.asked]


def _unpacked(data: list[Any]) -> Target:
    place, where, files, asked = data
    made = [
        File(path=path, content=b64decode(text), mode=mode, secret=secret)
        for path, text, mode, secret in files
    ]
    return Target(place, where, tuple(made), tuple(asked))
