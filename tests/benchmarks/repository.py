"""A repository with a Procfile, cold: beyond bare Python, in seconds of processor time."""

from __future__ import annotations

from pathlib import Path

from clock import timings
from installed import environment

REPOSITORY = Path(__file__).parents[2] / "fixtures" / "procfile" / "web_stack"
BAR = 250


def main() -> None:
    """Prints what a conversion takes over `python -c pass`."""
    folder = environment()
    ours, bare = "tocompose convert", "python -c pass"
    found = timings(
        {
            ours: [
                str(folder / "tocompose"),
                "convert",
                "--from",
                "procfile",
                str(REPOSITORY),
            ],
            bare: [str(folder / "python"), "-c", "pass"],
        }
    )
    over = found[ours].least - found[bare].least
    print(
        f"{ours}: {over:.0f} ms over {bare} ({'within' if over <= BAR else 'OVER'} {BAR} ms)"
    )


if __name__ == "__main__":
    main()
