"""Databases and key value stores of a blueprint, as servers of the stack."""

from __future__ import annotations

from tocompose.importers.render.allow_lists import access_step, note_outside_access
from tocompose.importers.render.blueprint import Part, text_of
from tocompose.importers.render.variables import database_facts, password_variable
from tocompose.knowledge.servers import (
    moving_step,
    server_facts,
    server_image,
)
from tocompose.ledger import Cursor
from tocompose.model import EnvSetting, EnvVariable, Mount, Service, Volume
from tocompose.record import NamedTuple, replace
from tocompose.syntax.model_path import ModelPath

_OLD_ADDRESS = (
    "set OLD_URL in your shell to its external URL (Render's dashboard: Connect, External)"
)


class Converted(NamedTuple):
    """The services that a part comes to, with their volumes."""

    services: tuple[Service, ...]
    volumes: tuple[Volume, ...] = ()


def convert_database(render_part: Part) -> tuple[Converted, EnvSetting]:
    """A database of Render, as a server of its own."""
    facts = database_facts(render_part)
    for key in ("databaseName", "user"):
        render_part.cursor.at(key).map(to=render_part.path.child("environment"))
    version = (
        render_part.cursor.at("postgresMajorVersion").take(
            to=render_part.path.child("image")
        )
        or ""
    )
    render_part.cursor.at("name").skip("the name of the service")
    server = _server(render_part, "postgres", version)
    environment = {
        "POSTGRES_DB": facts["database"],
        "POSTGRES_USER": facts["user"],
        "POSTGRES_PASSWORD": facts["password"],
    }
    variables = tuple(
        EnvVariable(name=key, value=value) for key, value in environment.items()
    )
    service = replace(server.services[0], environment=variables)
    setting = EnvSetting(
        name=password_variable(render_part),
        secret=True,
        required=True,
        description=f"Password of the database {render_part.name}. Make one with: openssl rand -hex 32",
        origin=render_part.cursor.span,
    )
    _note_data_to_move(render_part, "postgres", service)
    note_outside_access(render_part, "postgres")
    return server._replace(services=(service,)), setting


def convert_key_value(render_part: Part) -> Converted:
    """A key value store."""
    server = _server(render_part, "redis", "")
    options: list[str] = []
    policy = render_part.cursor.at("maxmemoryPolicy")
    if text_of(policy):
        options += ["--maxmemory-policy", _option(render_part, policy).replace("_", "-")]
    options += _options_of_mode(_persistence_mode(render_part))
    _settle_plan(render_part)
    command = ("redis-server", *options) if options else None
    service = replace(server.services[0], command=command)
    _note_data_to_move(render_part, "redis", service)
    note_outside_access(render_part, "redis")
    return server._replace(services=(service,))


# https://render.com/changelog/specify-disk-persistence-behavior-for-paid-key-value-instances
_PAID_MODE = "journal_snapshot"


def _persistence_mode(render_part: Part) -> str:
    """What the store keeps on disk: as it states, or else as its plan has it; empty where nothing is known."""
    mode = render_part.cursor.at("persistenceMode")
    if text_of(mode):
        return _option(render_part, mode).lower()
    return "" if _is_free(render_part) else _PAID_MODE


def _is_free(render_part: Part) -> bool:
    return text_of(render_part.cursor.at("plan")).lower() == "free"


def _options_of_mode(mode: str) -> list[str]:
    """The options of the server for a mode of persistence; without any it saves snapshots."""
    if "off" in mode:
        return ["--save", "", "--appendonly", "no"]
    return [] if mode in ("", "snapshot") else ["--appendonly", "yes"]


def _note_data_to_move(render_part: Part, kind: str, service: Service) -> None:
    """Says that the data of a server stay at Render until somebody moves them."""
    access = access_step(render_part.cursor.at("ipAllowList"), render_part.name)
    render_part.cursor.annotate(
        "TC435",
        subject=ModelPath.service(service.name),
        service=service.name,
        image=service.image,
        step=f"{access}{moving_step(kind, service, _OLD_ADDRESS)}",
    )


def _settle_plan(render_part: Part) -> None:
    """Says that the policy for a full memory has no effect where nothing limits the memory, as the plan does."""
    plan = render_part.cursor.at("plan")
    policy = render_part.cursor.at("maxmemoryPolicy")
    is_stated = bool(text_of(render_part.cursor.at("persistenceMode")))
    if not text_of(policy):
        if is_stated or _is_free(render_part):
            plan.skip("the limits of this plan are unknown")
        else:
            plan.map(to=render_part.path.child("command"))
        return
    (plan or policy).note(
        "TC889",
        subject=render_part.path.child("command"),
        service=render_part.name,
        plan=f"the plan {text_of(plan)}" if text_of(plan) else "its plan",
        policy=text_of(policy).replace("_", "-"),
    )


def _option(render_part: Part, cursor: Cursor) -> str:
    return cursor.take(to=render_part.path.child("command")) or ""


def _server(render_part: Part, kind: str, version: str) -> Converted:
    """A server with a volume for its data."""
    image = server_image(kind, version)
    data = next(iter(server_facts(kind).kept_data({}, None, {})), None)
    volume = f"{render_part.name}_data".replace("-", "_")
    mounts = (
        (Mount(kind="volume", source=volume, target=data.path),) if data is not None else ()
    )
    service = Service(
        name=render_part.name, image=image, mounts=mounts, origin=render_part.cursor.span
    )
    volumes = (Volume(name=volume, origin=render_part.cursor.span),) if mounts else ()
    return Converted((service,), volumes)
