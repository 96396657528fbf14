"""What is said of files from which no service can be made."""

from __future__ import annotations

from itertools import chain

from tocompose.importers.aws.recognition import JSON_ENDINGS
from tocompose.ledger import Ledger
from tocompose.project import Project
from tocompose.readers.json_data import losses_of_json


def why_nothing(project: Project, ledger: Ledger) -> str:
    """The first loss that was told of, where a file is cut off, or that no container is described."""
    paths = [
        path
        for path in project.files()
        if path.endswith(JSON_ENDINGS) or path in project.named
    ]
    nothing = f"{project.name}: no file here describes a container with an image"
    return next(chain(ledger.told_losses(), losses_of_json(project, paths)), nothing)
