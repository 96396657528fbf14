"""`python -m tocompose`."""

from tocompose.cli import main

if __name__ == "__main__":
    main()
