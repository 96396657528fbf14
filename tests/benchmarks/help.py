"""`tocompose --help`, cold: against importing the command-line library alone."""

from __future__ import annotations

from clock import ratio, timings
from installed import environment


def main() -> None:
    """Prints the ratio."""
    folder = environment()
    found = timings(
        {
            "tocompose --help": [str(folder / "tocompose"), "--help"],
            "import click": [str(folder / "python"), "-c", "import click"],
        }
    )
    print(ratio(found, "tocompose --help", "import click", 2))


if __name__ == "__main__":
    main()
