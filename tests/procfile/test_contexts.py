"""What reaches an image: nothing that git ignores, no values, no keys, nothing that tocompose writes itself.

git itself says what it ignores; what .dockerignore keeps out is told by a model of Docker's matcher, written from its
document: https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles import needs_git
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

NODE = {"Procfile": "web: node a.js\n", "package.json": "{}", "package-lock.json": "{}"}


def converted(files: dict[str, str], up: str = "", back: str = "") -> Result:
    content = {path: text.encode() for path, text in files.items()}
    options = Options(source="procfile", layout=Layout(split=True), up=up, back=back)
    return convert(Memory(content, "app"), options)


def written(result: Result, path: str) -> str:
    return next(file.content.decode() for file in result.files if file.path == path)


def pattern_of(text: str) -> re.Pattern[str]:
    """A pattern of .dockerignore as a regular expression over a whole path."""
    parts = re.split(r"(\*\*/|/\*\*$|\*\*|\*|\?|\[[^\]]*\])", text.strip("/"))
    known = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    made = [
        part if part.startswith("[") else known.get(part, re.escape(part.replace("\\", "")))
        for part in parts
    ]
    return re.compile("".join(made))


def is_kept_out(path: str, dockerignore: str) -> bool:
    """Whether the last pattern that fits the path, or a folder above it, keeps it out."""
    kept_out = False
    folders = path.split("/")
    above = ["/".join(folders[: index + 1]) for index in range(len(folders))]
    for line in dockerignore.splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = pattern_of(line.removeprefix("!"))
        if any(pattern.fullmatch(folder) for folder in above):
            kept_out = not line.startswith("!")
    return kept_out


def ignored_by_git(folder: Path, paths: list[str]) -> set[str]:
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    done = subprocess.run(
        ["git", "check-ignore", "--no-index", *paths],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return set(done.stdout.split("\n")) - {""}


NAMES = ("a", "b", "log", "x.js", "keep", "conf.d")
PATHS = [
    "/".join(parts)
    for parts in (
        ("c",),
        ("x.js",),
        ("b", "a"),
        ("b", "x.js"),
        ("log", "keep"),
        ("log", "b", "x.js"),
        ("conf.d", "a", "b"),
        ("conf.d", "x.js"),
        ("b", "log", "keep"),
    )
]
LINES = st.builds(
    lambda sign, root, name, below, end: f"{sign}{root}{name}{below}{end}",
    st.sampled_from(["", "", "", "!"]),
    st.sampled_from(["", "/", "**/"]),
    st.sampled_from([*NAMES, "*.js", "l?g", "[ab]", "*.d"]),
    st.sampled_from(["", "", "/a", "/*", "/**", "/keep"]),
    st.sampled_from(["", "", "/"]),
)


@needs_git
@settings(max_examples=30, deadline=None)
@given(lines=st.lists(LINES, max_size=4), nested=st.lists(LINES, max_size=2))
def test_what_git_ignores_is_kept_out(
    lines: list[str], nested: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = {".gitignore": "\n".join(lines), "conf.d/.gitignore": "\n".join(nested)}
    folder = tmp_path_factory.mktemp("git")
    for path in PATHS:
        if not (folder / path).is_dir():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text("")
    for path, text in files.items():
        (folder / path).write_text(text)
    tree = dict.fromkeys(path for path in PATHS if (folder / path).is_file())
    source = {**NODE, **dict.fromkeys(tree, ""), **files}
    dockerignore = written(converted(source), ".dockerignore")
    missed = [
        path
        for path in sorted(ignored_by_git(folder, PATHS))
        if not is_kept_out(path, dockerignore)
    ]
    assert missed == [], (lines, nested, dockerignore)


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".env.production",
        "services/api/.env",
        ".git/config",
        "lib/.git/HEAD",
        "secrets/postgres_password",
        "MIGRATION.md",
        "migration.json",
        "docker-compose.prod.yml",
        "Dockerfile",
        "config/master.key",
        "config/credentials/production.key",
        "keys/id_rsa",
        "certs/own.pem",
        "deploy/.env",
    ],
)
def test_values_keys_and_own_files_are_kept_out(path: str) -> None:
    key = {"certs/own.pem": "-----BEGIN PRIVATE KEY-----\n"}
    text = written(converted({**NODE, **key}), ".dockerignore")
    assert is_kept_out(path, text) and not is_kept_out("src/app.js", text)


@pytest.mark.parametrize(
    "path", ["secrets/a", "docker-compose.yml", "MIGRATION.md", ".env"]
)
def test_own_files_of_another_folder_are_kept_out(path: str) -> None:
    result = converted(NODE, up="../", back="deploy/")
    text = written(result, "Dockerfile.dockerignore")
    assert is_kept_out(f"deploy/{path}", text)
    assert not is_kept_out("deploy/entrypoint.sh", text)


def test_a_lock_file_that_git_ignores_is_copied() -> None:
    text = written(converted({**NODE, ".gitignore": "*.json\n"}), ".dockerignore")
    assert not is_kept_out("package-lock.json", text) and is_kept_out("other.json", text)


def test_public_settings_of_a_bundler_reach_the_build() -> None:
    files = {**NODE, ".env.production": "VITE_URL=/api\n", ".env.test": "TOKEN=x\n"}
    text = written(converted(files), ".dockerignore")
    assert not is_kept_out(".env.production", text) and is_kept_out(".env.test", text)
    ignored = written(converted({**files, ".gitignore": ".env*\n"}), ".dockerignore")
    assert is_kept_out(".env.production", ignored)


def test_a_dockerignore_of_the_repository_stays_and_counts() -> None:
    result = converted({**NODE, ".dockerignore": "docs\n"})
    assert ".dockerignore" not in {file.path for file in result.files}
    text = written(result, "Dockerfile.dockerignore")
    assert is_kept_out("docs/a", text) and is_kept_out(".env", text)


_EXCLUDES = '[_]\nschema-version = "0.2"\n[io.buildpacks]\nexclude = ["/notes/", "*.sqlite3", 3, "!kept"]\n'


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (_EXCLUDES, set()),
        (f"{_EXCLUDES}[[io.buildpacks.group]]\nid = 'a/b'\n", {"TC365"}),
        ("x", {"TC314"}),
    ],
)
def test_what_project_toml_excludes_stays_out(text: str, codes: set[str]) -> None:
    files = {"Procfile": "web: node a.js\n", "package.json": "{}", "project.toml": text}
    result = converted(files)
    ignored = next(file for file in result.files if file.path == ".dockerignore")
    lines = ignored.content.decode().split("\n")
    said = {item.code for item in result.notes}
    assert said & {"TC001", "TC314", "TC365", "TC576"} == codes
    if text != "x":
        assert {"**/notes", "**/*.sqlite3"} <= {*lines} and "**/kept" not in lines


def test_a_note_of_development_shows_no_secret_of_the_command() -> None:
    files = {"Procfile": "web: npm start --api-token VV6YqYch0RMx8gca\n"}
    files["package.json"] = '{"scripts": {"start": "node a.js"}}'
    messages = [note.message for note in converted(files).notes if note.code == "TC372"]
    assert messages and "VV6Y" not in "".join(messages)
