"""Settings from `tocompose.toml`, or `[tool.tocompose]` of `pyproject.toml`, of the nearest folder that has one; and
from the user's own file, which may say what no file of a repository may.

Click is imported only where a command asks for it: a pasted command asks for the file too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tocompose.cli.exit import refuse_options
from tocompose.record import NamedTuple
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


class Defaults(NamedTuple):
    """What a settings file says: for the options before the command, and for those of each command."""

    values: dict[str, Any]
    commands: dict[str, dict[str, Any]]


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


def user_settings() -> Path | None:
    """The user's own settings file, where there is one. https://specifications.freedesktop.org/basedir-spec/latest/"""
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    try:
        path = Path(home).expanduser() / "tocompose" / "config.toml"
        return path if path.is_file() else None
    except (OSError, RuntimeError):
        # No home, or one that may not be looked at.
        return None


def has_settings(folder: Path) -> bool:
    """Whether a settings file holds for a command that is run in the folder."""
    return user_settings() is not None or nearest_settings(folder) is not None


def _read_toml(path: Path) -> dict[str, Any]:
    import tomllib

    text = ""
    try:
        # Editors of Windows put a byte order mark in front.
        text = path.read_text(encoding="utf-8-sig")
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        from tocompose.syntax.parse_faults import described_fault

        refuse_options(f"{path}:{described_fault(problem, text)}")


def configured_defaults(
    params: Iterable[click.Parameter], command: Callable[[str], click.Command | None]
) -> Defaults:
    """The values that stand in the settings files, by parameter name; those of a command in a table of its name.

    The user's own file comes first, that of the repository over it.

    Raises UsageError, with the file, for a setting that does not exist, is of the wrong type, or that no file of a
    repository may have.
    """
    files: list[_SettingsFile] = []
    if (own_file := user_settings()) is not None:
        files.append(_SettingsFile(own_file, _read_toml(own_file), is_own=True))
    if (nearest := nearest_settings(Path.cwd())) is not None and nearest[0] != own_file:
        files.append(_SettingsFile(*nearest, is_own=False))
    values: dict[str, Any] = {}
    tables: dict[str, dict[str, Any]] = {}
    for file in files:
        for name, table in _tables_of(file).items():
            subcommand = command(name)
            if subcommand is None:
                refuse_options(f"{file.path}: [{name}] is no command")
            checked_table = _check_settings(file, name, table, subcommand.params)
            tables.setdefault(name, {}).update(checked_table)
        plain_settings = {
            key: value
            for key, value in file.settings.items()
            if not isinstance(value, dict)
        }
        values |= _check_settings(file, "", plain_settings, params)
    return Defaults(values, tables)


class _SettingsFile(NamedTuple):
    """A settings file and what it says; the user's own may say more than one of a repository."""

    path: Path
    settings: dict[str, Any]
    is_own: bool


def _tables_of(file: _SettingsFile) -> dict[str, dict[str, Any]]:
    return {key: value for key, value in file.settings.items() if isinstance(value, dict)}


def _check_settings(
    file: _SettingsFile,
    command: str,
    settings: dict[str, Any],
    params: Iterable[click.Parameter],
) -> dict[str, Any]:
    import click

    path = file.path

    options_by_setting = {
        name: param
        for param in params
        if isinstance(param, click.Option)
        and option_kind(command, name := long_name(param)) != "never"
    }
    values: dict[str, Any] = {}
    for key, value in settings.items():
        param = options_by_setting.get(key)
        if param is None:
            refuse_options(
                f"{path}: {key} is no setting{spelling_hint(key, options_by_setting)}"
            )
        checked_value = _check_value_type(path, key, value, param)
        if not file.is_own:
            _check_kind(path, command, key, checked_value)
        values[str(param.name)] = checked_value
    return values


def long_name(param: click.Option) -> str:
    """The long name of an option, without the dashes."""
    return next((name for name in param.opts if name.startswith("--")), "")[2:]


def option_kind(command: str, name: str) -> str:
    """`form`, `inside`, `typed` or `never`, as `mappings/settings.yaml` has them; the safest for one without a row."""
    from tocompose.tables import load

    table = load("settings")
    kind: str = table.get(command, {}).get(name) or table["shared"].get(name, "never")
    return kind


def _check_kind(path: Path, command: str, key: str, value: Any) -> None:
    """Refuses what a file of a repository may not ask for."""
    kind = option_kind(command, key)
    if kind == "typed":
        refuse_options(
            f"{path}: {key} cannot be set in a file of a repository; write --{key} on the command line, "
            "or set it in ~/.config/tocompose/config.toml"
        )
    if kind != "inside":
        return
    folder = path.parent.resolve()
    for place in value if isinstance(value, list) else [value]:
        if not Path(place).resolve().is_relative_to(folder):
            refuse_options(
                f"{path}: {key} names a place outside of {folder.name or folder}; "
                f"write --{key} on the command line"
            )


def _check_value_type(path: Path, key: str, value: Any, param: click.Option) -> Any:
    """The value as click takes it."""
    import click

    if param.is_flag:
        wanted, fits = "true or false", isinstance(value, bool)
    elif isinstance(param.type, click.types.IntParamType | click.types.FloatParamType):
        wanted, fits = "a number", _is_number(value)
    elif param.multiple or param.type.name == "list":
        value = [value] if isinstance(value, str) else value
        wanted = "a text or a list of texts"
        fits = isinstance(value, list) and all(isinstance(text, str) for text in value)
    else:
        wanted, fits = "a text", isinstance(value, str)
    if not fits or "\0" in str(value):
        refuse_options(f"{path}: {key} must be {wanted}")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
