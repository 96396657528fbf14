"""`tocompose docker-plugin`: makes `docker tocompose …` a command of the docker CLI."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

import click

from tocompose.cli.exit import fail
from tocompose.engine_api.addresses import docker_folder

# How a file of ours is told from one of somebody else, which stays.
_MARK = "tocompose.cli.docker_entry"


@click.command("docker-plugin")
@click.option("--uninstall", is_flag=True, help="Remove the plug-in.")
@click.option("--force", is_flag=True, help="Replace a file that tocompose did not write.")
def docker_plugin_command(uninstall: bool, force: bool) -> None:
    """Install tocompose as a plug-in of the docker CLI, for `docker tocompose …`.

    Writes one file, cli-plugins/docker-tocompose in the folder of the docker CLI (DOCKER_CONFIG, else ~/.docker).

    \b
    Examples:
      tocompose docker-plugin
      docker tocompose docker run -d --name web -p 8080:80 nginx
      tocompose docker-plugin --uninstall
    """
    plugin_file = _plugin_file()
    is_foreign = plugin_file.exists() and not _is_ours(plugin_file)
    if is_foreign and not force:
        fail(f"{plugin_file} was not written by tocompose; replace it with --force")
    if uninstall:
        plugin_file.unlink(missing_ok=True)
        click.echo(f"removed {plugin_file}", err=True)
        return
    plugin_file.parent.mkdir(parents=True, exist_ok=True)
    _write_plugin(plugin_file)
    click.echo(
        f"wrote {plugin_file}\nTry: docker tocompose docker run -d -p 8080:80 nginx",
        err=True,
    )


def _plugin_file() -> Path:
    """Where docker looks for the plug-in. https://docs.docker.com/engine/extend/#develop-a-plugin"""
    folder = docker_folder(os.environ, Path.home())
    ending = ".exe" if sys.platform == "win32" else ""
    return folder / "cli-plugins" / f"docker-tocompose{ending}"


def _is_ours(path: Path) -> bool:
    """Whether we wrote the file: a script that says so, on Windows the launcher that pip makes for the program."""
    content = path.read_bytes()
    if _MARK.encode() in content:
        return True
    launcher = _launcher()
    return launcher is not None and content == launcher.read_bytes()


def _launcher() -> Path | None:
    """The program `docker-tocompose.exe` that pip has installed beside this Python."""
    launcher = shutil.which("docker-tocompose", path=str(Path(sys.executable).parent))
    return Path(launcher) if launcher and launcher.endswith(".exe") else None


def _write_plugin(plugin_file: Path) -> None:
    if sys.platform == "win32":
        launcher = _launcher()
        if launcher is None:
            fail(
                "docker-tocompose.exe is missing beside Python: install tocompose with pip"
            )
        shutil.copyfile(launcher, plugin_file)
        return
    # A link that stands there is replaced, not followed. -P: no module of the working folder is imported.
    new_file = plugin_file.with_name(f".docker-tocompose-{os.getpid()}")
    new_file.write_text(
        "#!/bin/sh\n"
        "# Written by `tocompose docker-plugin`; `tocompose docker-plugin --uninstall` removes it.\n"
        f'exec {shlex.quote(sys.executable)} -P -m {_MARK} "$@"\n',
        encoding="utf-8",
    )
    new_file.chmod(0o755)
    new_file.replace(plugin_file)
