"""Add-ons: what app.json and heroku.yml ask the platform for."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from types import MappingProxyType

from tocompose.importers.procfile.backing import (
    OPTIONAL,
    REQUIRED,
    Backing,
    BackingRequest,
    address_template,
    make_backing,
    old_address,
    state_of_new,
    when_workers_stop,
)
from tocompose.importers.procfile.environment import AppVariable, demand_value
from tocompose.importers.procfile.host_port_variables import is_remote
from tocompose.knowledge.servers import family_kinds
from tocompose.ledger import Cursor
from tocompose.model import EnvSetting
from tocompose.readers.dotenv import read_dotenv
from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.source import Leaf
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import Row, table
from tocompose.wording import enumerated

# Heroku names a second database after a colour of its own choice; these are the first of its list.
_COLOURS = (
    "AMBER",
    "AQUA",
    "BLACK",
    "BLUE",
    "BRONZE",
    "BROWN",
    "CHARCOAL",
    "COBALT",
    "COPPER",
    "CRIMSON",
)
_INSIDE_A_SPACE = ("private-", "shield-")
_COLUMNS = {
    "aliases",
    "also",
    "service",
    "prefix",
    "variables",
    "second",
    "note",
    "mail",
    "gone",
    "warn",
}
_NO_NAME = ("null", "number", "bool", "{}", "[]")


class AddonRequest(NamedTuple):
    """One add-on as a source names it; `plan` is what follows the colon, `prefix` what stands at `as`.

    `flags` are the options behind the plan: `heroku-postgresql:basic --version=16`.
    """

    name: str
    plan: str
    cursor: Cursor
    plan_cursor: Cursor
    prefix_cursor: Cursor
    options: Cursor
    flags: Mapping[str, str] = MappingProxyType({})

    @property
    def prefix(self) -> str:
        """The prefix that the source asks for, empty for the add-on's own."""
        return _leaf_text(self.prefix_cursor) or self.flags.get("as", "")

    @property
    def version(self) -> str:
        """The version that the source asks for, empty for the add-on's own."""
        return _leaf_text(self.options.at("version")) or self.flags.get("version", "")

    @property
    def follows(self) -> bool:
        """Whether it is a copy of another database that follows it: https://devcenter.heroku.com/articles/heroku-postgres-follower-databases"""
        return bool(self.options.at("follow")) or "follow" in self.flags


def _leaf_text(cursor: Cursor) -> str:
    return (cursor.peek() or "").strip() if cursor.style != "null" else ""


class ProvidedAddons(NamedTuple):
    """What the add-ons come to: services with their variables, and variables of services outside.

    `remote_kinds` are the servers that `.env` names elsewhere, so that none of them is needed here.
    """

    backings: tuple[Backing, ...]
    app_variables: tuple[AppVariable, ...]
    remote_kinds: frozenset[str] = frozenset()


def addon_rows() -> dict[str, Row]:
    """The add-ons by every name that they are known by."""
    return {
        name: row
        for key, row in table("addons", required=set(), optional=_COLUMNS).items()
        for name in (key, *row.get("aliases", ()))
    }


def read_requests(*lists: Cursor) -> Iterator[AddonRequest]:
    """The add-ons of each list: `"name:plan"`, or `{plan, as, options}`."""
    for addon in (addon for addons in lists for addon in addons):
        plan_cursor = addon
        if addon.kind != "leaf":
            plan_cursor = addon.at("plan") or addon.at("name")
        text = "" if plan_cursor.style in _NO_NAME else (plan_cursor.peek() or "").strip()
        if not text:
            addon.note("TC405")
            continue
        stated, *words = text.split()
        name, _, plan = stated.partition(":")
        yield AddonRequest(
            name.lower(),
            plan,
            addon,
            plan_cursor,
            addon.at("as"),
            addon.at("options"),
            dict(_read_flags(words)),
        )


def _read_flags(words: list[str]) -> Iterator[tuple[str, str]]:
    """The options of a plan: `--version=16`, `--follow DATABASE_URL`."""
    remaining = iter(words)
    for word in remaining:
        name, equals, value = word.lstrip("-").partition("=")
        yield name, value if equals else next(remaining, "")


class AddonTable:
    """The add-ons that were asked for so far, by kind and prefix, each once.

    `search_engine` is the one that the app speaks to; `service` the one that the ledger names for a variable that all
    of its services get; `sends_by_smtp` says that a local server can take its mail; `encrypted` are the kinds of server
    that speak TLS.
    """

    def __init__(
        self,
        repository: Repository,
        service_names: set[str],
        search_engine: str,
        service: str,
        sends_by_smtp: bool,
        encrypted: frozenset[str],
    ) -> None:
        self._repository = repository
        self._service_names = service_names
        self._search_engine = search_engine
        self._service = service
        self._sends_by_smtp = sends_by_smtp
        self._encrypted = encrypted
        self._backings: dict[tuple[str, str], Backing] = {}
        self._app_variables: list[AppVariable] = []
        self._served: list[tuple[AddonRequest, Row, Backing]] = []
        self._mail: AddonRequest | None = None
        self._remote_kinds: set[str] = set()

    def add(self, request: AddonRequest, asked_names: Container[str] = ()) -> None:
        """Puts what stands in for an add-on into the table; `asked_names` are variables that app.json requires."""
        row = addon_rows().get(request.name)
        if row is None:
            guess = request.name.upper().replace("-", "_")
            request.cursor.note("TC403", name=request.name, guess=guess)
        elif "service" in row:
            self._add_service(request, row)
        else:
            self._app_variables.extend(self._outside_variables(request, row, asked_names))
            if row.get("mail") and self._sends_by_smtp and self._mail is None:
                self._mail = request

    def provide(self) -> ProvidedAddons:
        """The services and variables that stand in for all of them; what is to be moved is said with all in view."""
        drained = when_workers_stop(
            request.name for request, _, backing in self._served if backing.is_emptied_first
        )
        for request, row, backing in self._served:
            self._note_service(request, row, backing, drained)
        if self._mail is not None:
            span = self._mail.cursor.span
            self._make_backing(BackingRequest("mailpit", "MAIL", {}, "", span))
        return ProvidedAddons(
            tuple(self._backings.values()),
            tuple(self._app_variables),
            frozenset(self._remote_kinds),
        )

    def _make_backing(self, request: BackingRequest) -> Backing:
        request = request._replace(encrypted=request.kind in self._encrypted)
        backing = make_backing(self._repository, request, self._service_names)
        self._backings[request.kind, request.prefix] = backing
        return backing

    def _add_service(self, request: AddonRequest, row: Row) -> None:
        kind = str(row["service"])
        if self._search_engine and kind in family_kinds("search"):
            kind = self._search_engine
        prefix = request.prefix or row["prefix"]
        if request.follows and self._add_follower(request, row, kind):
            return
        twin = self._backings.get((kind, prefix))
        if twin is not None:
            if request.prefix or not _is_in_same_file(request, twin):
                request.cursor.skip(
                    f"the same add-on is declared elsewhere: service {twin.service.name}"
                )
                return
            prefix = self._second_prefix(request, row, kind)
        templates = _address_templates(row, kind, prefix)
        remote = remote_variable(self._repository, templates)
        if remote and keeps_remote(self._repository):
            request.cursor.note("TC853", name=f"the add-on {request.name}", variable=remote)
            self._remote_kinds.add(kind)
            return
        backing = self._make_backing(
            BackingRequest(kind, prefix, templates, request.version, request.cursor.span)
        )
        self._settle_request(request, backing)
        self._served.append((request, row, backing))

    def _add_follower(self, request: AddonRequest, row: Row, kind: str) -> bool:
        """Gives the variables of a copy to the database that it follows; False where there is none before it."""
        leaders = (key for key in self._backings if key[0] == kind)
        key = next(leaders, None)
        if key is None:
            return False
        prefix = request.prefix or self._second_prefix(request, row, kind)
        leader = self._backings[key].also_found_by(_address_templates(row, kind, prefix))
        self._backings[key] = leader
        request.cursor.note(
            "TC587",
            subject=ModelPath.service(leader.service.name),
            name=request.name,
            service=leader.service.name,
            variable=leader.variables[-1][0],
        )
        return True

    def _second_prefix(self, request: AddonRequest, row: Row, kind: str) -> str:
        """The prefix of a further one of its kind: Heroku picks a colour, so it is a guess."""
        template = row.get("second", f"{row['prefix']}_<colour>")
        prefixes = (template.replace("<colour>", colour) for colour in _COLOURS)
        free = (prefix for prefix in prefixes if (kind, prefix) not in self._backings)
        prefix = next(free, f"{row['prefix']}_{len(self._backings) + 1}")
        self._repository.add_note(
            "TC407", request.cursor.span, name=request.name, prefix=prefix
        )
        return prefix

    def _settle_request(self, request: AddonRequest, backing: Backing) -> None:
        service = ModelPath.service(backing.service.name)
        request.plan_cursor.take(to=service.child("image"))
        if request.prefix_cursor:
            variable, _ = backing.variables[0]
            request.prefix_cursor.take(
                to=ModelPath.service(self._service, "environment", variable)
            )
        for flag in sorted(request.flags.keys() - {"version", "as"}):
            facts = {"option": f"--{flag}", "name": request.name}
            self._repository.add_note(
                "TC404", request.cursor.span, subject=service, **facts
            )
        for option in request.options:
            if option.key == "version" and request.version:
                option.take(to=service.child("image"))
            else:
                option.note("TC404", subject=service, option=option.key, name=request.name)

    def _note_service(
        self, request: AddonRequest, row: Row, backing: Backing, drained: str
    ) -> None:
        span, name, service = request.cursor.span, request.name, backing.service.name
        subject = ModelPath.service(service)
        variable = backing.variables[0][0] if backing.variables else row["prefix"]
        self._repository.add_note(
            "TC400",
            span,
            subject=subject,
            image=backing.service.image,
            name=name,
            plan=request.plan or "its default plan",
            service=service,
            state=state_of_new(backing.kind, backing.kind in self._encrypted),
            drained=drained,
            step=f"{backing.moving_step(old_address(variable))}{_way_in(request.plan)}",
        )
        if "gone" in row:
            self._repository.add_note("TC406", span, name=name, when=row["gone"])
        if "warn" in row:
            facts = {"name": name, "service": service}
            self._repository.add_note(row["warn"], span, subject=subject, **facts)

    def _outside_variables(
        self, request: AddonRequest, row: Row, asked_names: Container[str]
    ) -> Iterator[AppVariable]:
        """An add-on that stays outside: its variables, which the user fills in or leaves empty."""
        prefix = request.prefix or row.get("prefix", "")
        values = {
            f"{prefix}{key}": value for key, value in row.get("variables", {}).items()
        }
        names, need = ", ".join(values) or "none", _need_of(values, asked_names)
        request.cursor.note(row["note"], name=request.name, variables=names, need=need)
        for name, value in values.items():
            is_secret = value in (REQUIRED, OPTIONAL) or not self._sends_by_smtp
            required = value == REQUIRED
            setting = EnvSetting(
                name=name,
                value=None if is_secret else value,
                secret=is_secret,
                required=required,
                description=f"For the add-on {request.name}",
                origin=request.cursor.span,
            )
            text: str | None = f"${{{name}:-{value}}}"
            if is_secret:
                text = demand_value(name) if required else None
            yield AppVariable(name, text, request.name, request.cursor.span, setting)


def _need_of(names: Iterable[str], asked_names: Container[str]) -> str:
    """Which of the variables of an add-on must be set, and which may stay empty."""
    asked = [name for name in names if name in asked_names]
    free = [name for name in names if name not in asked_names]
    if not asked:
        return f"its variables ({', '.join(free)}) may stay empty"
    needs = f"app.json requires {enumerated(asked)}"
    return f"{needs}, and {enumerated(free)} may stay empty" if free else needs


def _address_templates(row: Row, kind: str, prefix: str) -> dict[str, str]:
    """The variables by which the add-on is found under a prefix, with the templates of their values."""
    templates = {
        f"{prefix}{key}": address_template(kind) if value == "url" else value
        for key, value in row["variables"].items()
    }
    if prefix == row["prefix"]:
        templates |= dict.fromkeys(row.get("also", ()), address_template(kind))
    return templates


def _way_in(plan: str) -> str:
    """How this machine reaches a server that answers only inside of a Private Space; empty for one of the others.

    https://devcenter.heroku.com/articles/heroku-postgres-and-private-spaces
    """
    if not plan.startswith(_INSIDE_A_SPACE):
        return ""
    return (
        f" (the plan {plan} answers only inside its Private Space: use PrivateLink, "
        "`heroku data:privatelink:create`, or make the dump in `heroku run bash -a APP`)"
    )


def keeps_remote(repository: Repository) -> bool:
    """Whether the user asked for the servers elsewhere that `.env` names, in the place of the stack's own."""
    return repository.option("servers") == "remote"


def remote_variable(repository: Repository, names: Iterable[str]) -> str:
    """The first of the variables to which `.env` gives the address of a server elsewhere; empty where none has one."""
    values = stated_values(repository)
    addresses = ((name, values.get(name, "")) for name in names)
    return next(
        (name for name, value in addresses if "://" in value and is_remote(value)), ""
    )


def stated_values(repository: Repository) -> dict[str, str]:
    """The values in `.env`: evidence only, since they are accounted for where they become variables."""
    text = repository.read_text(".env") or ""
    if text.lstrip().startswith("{"):
        return {}
    return {
        str(child.key): child.node.text
        for child in read_dotenv(text.encode()).tree.children
        if isinstance(child.node, Leaf)
    }


def _is_in_same_file(request: AddonRequest, backing: Backing) -> bool:
    origin = backing.service.origin
    return origin is not None and origin.file == request.cursor.span.file
