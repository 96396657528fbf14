"""What `check --fix` changes of compose files, told by `docker compose config` before and after.

`python tests/fix_changes.py FILE…` prints every key that has another value after it, but for what a finding names:
keys that were not there, and conditions of dependencies.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from oracles import binary
from tocompose.check import repair
from tocompose.project import Folder

# The key of a service, with the finding that has it added or changed.
OF_FINDINGS = {
    "restart": "TC707",
    "healthcheck": "TC706",
    "logging": "TC709",
    "depends_on": "TC720",
}
NOTHING = object()


class Changed(NamedTuple):
    """Where two configurations differ: the path of keys, the value before and after."""

    path: tuple[str, ...]
    before: Any
    after: Any

    @property
    def is_of_finding(self) -> bool:
        """Whether a finding says so: a key that was not there, or another condition to wait for."""
        if self.path[:1] == ("x-logging",):
            return self.before is NOTHING
        if len(self.path) < 3 or self.path[0] != "services":
            return False
        key = self.path[2]
        if key == "depends_on":
            return self.path[4:] == ("condition",)
        is_new = self.before is NOTHING
        return (key in OF_FINDINGS and is_new and len(self.path) == 3) or (
            key == "logging" and is_new and self.path[3:4] == ("options",)
        )


def configuration(folder: Path) -> dict[str, Any] | None:
    """What docker compose makes of the folder; None where it refuses it."""
    command = [binary("docker-compose"), "-f", "compose.yaml", "config", "--no-interpolate"]
    done = subprocess.run(
        [*command, "--no-path-resolution", "--format", "json"],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    return json.loads(done.stdout) if done.returncode == 0 and done.stdout.strip() else None


def differences(before: Any, after: Any, path: tuple[str, ...] = ()) -> Iterator[Changed]:
    """Every leaf that is not the same in both."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            yield from differences(
                before.get(key, NOTHING), after.get(key, NOTHING), (*path, key)
            )
    elif before != after:
        yield Changed(path, before, after)


def changes_by_fix(folder: Path) -> list[Changed] | None:
    """What the repair of the folder's compose.yaml changes beyond its findings; None where compose refuses the file."""
    before = configuration(folder)
    if before is None:
        return None
    result = repair(Folder(folder), ("compose.yaml",))
    for file in result.files if result else ():
        place = folder / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.content)
    after = configuration(folder)
    if after is None:
        return [Changed((), before, NOTHING)]
    return [change for change in differences(before, after) if not change.is_of_finding]


def main(names: list[str]) -> int:
    """Prints what each file loses or gets; the number of files with a change is the exit code, at most 1."""
    read = changed = 0
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(name, Path(folder) / "compose.yaml")
            changes = changes_by_fix(Path(folder))
        if changes is None:
            continue
        read += 1
        changed += bool(changes)
        for change in changes:
            print(name, ".".join(change.path), change.before, "->", change.after)
    print(f"{read} files read by docker compose, {changed} with another meaning")
    return int(changed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
