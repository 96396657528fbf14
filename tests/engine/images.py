"""Images made on the spot, since no registry is needed for a test: busybox, and a stand-in for Traefik."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable
from pathlib import Path

from tocompose.prove import traefik_rules

HERE = Path(__file__).parent
BUSYBOX = Path("/bin/busybox")
# Parts of Python's library that the stand-in does without.
UNUSED = re.compile(
    r"/(?:tests?|site-packages|__pycache__|idlelib|ensurepip|tkinter|turtledemo|lib2to3|config-[^/]*)(?:/|$)"
)


def busybox() -> bytes:
    """A root file system of nothing but a static busybox, with its programs as links."""
    names = subprocess.run(
        [BUSYBOX, "--list"], capture_output=True, text=True, check=True
    ).stdout.split()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        folders(tar, ("bin", "tmp", "etc", "proc", "sys", "dev"))
        tar.add(BUSYBOX.resolve(), "bin/busybox")
        for name in names:
            if name != "busybox":
                link(tar, f"bin/{name}", "busybox")
    return out.getvalue()


def traefik() -> bytes:
    """A root file system in which `traefik` is `standin.py` with the rules of the tests' own oracle."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        folders(tar, ("bin", "tmp", "etc", "proc", "sys", "dev", "opt", "run", "var"))
        tar.add(BUSYBOX.resolve(), "bin/busybox")
        link(tar, "bin/sh", "busybox")
        program, library = python()
        for path in (
            program,
            *libraries([program, *(library / "lib-dynload").glob("*.so")]),
        ):
            tar.add(path.resolve(), str(path))
        tar.add(
            library,
            str(library),
            filter=lambda item: None if UNUSED.search(f"/{item.name}") else item,
        )
        tar.add(HERE / "standin.py", "opt/standin.py")
        tar.add(traefik_rules.__file__, "opt/traefik_rules.py")
        script = f'#!/bin/sh\nPYTHONHOME={sys.base_prefix} exec {program} /opt/standin.py "$@"\n'.encode()
        file_of(tar, "bin/traefik", script, 0o755)
    return out.getvalue()


def python() -> tuple[Path, Path]:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return Path(sys.base_prefix, "bin", version), Path(sysconfig.get_path("stdlib"))


def libraries(files: Iterable[Path]) -> list[Path]:
    """The shared libraries that programs need, the loader among them."""
    found: dict[Path, None] = {}
    for file in files:
        listed = subprocess.run(
            ["ldd", file], capture_output=True, text=True, check=False
        ).stdout
        found |= dict.fromkeys(Path(name) for name in re.findall(r"(/[^\s]+) \(0x", listed))
    return list(found)


def folders(tar: tarfile.TarFile, names: Iterable[str]) -> None:
    for name in names:
        item = tarfile.TarInfo(name)
        item.type, item.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
        tar.addfile(item)


def link(tar: tarfile.TarFile, name: str, target: str) -> None:
    item = tarfile.TarInfo(name)
    item.type, item.linkname, item.mode = tarfile.SYMTYPE, target, 0o777
    tar.addfile(item)


def file_of(tar: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    item = tarfile.TarInfo(name)
    item.size, item.mode = len(content), mode
    tar.addfile(item, io.BytesIO(content))


def load(engine: str, content: bytes, name: str, *changes: str) -> None:
    """Gives the engine an image of that root file system."""
    docker = shutil.which("docker") or "docker"
    words = [
        docker,
        "import",
        *(word for change in changes for word in ("--change", change)),
        "-",
        name,
    ]
    environment = {**os.environ, "DOCKER_HOST": engine}
    subprocess.run(
        words, input=content, env=environment, check=True, capture_output=True, timeout=300
    )
