"""A pasted docker run command, cold: against composerize, and against importing the libraries that it needs."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from clock import ratio, timings
from installed import composerize, environment

RUN = "docker run -d --name web -p 8080:80 -v data:/data -e A=1 --restart always nginx:1.27"
COMMAND = RUN.split()


def main() -> None:
    """Prints both ratios."""
    folder = environment()
    found = timings(
        {
            "tocompose docker run": [str(folder / "tocompose"), *COMMAND],
            "composerize": ["node", str(composerize()), *COMMAND],
            "import click, ruamel.yaml": [
                str(folder / "python"),
                "-c",
                "import click, ruamel.yaml",
            ],
        }
    )
    print(ratio(found, "tocompose docker run", "composerize", 0.45))
    print(ratio(found, "tocompose docker run", "import click, ruamel.yaml", 1.8))
    with TemporaryDirectory() as place:
        Path(place, "tocompose.toml").write_text('practices = "all"\n', encoding="utf-8")
        print("beside a file of settings, which the full command line reads:")
        found |= timings(
            {"tocompose docker run": [str(folder / "tocompose"), *COMMAND]}, Path(place)
        )
        print(ratio(found, "tocompose docker run", "composerize", 0.45))
        print(ratio(found, "tocompose docker run", "import click, ruamel.yaml", 1.8))


if __name__ == "__main__":
    main()
