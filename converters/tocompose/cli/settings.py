"""Settings from `tocompose.toml`, or `[tool.tocompose]` of `pyproject.toml`, of the nearest folder that has one.

Click is imported only where a command asks for it: a pasted command asks for the file too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tocompose.cli.exit import refuse_options
from tocompose.wording import spelling_hint

if TYPE_CHECKING:
    import click


class ConversionOptions(NamedTuple):
    """What the user said, on the command line or in the configuration file."""

    output: str | None = None
    merge: str | None = None
    name: str | None = None
    practices: str = "all"
    env: tuple[str, ...] = ("dev", "prod")
    answers: str | None = None
    form: str = "text"
    report: tuple[str, ...] = ()
    fail_on: tuple[str, ...] = ()
    diff: bool = False
    check: bool = False
    force: bool = False
    inline_secrets: bool = False
    modern_names: bool = False
    harden: bool = False
    keep_ports: bool = False
    allow_path: tuple[str, ...] = ()
    quiet: bool = False
    verbose: int = 0


def nearest_settings(folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """The file with settings of the nearest folder that has one, up to the root of the repository, and what it says.

    Raises UsageError for a file that is not TOML.
    """
    for parent in (folder, *folder.parents):
        settings_file, project = parent / "tocompose.toml", parent / "pyproject.toml"
        if settings_file.is_file():
            return settings_file, _read_toml(settings_file)
        # Most projects say nothing about us: their files need not be understood.
        if project.is_file() and b"tocompose" in project.read_bytes():
            settings = _read_toml(project).get("tool", {}).get("tocompose")
            if settings is not None:
                return project, settings
        if (parent / ".git").exists():
            return None
    return None


def _read_toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        refuse_options(f"{path}: {problem}")


def configured_defaults(
    params: Iterable[click.Parameter], command: Callable[[str], click.Command | None]
) -> dict[str, Any]:
    """The values that stand in the configuration file, by parameter name; those of a command in a table of its name.

    Raises UsageError, with the file, for a setting that does not exist or is of the wrong type.
    """
    settings_file = nearest_settings(Path.cwd())
    if settings_file is None:
        return {}
    path, settings = settings_file
    command_tables = {
        key: value for key, value in settings.items() if isinstance(value, dict)
    }
    values = _check_settings(
        path,
        {key: value for key, value in settings.items() if key not in command_tables},
        params,
    )
    for name, table in command_tables.items():
        subcommand = command(name)
        if subcommand is None:
            refuse_options(f"{path}: [{name}] is no command")
        values[name] = _check_settings(path, table, subcommand.params)
    return values


def _check_settings(
    path: Path, settings: dict[str, Any], params: Iterable[click.Parameter]
) -> dict[str, Any]:
    import click

    options_by_setting = {
        _setting_name(param): param
        for param in params
        if isinstance(param, click.Option) and _setting_name(param)
    }
    values: dict[str, Any] = {}
    for key, value in settings.items():
        param = options_by_setting.get(key)
        if param is None:
            refuse_options(
                f"{path}: {key} is no setting{spelling_hint(key, options_by_setting)}"
            )
        values[str(param.name)] = _check_value_type(path, key, value, param)
    return values


def _setting_name(param: click.Option) -> str:
    """The long name of an option, without the dashes; empty for those that only make sense on the command line."""
    name = next((name for name in param.opts if name.startswith("--")), "")[2:]
    return "" if name in ("help", "version", "diff", "check", "force") else name


def _check_value_type(path: Path, key: str, value: Any, param: click.Option) -> Any:
    if param.is_flag and not isinstance(value, bool):
        refuse_options(f"{path}: {key} must be true or false")
    if param.multiple and isinstance(value, str):
        return [value]
    if not param.is_flag and not isinstance(value, str | int | float | list):
        refuse_options(f"{path}: {key} must be a text or a list of texts")
    return value
