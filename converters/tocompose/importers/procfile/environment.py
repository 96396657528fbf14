"""The variables that every process of the app gets, from wherever the repository states them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tocompose.importers.procfile.app_json import AppJson
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.repository import Repository
from tocompose.knowledge.secrets.names import secret_name
from tocompose.knowledge.secrets.texts import may_be_secret, secret_value
from tocompose.ledger import Cursor
from tocompose.model import Setting, Variable
from tocompose.patterns import regex
from tocompose.readers.dotenv import comments, read_dotenv
from tocompose.readers.json import read_json
from tocompose.source import Span
from tocompose.syntax.interpolation import literal
from tocompose.tables import load

_DEFAULT_SAFE = regex(r"[A-Za-z0-9 _./:@,+=%^~!*()?&;#-]*")
# A generator of another platform than Heroku is a command, as in `mix phx.gen.secret`.
_COMMAND = regex(r"[\w./-]+(?: [\w./:=-]+)+")
LOCAL = regex(r"(?:^|[/@:,]|//)(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?=[:/,?]|$)")
# A host without a dot: the name of a container in a compose file that is not this one.
_COMPOSE_HOST = regex(
    r"[a-z][a-z0-9+.-]*://(?:[^@/\s]*@)?[A-Za-z0-9_-]+(?::\d+)?(?:[/?]|$)", re.IGNORECASE
)
EXAMPLES = (
    ".env.example",
    ".env.sample",
    ".env.template",
    "env.example",
    "env.sample",
    ".env.dist",
)


class Entry(NamedTuple):
    """One variable: `value` as Compose reads it (None passes the host's through), its `.env` entry if it has one.

    `cursors` are the leaves that it came from; `why` says what outranked it, when something did.
    """

    name: str
    value: str | None
    setting: Setting | None = None
    cursors: tuple[Cursor, ...] = ()
    source: str = ""
    origin: Span | None = None


def is_secret(name: str, value: str = "") -> bool:
    """Whether a variable holds a secret by the look of its name, or of a URL with a password in it."""
    return (secret_name(name) and (not value or may_be_secret(value))) or secret_value(
        value
    )


def reference(name: str, default: str | None, required: bool) -> str:
    """The interpolation of a variable of `.env`: with its default where one can be written, else demanded."""
    if default is not None and _DEFAULT_SAFE.fullmatch(default):
        return f"${{{name}:-{default}}}"
    return f"${{{name}:?}}" if required else f"${{{name}}}"


# --- app.json -----------------------------------------------------------------------------------------------------


def of_app(
    repository: Repository, app: AppJson, known: Mapping[str, str]
) -> tuple[Entry, ...]:
    """The variables of app.json's `env`; `known` are values that the platform or a buildpack supplies by itself."""
    return tuple(
        entry
        for item in app.at("env")
        if (entry := _of_app(repository, item, known)) is not None
    )


def _of_app(repository: Repository, item: Cursor, known: Mapping[str, str]) -> Entry | None:
    name = item.key
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", name):
        item.note("TC315", what="a name in env", wanted="letters, digits and _")
        return None
    if name in load("app_json")["env"].get("platform", {}):
        for leaf in (item, *item):
            leaf.skip(load("app_json")["env"]["platform"][name])
        return None
    if item.kind == "list" or item.style == "[]":
        item.note("TC315", what=f"env.{name}", wanted="a string or a map")
        return None
    if item.kind == "leaf" and item.style not in ("{}", "null"):
        return _plain(item, name)
    return _described(repository, item, name, known)


def _plain(item: Cursor, name: str) -> Entry:
    """`NAME: "value"`: the value stands in the compose file, unless it is a secret."""
    text = _text(item)
    if is_secret(name, text) and text:
        setting = Setting(
            name=name, value=text, secret=True, required=True, origin=item.span
        )
        return Entry(
            name, reference(name, None, True), setting, (item,), "app.json", item.span
        )
    return Entry(name, literal(text), None, (item,), "app.json", item.span)


def _text(item: Cursor) -> str:
    if item.style not in (
        "string",
        "single",
        "double",
        "plain",
        "literal",
        "folded",
        "bare",
    ):
        item.remark("TC315", what=item.key, wanted="a string in quotes")
    return item.peek() or ""


def _described(
    repository: Repository, item: Cursor, name: str, known: Mapping[str, str]
) -> Entry:
    """`NAME: {description, value, required, generator}`: a setting of the person who deploys."""
    value, generator = item.at("value"), item.at("generator")
    text = (
        _text(value)
        if value.kind == "leaf" and value.style not in ("null", "{}", "[]")
        else None
    )
    for empty in (value, item):
        if text is None and empty.kind == "leaf":
            empty.skip("no value is given")
    if text is None and not generator and name in known:
        for key in ("required", "description"):
            item.at(key).skip("the platform supplies the value")
        if item.kind == "leaf":
            item.skip("the platform supplies the value")
        return Entry(name, known[name], None, (), "platform", item.span)
    return _asked(repository, item, name, text)


def _asked(repository: Repository, item: Cursor, name: str, text: str | None) -> Entry:
    generator = item.peek("generator") or ""
    known = generator == "secret" or _COMMAND.fullmatch(generator) is not None
    generated = known and not text
    required = _required(item) or generated
    secret = generated or is_secret(name, text or "")
    description = item.peek("description") or ""
    asked = [cursor for cursor in (item.at("description"), *_decisive(item)) if cursor]
    if generated:
        maker = "openssl rand -hex 64" if generator == "secret" else generator
        advice = f"Make one with: {maker}"
        description = f"{description.rstrip('. ')}. {advice}" if description else advice
        asked.append(item.at("generator"))
        repository.say(
            "TC342", item.span, subject=f"settings.{name}", name=name, maker=maker
        )
    elif generator and not known:
        item.at("generator").note("TC315", what=f"env.{name}.generator", wanted="secret")
    elif item.at("generator"):
        item.at("generator").skip("a value is given")
    elif text is None and required:
        repository.say("TC343", item.span, subject=f"settings.{name}", name=name)
    setting = Setting(
        name=name,
        value=text,
        secret=secret,
        required=required,
        description=description,
        origin=item.span,
    )
    cursors = tuple(
        cursor
        for cursor in (item.at("value"), item)
        if cursor.kind == "leaf" and cursor.style != "null"
    )
    return Entry(
        name,
        _asked_value(name, text, secret, required),
        setting,
        (*cursors, *asked),
        "app.json",
        item.span,
    )


def _asked_value(name: str, text: str | None, secret: bool, required: bool) -> str | None:
    if secret and text:
        return reference(name, None, True)
    if text is not None:
        return reference(name, text, required)
    return reference(name, None, True) if required else None


def _decisive(item: Cursor) -> tuple[Cursor, ...]:
    """The word `required` where it says something: where no value is given."""
    given = item.at("value").kind == "leaf" and item.at("value").style != "null"
    return () if given or not item.at("required") else (item.at("required"),)


def _required(item: Cursor) -> bool:
    """Heroku's default is true; the word decides only where no value is given."""
    cursor = item.at("required")
    if cursor and not _decisive(item):
        cursor.skip("a value is given, so it is never asked for")
    return (cursor.peek() or "true").lower() not in ("false", "null", "0", "no")


# --- heroku.yml, .env, .env.example -----------------------------------------------------------------------------


def of_config(config: Cursor) -> Iterator[Entry]:
    """The variables of heroku.yml's `setup.config`."""
    for item in config:
        if item.kind == "leaf":
            yield _plain(item, item.key)
        else:
            item.note("TC315", what=f"setup.config.{item.key}", wanted="a string")


def of_dotenv(repository: Repository, path: str = ".env") -> tuple[Entry, ...]:
    """The variables of `.env`, whose values go to the new `.env` in Compose's own quoting."""
    if (repository.text(path) or "").lstrip().startswith("{"):
        return tuple(_of_json(repository.open(path, read_json, "json"), ""))
    tree = repository.open(path, read_dotenv, "dotenv")
    lines = list(tree)
    said = comments(repository.project.read(path) or b"")
    last = {line.key: index for index, line in enumerate(lines)}
    entries = []
    for index, line in enumerate(lines):
        if line.style == "unparsed":
            line.noted("TC317")
        elif last[line.key] != index:
            line.noted("TC319")
        else:
            entries.append(_of_dotenv(line, line.key, said.get(line.key, "")))
    return tuple(entries)


def _of_json(tree: Cursor, prefix: str) -> Iterator[Entry]:
    """node-foreman takes JSON too: nested keys are joined by `_`, in capitals."""
    for item in tree:
        name = f"{prefix}{item.key}".upper()
        if item.kind != "leaf":
            yield from _of_json(item, f"{name}_")
        elif item.style in ("{}", "[]", "null") or not re.fullmatch(
            r"[A-Z_][A-Z0-9_]*", name
        ):
            item.note("TC317", file=item.span.file)
        else:
            yield _of_dotenv(item, name, "")


def _of_dotenv(line: Cursor, name: str, comment: str) -> Entry:
    text = line.peek() or ""
    secret = is_secret(name, text)
    if name[:1].isdigit():
        # Compose has no way to refer to such a name, so the value itself stands in the compose file.
        return Entry(
            name, None if secret else literal(text), None, (line,), ".env", line.span
        )
    setting = Setting(
        name=name, value=text, secret=secret, description=comment, origin=line.span
    )
    value = f"${{{name}:?}}" if secret and text else f"${{{name}}}"
    return Entry(name, value, setting, (line,), ".env", line.span)


def of_examples(repository: Repository) -> tuple[Entry, ...]:
    """The names of the first example file: passed through when the user sets them, with what the file says of them."""
    path = next(
        (name for name in EXAMPLES if repository.project.read(name) is not None), ""
    )
    if not path:
        return ()
    tree = repository.open(path, read_dotenv, "lines")
    said = comments(repository.project.read(path) or b"")
    entries: dict[str, Entry] = {}
    for line in tree:
        if line.style == "unparsed" or line.key in entries:
            line.skip("the example file gives no value to the running stack")
            continue
        text = line.peek() or ""
        secret = is_secret(line.key, text)
        if secret or not text:
            line.skip(
                "an example of a secret is not carried over"
                if secret
                else "the example gives no value"
            )
        setting = Setting(
            name=line.key,
            secret=secret,
            description=said.get(line.key, ""),
            example="" if secret else text,
            origin=line.span,
        )
        entries[line.key] = Entry(
            line.key, None, setting, (line,) if line.unread() else (), path, line.span
        )
    return tuple(entries.values())


def replace_local(
    repository: Repository,
    dotenv: tuple[Entry, ...],
    served: tuple[Entry, ...],
    apart: Mapping[str, str],
) -> tuple[Entry, ...]:
    """The `.env` variables without those that a service provides and that point to the developer's own machine.

    `apart` are the names that tell a service in parts, with its name: user and password go where the host goes.
    """
    providers = {entry.name: entry.source.removeprefix("service ") for entry in served}
    kept = []
    for entry in dotenv:
        service = apart.get(entry.name) or providers.get(entry.name, "")
        text = entry.setting.value or "" if entry.setting else ""
        local = not text or LOCAL.search(text)
        if service and (local or entry.name in apart or _COMPOSE_HOST.match(text)):
            code = "TC344" if local or entry.name not in apart else "TC416"
            for cursor in entry.cursors:
                subject = f"settings.{entry.name}"
                cursor.note(
                    code, subject=subject, name=entry.name, file=".env", service=service
                )
        else:
            kept.append(entry)
    return tuple(kept)


def port_of(entry: Entry | None, web: Process) -> str:
    """The number that PORT is set to; empty when nothing sets it. Its leaves are settled."""
    if entry is None:
        return ""
    text = (
        entry.setting.value or entry.setting.example if entry.setting else entry.value
    ) or ""
    for cursor in entry.cursors:
        if re.fullmatch(r"\d{2,5}", text) and web.publishes:
            cursor.take(to=f"services.{web.service}.environment.PORT")
        else:
            cursor.skip("the web process gets the port that is published")
    return text


_SHELL = frozenset(
    {
        "PORT",
        "PATH",
        "HOME",
        "PWD",
        "USER",
        "SHELL",
        "DYNO",
        "RANDOM",
        "HOSTNAME",
        "SECONDS",
        "IFS",
    }
)
_NAMED = regex(r"(?<![\\$])\$\{?([A-Z][A-Z0-9_]*)\b")


def of_commands(processes: Iterable[Process]) -> tuple[Entry, ...]:
    """The variables that commands refer to: passed through, so that what the user sets in `.env` reaches them."""
    entries: dict[str, Entry] = {}
    for process in processes:
        assigned = set(re.findall(r"\b([A-Z][A-Z0-9_]*)=", process.text))
        for name in _NAMED.findall(process.text):
            if name not in _SHELL | assigned and name not in entries:
                description = f"Named by the command of {process.type}"
                setting = Setting(
                    name=name, description=description, secret=is_secret(name)
                )
                entries[name] = Entry(name, None, setting, (), "command", process.span)
    return tuple(entries.values())


# --- together ----------------------------------------------------------------------------------------------------


def join(
    layers: Iterable[tuple[Entry, ...]],
) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """The entry that wins for each name (a later layer's), in order of first appearance, and the entries that lost."""
    winners: dict[str, Entry] = {}
    losers: list[Entry] = []
    for entry in (entry for layer in layers for entry in layer):
        if entry.name in winners:
            losers.append(winners[entry.name])
            setting = entry.setting or _kept(winners[entry.name], entry)
            winners[entry.name] = entry._replace(
                setting=_described_by(setting, winners[entry.name].setting)
            )
        else:
            winners[entry.name] = entry
    return tuple(winners.values()), tuple(losers)


def _kept(loser: Entry, winner: Entry) -> Setting | None:
    """A loser's `.env` entry stays only while the winner's value still refers to it."""
    return (
        loser.setting
        if loser.setting and f"${{{loser.name}" in (winner.value or "")
        else None
    )


def _described_by(setting: Setting | None, other: Setting | None) -> Setting | None:
    if setting is None or other is None or setting.description:
        return setting
    from dataclasses import replace

    return replace(setting, description=other.description)


def settle(entries: Iterable[Entry], losers: Iterable[Entry], service: str) -> None:
    """Counts the winners' leaves as mapped to the service's environment, and the losers' as outranked."""
    for entry in entries:
        for cursor in entry.cursors:
            if entry.value is not None and (
                entry.setting is None or "${" not in entry.value
            ):
                cursor.take(to=f"services.{service}.environment.{entry.name}")
            elif entry.setting is not None:
                cursor.take(to=f"settings.{entry.name}")
    for entry in losers:
        for cursor in entry.cursors:
            cursor.skip("another source of the same variable outranks this one")


def variables(entries: Iterable[Entry]) -> tuple[Variable, ...]:
    """The entries as environment variables."""
    return tuple(
        Variable(name=item.name, value=item.value, origin=item.origin) for item in entries
    )
