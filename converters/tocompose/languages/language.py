"""What a programming language is to a conversion: how its files are read, and what its image needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath

# Where the app lies in a generated image, as on the platform.
APP_FOLDER = "/app"
_NOTHING: Mapping[str, str] = MappingProxyType({})
_SERVER_ADDRESSES = {
    "REDIS": "redis://localhost:6379/0",
    "MONGO": "mongodb://localhost/build",
    "AMQP": "amqp://localhost",
}


class Library(NamedTuple):
    """A library, lower case; an extra is a name of its own (`celery[redis]`); `file` is where it is declared."""

    language: str
    name: str
    file: str


class FrameworkKey(NamedTuple):
    """A variable that the framework itself reads, with the framework's title and the file that declares it."""

    name: str
    framework: str
    file: str


class DockerfileInput(NamedTuple):
    """What a language is told; `commands` begin with the web process's, whose words are `web_arguments`.

    `packages` are system packages that the source asks for; `required` the variables that the app cannot do without (a
    build step that loads the app gives them dummy values); `node_first` says that a Node.js buildpack comes first too;
    `inlined` are the variables that the build of a front end writes into its pages, `unset` those of them without a
    value. `spoken` are the languages whose programs the commands name. `data_files` are the paths of databases, with
    the folder that a volume is mounted at, and whether the file has to be moved there. `service` runs the first.
    """

    repository: Repository
    commands: tuple[str, ...]
    web_arguments: tuple[str, ...]
    libraries: tuple[Library, ...]
    packages: tuple[str, ...]
    port: str
    required: tuple[str, ...]
    settings: Mapping[str, str]
    node_first: bool
    inlined: tuple[str, ...] = ()
    unset: frozenset[str] = frozenset()
    spoken: frozenset[str] = frozenset()
    data_files: tuple[tuple[str, str, bool], ...] = ()
    service: str = "SERVICE"

    @property
    def web_command(self) -> str:
        """The command of the web process; empty when it has none."""
        return self.commands[0] if self.commands else ""

    def uses(self, *names: str) -> bool:
        """Whether the app declares one of the libraries, of whatever language."""
        return any(library.name in names for library in self.libraries)


class DockerfileFacts(NamedTuple):
    """What a language's template is filled with; `template` is what no other template asks for.

    `image` is the base of what runs; empty where its Debian release is of no matter; `version_reason` says what of the
    source states its version. `packages` come on top of those of
    the libraries. `build_steps` make other files of the source. `source` is mounted at `workdir` for development; empty
    is the whole repository. `files` stand beside the Dockerfile.
    """

    image: str
    default_command: tuple[str, ...]
    template: Mapping[str, object]
    development_command: tuple[str, ...] = ()
    build_packages: tuple[str, ...] = ()
    run_packages: tuple[str, ...] = ()
    build_steps: tuple[str, ...] = ()
    version_reason: str = ""
    workdir: str = APP_FOLDER
    source: str = ""
    files: Mapping[str, str] = _NOTHING


class LoadedRead(NamedTuple):
    """A variable that a module reads outright while it is imported, and where."""

    name: str
    span: Span


class Language(NamedTuple):
    """One language.

    `read_libraries` gives (name, file) pairs without those for development and test; `default_command` is what the
    buildpack starts where no web process is named, empty for nothing; `environment` are variables that its buildpack
    sets for this app beyond those of the row; `generated_key` is a variable for which the buildpack makes a value once,
    with what it is; `derive_variables` gives what the buildpack makes of the address of a database, by kind and URL;
    `required_variables` are those that the app's settings read without a default, `loaded_reads` those that the modules
    named by commands read while they are imported, `framework_keys` the keys
    without which its framework answers nothing, `site_variables` those without which its server does not start;
    `declared_libraries` is the text of all files that declare libraries, empty where others may do so too.
    """

    read_libraries: Callable[[Repository], Iterable[tuple[str, str]]]
    dockerfile_facts: Callable[[DockerfileInput], DockerfileFacts]
    default_command: Callable[[Repository], str] = lambda repository: ""
    environment: Callable[[Repository], Mapping[str, str]] = lambda repository: _NOTHING
    generated_key: Callable[[Repository], tuple[str, str] | None] = lambda repository: None
    derive_variables: Callable[[str, str], Mapping[str, str]] = lambda kind, url: _NOTHING
    required_variables: Callable[[Repository], Iterable[str]] = lambda repository: ()
    loaded_reads: Callable[[Repository, Iterable[str]], Iterable[LoadedRead]] = (
        lambda repository, commands: ()
    )
    framework_keys: Callable[[Repository], Iterable[FrameworkKey]] = lambda repository: ()
    site_variables: Callable[[Repository], Iterable[str]] = lambda repository: ()
    declared_libraries: Callable[[Repository], str] = lambda repository: ""
    conditional_line: Callable[[str, int], bool] = lambda text, line: False


def note_missing_lock(repository: Repository, problem: str, command: str) -> None:
    """Says that the versions of libraries are not pinned, and what pins them."""
    repository.add_note(
        "TC357",
        subject=ModelPath.of("files", "Dockerfile"),
        what=problem,
        command=command,
    )


def note_no_libraries(repository: Repository, language: str, file: str) -> None:
    """Says that the image holds the language alone, as no file declares what the app is made of."""
    repository.add_note(
        "TC577",
        subject=ModelPath.of("files", "Dockerfile"),
        language=language,
        file=file,
    )


def stand_in_address(name: str) -> str:
    """An address that does for a build step, by the name of the variable; empty for one that holds no address."""
    if not re.search(r"_UR[LI]$|^BROKER_URL$", name):
        return ""
    for server, address in _SERVER_ADDRESSES.items():
        if server in name:
            return address
    return "http://localhost"
