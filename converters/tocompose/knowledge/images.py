"""What is known about an image: its role, ports, data, health command and secrets, from `mappings/images.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from tocompose.knowledge.brought_images import brought_images
from tocompose.knowledge.image_conditions import (
    conditions_hold,
    holds_for_tag,
    matches_glob,
    rows_for_tag,
    tag_version,
    tools_of_row,
)
from tocompose.knowledge.kernel_settings import KernelNeed, kernel_need
from tocompose.model import Role
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import substitute
from tocompose.tables import Document, documents

# One component of a repository's path, as https://pkg.go.dev/github.com/distribution/reference has it.
_COMPONENT = regex(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*")
_TAG = regex(r"\w[\w.-]{0,127}", re.ASCII)
_HOST = regex(r"(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?")
_DOCKER_HUB = frozenset(
    {"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"}
)
# The tag of images that are built on this machine and never pulled.
LOCAL_TAG = "local"


class ImageRef(NamedTuple):
    """An image reference in its parts; `registry` and `tag` are empty where they are not written."""

    registry: str
    repository: str
    tag: str
    digest: str

    @property
    def name(self) -> str:
        """The repository with its registry, Docker Hub's own left out: what the table's `match` is compared with."""
        if self.registry and self.registry not in _DOCKER_HUB:
            return f"{self.registry}/{self.repository}"
        return self.repository.removeprefix("library/")

    @property
    def version(self) -> tuple[int, int, int]:
        """The version that the tag starts with; the newest for a tag without one."""
        return tag_version(self.tag)


class Data(NamedTuple):
    """A directory of data; `when` are the conditions left to check, `moved_by` the settings that move it.

    Where the directory cannot hold a volume, `home` is one that can, and `settings` are the variables that move the
    data there; a mount at `config` is a user's configuration, which they would contradict. `declared` is a VOLUME.
    `versions` are the conditions on the tag, which hold.
    """

    path: str
    when: tuple[str, ...] = ()
    moved_by: tuple[str, ...] = ()
    home: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    config: str = ""
    declared: bool = False
    versions: str = ""


class Check(NamedTuple):
    """A health command in Compose's form, the port maybe left open as `PORT`.

    `moved` is the command for a server on another port; one that `follows` reads itself where the server listens, one
    that is `secure` asks the port with TLS.
    """

    test: tuple[str, ...]
    when: tuple[str, ...] = ()
    start_period: str | None = None
    moved: tuple[str, ...] = ()
    follows: bool = False
    secure: bool = False


class Listen(NamedTuple):
    """The settings (variables, options, properties) that say on which port, below which path and with TLS it answers.

    `secure` say the port with TLS, which is left where the plain one is closed, `bind` the address alone, `advertised`
    what others are told, from which the port is taken where nothing else says it. `files` are configuration files that
    may say the port, each with the pattern that finds it, or none where every line is a setting; `*` stands for a file
    that the command names.
    """

    port: tuple[str, ...]
    secure: tuple[str, ...]
    bind: tuple[str, ...]
    path: tuple[str, ...]
    tls: tuple[str, ...]
    advertised: tuple[str, ...]
    files: tuple[tuple[str, str], ...]


class ImageFacts(NamedTuple):
    """One image of the table, with everything that depends on the tag decided; see the table's head for each column.

    `listen` and `server` are None where they are not known. `tools` is None where unknown; `caps` is None where
    dropping capabilities is not known to work.
    """

    id: str
    category: str
    kind: str
    ports: tuple[str, ...]
    data: tuple[Data, ...]
    checks: tuple[Check, ...]
    listen: Listen | None
    entrypoint: tuple[str, ...]
    server: tuple[str, ...] | None
    has_healthcheck: bool
    own_check: str
    interval: str | None
    timeout: str | None
    secrets: tuple[str, ...]
    file_names: tuple[str, ...]
    file_form: str
    user: str | None
    grace: str | None
    memory: str | None
    memory_from: str
    ends: str
    kernel: KernelNeed | None
    tools: tuple[str, ...] | None
    init: str | None
    caps: tuple[str, ...] | None
    tmpfs: tuple[str, ...]
    fixed_hostname: bool
    client_auth: str | None
    host: str
    lan: bool
    scrapes: bool
    ships: bool
    socket: bool
    setuid: bool
    tool: bool
    confidence: str

    @property
    def sure(self) -> bool:
        """Whether a practice may add something on the word of this row."""
        return self.confidence != "low"

    @property
    def is_family(self) -> bool:
        """Whether the row speaks of many images, so that only a service itself says where its own one listens."""
        return self.sure and not (self.checks or self.ports)

    def file_variable(self, name: str) -> str | None:
        """The variable that makes the image read `name` from a file; None where it has none."""
        has_variable = self.sure and any(
            matches_glob(pattern, name) for pattern in self.file_names
        )
        return self.file_form.format(name) if has_variable else None

    def is_secret(self, name: str) -> bool:
        """Whether the variable is one of those whose value the image treats as a secret."""
        return any(matches_glob(pattern, name) for pattern in self.secrets)

    def usable_checks(
        self, environment: Mapping[str, str | None], command: str | None
    ) -> Iterator[Check]:
        """The health commands whose conditions hold in that environment and for that command."""
        return (
            check
            for check in self.checks
            if conditions_hold(check.when, environment, command)
        )

    def kept_data(
        self,
        environment: Mapping[str, str | None],
        command: str | None,
        settings: Mapping[str, str],
    ) -> Iterator[Data]:
        """The directories in which the image keeps its data in that environment, with these settings."""
        for data in self.data:
            if conditions_hold(data.when, environment, command):
                moved_to = _moved_to(data.moved_by, settings)
                yield from _moved_data(data, moved_to) if moved_to else (data,)

    def check_numbers(self, role: Role) -> dict[str, str]:
        """How often and how patiently the health of a container in that role is checked."""
        numbers = dict(_DATA_NUMBERS if role in DATA_ROLES else _APP_NUMBERS)
        special = {"interval": self.interval, "timeout": self.timeout}
        return numbers | {key: value for key, value in special.items() if value}


def _moved_to(names: tuple[str, ...], settings: Mapping[str, str]) -> str | None:
    """Where a setting moves the data; behind a slash a name says what stands below the folder that it is given."""
    for name in reversed(names):
        setting, slash, subfolder = name.partition("/")
        if settings.get(setting):
            folder = settings[setting]
            return f"{folder.rstrip('/')}/{subfolder}" if slash else folder
    return None


def _moved_data(data: Data, moved_to: str) -> Iterator[Data]:
    """The directories that a variable names; none where it does not say them plainly."""
    for path in moved_to.split(","):
        if path.startswith("/"):
            yield Data(path.rstrip("/") or "/", data.when, data.moved_by)


DATA_ROLES = frozenset({Role.DATA, Role.CACHE, Role.QUEUE})
# Others wait for a server of data: it is asked more often.
_DATA_NUMBERS = {"interval": "10s", "timeout": "5s", "retries": "5"}
_APP_NUMBERS = {"interval": "30s", "timeout": "5s", "retries": "3"}
_ROLES_BY_KIND = {
    "cache": Role.CACHE,
    "queue": Role.QUEUE,
    "proxy": Role.PROXY,
    "tool": Role.TOOL,
    "mail": Role.TOOL,
    "job": Role.JOB,
}
_ROLES_BY_CLASS = {"data": Role.DATA, "infra": Role.INFRA, "app": Role.APP}


def role_of(facts: ImageFacts) -> Role:
    """The role that an image of the table plays."""
    if facts.tool:
        return Role.TOOL
    return _ROLES_BY_KIND.get(facts.kind, _ROLES_BY_CLASS[facts.category])


def image_ref(text: str) -> ImageRef | None:
    """The parts of an image reference, variables replaced by their defaults; None for what is not a reference."""
    name, _, digest = (_default_reference(text) if "$" in text else text).partition("@")
    path, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        path, tag = name, ""
    host, slash, repository = path.partition("/")
    # As the engine decides it: a first part with a dot or a port, or `localhost`, is a registry.
    registry = host if slash and (set(".:") & set(host) or host == "localhost") else ""
    path = repository if registry else path
    reference = ImageRef(registry, path, tag, digest)
    return reference if _is_well_formed(reference) else None


def _is_well_formed(reference: ImageRef) -> bool:
    """As the grammar of references has it (https://pkg.go.dev/github.com/distribution/reference)."""
    return (
        all(map(_COMPONENT.fullmatch, reference.repository.split("/")))
        and (not reference.tag or _TAG.fullmatch(reference.tag) is not None)
        and (not reference.registry or _HOST.fullmatch(reference.registry) is not None)
        and (not reference.digest or _is_digest(reference.digest))
    )


def _is_digest(text: str) -> bool:
    algorithm, _, digits = text.partition(":")
    return (
        algorithm.replace("+", "").isalnum()
        and len(digits) >= 32
        and set(digits) <= set("0123456789abcdefABCDEF")
    )


def _default_reference(text: str) -> str:
    """The reference where no variable is set: a default is a value, and `${V}-alpine` is some `alpine`."""
    return substitute(text, {}).replace(":-", ":").rstrip(":")


@cache
def image_facts(reference: str) -> ImageFacts | None:
    """What the table knows about the image; None for an unknown one. Mirrors of Docker Hub count as the original."""
    ref = image_ref(reference)
    if ref is None:
        return None
    for name in _table_names(ref):
        for row in _rows_of(name):
            if holds_for_tag(str(row.get("only", "")), ref.tag):
                return _facts_of_row(row, ref)
    return None


def similar_facts(reference: str) -> ImageFacts | None:
    """The facts of the well-known image that this one is named after (`corp/postgres`): good for its role only."""
    ref = image_ref(reference)
    return image_facts(ref.repository.rpartition("/")[2]) if ref else None


def _table_names(ref: ImageRef) -> Iterator[str]:
    """The names under which the image may stand in the table: its own, then those it mirrors."""
    yield ref.name
    components = ref.repository.split("/")
    if "library" in components[:-1]:
        yield components[-1]
    elif ref.registry and ref.registry not in _DOCKER_HUB and len(components) > 1:
        yield "/".join(components[-2:])


@cache
def _rows_by_name() -> tuple[dict[str, list[Document]], list[tuple[str, Document]]]:
    """The documents of the table by repository; those with a wildcard apart."""
    exact: dict[str, list[Document]] = {}
    wild: list[tuple[str, Document]] = []
    for document in (*documents("images", "match"), *brought_images()[0]):
        for name in document.keys:
            if "*" in name:
                wild.append((name, document))
            else:
                exact.setdefault(name, []).append(document)
    return exact, wild


def _rows_of(name: str) -> Iterator[Mapping[str, Any]]:
    exact, wild = _rows_by_name()
    for document in exact.get(name) or [
        document for pattern, document in wild if matches_glob(pattern, name)
    ]:
        yield document.row()


def _facts_of_row(row: Mapping[str, Any], ref: ImageRef) -> ImageFacts:
    files = row.get("files") or {}
    caps = row.get("caps")
    decided: dict[str, Any] = {
        "category": row["class"],
        "ports": tuple(row.get("ports", ())),
        "data": tuple(
            _data_of_row(row_part, when)
            for row_part, when in rows_for_tag(row, "data", ref.tag)
        ),
        "checks": tuple(
            _check_of_row(row_part, when)
            for row_part, when in rows_for_tag(row, "checks", ref.tag)
        ),
        "listen": _listen_of_row(row["listen"]) if "listen" in row else None,
        "entrypoint": tuple(row.get("entrypoint", ())),
        "server": tuple(row["server"]) if "server" in row else None,
        "secrets": tuple(row.get("secrets", ())),
        "file_names": tuple(files.get("names", ())),
        "file_form": files.get("form", "{}_FILE"),
        "kernel": kernel_need(row, ref.tag),
        "tools": tools_of_row(row, ref.tag),
        "caps": tuple(caps) if caps is not None else None,
        "tmpfs": tuple(row.get("tmpfs", ())),
    }
    as_written = {name: row.get(name, default) for name, default in _PLAIN.items()}
    return ImageFacts(**as_written, **decided)


def _data_of_row(row_part: Mapping[str, Any], when: tuple[str, ...]) -> Data:
    settings = tuple((row_part.get("set") or {}).items())
    home, config, names = (row_part.get(key, "") for key in ("home", "config", "moved_by"))
    declared, moved_by = bool(row_part.get("declared")), tuple(names.split())
    path, versions = row_part["path"], str(row_part.get("when", ""))
    return Data(path, when, moved_by, home, settings, config, declared, versions)


def _check_of_row(row_part: Mapping[str, Any], when: tuple[str, ...]) -> Check:
    return Check(
        tuple(row_part["test"]),
        when,
        row_part.get("start_period"),
        tuple(row_part.get("moved", ())),
        bool(row_part.get("follows")),
        bool(row_part.get("secure")),
    )


_LISTEN_NAMES = ("port", "secure", "bind", "path", "tls", "advertised")


def _listen_of_row(column: Mapping[str, Any]) -> Listen:
    """The settings of a row, names separated by blanks."""
    names = {key: tuple(str(column.get(key, "")).split()) for key in _LISTEN_NAMES}
    return Listen(**names, files=tuple((column.get("files") or {}).items()))


# Columns that are taken as they stand, with what a row without them means.
_PLAIN: dict[str, Any] = {
    **dict.fromkeys("id kind confidence interval timeout user grace".split()),
    **dict.fromkeys("memory init client_auth".split()),
    **dict.fromkeys("has_healthcheck fixed_hostname lan scrapes".split(), False),
    **dict.fromkeys("ships socket setuid tool".split(), False),
    **dict.fromkeys("host own_check ends memory_from".split(), ""),
}
