"""The health checks of written files by a faster clock, the one thing in them that is not as converted.

An engine before 25 asks for the first time at the end of an interval, also while a container starts: `up --wait` would
sit idle for half a minute and more. The command, its timeout and what waits for it stay as they are, and a container
is called unwell after the same time as before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from tocompose.model import File

# The keys of a check in the order in which they are written; a development file has the interval alone.
_CHECK = re.compile(r"( interval: )(\d+)s((?:\n +timeout: .*)?\n +retries: )(\d+)\b")
_INTERVAL = re.compile(r"( interval: )\d+s\b")


def quickened(text: str) -> str:
    """The text of a compose file in which health is asked for each second, as often as keeps its patience."""
    return _INTERVAL.sub(r"\g<1>1s", _CHECK.sub(_asked_each_second, text))


def _asked_each_second(check: re.Match[str]) -> str:
    interval, seconds, retries, count = check.groups()
    return f"{interval}1s{retries}{int(seconds) * int(count)}"


def quickened_files(files: Iterable[File]) -> list[File]:
    """The files of a conversion, the compose files among them with that clock."""
    return [
        replace(file, content=quickened(file.content.decode()).encode())
        if file.path.startswith("docker-compose") and file.path.endswith(".yml")
        else file
        for file in files
    ]
