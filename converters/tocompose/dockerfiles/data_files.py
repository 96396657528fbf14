"""Room for databases that are files: folders that the app may write to, where volumes are mounted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from posixpath import isabs

from tocompose.patterns import regex

# The user that a stage goes on as. What comes before it, root does.
_USER = regex(r"USER (\d+)")


def add_data_files(dockerfile: str, data_files: Iterable[tuple[str, str, bool]]) -> str:
    """The Dockerfile with the folders that volumes are mounted at, and links to the files that are moved there.

    A new volume takes over the owner and the content of the folder that the image has there. SQLite follows a link, and
    keeps its journal beside the file. https://www.sqlite.org/releaselog/3_10_0.html
    """
    files = [(path, folder, linked) for path, folder, linked in data_files if folder]
    folders = " ".join(dict.fromkeys(folder for _, folder, _ in files))
    if not folders:
        return dockerfile
    lines = list(_with_folders(dockerfile, folders))
    last_port = max(
        (number for number, line in enumerate(lines) if line.startswith("EXPOSE ")),
        default=len(lines),
    )
    moves = (_move(path, folder) for path, folder, linked in files if linked)
    if steps := tuple(chain.from_iterable(moves)):
        lines.insert(last_port, "RUN " + " \\\n    && ".join(steps))
    return "\n".join(lines)


def _with_folders(dockerfile: str, folders: str) -> Iterator[str]:
    """The lines, the folders made before the stage goes on as its own user, whom they belong to."""
    for line in dockerfile.splitlines():
        if user := _USER.fullmatch(line):
            yield f"RUN install -d -o {user[1]} -g {user[1]} {folders}"
        yield line


def _move(path: str, folder: str) -> Iterator[str]:
    """The steps that leave a link where the app looks for the file."""
    target = f"{folder if isabs(folder) else '/app/' + folder}/{path.rpartition('/')[2]}"
    yield f"{{ test ! -e {path} || mv {path} {target}; }}"
    yield f"ln -s {target} {path}"
