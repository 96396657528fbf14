"""Dockerrun.aws.json of version 1: one container behind the web server of Elastic Beanstalk."""

from __future__ import annotations

from tocompose.importers.aws.commands import write_fields
from tocompose.importers.aws.fields import AwsVariables, FieldWriter, settle_rest
from tocompose.importers.docker_run.invocation import Argument, Invocation
from tocompose.ledger import Cursor
from tocompose.project import Project
from tocompose.syntax.names import identifier

# What the image is called that is built of the folder.
_BUILT = "app"


def read_dockerrun(
    cursor: Cursor, path: str, variables: AwsVariables, project: Project
) -> list[Invocation]:
    """The commands of the only container; without an image the Dockerfile of the folder is built."""
    writer = FieldWriter(project.name, variables, {}, path)
    if cursor.peek("AWSEBDockerrunVersion") == "3":
        writer.leave_out(
            "TC790", cursor, "version 3: the services stand in docker-compose.yml"
        )
        return []
    write_fields(writer, cursor, "Dockerrun")
    steps: list[Invocation] = []
    if writer.image is None:
        folder = path.rpartition("/")[0] or "."
        image = f"{_BUILT}:latest"
        tag = (Argument(f"--tag={image}", cursor.span), Argument(folder, cursor.span))
        steps.append(Invocation("docker", ("build",), tag, cursor.value_span))
        writer.image = Argument(image, cursor.value_span)
    settle_rest(cursor, "Dockerrun", identifier(writer.name), writer.subject)
    command = writer.invocation(cursor)
    return steps if command is None else [*steps, command]
