"""AWS: task definitions of ECS, Dockerrun.aws.json of Elastic Beanstalk, manifests of Copilot."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.importers import ImportOptions, SourceError
from tocompose.ledger import Ledger
from tocompose.model import Stack
from tocompose.patterns import regex
from tocompose.project import Project

_ENDINGS = (".json", ".tpl", ".tftpl", ".jsonc", ".yml", ".yaml", ".template")
# What every description that AWS takes holds.
_MARK = regex(rb"ontainerDefinitions|AWSEBDockerrunVersion|^type:|\"image\"", re.MULTILINE)
_OPTIONS = {"environment": "the entry of a Copilot manifest's environments to take"}


def _candidates(project: Project) -> Iterator[str]:
    return (
        path for path in project.files() if path.endswith(_ENDINGS) or path in project.named
    )


class Aws:
    """The importer of what AWS starts containers from."""

    name = "aws"
    options = _OPTIONS
    title = "AWS: ECS task definitions, Dockerrun.aws.json, Copilot manifests"
    tables = ("aws/ecs", "aws/beanstalk", "aws/copilot")
    sources = (
        "Dockerrun*",
        "task-definition*.json",
        "taskdef*.json",
        "*task-definition*.json",
    )

    def sniff(self, project: Project) -> tuple[str, ...]:
        """The files that describe containers to AWS."""
        if not any(
            _MARK.search(project.read(path) or b"") for path in _candidates(project)
        ):
            return ()
        from tocompose.importers.aws.files import aws_files

        return aws_files(project)

    def read(self, project: Project, ledger: Ledger, settings: ImportOptions) -> Stack:
        """The stack of all tasks and services of the project's files."""
        from tocompose.importers.aws.stack import read_stack

        stack = read_stack(project, ledger, settings)
        if not stack.services:
            raise SourceError(_why_nothing(project, ledger))
        return stack


def _why_nothing(project: Project, ledger: Ledger) -> str:
    """The last loss with its place, else that no container is described."""
    losses = (
        loss for loss in reversed(ledger.notes) if loss.kind.value == "lost" and loss.span
    )
    reasons = [f"{loss.span}: {loss.message}" for loss in losses]
    return next(
        iter(reasons), f"{project.name}: no file here describes a container with an image"
    )


IMPORTER = Aws()
