"""AWS: task definitions of ECS, Dockerrun.aws.json of Elastic Beanstalk, manifests of Copilot."""

from __future__ import annotations

from tocompose.importers import ImportOptions, SourceError
from tocompose.importers.aws.recognition import aws_files
from tocompose.ledger import Ledger
from tocompose.model import Stack
from tocompose.project import Project

_OPTIONS = {"environment": "the entry of a Copilot manifest's environments to take"}


class Aws:
    """The importer of what AWS starts containers from."""

    name = "aws"
    options = _OPTIONS
    title = "AWS: ECS task definitions (also of Terraform), Dockerrun.aws.json, Copilot manifests"
    tables = ("aws/ecs", "aws/beanstalk", "aws/copilot")
    sources = (
        "Dockerrun*",
        "task-definition*.json",
        "taskdef*.json",
        "*task-definition*.json",
    )

    def sniff(self, project: Project) -> tuple[str, ...]:
        """The files that describe containers to AWS."""
        return aws_files(project)

    def read(self, project: Project, ledger: Ledger, settings: ImportOptions) -> Stack:
        """The stack of all tasks and services of the project's files."""
        from tocompose.importers.aws.stack import read_stack

        stack = read_stack(project, ledger, settings)
        if not stack.services:
            from tocompose.importers.aws.refusals import why_nothing

            raise SourceError(why_nothing(project, ledger))
        return stack


IMPORTER = Aws()
