"""The variables that every process of the app gets, from wherever the repository states them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.shell import named_variables
from tocompose.knowledge.secrets.names import secret_name
from tocompose.knowledge.secrets.texts import may_be_secret, secret_value
from tocompose.ledger import Cursor
from tocompose.model import EnvSetting, EnvVariable
from tocompose.patterns import regex
from tocompose.readers.dotenv import comments, read_dotenv
from tocompose.readers.json import read_json
from tocompose.record import NamedTuple, replace
from tocompose.repository import Repository
from tocompose.source import Span
from tocompose.syntax.interpolation import literal, variable_names, variables
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import SET_BY_THE_SHELL

_DEFAULT_SAFE = regex(r"[A-Za-z0-9 _./:@,+=%^~!*()?&;#-]*")
LOCAL = regex(r"(?:^|[/@:,]|//)(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?=[:/,?]|$)")
# A host without a dot: the name of a container in a compose file that is not this one.
_COMPOSE_HOST = regex(
    r"[a-z][a-z0-9+.-]*://(?:[^@/\s]*@)?[A-Za-z0-9_-]+(?::\d+)?(?:[/?]|$)", re.IGNORECASE
)
# The address of a server elsewhere, which no service of the stack is.
_OTHER_HOST = regex(r"[a-z][a-z0-9+.:-]*://(?:[^@/\s]*@)?[^@/\s]", re.IGNORECASE)
_TEXT_STYLES = ("string", "single", "double", "plain", "literal", "folded", "bare")
_NAME = regex(r"[A-Z_][A-Z0-9_]*")
_ASSIGNED = regex(r"\b([A-Z][A-Z0-9_]*)=")
_SET_ANYWAY = SET_BY_THE_SHELL | {"PORT", "DYNO"}
EXAMPLES = (
    ".env.example",
    ".env.sample",
    ".env.template",
    "env.example",
    "env.sample",
    ".env.dist",
)


class AppVariable(NamedTuple):
    """One variable: `value` as Compose reads it (None passes the host's through), its `.env` entry if it has one.

    `source` names what states it, `origin` where; `cursors` are the leaves that it came from.
    """

    name: str
    value: str | None
    source: str
    origin: Span | None = None
    setting: EnvSetting | None = None
    cursors: tuple[Cursor, ...] = ()

    @property
    def leads_to_service(self) -> bool:
        """Whether it tells the app where a service of the stack is, or how to get in there."""
        return self.source.startswith("service ")

    @property
    def plain_value(self) -> str | None:
        """Its value as `.env` has it, or as Compose reads it."""
        stated = self.setting.value if self.setting else None
        return stated if stated is not None else self.value


def is_secret(name: str, value: str = "") -> bool:
    """Whether a variable holds a secret by the look of its name, or of a URL with a password in it."""
    return (secret_name(name) and (not value or may_be_secret(value))) or secret_value(
        value
    )


def demand_value(name: str) -> str:
    """The interpolation of a variable of `.env` without which nothing starts."""
    return f"${{{name}:?}}"


def variable_reference(name: str, default: str | None, required: bool) -> str:
    """The interpolation of a variable of `.env`: with its default where one can be written, else demanded."""
    if default is not None and _DEFAULT_SAFE.fullmatch(default):
        return f"${{{name}:-{default}}}"
    return f"${{{name}:?}}" if required else f"${{{name}}}"


# --- app.json, heroku.yml, .env, .env.example -------------------------------------------------------------------


def literal_variable(variable: Cursor, name: str) -> AppVariable:
    """`NAME: "value"`: the value stands in the compose file, unless it is a secret."""
    text = settle_text(variable)
    if not text or not is_secret(name, text):
        return AppVariable(
            name, literal(text), "app.json", variable.span, cursors=(variable,)
        )
    setting = EnvSetting(
        name=name, value=text, secret=True, required=True, origin=variable.span
    )
    value = demand_value(name)
    return AppVariable(name, value, "app.json", variable.span, setting, (variable,))


def settle_text(leaf: Cursor) -> str:
    """The text of a leaf; a note says where it is none by the rules of its format."""
    if leaf.style not in _TEXT_STYLES:
        leaf.annotate("TC315", what=leaf.key, wanted="a string in quotes")
    return leaf.peek() or ""


def variables_of_config(config: Cursor) -> Iterator[AppVariable]:
    """The variables of heroku.yml's `setup.config`."""
    for variable in config:
        if variable.kind == "leaf":
            yield literal_variable(variable, variable.key)
        else:
            subject = f"setup.config.{variable.key}"
            variable.note("TC315", what=subject, wanted="a string")


def variables_of_dotenv(repository: Repository) -> tuple[AppVariable, ...]:
    """The variables of `.env`, whose values go to the new `.env` in Compose's own quoting."""
    if (repository.read_text(".env") or "").lstrip().startswith("{"):
        return tuple(_variables_of_json(repository.open(".env", read_json, "json"), ""))
    lines = list(repository.open(".env", read_dotenv, "dotenv"))
    descriptions = comments(repository.project.read(".env") or b"")
    last_index = {line.key: index for index, line in enumerate(lines)}
    dotenv_variables = []
    for index, line in enumerate(lines):
        if line.style == "unparsed":
            line.mark_noted("TC317")
        elif last_index[line.key] != index:
            line.mark_noted("TC319")
        else:
            description = descriptions.get(line.key, "")
            dotenv_variables.append(_dotenv_variable(line, line.key, description))
    return tuple(dotenv_variables)


def _variables_of_json(tree: Cursor, prefix: str) -> Iterator[AppVariable]:
    """node-foreman takes JSON too: nested keys are joined by `_`, in capitals."""
    for variable in tree:
        name = f"{prefix}{variable.key}".upper()
        is_usable = variable.style not in ("{}", "[]", "null") and _NAME.fullmatch(name)
        if variable.kind != "leaf":
            yield from _variables_of_json(variable, f"{name}_")
        elif is_usable:
            yield _dotenv_variable(variable, name, "")
        else:
            variable.note("TC317", file=variable.span.file)


def _dotenv_variable(line: Cursor, name: str, description: str) -> AppVariable:
    text = line.peek() or ""
    secret = is_secret(name, text)
    if name[:1].isdigit():
        # Compose has no way to refer to such a name, so the value itself stands in the compose file.
        value = None if secret else literal(text)
        return AppVariable(name, value, ".env", line.span, cursors=(line,))
    setting = EnvSetting(
        name=name, value=text, secret=secret, description=description, origin=line.span
    )
    value = variable_reference(name, None, bool(secret and text))
    return AppVariable(name, value, ".env", line.span, setting, (line,))


def variables_of_examples(repository: Repository) -> tuple[AppVariable, ...]:
    """The names of the first example file: passed through when the user sets them, with what the file says of them."""
    path = next(filter(repository.has_file, EXAMPLES), "")
    if not path:
        return ()
    descriptions = comments(repository.project.read(path) or b"")
    examples: dict[str, AppVariable] = {}
    for line in repository.open(path, read_dotenv, "lines"):
        if line.style == "unparsed" or line.key in examples:
            line.skip("the example file gives no value to the running stack")
            continue
        examples[line.key] = _example_variable(line, path, descriptions.get(line.key, ""))
    return tuple(examples.values())


def _example_variable(line: Cursor, path: str, description: str) -> AppVariable:
    text = line.peek() or ""
    secret = is_secret(line.key, text)
    if not text:
        line.skip("the example gives no value")
    elif secret:
        line.skip("an example of a secret is not carried over")
    setting = EnvSetting(
        name=line.key,
        secret=secret,
        description=description,
        example="" if secret else text,
        origin=line.span,
    )
    cursors = (line,) if line.unread() else ()
    return AppVariable(line.key, None, path, line.span, setting, cursors)


def without_served(
    dotenv: tuple[AppVariable, ...],
    served: tuple[AppVariable, ...],
    partial_variables: Mapping[str, str],
    steps: Mapping[str, str],
) -> tuple[AppVariable, ...]:
    """The `.env` variables without those that a service provides: each is the address of another server.

    `partial_variables` are the names that tell a service in parts, with its name: user and password go where the host
    goes; `steps` say what brings data into the services.
    """
    providers = {
        variable.name: variable.source.removeprefix("service ") for variable in served
    }
    providers |= partial_variables
    remaining = []
    for variable in dotenv:
        code = _why_served(variable, variable.name in partial_variables)
        if variable.name not in providers or not code:
            remaining.append(variable)
            continue
        for cursor in variable.cursors:
            cursor.note(
                code,
                subject=ModelPath.of("settings", variable.name),
                name=variable.name,
                file=".env",
                service=providers[variable.name],
                step=steps[providers[variable.name]],
            )
    return tuple(remaining)


def _why_served(variable: AppVariable, is_partial: bool) -> str:
    """The note on a value that a service takes the place of; empty for one that means another server."""
    text = variable.setting.value or "" if variable.setting else ""
    if not text or LOCAL.search(text):
        return "TC344"
    if is_partial:
        return "TC416"
    if _COMPOSE_HOST.match(text):
        return "TC344"
    return "TC578" if _OTHER_HOST.match(text) else ""


def settle_port(port_variable: AppVariable | None, web: Process) -> str:
    """The number that PORT is set to; empty when nothing sets it. Its leaves are settled."""
    if port_variable is None:
        return ""
    setting = port_variable.setting
    text = setting.value or setting.example if setting else port_variable.value
    is_number = re.fullmatch(r"\d{2,5}", text or "") is not None
    for cursor in port_variable.cursors:
        if is_number and web.publishes:
            cursor.take(to=ModelPath.service(web.service, "environment", "PORT"))
        else:
            cursor.skip("the web process gets the port that is published")
    return text or ""


def variables_of_commands(processes: Iterable[Process]) -> tuple[AppVariable, ...]:
    """The variables that commands refer to: passed through, so that what the user sets in `.env` reaches them."""
    named: dict[str, AppVariable] = {}
    for process in processes:
        assigned = set(_ASSIGNED.findall(process.text))
        for name in named_variables(process.text):
            is_set = name in _SET_ANYWAY or name in assigned or name in named
            if is_set or not _NAME.fullmatch(name):
                continue
            setting = EnvSetting(
                name=name,
                description=f"Named by the command of {process.type}",
                secret=is_secret(name),
            )
            named[name] = AppVariable(name, None, "command", process.span, setting)
    return tuple(named.values())


# --- together ----------------------------------------------------------------------------------------------------


def join_layers(
    layers: Iterable[Iterable[AppVariable]],
) -> tuple[tuple[AppVariable, ...], tuple[AppVariable, ...]]:
    """The variable that wins for each name (a later layer's), in order of first appearance, and those that lost."""
    winners: dict[str, AppVariable] = {}
    losers: list[AppVariable] = []
    for variable in chain.from_iterable(layers):
        loser = winners.get(variable.name)
        if loser is not None and _shows_only(variable, loser):
            variable = _as_shown(loser, variable)
        elif loser is not None:
            losers.append(loser)
            variable = _with_setting_of(variable, loser)
        winners[variable.name] = variable
    return tuple(winners.values()), tuple(losers)


def _shows_only(example: AppVariable, demanded: AppVariable) -> bool:
    """Whether an example file names what the app cannot do without."""
    is_demanded = demanded.setting is not None and demanded.setting.required
    return is_demanded and example.source in EXAMPLES


def _as_shown(demanded: AppVariable, example: AppVariable) -> AppVariable:
    """The demanded variable with what the example file says of it."""
    if demanded.setting is None or example.setting is None:
        return demanded
    setting = replace(
        demanded.setting,
        description=example.setting.description or demanded.setting.description,
        example=example.setting.example,
    )
    return demanded._replace(setting=setting, cursors=example.cursors)


def _with_setting_of(winner: AppVariable, loser: AppVariable) -> AppVariable:
    """The winner with the loser's `.env` entry while its value refers to that, and with its description."""
    if loser.setting is None:
        return winner
    setting = winner.setting
    if setting is None:
        refers = loser.name in variable_names(winner.value or "")
        return winner._replace(setting=loser.setting if refers else None)
    if setting.description:
        return winner
    description = loser.setting.description
    return winner._replace(setting=replace(setting, description=description))


def settle_variables(
    winners: Iterable[AppVariable], losers: Iterable[AppVariable], service: str
) -> None:
    """Counts the winners' leaves as mapped to the service's environment, and the losers' as outranked; a note tells
    of an address in whose place stands that of a service of the stack."""
    winners = tuple(winners)
    for variable in winners:
        _settle_winner(variable, service)
    providers = {
        variable.name: variable.source.removeprefix("service ")
        for variable in winners
        if variable.leads_to_service
    }
    for variable in losers:
        _settle_loser(variable, providers.get(variable.name, ""))


def _settle_winner(variable: AppVariable, service: str) -> None:
    """Counts a variable as mapped to the compose file where its value stands in there, else to `.env`."""
    has_value = variable.value is not None and not variables(variable.value)
    stands_in_file = has_value or (variable.setting is None and variable.value is not None)
    for cursor in variable.cursors:
        if cursor.span.file in EXAMPLES and _lacks_value(variable):
            cursor.skip(
                "an example of a value is not carried over; .env shows it as a comment"
            )
        elif stands_in_file:
            cursor.take(to=ModelPath.service(service, "environment", variable.name))
        elif variable.setting is not None:
            cursor.take(to=ModelPath.of("settings", variable.name))


def _settle_loser(variable: AppVariable, provider: str) -> None:
    """Counts a variable as outranked, which is told where a service of the stack provides it instead."""
    text = variable.plain_value or ""
    is_local = LOCAL.search(text) or _COMPOSE_HOST.match(text)
    for cursor in variable.cursors:
        if provider and text and cursor.span.file not in EXAMPLES:
            cursor.note(
                "TC344" if is_local else "TC416",
                subject=ModelPath.of("settings", variable.name),
                name=variable.name,
                file=cursor.span.file,
                service=provider,
            )
        cursor.skip("another source of the same variable outranks this one")


def _lacks_value(variable: AppVariable) -> bool:
    return variable.setting is not None and variable.setting.value is None


def environment_variables(app_variables: Iterable[AppVariable]) -> tuple[EnvVariable, ...]:
    """The app.s variables as environment variables."""
    return tuple(
        EnvVariable(name=variable.name, value=variable.value, origin=variable.origin)
        for variable in app_variables
    )
