"""Runs a renderer: without a shell, the user's environment or the network, under limits."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tocompose.knowledge.secrets.names import hints_at_secret
from tocompose.notes import Note
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.rendering.confined import Confined, run_confined
from tocompose.source import Span

TIMEOUT = 60.0
# The time and the process that klog puts in front of a line, others at each run: `E1128 20:38:06.337319 17 run.go:72]`.
_LOG_HEAD = regex(r"^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ \S+:\d+\] ")
_LINES = 12


class BuiltFrom(NamedTuple):
    """The files whose objects were built, patches before what they change, and what names were given in front and
    behind."""

    files: tuple[str, ...]
    prefixes: tuple[str, ...]
    suffixes: tuple[str, ...]

    def names_behind(self, built_name: str) -> frozenset[str]:
        """The names that an object may have in its file which is called so once it is built."""
        names: set[str] = set()
        pending = [built_name]
        while pending:
            name = pending.pop()
            if name not in names:
                names.add(name)
                pending += [name.removeprefix(prefix) for prefix in self.prefixes]
                pending += [name.removesuffix(suffix) for suffix in self.suffixes]
        return frozenset(names)


class RenderedStream(NamedTuple):
    """A stream of documents that a renderer printed; `label` takes the place of the file's name in positions, unless
    what it is `built_from` has them."""

    label: str
    text: bytes
    built_from: BuiltFrom | None = None


class Rendering(NamedTuple):
    """What rendering gave: streams to read, files of the project that they stand for, and what to tell."""

    streams: tuple[RenderedStream, ...]
    replaced: frozenset[str]
    notes: tuple[Note, ...]


class RenderOutcome(NamedTuple):
    """What a renderer printed, or the problem in words when it failed."""

    text: bytes | None
    problem: str = ""


class RenderCommand(NamedTuple):
    """A renderer to run in `folder`; `shown` is the command as a person would type it, without values of settings.

    What it complains about is shown without the `hidden` values and without the secrets of the folders that it `reads`.
    """

    argv: tuple[str, ...]
    folder: Path
    label: str
    shown: str
    hidden: tuple[str, ...] = ()
    reads: tuple[Path, ...] = ()
    # Makes the folder to run in below a new one, from what was checked; without it the source's own is taken.
    stage: Callable[[Path], Path] | None = None

    def run(self) -> RenderOutcome:
        """The output, or what went wrong with every secret value of the source blanked out."""
        with TemporaryDirectory(prefix="tocompose-") as place:
            home, source = Path(place, "home"), Path(place, "source")
            home.mkdir()
            try:
                folder = self.stage(source) if self.stage else self.folder
                environment = _closed_environment(str(home))
                outcome = run_confined(self.argv, folder, environment, TIMEOUT)
            except OSError as error:
                return RenderOutcome(None, f"it could not be started ({error.strerror})")
            return self._outcome(outcome, (str(folder), str(home)))

    def _outcome(self, outcome: Confined, folders: tuple[str, ...]) -> RenderOutcome:
        if outcome.problem:
            return RenderOutcome(None, outcome.problem)
        if outcome.status == 0:
            return RenderOutcome(outcome.output)
        secrets = (value for folder in self.reads for value in secret_values(folder))
        errors = outcome.errors.decode(errors="replace")
        for folder in folders:
            errors = errors.replace(f"{folder}/", "").replace(folder, ".")
        complaint = blank_values(errors, (*self.hidden, *secrets))
        return RenderOutcome(None, complaint or f"it ended with status {outcome.status}")


def find_program(name: str, root: Path) -> str | None:
    """Where the program is on PATH; one that lies inside the source tree is not run."""
    path = shutil.which(name)
    if path is None or Path(path).resolve().is_relative_to(root):
        return None
    return str(Path(path).absolute())


def file_start(path: str) -> Span:
    """The start of a file."""
    return Span(path, 1, 1, 1, 1)


def _closed_environment(home: str) -> dict[str, str]:
    """PATH and an empty home: no kubeconfig, no plugins, no git configuration.

    What a renderer might still want to download meets a closed port and a git without protocols.
    """
    inherited = {
        name: os.environ[name]
        for name in ("PATH", "SYSTEMROOT", "TEMP")
        if name in os.environ
    }
    homes = dict.fromkeys(
        (
            "HOME",
            "USERPROFILE",
            "XDG_CONFIG_HOME",
            "XDG_CACHE_HOME",
            "XDG_DATA_HOME",
            "TMPDIR",
        ),
        home,
    )
    closed = dict.fromkeys(
        ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9"
    )
    return (
        inherited
        | homes
        | closed
        | {"GIT_ALLOW_PROTOCOL": "none", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
    )


def blank_values(text: str, hidden: Iterable[str]) -> str:
    """The last lines of an error message, each of the hidden values replaced by `***`, on one line."""
    for value in sorted(
        {value for value in hidden if len(value) > 2}, key=len, reverse=True
    ):
        text = text.replace(value, "***")
    lines = [
        _LOG_HEAD.sub("", line.strip())
        for line in text.splitlines()
        if line.strip() and not line.startswith("# Warning:")
    ]
    return "; ".join(lines[-_LINES:])


def secret_values(folder: Path) -> Iterator[str]:
    """Every value below the folder that must not be shown: data of Secrets, generator literals, lines of env files,
    what stands under a key that names a secret."""
    for file in sorted(folder.rglob("*")) if folder.is_dir() else (folder,):
        if not file.is_file() or file.stat().st_size > 1_000_000:
            continue
        if file.suffix in (".yaml", ".yml", ".json", ".tpl"):
            yield from _in_yaml(file.read_bytes())
        elif ".env" in file.name or file.suffix in (".txt", ".properties"):
            for line in file.read_text(errors="replace").splitlines():
                name, equals, value = line.partition("=")
                yield value.strip().strip("\"'") if equals else name.strip()


def _in_yaml(text: bytes) -> Iterator[str]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for document in yaml.load_all(text, Loader=loader):
            yield from _secret_scalars(document, False)
            if isinstance(document, dict) and document.get("kind") == "Secret":
                yield from _secret_scalars(
                    [document.get("data"), document.get("stringData")], True
                )
    except (yaml.YAMLError, ValueError, RecursionError):
        # A file that does not parse is what the renderer complains about: blank every value in it.
        yield from re.findall(
            r"(?m)[:=]\s*[\"']?([^\s\"'{}][^\"'\n]*)", text.decode(errors="replace")
        )


def _secret_scalars(value: Any, hidden: bool) -> Iterator[str]:
    """The scalars at or below keys that name secrets; all of them when `hidden`."""
    if isinstance(value, dict):
        for key, child in value.items():
            if key == "secretGenerator" and isinstance(child, list):
                yield from _generator_literals(child)
            else:
                yield from _secret_scalars(child, hidden or hints_at_secret(str(key)))
    elif isinstance(value, list):
        for child in value:
            yield from _secret_scalars(child, hidden)
    elif hidden and value is not None:
        yield from (str(value), str(value).partition("=")[2])
    elif isinstance(value, str) and "\n" in value:
        # A patch, or the configuration of a plug-in, written inline.
        yield from _in_yaml(value.encode("utf-8", "replace"))


def _generator_literals(generators: list[Any]) -> Iterator[str]:
    """The literals alone: a generator's name and the names of its files are what the reader of a message must know."""
    for generator in generators:
        if isinstance(generator, dict):
            yield from _secret_scalars(generator.get("literals"), True)
