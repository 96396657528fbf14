"""`python tests/benchmarks [NAME…]` runs all benchmarks, or those named, and prints their ratios."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent
TOOLS = {"__main__", "clock", "installed"}


def names() -> list[str]:
    """Every benchmark of this folder."""
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in TOOLS)


if __name__ == "__main__":
    sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1] / "converters")]
    for name in sys.argv[1:] or names():
        print(f"== {name}", flush=True)
        import_module(name).main()
