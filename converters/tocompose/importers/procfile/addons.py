"""Add-ons: what app.json and heroku.yml ask the platform for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tocompose.importers.procfile.backing import OPTIONAL, REQUIRED, Backing, Request, make
from tocompose.importers.procfile.environment import Entry
from tocompose.knowledge.servers import family_kinds
from tocompose.ledger import Cursor
from tocompose.model import Setting
from tocompose.repository import Repository
from tocompose.tables import Row, table

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
_OPTIONAL = {
    "aliases",
    "service",
    "prefix",
    "variables",
    "second",
    "note",
    "mail",
    "gone",
    "warn",
}


class Wanted(NamedTuple):
    """One add-on as a source names it; `prefix` is its `as`, `plan` what follows the colon."""

    name: str
    plan: str
    entry: Cursor
    plan_at: Cursor
    prefix_at: Cursor
    options: Cursor

    @property
    def prefix(self) -> str:
        """The prefix that the source asks for, empty for the add-on's own."""
        return (
            (self.prefix_at.peek() or "").strip() if self.prefix_at.style != "null" else ""
        )


class Provided(NamedTuple):
    """What the add-ons come to: services with their variables, and variables of services outside."""

    backings: tuple[Backing, ...]
    entries: tuple[Entry, ...]


def rows() -> dict[str, Row]:
    """The add-ons by every name that they are known by."""
    table_rows = table("addons", required=set(), optional=_OPTIONAL)
    return {
        name: row
        for key, row in table_rows.items()
        for name in (key, *row.get("aliases", ()))
    }


def wanted(*lists: Cursor) -> Iterator[Wanted]:
    """The add-ons of each list: `"name:plan"`, or `{plan, as, options}`."""
    for entry in (entry for addons in lists for entry in addons):
        plan_at = entry if entry.kind == "leaf" else (entry.at("plan") or entry.at("name"))
        text = (
            plan_at.peek()
            if plan_at.style not in ("null", "number", "bool", "{}", "[]")
            else None
        )
        if not (text or "").strip():
            entry.note("TC405")
            continue
        name, _, plan = (text or "").strip().partition(":")
        yield Wanted(
            name.lower(), plan, entry, plan_at, entry.at("as"), entry.at("options")
        )


def provide(
    repository: Repository,
    items: Iterable[Wanted],
    taken: set[str],
    search: str,
    first: str,
    smtp: bool,
) -> Provided:
    """The services and variables that stand in for the add-ons; `search` is the search engine that the app speaks to.

    `first` is the app's service that the ledger names for a variable that all of them get; `smtp` says that the app
    sends mail by SMTP, so that a local server can take it.
    """
    backings: dict[tuple[str, str], Backing] = {}
    entries: list[Entry] = []
    mail = None
    for item in items:
        row = rows().get(item.name)
        if row is None:
            _unknown(item)
        elif "service" in row:
            _serve(Shelf(repository, taken, search, first, backings), item, row)
        else:
            entries.extend(_outside(item, row, smtp))
            mail = mail or (item if row.get("mail") and smtp else None)
    if mail is not None:
        request = Request("mailpit", "MAIL", {}, "", mail.entry.span)
        backings["mailpit", "MAIL"] = make(repository, request, taken)
    return Provided(tuple(backings.values()), tuple(entries))


def _unknown(item: Wanted) -> None:
    guess = item.name.upper().replace("-", "_")
    item.entry.note("TC403", name=item.name, guess=guess)


class Shelf(NamedTuple):
    """Where add-ons are put while they are read: by kind and prefix, each once."""

    repository: Repository
    taken: set[str]
    search: str
    first: str
    backings: dict[tuple[str, str], Backing]


def _serve(shelf: Shelf, item: Wanted, row: Row) -> None:
    search = shelf.search and row["service"] in family_kinds("search")
    kind = shelf.search if search else row["service"]
    prefix = item.prefix or row["prefix"]
    known = shelf.backings.get((kind, prefix))
    if known is not None and (item.prefix or not _same_file(item, known)):
        item.entry.skip(
            f"the same add-on is declared elsewhere: service {known.service.name}"
        )
        return
    if known is not None:
        prefix = _second(shelf, item, row, kind)
    names = {f"{prefix}{key}": value for key, value in row["variables"].items()}
    request = Request(kind, prefix, names, _version(item), item.entry.span)
    backing = make(shelf.repository, request, shelf.taken)
    shelf.backings[kind, prefix] = backing
    _settle(shelf, item, row, backing)


def _same_file(item: Wanted, known: Backing) -> bool:
    return (
        known.service.origin is not None
        and known.service.origin.file == item.entry.span.file
    )


def _second(shelf: Shelf, item: Wanted, row: Row, kind: str) -> str:
    """The prefix of a further one of its kind: Heroku picks a colour, so it is a guess."""
    template = row.get("second", f"{row['prefix']}_<colour>")
    prefixes = (template.replace("<colour>", colour) for colour in _COLOURS)
    fallback = f"{row['prefix']}_{len(shelf.backings) + 1}"
    prefix = next(
        (name for name in prefixes if (kind, name) not in shelf.backings), fallback
    )
    shelf.repository.say("TC407", item.entry.span, name=item.name, prefix=prefix)
    return prefix


def _version(item: Wanted) -> str:
    version = item.options.at("version")
    return (
        (version.peek() or "").strip()
        if version.kind == "leaf" and version.style != "null"
        else ""
    )


def _settle(shelf: Shelf, item: Wanted, row: Row, backing: Backing) -> None:
    name, repository = backing.service.name, shelf.repository
    item.plan_at.take(to=f"services.{name}.image")
    if item.prefix_at:
        item.prefix_at.take(
            to=f"services.{shelf.first}.environment.{backing.variables[0][0]}"
        )
    for option in item.options:
        if option.key == "version" and _version(item):
            option.take(to=f"services.{name}.image")
        else:
            option.note(
                "TC404", subject=f"services.{name}", option=option.key, name=item.name
            )
    facts = {"name": item.name, "plan": item.plan or "its default plan", "service": name}
    repository.say(
        "TC400",
        item.entry.span,
        subject=f"services.{name}",
        image=backing.service.image,
        **facts,
    )
    if "gone" in row:
        repository.say("TC406", item.entry.span, name=item.name, when=row["gone"])
    if "warn" in row:
        repository.say(
            row["warn"],
            item.entry.span,
            subject=f"services.{name}",
            name=item.name,
            service=name,
        )


def _outside(item: Wanted, row: Row, smtp: bool) -> Iterator[Entry]:
    """An add-on that stays outside: its variables, which the user fills in or leaves empty."""
    prefix = item.prefix or row.get("prefix", "")
    given = {f"{prefix}{key}": value for key, value in row.get("variables", {}).items()}
    item.entry.note(row["note"], name=item.name, variables=", ".join(given) or "none")
    for name, value in given.items():
        description = f"For the add-on {item.name}"
        if value in (REQUIRED, OPTIONAL) or not smtp:
            required = value == REQUIRED
            setting = Setting(
                name=name,
                secret=True,
                required=required,
                description=description,
                origin=item.entry.span,
            )
            yield Entry(
                name,
                f"${{{name}:?}}" if required else None,
                setting,
                (),
                item.name,
                item.entry.span,
            )
        else:
            setting = Setting(
                name=name, value=value, description=description, origin=item.entry.span
            )
            yield Entry(
                name, f"${{{name}:-{value}}}", setting, (), item.name, item.entry.span
            )
