"""`.dockerignore` of a generated Dockerfile: what git ignores never reached the platform, so no image holds it either.

The patterns of the two differ: https://git-scm.com/docs/gitignore, https://docs.docker.com/build/concepts/context/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.repository import Repository, map_at

_SETTINGS = regex(r"(?:^|/)\.env[\w.-]*$")
_EXAMPLE = regex(r"\.(?:example|sample|template|dist)$")
_KEY_NAME = regex(r"(?:\.(?:pem|key|p8|pk8|ppk|crt|cer)|(?:^|/)id_\w+)$")
# https://devcenter.heroku.com/articles/slug-compiler#ignoring-files-with-slugignore
_SLUGIGNORE = ".slugignore"
_PRIVATE_KEY = b"PRIVATE KEY-----"
_WILD = regex(r"[*?\[]")
# One instruction: its sources, and where they go.
_COPIED = regex(r"^COPY (?!--from)(?:--\S+ )*(.+) \S+$", re.MULTILINE)


class IgnorePattern(NamedTuple):
    """One line of .gitignore: its folder (with a slash at its end), and the pattern below that, in Docker's form.

    `anywhere` says that it fits in every folder below its own.
    """

    folder: str
    pattern: str
    anywhere: bool
    is_negated: bool
    only_folders: bool

    @property
    def text(self) -> str:
        """The pattern from the root on, without the sign of a negation."""
        return f"{self.folder}{'**/' if self.anywhere else ''}{self.pattern}"

    @property
    def line(self) -> str:
        """The line of .dockerignore."""
        text = f"\\{self.text}" if self.text.startswith("#") else self.text
        return f"!{text}" if self.is_negated else text

    def fits(self, path: str) -> bool:
        """Whether a path itself fits; a star may stand for a slash here."""
        path_below = path.removeprefix(self.folder)
        if path_below == path and self.folder:
            return False
        name = path_below.rsplit("/", 1)[-1] if self.anywhere else path_below
        return fnmatchcase(name, self.pattern.replace("[^", "[!"))


def git_ignored(repository: Repository) -> tuple[IgnorePattern, ...]:
    """The patterns of every .gitignore of the repository, and of .slugignore."""
    folders = _folders(repository)
    patterns: list[IgnorePattern] = []
    for path in repository.project.files():
        folder, slash, name = path.rpartition("/")
        if name != ".gitignore" and path != _SLUGIGNORE:
            continue
        for line in (repository.read_text(path) or "").splitlines():
            pattern = _read_line(line, folder + slash)
            if pattern is not None:
                patterns.extend(_with_repetition(pattern, patterns, folders))
    return tuple(patterns)


def _folders(repository: Repository) -> frozenset[str]:
    """Every folder that the repository has, by its path."""
    folders: set[str] = set()
    for path in repository.project.files():
        folders.update(_folders_above(path))
    return frozenset(folders)


def _folders_above(path: str) -> Iterator[str]:
    path_parts = path.split("/")
    return ("/".join(path_parts[:index]) for index in range(1, len(path_parts)))


def _read_line(line: str, folder: str) -> IgnorePattern | None:
    """The pattern of a line, None for a comment; one without a slash inside it fits in every folder below."""
    text = line.rstrip() if not line.endswith("\\ ") else line
    if not text or text.startswith("#"):
        return None
    bare = text.removeprefix("!").removeprefix("\\").rstrip("/").replace("[!", "[^")
    anywhere = "/" not in bare or (bare.startswith("**/") and "/" not in bare[3:])
    pattern = bare.removeprefix("**/") if anywhere else bare.lstrip("/")
    return IgnorePattern(
        folder, pattern, anywhere, text.startswith("!"), text.endswith("/")
    )


def _with_repetition(
    pattern: IgnorePattern, earlier: list[IgnorePattern], folders: frozenset[str]
) -> Iterator[IgnorePattern]:
    """The pattern, and behind one that takes a folder back those before it that hold below the folder.

    Docker takes back all that lies in the folder, git the folder alone; and of a folder that it ignores as a whole git
    takes nothing back.
    """
    if not pattern.is_negated:
        yield pattern
        return
    is_vague = pattern.only_folders and "*" in pattern.pattern
    for path in () if pattern.anywhere else _folders_above(pattern.text):
        is_vague |= _WILD.search(path) is not None or is_ignored(path, earlier)
    if is_vague:
        return
    earlier_lines = tuple(earlier)
    yield pattern
    if not _means_folder(pattern, folders):
        earlier_lines = tuple(
            line for line in earlier_lines if _means_folder(line, folders)
        )
    for line in earlier_lines:
        yield from _repeated(pattern, line)


def _means_folder(pattern: IgnorePattern, folders: frozenset[str]) -> bool:
    """Whether a folder is meant: the pattern says so, there is one, or the name has no ending as a file's has."""
    has_ending = "." in pattern.pattern.rsplit("/", 1)[-1]
    is_certain = pattern.only_folders or not (has_ending or pattern.is_negated)
    return is_certain or any(map(pattern.fits, folders))


def _repeated(negation: IgnorePattern, line: IgnorePattern) -> Iterator[IgnorePattern]:
    """What of an earlier line holds below the folder that was taken back."""
    path_below = f"{negation.text}/"
    if not negation.anywhere:
        if line.text.startswith(path_below):
            yield line
        elif line.anywhere and path_below.startswith(line.folder):
            yield line._replace(folder=path_below)
    elif not line.fits(negation.folder + negation.pattern):
        yield line
    elif line.anywhere:
        yield line._replace(folder=path_below)


def is_ignored(path: str, patterns: Iterable[IgnorePattern]) -> bool:
    """Whether the last pattern that fits the path itself ignores it."""
    fitting = [pattern for pattern in patterns if pattern.fits(path)]
    return bool(fitting) and not fitting[-1].is_negated


def excluded_by_project(repository: Repository) -> tuple[str, ...]:
    """What project.toml keeps out of builds: https://buildpacks.io/docs/reference/config/project-descriptor/"""
    data = repository.read_toml("project.toml")
    patterns: list[str] = []
    for table in (map_at(data, "io", "buildpacks"), map_at(data, "build")):
        excluded, included = (
            [text for text in _listed_paths(table.get(key)) if not text.startswith("!")]
            for key in ("exclude", "include")
        )
        patterns += [f"**/{text}" for text in excluded]
        # Where it lists what a build is given, nothing else is.
        patterns += ["*", *(f"!{text}" for text in included)] if included else []
    return tuple(patterns)


def _listed_paths(listed: object) -> list[str]:
    texts = listed if isinstance(listed, list) else []
    return [text.strip().strip("/") for text in texts if isinstance(text, str) and text]


def private_keys(repository: Repository) -> tuple[str, ...]:
    """The files that hold a private key, whether git ignores them or not."""
    return tuple(
        path
        for path in repository.project.files()
        if _KEY_NAME.search(path) and _PRIVATE_KEY in (repository.project.read(path) or b"")
    )


def public_settings(repository: Repository, prefixes: tuple[str, ...]) -> tuple[str, ...]:
    """The .env files in version control that a bundler reads and that set nothing but what it shows to everybody."""
    patterns = git_ignored(repository)
    paths = filter(_SETTINGS.search, repository.project.files())
    return tuple(
        path
        for path in paths
        if not _EXAMPLE.search(path)
        and not is_ignored(path, patterns)
        and _sets_only(repository.read_text(path) or "", prefixes)
    )


def _sets_only(text: str, prefixes: tuple[str, ...]) -> bool:
    names = re.findall(r"^[ \t]*(?:export[ \t]+)?(\w+)[ \t]*=", text, re.MULTILINE)
    return bool(names) and all(name.startswith(prefixes) for name in names)


def needed_again(
    repository: Repository, dockerfile: str, patterns: Iterable[IgnorePattern]
) -> tuple[str, ...]:
    """The files that the Dockerfile copies by name although git ignores them: lock files."""
    sources = (source for text in _COPIED.findall(dockerfile) for source in text.split())
    named = dict.fromkeys(filter(repository.has_file, sources))
    listed = tuple(patterns)
    return tuple(path for path in named if is_ignored(path, listed))
