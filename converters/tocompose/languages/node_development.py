"""What a developer of a Node.js app runs in the place of its web command."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tocompose.languages.language import DockerfileInput
from tocompose.patterns import regex
from tocompose.repository import Repository
from tocompose.tables import load

# As the platform runs them: the first of these that is there.
BUILD_SCRIPTS = ("heroku-postbuild", "build")
_SCRIPTS = ("dev", "start:dev", "develop", "watch")
_DEEPEST = 4
_STARTS_SCRIPT = regex(r"(?:npm|yarn|pnpm)\s+(?:run\s+)?start")
# A file below a folder that a runtime is told to run.
_RUN_FILE = regex(r"\b(?:node|nodemon|bun)\s+(?:-\S+\s+)*(?:\./)?([\w.-]+)/[\w./-]+")
_CALLED_SCRIPT = regex(r"\b(?:npm|yarn|pnpm|bun)\s+(?:run\s+)?([\w:.-]+)")
_SEPARATOR = regex(r"&&|\|\||[&|;]")
_LAUNCHERS = frozenset({"npx", "cross-env", "env", "exec"})
_ASSIGNMENT = regex(r"\w+=")
_SERVES = regex(r"(?:^|[\s-])serve\w*\b")
_BUILDS = regex(
    r"\b(?:build|compile|tsc|webpack|esbuild|babel|swc|rollup|rspack|tsup|ncc|parcel|vite)\b"
)


def development_command(
    source: DockerfileInput, scripts: Mapping[str, str], version: str
) -> tuple[str, ...]:
    """The dev script, or node with --watch and the inspector; nothing where each runs what only a build makes."""
    for name in _SCRIPTS:
        is_server = name != "watch" or _starts_server(scripts.get(name, ""))
        if name in scripts and is_server and not _only_watches(scripts, name, _DEEPEST):
            is_startable = not _runs_build(source.repository, scripts, name)
            return ("npm", "run", name) if is_startable else ()
    return _watched_node(source, scripts, version)


def _watched_node(
    source: DockerfileInput, scripts: Mapping[str, str], version: str
) -> tuple[str, ...]:
    """The web command of node with --watch and the inspector; nothing for another one."""
    runs_script = _STARTS_SCRIPT.fullmatch(source.web_command)
    command = scripts.get("start", "") if runs_script else source.web_command
    match = re.fullmatch(r"node\s+([\w./][^;&|<>`(]*)", command.strip())
    if match is None or _needs_build(source.repository, scripts, command):
        return ()
    # https://nodejs.org/api/cli.html#--watch: from version 18.11 on.
    can_watch = not re.match(r"(?:\d|1[0-7])(?:\.|$)", version)
    watched = f"node {'--watch ' if can_watch else ''}--inspect=0.0.0.0:9229 {match[1]}"
    if re.search(r"[$*?~'\"\\]", watched):
        return ("sh", "-c", f"exec {watched}")
    return tuple(watched.split())


def _starts_server(script: str) -> bool:
    """Whether a script called watch does: it often rebuilds files and starts no server."""
    return re.search(r"\b(?:node|nodemon|tsx|ts-node|nest|next)\b", script) is not None


def _only_watches(scripts: Mapping[str, str], name: str, depth: int) -> bool:
    """Whether a script runs nothing but programs that make files anew, none of which serves them."""
    parts = [words for part in _SEPARATOR.split(scripts[name]) if (words := part.split())]
    return bool(parts) and all(_is_watcher(scripts, words, depth) for words in parts)


def _is_watcher(scripts: Mapping[str, str], words: list[str], depth: int) -> bool:
    """Whether a command is one of a program that makes files, or of a script that only watches."""
    while words and (words[0] in _LAUNCHERS or _ASSIGNMENT.match(words[0])):
        words = words[1:]
    if call := _CALLED_SCRIPT.match(" ".join(words)):
        is_known = call[1] in scripts and depth > 0
        return is_known and _only_watches(scripts, call[1], depth - 1)
    program, arguments = (words or [""])[0], " ".join(words[1:])
    if program == "vite":
        return arguments.startswith("build")
    builders: list[str] = load("development")["builders"]
    is_server = program.endswith("-server") or _SERVES.search(arguments)
    return program in builders and program != "parcel" and not is_server


def _runs_build(repository: Repository, scripts: Mapping[str, str], name: str) -> bool:
    """Whether a script runs a file that a build has to make, and neither it nor what npm runs before it builds."""
    texts = [scripts[name], scripts.get(f"pre{name}", "")]
    texts += _called_texts(scripts, scripts[name], _DEEPEST)
    is_built = any(_BUILDS.search(_RUN_FILE.sub("", text)) for text in texts)
    return not is_built and _needs_build(repository, scripts, " ".join(texts))


def _called_texts(scripts: Mapping[str, str], text: str, depth: int) -> Iterator[str]:
    """The scripts that a script calls, and those that they call."""
    for name in _CALLED_SCRIPT.findall(text) if depth else ():
        if name in scripts:
            yield scripts[name]
            yield from _called_texts(scripts, scripts[name], depth - 1)


def _needs_build(repository: Repository, scripts: Mapping[str, str], text: str) -> bool:
    """Whether a command runs a file in a folder that the repository does not have, where something builds it."""
    if not any(name in scripts for name in BUILD_SCRIPTS):
        return False
    folders = (folder for folder in _RUN_FILE.findall(text) if folder.strip("."))
    return any(not repository.project.exists(folder) for folder in folders)
