"""Files of frameworks that hold the address of a server as text: application.yml, mongoid.yml, appsettings.json."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tocompose.importers.procfile.scan import CodeScan
from tocompose.patterns import regex
from tocompose.readers.json import read_json
from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.source import Leaf, Node, Span
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import Row, table

_LOCAL = regex(
    r"(?:^|[/@,=\[\s\"'])(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/,?;\]\"']|$)",
)
_KEY = regex(r"(?P<indent>\s*)(?P<key>[\w.\[\]-]+)\s*[:=]\s*(?P<value>.*)")
_LISTED = regex(r"\s*-\s+(?P<value>\S.*)")
# The keys that hold the place of a server, and addresses that are no page of the app itself.
_PLACE = regex(
    r"(?:.*[-_.])?(?:host|hosts|hostname|server|servers|addresses|nodes|brokers|contact-points)"
)
_ADDRESS = regex(
    r"(?:jdbc:)?(?!https?:)[a-z][\w+.-]*:(?:\w+:)?//|.*\b(?:Server|Host|Data Source)=",
)
_HOST = regex(r"(?:[\w+.:-]+://)?(?:[^@/\s]*@)?[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?,]\S*)?")
_OF_SEARCH = regex(r".*elastic.*|.*opensearch.*")
_FOLLOWED = ("${", "<%", "#{")
_OTHER_MODES = ("development", "test", "local", "dev")


class ServerSetting(NamedTuple):
    """A key whose value is the place of a server; `variable` is that which outranks it, empty where none does."""

    key: str
    value: str
    span: Span
    variable: str
    instead: str

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine."""
        return _LOCAL.search(self.value) is not None


class _StatedKey(NamedTuple):
    """A key with those above it, its value, and where it stands."""

    names: tuple[str, ...]
    value: str
    span: Span


def read_server_settings(repository: Repository) -> tuple[ServerSetting, ...]:
    """The keys that hold the place of a server, in production."""
    rows = table("settings_files", required={"files", "instead"}, optional={"variables"})
    settings = []
    for path in repository.project.files():
        row = next((row for row in rows.values() if regex(row["files"]).search(path)), None)
        if row is not None:
            settings += list(_read_file(repository, path, row))
    return tuple(settings)


def _read_file(repository: Repository, path: str, row: Row) -> Iterator[ServerSetting]:
    text = repository.read_text(path) or ""
    is_json = path.endswith(".json")
    keys = tuple(_json_keys(text, path) if is_json else _line_keys(text, path))
    replaced = {names[1:] for names, _, _ in keys if names[0] == "production"}
    for names, value, span in keys:
        # Production's own key goes before one of the section that it begins with.
        is_replaced = names[0] == "default" and names[1:] in replaced
        if (
            is_replaced
            or _is_followed(value)
            or names[0] in _OTHER_MODES
            or not _names_server(names, value)
        ):
            continue
        variable = _variable_name(names, str(row.get("variables", "")))
        instead = str(row["instead"]).replace("<variable>", variable)
        yield ServerSetting(".".join(names), value, span, variable, instead)


def _is_followed(value: str) -> bool:
    """Whether a value is taken from elsewhere, as of a variable."""
    return any(sign in value for sign in _FOLLOWED)


def _names_server(names: tuple[str, ...], value: str) -> bool:
    is_local = _LOCAL.search(value) is not None
    key = ".".join(names).lower()
    # https://docs.spring.io/spring-boot/appendix/application-properties/: where the app itself listens.
    if key.startswith("server.") or not (is_local or _HOST.fullmatch(value)):
        return False
    is_address = _ADDRESS.match(value) is not None
    return bool(is_address or _PLACE.fullmatch(key) or _OF_SEARCH.fullmatch(key))


def _variable_name(names: tuple[str, ...], form: str) -> str:
    if form == "upper":
        return "_".join(names).replace(".", "_").replace("-", "").upper()
    return "__".join(names) if form == "nested" else form


def _line_keys(text: str, path: str) -> Iterator[_StatedKey]:
    """The keys of a properties file, or of YAML by its indentation: code of Ruby in it breaks a stricter reader."""
    parents: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        match = _LISTED.fullmatch(line)
        if match is None and (match := _KEY.fullmatch(line)):
            indent = len(match["indent"])
            parents = [parent for parent in parents if parent[0] < indent]
            parents.append((indent, match["key"]))
        value = match["value"].split(" #")[0].strip().strip("\"'") if match else ""
        names = tuple(name for _, key in parents for name in key.split("."))
        if value and names:
            yield _StatedKey(names, value, Span(path, number, 1, number, len(line) + 1))


def _json_keys(text: str, path: str) -> Iterator[_StatedKey]:
    return _leaf_keys(read_json(text.encode(), path).tree, ())


def _leaf_keys(node: Node, names: tuple[str, ...]) -> Iterator[_StatedKey]:
    if isinstance(node, Leaf):
        yield from [_StatedKey(names, node.text, node.span)] if names else []
        return
    for child in node.children:
        yield from _leaf_keys(child.node, (*names, str(child.key)))


def with_settings(code: CodeScan, settings: tuple[ServerSetting, ...]) -> CodeScan:
    """The scan, with the variables that outrank such keys, and the values that stand in for them."""
    outranking = [
        setting for setting in settings if setting.variable not in ("", "DATABASE_URL")
    ]
    variables = {setting.variable: setting.span for setting in outranking}
    defaults = {setting.variable: setting.value for setting in outranking}
    return code._replace(
        variables={**variables, **code.variables}, defaults={**defaults, **code.defaults}
    )


def note_local_settings(
    repository: Repository, settings: tuple[ServerSetting, ...], set_names: Collection[str]
) -> None:
    """Says which keys name this machine, but for those that a variable of the stack outranks."""
    for setting in settings:
        if setting.is_local and setting.variable not in set_names:
            repository.add_note(
                "TC596",
                setting.span,
                subject=ModelPath.of("services"),
                key=setting.key,
                file=setting.span.file,
                instead=setting.instead,
            )
