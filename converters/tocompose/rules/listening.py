"""Where and how a server listens, as far as its variables, its command and its configuration files move that."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from tocompose.knowledge.images import ImageFacts, Listen
from tocompose.knowledge.service_settings import Setting, read_settings
from tocompose.model import Service
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.rules.mounted_files import MountedFiles
from tocompose.rules.programs import command_text
from tocompose.rules.service_images import environment_of
from tocompose.syntax.interpolation import replace_variables
from tocompose.tables import load

_CLOSED = ("0", "-1")
# A line of a configuration file that says one setting: `http.port: 9201`, `server.port = 80`.
_ASSIGNED_LINE = regex(
    r"^[ \t]*([A-Za-z_][\w.]*)[ \t]*[:=][ \t]*[\"']?([^\s\"'#]+)[\"']?[ \t]*(?:#.*)?$",
    re.MULTILINE,
)


class Listening(NamedTuple):
    """What moves a server: the setting of its port, and one after which a path or the protocol is another.

    `unread` is a configuration file that may move it and cannot be read, `elsewhere` a setting that makes it listen at
    another address than 127.0.0.1. `usual_port` is where it listens unless it is moved.
    """

    port: Setting | None = None
    path: Setting | None = None
    tls: Setting | None = None
    elsewhere: Setting | None = None
    unread: Setting | None = None
    usual_port: str = ""
    any_port: bool = False

    @property
    def answering_ports(self) -> list[str]:
        """The ports at which 127.0.0.1 is answered, as far as the setting of the port says."""
        if self.port is None:
            return []
        return self.port.local_ports if self.any_port else self.port.ports

    @property
    def sure_port(self) -> str | None:
        """The port that is surely meant; None where there are several, or the setting closes it."""
        ports = [port for port in self.answering_ports if port not in _CLOSED]
        if self.usual_port in ports:
            return self.usual_port
        return ports[0] if len(ports) == 1 or (ports and self.any_port) else None


def effective_environment(
    service: Service, image: ImageFacts, files: MountedFiles
) -> dict[str, str | None]:
    """The variables that the service has, env files among them, and the settings that configuration files say."""
    values: dict[str, str | None] = {}
    for path, pattern in image.listen.files if image.listen else ():
        for _, text in files.mounted_at(service, path) if not pattern else ():
            values |= dict(_ASSIGNED_LINE.findall(text or ""))
    return values | environment_of(files.with_env_files(service))


def listening_of(service: Service, image: ImageFacts, files: MountedFiles) -> Listening:
    """What moves the server of the image, in that service."""
    environment = effective_environment(service, image, files)
    settings = list(read_settings(environment, command_text(service)))
    usual_port = next(iter(image.ports), "").partition("/")[0]
    if image.listen is None:
        return _by_custom(settings, image)._replace(usual_port=usual_port)
    listening = _by_row(image.listen, settings, service, environment, files)
    if listening.unread is not None and _is_among_data(listening.unread.title, image):
        listening = listening._replace(unread=None)
    return listening._replace(usual_port=usual_port)


def _is_among_data(path: str, image: ImageFacts) -> bool:
    """Whether the file lies in the folder of the data, which is mounted for their sake."""
    return path.rpartition("/")[0] in (data.path for data in image.data)


def _by_row(
    listen: Listen,
    settings: list[Setting],
    service: Service,
    environment: Mapping[str, str | None],
    files: MountedFiles,
) -> Listening:
    """What moves the server, by what the table says of its settings."""
    port, secure = _said_port(listen, settings)
    unread = None
    if port is None:
        port, unread = _port_in_files(listen, service, environment, files)
    paths = (setting for setting in _named(settings, listen.path) if setting.names_path)
    tls = (setting for setting in _named(settings, listen.tls) if not setting.is_off)
    away = port if _is_closed_locally(port) else _last(_binding(settings, listen))
    encrypted = secure or _last(tls)
    return Listening(port, _last(paths), encrypted, away, unread, any_port=True)


def _binding(settings: list[Setting], listen: Listen) -> Iterator[Setting]:
    """The settings that bind the server to another address than all or this container's own."""
    return (one for one in _named(settings, listen.bind) if one.binds_elsewhere)


def _is_closed_locally(port: Setting | None) -> bool:
    return port is not None and bool(port.ports) and not port.local_ports


def _said_port(
    listen: Listen, settings: list[Setting]
) -> tuple[Setting | None, Setting | None]:
    """The setting of the port; a second time where it is the one with TLS, because the plain one is closed."""
    port = _last_of(settings, listen.port) or _advertised(settings, listen)
    if port is None or port.value not in _CLOSED:
        return port, None
    secure = _last_of(settings, listen.secure)
    return secure or port, secure


def secure_listening(service: Service, image: ImageFacts, files: MountedFiles) -> Listening:
    """What moves the port with TLS of a server that has one beside the plain port."""
    names = image.listen.secure if image.listen else ()
    environment = effective_environment(service, image, files)
    settings = list(read_settings(environment, command_text(service)))
    return Listening(_last_of(settings, names), any_port=True)


def _advertised(settings: list[Setting], listen: Listen) -> Setting | None:
    """The ports under which others are told to call; which address they name says nothing."""
    setting = _last_of(settings, listen.advertised)
    return setting and setting._replace(value=",".join(setting.ports))


def _named(settings: Iterable[Setting], names: tuple[str, ...]) -> Iterator[Setting]:
    return (setting for setting in settings if any(setting.matches(name) for name in names))


def _last(settings: Iterable[Setting]) -> Setting | None:
    return next(iter(reversed(list(settings))), None)


def _last_of(settings: list[Setting], names: tuple[str, ...]) -> Setting | None:
    """The last of the settings; of those that a pattern names, which all count, one with every value."""
    last_setting = _last(_named(settings, names))
    patterns = tuple(name for name in names if "*" in name)
    joined = list(_named(settings, patterns))
    if len(joined) < 2 or last_setting not in joined:
        return last_setting
    return Setting(joined[0].title, ",".join(setting.value for setting in joined))


def _port_in_files(
    listen: Listen,
    service: Service,
    environment: Mapping[str, str | None],
    files: MountedFiles,
) -> tuple[Setting | None, Setting | None]:
    """The port that a configuration file says, and a file that may say one and cannot be read."""
    unread = None
    command = (command_text(service) or "").split()
    for path, pattern in listen.files:
        for target, text in files.mounted_at(service, path, command):
            if text is None:
                unread = Setting(target, "")
            if text is None or not pattern:
                continue
            ports = re.findall(pattern, _filled_in(text, environment), re.MULTILINE)
            if ports:
                return Setting(target, ",".join(dict.fromkeys(ports))), None
    return None, unread


def _filled_in(text: str, environment: Mapping[str, str | None]) -> str:
    """The file with the variables that the container sets (`listen ${NGINX_PORT};`)."""
    return replace_variables(
        text, lambda variable: environment.get(variable.name) or variable.source
    )


def _by_custom(settings: list[Setting], image: ImageFacts) -> Listening:
    """What moves the server, guessed from how such settings are called."""
    port = path = tls = None
    own_parts = frozenset(re.split(r"[_.\-/]+", image.id))
    has_listeners = any(
        "listeners" in setting.parts and "advertised" not in setting.parts
        for setting in settings
    )
    for setting in settings:
        if "advertised" in setting.parts and has_listeners:
            continue
        if setting.ports and _says_own_port(setting.parts, own_parts):
            port = setting
        if _moves_path(setting):
            path = setting
        if _moves_protocol(setting, own_parts):
            tls = setting
    return Listening(port, path, tls)


def _says_own_port(parts: tuple[str, ...], own_parts: frozenset[str]) -> bool:
    table = _table()
    if parts == ("p",):
        return True
    if not set(parts) & table["port"]:
        return False
    own_words = table["listen"] | table["port"] | table["own"] | own_parts
    foreign = table["others"] - own_parts
    starts_own = len(parts) > 2 and parts[1] in table["listen"] and parts[0] not in foreign
    said = frozenset(parts[1:] if starts_own else parts)
    return all(part in own_words for part in said)


def _moves_path(setting: Setting) -> bool:
    name_parts = setting.parts
    for row in _table()["path"]:
        asked = row["parts"]
        width = len(asked)
        held = any(
            list(name_parts[at : at + width]) == asked for at in range(len(name_parts))
        )
        if held and _PATH_VALUES[row["of"]](setting):
            return True
    return False


def _has_path(setting: Setting) -> bool:
    return setting.value.startswith("/") and setting.value.strip("/") != ""


def _has_address_path(setting: Setting) -> bool:
    return urlsplit(setting.value).path.strip("/") != ""


def _is_switched_on(setting: Setting) -> bool:
    return not setting.is_off


_PATH_VALUES: dict[str, Callable[[Setting], bool]] = {
    "value": _has_path,
    "address": _has_address_path,
    "switch": _is_switched_on,
}


def _moves_protocol(setting: Setting, own_parts: frozenset[str]) -> bool:
    """Whether the setting switches encryption on, or names a protocol that a plain client does not speak."""
    table, name_parts = _table(), set(setting.parts)
    if name_parts & (table["others"] - own_parts - table["tls"]):
        return False
    if "listeners" in name_parts:
        return re.search(r"SSL|SASL", setting.value) is not None
    if name_parts & table["schemes"]:
        return setting.value.lower() == "https"
    named = any(part.startswith(word) for part in name_parts for word in table["tls"])
    return named and not setting.is_off


@cache
def _table() -> Mapping[str, Any]:
    table = dict(load("port_settings"))
    sets = ("port", "listen", "own", "tls", "schemes", "off")
    return table | {
        "others": frozenset(table["others"].split()),
        **{name: frozenset(table[name]) for name in sets},
    }
