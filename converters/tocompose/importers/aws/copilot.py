"""Manifests of AWS Copilot: a service or job, and the containers beside it.

https://aws.github.io/copilot-cli/docs/manifest/overview/
"""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.aws.commands import dependencies_of, write_fields
from tocompose.importers.aws.fields import (
    AwsVariables,
    FieldWriter,
    is_absent,
    settle_rest,
)
from tocompose.importers.aws.tasks import Wait
from tocompose.importers.docker_run.invocation import Argument, Invocation
from tocompose.ledger import Cursor
from tocompose.source import Branch, Child, Leaf, Node

_PUBLISHED = ("Load Balanced Web Service", "Request-Driven Web Service")
_JOB = "Scheduled Job"
_MANIFEST_FOLDER = "copilot"


class CopilotCommands:
    """The commands of one manifest; `waits` is what its containers wait for."""

    def __init__(
        self, cursor: Cursor, variables: AwsVariables, path: str, environment: str
    ) -> None:
        self._cursor = _with_environment(cursor, environment)
        self._variables = variables
        self._path = path
        self.name = self._cursor.peek("name") or "app"
        image = self._cursor.at("image")
        self.waits = [*self._waits(image, self.name)]
        for sidecar in self._cursor.at("sidecars"):
            self.waits += self._waits(sidecar, sidecar.key)

    def _waits(self, cursor: Cursor, waiting: str) -> Iterator[Wait]:
        for awaited, condition, element in dependencies_of(cursor):
            yield Wait(waiting, awaited, condition, element)

    def steps(self) -> Iterator[Invocation]:
        """The commands that build and make the containers, each field settled."""
        kind = self._cursor.peek("type") or ""
        published = "yes" if kind in _PUBLISHED else ""
        writer = FieldWriter(
            self.name, self._variables, {"published": published}, self._path
        )
        write_fields(writer, self._cursor, "Copilot")
        self._cursor.at("name").skip("the name of the service")
        build = self._cursor.at("image", "build")
        if build and not is_absent(build):
            yield self._build(writer, build)
        settle_rest(self._cursor, "Copilot", self.name, writer.subject)
        command = writer.invocation(self._cursor)
        if command is None:
            writer.leave_out("TC002", self._cursor)
        else:
            schedule = "copilot" if kind == _JOB else ""
            yield command._replace(schedule=schedule)
        for sidecar in self._cursor.at("sidecars"):
            yield from self._sidecar(sidecar)

    def _sidecar(self, sidecar: Cursor) -> Iterator[Invocation]:
        """A container beside the service, in its network as it is on AWS."""
        writer = FieldWriter(sidecar.key, self._variables, {}, self._path)
        write_fields(writer, sidecar, "Sidecar")
        writer.arguments = [
            container
            for container in writer.arguments
            if not container.text.startswith("--expose=")
        ]
        sidecar.at("port").skip("the containers of a task share their network")
        writer.arguments.append(Argument(f"--network=container:{self.name}", sidecar.span))
        settle_rest(sidecar, "Sidecar", sidecar.key, writer.subject)
        command = writer.invocation(sidecar)
        if command is not None:
            yield command

    def _build(self, writer: FieldWriter, build: Cursor) -> Invocation:
        """`docker build` with what the manifest says; paths are those of the repository."""
        image = f"{self.name}:latest"
        root = self._path.partition(f"{_MANIFEST_FOLDER}/")[0].rstrip("/") or "."
        dockerfile = build if build.kind == "leaf" else build.at("dockerfile")
        path = dockerfile.peek() or "Dockerfile"
        context = build.at("context")
        folder = context.peek() or path.rpartition("/")[0] or "."
        arguments = [Argument(f"--tag={image}", build.span)]
        sources = (dockerfile,) if dockerfile else ()
        arguments.append(Argument(f"--file={path}", build.span, sources))
        if target := build.peek("target"):
            arguments.append(
                Argument(f"--target={target}", build.span, (build.at("target"),))
            )
        for element in build.at("args"):
            value = writer.text(element)
            arguments.append(value.with_text(f"--build-arg={element.key}={value.text}"))
        for element in build.at("cache_from"):
            arguments.append(
                writer.text(element).with_text(f"--cache-from={element.peek()}")
            )
        arguments.append(Argument(folder, build.span, (context,) if context else ()))
        writer.image = Argument(image, build.value_span, sources)
        return Invocation(
            "docker", ("build",), tuple(arguments), build.value_span, directory=root
        )


def _with_environment(cursor: Cursor, environment: str) -> Cursor:
    """The manifest with what it says for one environment in place of what holds for all."""
    overlay = cursor.at("environments", environment) if environment else None
    if overlay is None or overlay.node is None or cursor.node is None:
        return cursor
    merged = _merged(cursor.node, overlay.node, omitted=("environments",))
    cursor.at("environments").skip("another environment was asked for")
    return Cursor(cursor.ledger, merged, cursor.path, cursor.span)


def _merged(base: Node, overlay: Node, omitted: tuple[str, ...] = ()) -> Node:
    if isinstance(base, Leaf) or isinstance(overlay, Leaf) or base.kind != "map":
        return overlay
    children = {child.key: child for child in base.children if child.key not in omitted}
    for child in overlay.children:
        nested = children.get(child.key)
        node = child.node if nested is None else _merged(nested.node, child.node)
        children[child.key] = Child(child.key, child.span, node)
    return Branch(base.kind, tuple(children.values()), base.span)
