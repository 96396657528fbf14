"""The core of what tocompose does, as one text: every fixture converted and written, a batch, check and env.

`python core.py FOLDER` works in an empty folder and prints digests. It is run with and without what POSIX has.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from golden import cases, inputs, outcome
from tocompose import write
from tocompose.cli import run

SCRIPT = "docker run -d --name web -p 8080:80 -e API_TOKEN=hunter2-Kq9 --frob nginx:1.27\n"
COMPOSE = "services:\n  web:\n    image: nginx\n    ports: ['80:80']\n"


def digest_of(folder: Path) -> str:
    """One digest of all files below a folder, with their names."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in (".jsonl", ".html"):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(path.read_bytes())
    return digest.hexdigest()


def said_by(*arguments: str) -> str:
    """The exit code and the two outputs of a command."""
    out, err = io.TextIOWrapper(io.BytesIO()), io.StringIO()
    code: object = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            run(list(arguments))
        except SystemExit as ended:
            code = ended.code
    out.flush()
    return f"{code}\n{out.buffer.getvalue().decode()}\n{err.getvalue()}"


def main(folder: Path) -> None:
    """Prints a line for each thing that was done."""
    os.chdir(folder)
    for case in cases():
        name = f"{case.parent.name}/{case.name}"
        result = outcome(case)
        write(result.files, folder / "made" / name)
        print(name, digest_of(folder / "made" / name), len(result.notes))
    case = next(case for case in cases() if case.parent.name == "procfile")
    for path, content in inputs(case).items():
        (folder / "repos" / case.name / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "repos" / case.name / path).write_bytes(content)
    (folder / "repos" / "shop").mkdir()
    (folder / "repos" / "shop" / "run.sh").write_text(SCRIPT)
    print(said_by("batch", "repos", "-o", "out", "--jobs", "1"))
    print(digest_of(folder / "out" / "repositories"))
    print(said_by("convert", "repos/shop/run.sh", "-o", "deploy"))
    print(said_by("convert", "repos/shop/run.sh", "-o", "deploy", "--check"))
    print(digest_of(folder / "deploy"))
    print(said_by("check", "deploy"))
    print(said_by("env", "deploy", "--generate"))
    print(
        said_by("convert", "repos/shop/run.sh", "-o", "deploy", "--env", "prod", "--force")
    )
    print(digest_of(folder / "deploy"))
    (folder / "more.sh").write_text("docker run -d --name cache redis\n")
    print(
        said_by(
            "convert",
            "more.sh",
            "--merge",
            "deploy/docker-compose.yml",
            "--force",
        )
    )
    print(digest_of(folder / "deploy"))
    (folder / "plain").mkdir()
    (folder / "plain" / "compose.yaml").write_text(COMPOSE)
    print(said_by("check", "plain", "--fix"))
    print(digest_of(folder / "plain"))
    print(
        said_by("batch", "repos", "-o", "patches", "--jobs", "2", "--out-layout", "patch")
    )
    print(said_by("plan", "repos/shop", "--as", "answers"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
