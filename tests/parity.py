"""Measures parity: `python tests/parity.py [--ours] [FOLDER]`.

Each *.command.txt of the folder is compared with the *.compose.yaml beside it, or (--ours) with what tocompose makes of
it without practices.
"""

from __future__ import annotations

import re
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "converters"))

from oracles import corpus, oracles
from tocompose.prove import Command, Proof, ProofError, prove_commands
from tocompose.prove.table import as_text

OPTIONAL = re.compile(r"`#[^`]*`")
CONTINUED = re.compile(r"\\\r?\n")
OUTCOMES = ("equal", "different", "refused by docker", "refused by compose")


class Case(NamedTuple):
    """A command and the Compose file that should start the same."""

    name: str
    argv: tuple[str, ...]
    compose: str


def argv(text: str) -> tuple[str, ...]:
    """The words of a documented command: the `#optional` idiom blanked, continued lines joined."""
    return tuple(shlex.split(CONTINUED.sub(" ", OPTIONAL.sub("", text))))


def cases(folder: Path) -> Iterator[Case]:
    """Every pair of a folder, by name."""
    for file in sorted(folder.glob("*.command.txt")):
        name = file.name.removesuffix(".command.txt")
        yield Case(
            name, argv(file.read_text()), file.with_name(f"{name}.compose.yaml").read_text()
        )


def prove(case: Case) -> Proof:
    """The proof of one pair, without any note to excuse a difference."""
    docker, compose = oracles()
    return prove_commands([Command(case.argv)], case.compose, [], docker, compose)


def prove_ours(case: Case) -> Proof:
    """The proof of the command against tocompose's own file without practices, with the notes that it gives."""
    from tocompose.importers import ImportOptions
    from tocompose.pipeline import Options
    from tocompose.project import Memory
    from tocompose.prove.conversion import prove_conversion as prove_project

    settings = ImportOptions(options={"argv": case.argv})
    options = Options(source="docker_run", practices="none", settings=settings)
    return prove_project(Memory({}), options, *oracles())


def main(folder: Path, proving: Callable[[Case], Proof]) -> int:
    """Prints each pair that differs, and how many of those that both clients accept are equal."""
    start = time.perf_counter()
    found = [(case.name, *_outcome(case, proving)) for case in cases(folder)]
    seconds = (time.perf_counter() - start) / max(len(found), 1)
    for name, outcome, text in found:
        if outcome != "equal":
            print(f"== {name}: {outcome}\n{text}")
    count = {kind: sum(outcome == kind for _, outcome, _ in found) for kind in OUTCOMES}
    share = 100 * count["equal"] / max(count["equal"] + count["different"], 1)
    print(", ".join(f"{number} {kind}" for kind, number in count.items()))
    print(
        f"{share:.1f} % of the pairs that both clients accept are equal; {seconds:.3f} s each"
    )
    return 0 if count["equal"] == len(found) - count["refused by docker"] else 1


def _outcome(case: Case, proving: Callable[[Case], Proof]) -> tuple[str, str]:
    """How a pair compares, and what there is to say about it."""
    try:
        proof = proving(case)
    except ProofError as fault:
        return "refused by compose", f"{fault}\n"
    return (
        "equal"
        if not proof.refusals and all(one.is_inherent for one in proof.differences)
        else "refused by docker"
        if proof.refusals
        else "different"
    ), as_text(proof)


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--ours"]
    given = Path(words[0]) if words else corpus("docker-run/docs-pairs")
    if not given or not given.is_dir():
        sys.exit(
            "usage: python tests/parity.py [--ours] [FOLDER]   (the folder may come from TOCOMPOSE_CORPUS)"
        )
    sys.exit(main(given, prove_ours if "--ours" in sys.argv else prove))
