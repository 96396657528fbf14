"""Settings from `tocompose.toml`, or `[tool.tocompose]` of `pyproject.toml`, of the nearest folder that has one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from tocompose.cli.settings import nearest


def defaults(
    params: Iterable[click.Parameter], command: Callable[[str], click.Command | None]
) -> dict[str, Any]:
    """The values that stand in the configuration file, by parameter name; those of a command in a table of its name.

    Raises UsageError, with the file, for a setting that does not exist or is of the wrong type.
    """
    found = nearest(Path.cwd())
    if found is None:
        return {}
    path, settings = found
    own = {key: value for key, value in settings.items() if isinstance(value, dict)}
    values = _checked(
        path, {key: value for key, value in settings.items() if key not in own}, params
    )
    for name, table in own.items():
        named = command(name)
        if named is None:
            raise click.UsageError(f"{path}: [{name}] is no command")
        values[name] = _checked(path, table, named.params)
    return values


def _checked(
    path: Path, settings: dict[str, Any], params: Iterable[click.Parameter]
) -> dict[str, Any]:
    known = {
        _setting(param): param
        for param in params
        if isinstance(param, click.Option) and _setting(param)
    }
    values: dict[str, Any] = {}
    for key, value in settings.items():
        param = known.get(key)
        if param is None:
            from tocompose.cli.hints import hint

            raise click.UsageError(f"{path}: {key} is no setting{hint(key, known)}")
        values[str(param.name)] = _fitting(path, key, value, param)
    return values


def _setting(param: click.Option) -> str:
    """The long name of an option, without the dashes; empty for those that only make sense on the command line."""
    name = next((name for name in param.opts if name.startswith("--")), "")[2:]
    return "" if name in ("help", "version", "diff", "check", "force") else name


def _fitting(path: Path, key: str, value: Any, param: click.Option) -> Any:
    if param.is_flag and not isinstance(value, bool):
        raise click.UsageError(f"{path}: {key} must be true or false")
    if param.multiple and isinstance(value, str):
        return [value]
    if not param.is_flag and not isinstance(value, str | int | float | list):
        raise click.UsageError(f"{path}: {key} must be a text or a list of texts")
    return value
