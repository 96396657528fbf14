"""Writes the command of podman that Quadlet makes of a unit: each key as its flag, by the rows of `quadlet/units`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TypeAlias

from tocompose.importers.docker_run.invocation import Argument, Invocation
from tocompose.importers.field_tables import FieldRow
from tocompose.importers.quadlet import container_shapes, shapes
from tocompose.importers.quadlet.references import References, name_setting, resource_key
from tocompose.importers.quadlet.tables import field_tables
from tocompose.importers.quadlet.texts import OpenVariables, UnitTexts
from tocompose.importers.quadlet.units import QuadletUnit, UnitKind
from tocompose.importers.quadlet.writer import CommandWriter
from tocompose.ledger import Cursor
from tocompose.project import Project
from tocompose.syntax.names import identifier

ShapeFunction: TypeAlias = Callable[[CommandWriter, FieldRow, tuple[Cursor, ...]], None]


@cache
def shape_function(shape: str) -> ShapeFunction | None:
    """What writes a shape; None for one that is read where the command is made, or by what reads the order."""
    name = f"write_{shape.replace('-', '_')}"
    functions = (getattr(module, name, None) for module in (shapes, container_shapes))
    return next((function for function in functions if function is not None), None)


def write_rows(
    writer: CommandWriter, section: str, unit: QuadletUnit | None = None
) -> None:
    """The flags of every key of a section that has one; of another unit where one is given."""
    for key, row in field_tables()[section].items():
        write = shape_function(row.shape)
        settings = (unit or writer.unit).every(section, key)
        if write is not None and (settings or key == "Restart"):
            write(writer, row, settings)


class UnitCommands:
    """Makes the commands of the units of a source."""

    def __init__(self, references: References, project: Project) -> None:
        self.references = references
        self.opens = OpenVariables()
        self._project = project
        self._texts: dict[tuple[str, str], UnitTexts] = {}

    def texts_of(self, unit: QuadletUnit) -> UnitTexts:
        """What reads the texts of a unit."""
        key = (unit.path, unit.name)
        if key not in self._texts:
            self._texts[key] = UnitTexts(unit, self._project, self.opens)
        return self._texts[key]

    def _writer(self, unit: QuadletUnit) -> CommandWriter:
        return CommandWriter(unit, self.references, self.opens, self.texts_of)

    def _image(self, writer: CommandWriter) -> Argument | None:
        """The image; that of a unit which builds or pulls it, with what that unit says of the platform."""
        setting = writer.unit.own("Image")
        if setting is None:
            return None
        argument = writer.texts.value(setting)
        source = self.references.unit(argument.text, writer.unit)
        if source is not None and source.kind is UnitKind.BUILD:
            return argument.with_text(built_image(source))
        if source is None or source.kind is not UnitKind.IMAGE:
            return argument
        write_rows(writer, UnitKind.IMAGE.value, source)
        return self._pulled_image(source, argument)

    def _pulled_image(self, source: QuadletUnit, argument: Argument) -> Argument | None:
        """The image that a unit pulls, by the name that it gives it."""
        pulled, tag = source.own("Image"), source.own("ImageTag")
        stated = tag or pulled
        if stated is None:
            return None
        if tag is not None and pulled is not None:
            pulled.skip("the image goes by its tag")
        value = self.texts_of(source).value(stated)
        return value._replace(sources=(*value.sources, *argument.sources))

    def container(self, unit: QuadletUnit, schedule: str) -> Invocation | None:
        """`podman run` of a container; None without an image."""
        writer = self._writer(unit)
        image = self._image(writer)
        if image is None:
            return None
        write_rows(writer, UnitKind.CONTAINER.value)
        write_rows(writer, "Service")
        writer.write_of_pod()
        writer.write_arguments()
        command = unit.own("Exec")
        unit_words = () if command is None else map(writer.texts.word, command)
        writer.arguments += [image, *unit_words]
        return writer.invocation(("create",))._replace(
            renamed=identifier(unit.stem), unit=unit.service_unit, schedule=schedule
        )

    def pod(self, unit: QuadletUnit) -> Invocation:
        """`podman pod create`."""
        writer = self._writer(unit)
        write_rows(writer, UnitKind.POD.value)
        writer.write_alias()
        writer.write_arguments()
        name = Argument(f"--name={resource_key(unit.stem)}", unit.span)
        writer.arguments.append(name)
        return writer.invocation(("pod", "create"))

    def resource(self, unit: QuadletUnit) -> Invocation:
        """`podman network create` or `podman volume create`; its alias is the name that the engine shall know."""
        writer = self._writer(unit)
        write_rows(writer, unit.kind.value)
        writer.write_mount_options()
        writer.write_arguments()
        key = resource_key(unit.stem)
        setting = name_setting(unit)
        name = writer.texts.value(setting) if setting else Argument("", unit.span)
        writer.arguments.append(name.with_text(key))
        verb = unit.kind.value.lower()
        return writer.invocation((verb, "create"))._replace(alias=name.text)

    def build(self, unit: QuadletUnit) -> Invocation:
        """`podman build`."""
        writer = self._writer(unit)
        write_rows(writer, UnitKind.BUILD.value)
        writer.write_arguments()
        if not unit.every("Build", "ImageTag"):
            writer.arguments.append(Argument(f"--tag={built_image(unit)}", unit.span))
        writer.arguments.append(writer.context())
        return writer.invocation(("build",))


def built_image(unit: QuadletUnit) -> str:
    """The image that a build makes: its first tag."""
    tags = unit.every("Build", "ImageTag")
    return (tags[0].peek() or "") if tags else f"localhost/{resource_key(unit.stem)}"
