"""Which files of a project hold docker commands, and how each is read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from tocompose.knowledge.placeholders import DOCUMENTATION_NAME
from tocompose.limits import limit
from tocompose.patterns import regex
from tocompose.project import Project, normal_path
from tocompose.readers.reading import in_utf8

# How a docker client is written by a variable of the shell or of make: `$DOCKER`, `${DOCKER}`, `$(DOCKER)`.
CLIENT_VARIABLE = r"\$\W?(?:DOCKER|PODMAN)\w*\W?"
_CALL = regex(
    rb"(?:docker|podman|nerdctl|%b)(?:\.exe)?"
    % CLIENT_VARIABLE.encode()
    + rb"(?:[ \t]+-[^\s]+(?:[ \t]+[^\s-]\S*)?)*(?:[ \t\\\r\n]|\xc2\xa0|&nbsp;)+"
    rb"(?:(?:container|service)[ \t]+)?(?:run|create)\b",
    re.IGNORECASE,
)
# A Kubernetes object may speak of docker commands in its texts.
_MANIFEST = regex(rb"""^[ \t{]*["']?apiVersion["']?\s*:""", re.MULTILINE)
# What starts containers in YAML without a command: services of workflows, modules of Ansible, clients that are told
# to start docker, compose files that a command starts.
_STARTER = regex(
    rb"(?:docker|podman)_(?:container|compose|stack|play|swarm_service)\w*[ \t]*:"
    rb"|(?<![\w-])(?:services|docker|containers?)[\"']?[ \t]*:|docker[ -]compose\b|^[ \t]*\[Service\]"
    rb"|[\"'\[,][ \t]*(?:docker|podman|nerdctl)[\"',]|^[ \t]*-[ \t]*(?:docker|podman|nerdctl)[ \t]*$",
    re.MULTILINE,
)
_SCRIPT_NAME = regex(
    r"(?:.*\.(?:sh|bash|zsh|command|bat|cmd|ps1|md|markdown|mk|make|service|rst|adoc|txt)|readme.*|(?:gnu)?makefile.*|dockerrun.*|crontab.*|.*\.cron)",
    re.IGNORECASE,
)


def mentions_docker(text: str) -> bool:
    """Whether a text names a client of containers, so that it is worth a closer look."""
    return re.search(r"docker|podman|nerdctl", text) is not None


_BEFORE_CLIENT = r"[\w-]+[ \t]+|(?:[a-z][\w-]*[ \t]+)?/(?:\w+/)+"
_KIND_BY_NAME = (
    (regex(r"\.(?:sh|bash|zsh|command)$"), "shell"),
    (DOCUMENTATION_NAME, "markdown"),
    (regex(r"\.(?:mk|make)$|^(?:gnu)?makefile"), "makefile"),
    (regex(r"\.service$"), "systemd"),
    (regex(r"\.(?:ya?ml|jsonc?|bu)(?:\.(?:j2|tpl|tftpl|erb))?$|^user-?data$"), "yaml"),
    (regex(r"^crontab|\.cron(?:tab)?$"), "crontab"),
)
_KIND_BY_CONTENT = (
    (regex(r"^#cloud-config\b|^- hosts:[ \t]", re.MULTILINE), "yaml"),
    (regex(r"^\[Service\][ \t]*$", re.MULTILINE), "systemd"),
    (
        regex(
            # Between other commands, a line with times makes no crontab of them.
            r"\A(?:[ \t]*(?:#.*|\w+[ \t]*=.*)?\n)*"
            rf"[ \t]*(?:@[a-z]+|(?:[\d*/,-]+[ \t]+){{5}})[ \t]*(?:{_BEFORE_CLIENT})?(?:docker|podman)[ \t]",
        ),
        "crontab",
    ),
    # A fence that the command itself follows in its line is a mark of a chat.
    (
        regex(
            r"\A(?![^`]*```[ \t]*(?:sudo[ \t]+)?(?:docker|podman)[ \t])"
            r"(?:.*\n)*?[ \t]*(?:```|~~~)(?!.*(?:```|~~~))"
        ),
        "markdown",
    ),
)


def kind_of(path: str, text: str) -> str:
    """How a file is read, a key of the READERS of scripts, by its name and, where that says nothing, by its content."""
    if text.startswith("#!"):
        return "shell"
    name = posixpath.basename(path).lower()
    for kinds, searched in ((_KIND_BY_NAME, name), (_KIND_BY_CONTENT, text)):
        for pattern, kind in kinds:
            if pattern.search(searched):
                return kind
    return "pasted"


def is_command_text(text: str) -> bool:
    """Whether a text holds a call of docker or podman and is no Kubernetes object."""
    data = text.encode("utf-8", "surrogateescape")
    return _has_call(data) and _MANIFEST.search(data) is None


def find_scripts(project: Project) -> tuple[str, ...]:
    """The files that hold a docker or podman run or create; of those that the user named, scripts by their look too.

    Playbooks and cloud-init are taken where a folder has no script.
    """
    scripts = tuple(path for path in project.files() if _holds_call(project, path))
    if project.named or any(kind_of(path, "") not in _TEXT_KINDS for path in scripts):
        return scripts
    playbooks = tuple(path for path in find_starters(project) if _is_playbook(path))
    return playbooks or scripts


# Kinds that are documentation where a file is not named, and what a pasted text has.
_TEXT_KINDS = ("markdown", "pasted")
# Where YAML stands that starts containers without being a compose file or a manifest.
_PLAYBOOK = regex(
    r"(?:^|/)(?:user-?data|cloud-?(?:init|config))[^/]*$|(?:^|/)(?:playbooks?|tasks|handlers|ansible)/[^/]+\.ya?ml$"
    r"|(?:^|/)(?:site|playbook|main)[^/]*\.ya?ml$",
    re.IGNORECASE,
)
_WORKFLOW = regex(
    r"(?:^|/)(?:\.github/workflows/[^/]+|\.circleci/config|\.gitlab-ci|\.drone|\.woodpecker(?:/[^/]+)?"
    r"|bitbucket-pipelines|azure-pipelines)\.ya?ml$"
)


def _is_playbook(path: str) -> bool:
    return _PLAYBOOK.search(path) is not None


def find_starters(project: Project) -> tuple[str, ...]:
    """The playbooks, cloud-init files and workflows of a folder that start containers by their look."""
    file_patterns = (_PLAYBOOK, _WORKFLOW)
    paths = (path for path in project.files() if any(p.search(path) for p in file_patterns))
    return tuple(path for path in paths if _is_named_yaml(project, path))


def _is_named_yaml(project: Project, path: str) -> bool:
    data = project.read(path)
    if data is None or len(data) > limit("SCRIPT_BYTES"):
        return False
    data = in_utf8(data)
    return b"\x00" not in data[:1024] and _is_named_source(path, data)


def _holds_call(project: Project, path: str) -> bool:
    name = posixpath.basename(path)
    is_named, is_script = path in project.named, bool(_SCRIPT_NAME.fullmatch(name))
    if not is_named and not is_script and "." in name.lstrip("."):
        return False
    data = in_utf8(project.read(path) or b"")
    if b"\x00" in data[:1024]:
        return False
    if len(data) > limit("SCRIPT_BYTES"):
        if is_named or is_script:
            project.skipped[path] = len(data)
        return False
    is_script = is_script or data.startswith(b"#!")
    return _is_named_source(path, data) if is_named else is_script and _has_call(data)


def _has_call(data: bytes) -> bool:
    return _CALL.search(data) is not None


def _is_named_source(path: str, data: bytes) -> bool:
    """Whether a file that the user named is a script by its look, or holds a call and is no Kubernetes object."""
    kind = kind_of(path, data[:4096].decode("utf-8", "replace"))
    if kind not in ("pasted", "yaml"):
        return True
    has_call = _has_call(data) or (kind == "yaml" and _STARTER.search(data) is not None)
    return has_call and _MANIFEST.search(data) is None


_STARTED_FILE = regex(
    rb"^[ \t]*(?:(?:source|\.|bash|sh)[ \t]+)?[\"']?(?:\$\W?\w+\W?/|\$\(dirname[^)]*\)/)?"
    rb"((?:\.{0,2}/)?[\w./-]+\.(?:sh|bash|env))\b",
    re.MULTILINE,
)


def started_elsewhere(project: Project, paths: Iterable[str]) -> set[str]:
    """The files that another of the files reads or starts by a constant name."""
    started: set[str] = set()
    for path in list(paths):
        data = in_utf8(project.read(path) or b"")
        if len(data) > limit("SCRIPT_BYTES") or path.endswith((".md", ".rst", ".txt")):
            continue
        for match in _STARTED_FILE.finditer(data):
            started |= _possible_paths(path, match[1].decode("latin-1")) - {path}
    return started


def _possible_paths(path: str, target: str) -> set[str]:
    """Where a relative name may lead, from the folder of the file or from the root."""
    folders = (posixpath.dirname(path), "")
    paths = (normal_path(posixpath.join(folder, target.lstrip("/"))) for folder in folders)
    return {found_path for found_path in paths if found_path is not None}
