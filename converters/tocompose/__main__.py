"""`python -m tocompose`."""

from tocompose.cli import run

if __name__ == "__main__":
    run()
