"""How the data of a server come out of its container and into another one, from `mappings/dumps.yaml`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from functools import cache

from tocompose.knowledge.image_conditions import conditions_hold, rows_for_tag
from tocompose.knowledge.images import image_facts, image_ref
from tocompose.model import Service
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.tables import Row, table
from tocompose.wording import enumerated

# What stands for variables of the container: their names, and what holds where it is given none.
_PLACEHOLDER = regex(r"<([^<>]+)>")


class Dump(NamedTuple):
    """Commands for a shell in the containers of a server: `dump` writes what `restore` reads. With `flush` the server
    writes its files instead, which can then be copied. `remark` is for the reader."""

    dump: str = ""
    restore: str = ""
    flush: str = ""
    remark: str = ""


def dump_of(image: str, environment: Mapping[str, str | None]) -> Dump | None:
    """How the data of a container with that image and environment are moved; None where no command is known."""
    facts, ref = image_facts(image), image_ref(image)
    row = _rows_by_image().get(facts.id) if facts else None
    if row is None or ref is None:
        return None
    for way, conditions in rows_for_tag(row, "ways", ref.tag):
        if conditions_hold(conditions, environment, None):
            commands = {
                column: _filled(str(way.get(column, "")), environment)
                for column in ("dump", "restore", "flush")
            }
            remarks = (
                way.get("says"),
                _old_passwords(image, environment) if way.get("users") else "",
                _missing_passwords(way, environment),
            )
            return Dump(**commands, remark=" ".join(filter(None, remarks)))
    return None


def dump_of_service(service: Service) -> Dump | None:
    """The same for the server of a service."""
    environment = {variable.name: variable.value for variable in service.environment}
    return dump_of(service.image, environment) if service.image else None


def _old_passwords(image: str, environment: Mapping[str, str | None]) -> str:
    """What becomes of the passwords of users that come along; one that the server is given must be the old one."""
    facts = image_facts(image)
    is_given = facts is not None and any(
        facts.is_secret(name.removesuffix("_FILE")) for name in environment
    )
    needed = ", so .env needs those" if is_given else ""
    return f"Users come along with their old passwords{needed}."


def image_of_folder(path: str) -> str | None:
    """The usual image of the server that alone keeps its data in a folder of that path."""
    return _images_by_folder().get(path.rstrip("/"))


@cache
def _rows() -> Mapping[str, Row]:
    return table("dumps", required={"images", "ways"}, optional={"folders"})


@cache
def _rows_by_image() -> Mapping[str, Row]:
    return {image_id: row for row in _rows().values() for image_id in row["images"]}


@cache
def _images_by_folder() -> Mapping[str, str]:
    return {
        path: str(row["images"][0])
        for row in _rows().values()
        for path in row.get("folders", ())
    }


def _filled(command: str, environment: Mapping[str, str | None]) -> str:
    """The command with each placeholder as a word of a shell in the container."""
    return _PLACEHOLDER.sub(lambda match: _shell_word(match[1], environment), command)


def _shell_word(placeholder: str, environment: Mapping[str, str | None]) -> str:
    names, _, default = placeholder.partition("|=")
    candidates = names.split("|")
    for name in candidates:
        if name in environment:
            return f'"${name}"'
        if f"{name}_FILE" in environment:
            return f'"$(cat "${name}_FILE")"'
    first = candidates[0]
    return f'"${{{first}:-{default}}}"' if default else f'"${first}"'


def _missing_passwords(way: Row, environment: Mapping[str, str | None]) -> str:
    """What to write in place of variables that the container is not known to be given, if any."""
    if any("ALLOW_EMPTY" in name for name in environment):
        return ""
    command = " ".join(str(way.get(column, "")) for column in ("dump", "flush"))
    names = dict.fromkeys(
        placeholder.partition("|")[0]
        for placeholder in _PLACEHOLDER.findall(command)
        if not _has_value(placeholder, environment)
    )
    if not names:
        return ""
    return f"The container is given no {enumerated(list(names))}: write the value there."


def _has_value(placeholder: str, environment: Mapping[str, str | None]) -> bool:
    names, equals, _ = placeholder.partition("|=")
    is_given = (
        name in environment or f"{name}_FILE" in environment for name in names.split("|")
    )
    return bool(equals) or any(is_given)


def moving_pipe(dump: Dump, old_shell: str, service: str) -> str:
    """The command that runs the dump where the old shell leads to, and the restoring in a container of the service."""
    new_shell = f"docker compose exec -T {shlex.quote(service)} sh -c"
    return f"{old_shell} {shlex.quote(dump.dump)} | {new_shell} {shlex.quote(dump.restore)}"
