"""What the real docker compose says of a compose file, and of what is written from it: the two must be alike.

Run with files of one's own: `python tests/legacy_compose/config_judge.py FILE…` prints what differs for each.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

import oracles
from tocompose.importers import SourceError
from tocompose.pipeline import Options, convert
from tocompose.project import Folder

# What notes say that is otherwise: the end of the path at which it differs, by code.
TOLD = {
    "TC061": r"services\.[^:]+\.deploy\.replicas",
    "TC068": r"(services|volumes)\.[^:]+",
    "TC070": r"services\.[^:]+",
    "TC076": r"networks\.[^:]+",
    "TC078": r"services\.[^:]+\.labels[^:]*",
    "TC079": r"secrets\.[^:]+",
    "TC488": r"configs\.[^:]+",
}
# The file that is written beside the source for as long as docker compose looks at it.
BESIDE = "zz-written.yml"


class Configuration(NamedTuple):
    """The document that docker compose makes of a file, or why it makes none."""

    document: dict[str, Any] | None
    problem: str = ""


class Judgement(NamedTuple):
    """What docker compose says of a file: refused, `accepted`, and what differs in what is written from it."""

    accepted: bool
    differences: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


def configuration(file: Path) -> Configuration:
    """What docker compose reads in a file."""
    command = [oracles.binary("docker-compose"), "-p", "judged", "-f", str(file)]
    ran = subprocess.run(
        [*command, "--profile", "*", "config", "--format", "json"],
        capture_output=True,
        text=True,
        cwd=file.parent,
        timeout=60,
        check=False,
    )
    if ran.returncode:
        return Configuration(None, ran.stderr.strip())
    return Configuration(json.loads(ran.stdout))


def judge(file: Path, practices: str = "none") -> Judgement:
    """What docker compose says of the file, and of what is written from it beside it."""
    source = configuration(file)
    try:
        result = convert(
            Folder(file.parent, (file.name,)),
            Options(source="compose", practices=practices),
        )
    except SourceError as problem:
        return Judgement(source.document is not None, (f"not converted: {problem}",))
    written = file.parent / BESIDE
    written.write_bytes(result.files[0].content)
    try:
        output = configuration(written)
    finally:
        written.unlink()
    codes = tuple(sorted({told.code for told in result.notes}))
    if output.document is None:
        return Judgement(
            source.document is not None, (f"refused: {output.problem}",), codes
        )
    if source.document is None:
        return Judgement(False, (), codes)
    told = [TOLD[code] for code in codes if code in TOLD]
    different = differences(source.document, output.document, ())
    untold = (
        line for line in different if not any(re.match(f"{path}: ", line) for path in told)
    )
    return Judgement(True, tuple(untold), codes)


def differences(source: Any, output: Any, path: tuple[str, ...]) -> Iterator[str]:
    """The paths at which two documents differ, with both values."""
    if isinstance(source, dict) and isinstance(output, dict):
        for key in {**source, **output}:
            yield from differences(source.get(key), output.get(key), (*path, str(key)))
    elif source != output and _in_any_order(source) != _in_any_order(output):
        yield f"{'.'.join(path)}: {json.dumps(source)} → {json.dumps(output)}"


def _in_any_order(value: Any) -> Any:
    """Lists of which docker compose keeps no order that matters."""
    is_list = isinstance(value, list)
    return sorted(map(json.dumps, value)) if is_list else value


def main(files: list[str]) -> None:
    """Prints what differs for each file, and how many do."""
    counts: Counter[str] = Counter()
    for name in files:
        judgement = judge(Path(name))
        accepted = "accepted" if judgement.accepted else "refused"
        outcome = "differs" if judgement.differences else "alike"
        counts[f"{accepted}, {outcome}"] += 1
        for difference in judgement.differences:
            print(f"{name}: {accepted}: {difference[:400]}")
    print(dict(counts))


if __name__ == "__main__":
    main(sys.argv[1:] or [line.strip() for line in sys.stdin])
