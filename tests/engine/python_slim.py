"""A stand-in for an image of Python: this machine's interpreter where the official image has it, pip, and wheels.

The wheels are those of the installed packages, put together again, so that pip in the image needs no index.
"""

from __future__ import annotations

import io
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackagePath, distribution, requires
from pathlib import Path

import pip
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from engine.images import BUSYBOX, UNUSED, file_of, folders, libraries, link, python

VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
USERADD = Path("/usr/sbin/useradd")
# Debian's Python looks for packages elsewhere than upstream's (https://wiki.debian.org/Python): the stand-in does not.
SITE = "import site\nsite.addsitedir('/usr/local/lib/{}/site-packages')\n"
FOLDERS = (
    *(
        "bin",
        "tmp",
        "etc",
        "home",
        "proc",
        "sys",
        "dev",
        "root",
        "wheels",
        "lib",
        "lib64",
        "lib/x86_64-linux-gnu",
    ),
    *(
        "usr",
        "usr/lib",
        "usr/lib/x86_64-linux-gnu",
        "usr/sbin",
        "usr/local",
        "usr/local/bin",
        "usr/local/lib",
    ),
)
# What only a live cluster needs stays empty: with it the image would be four times as large, and each step as slow.
EMPTY = ("kubernetes",)
CHANGES = (
    "ENV PATH=/usr/local/bin:/usr/sbin:/bin",
    "ENV LD_LIBRARY_PATH=/usr/local/lib",
    "ENV PIP_NO_INDEX=1",
    "ENV PIP_FIND_LINKS=/wheels",
    "ENV PIP_ROOT_USER_ACTION=ignore",
)
TEXTS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    "etc/shadow": "root:*:1::::::\n",
    "etc/gshadow": "root:*::\n",
    "etc/login.defs": "UID_MIN 1000\nUID_MAX 60000\nGID_MIN 1000\nGID_MAX 60000\nUSERGROUPS_ENAB yes\n",
}


def python_slim(packages: Iterable[str]) -> bytes:
    """The root file system, with the wheels of the packages and of all that they require."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        folders(tar, FOLDERS)
        _system(tar)
        _interpreter(tar)
        for found in closure(packages):
            file_of(tar, f"wheels/{wheel_name(found)}", wheel(found), 0o644)
    return out.getvalue()


def _system(tar: tarfile.TarFile) -> None:
    """A shell, the programs that the build runs, and a root user."""
    tar.add(BUSYBOX.resolve(), "bin/busybox")
    for name in ("sh", "ls", "cat", "id", "mkdir"):
        link(tar, f"bin/{name}", "busybox")
    tar.add(USERADD, "usr/sbin/useradd")
    for name, text in TEXTS.items():
        file_of(tar, name, text.encode(), 0o644)


def _interpreter(tar: tarfile.TarFile) -> None:
    """Python below /usr/local, as in the official image, and pip."""
    program, library = python()
    modules = sorted(
        path
        for path in (library / "lib-dynload").glob("*.so")
        if "tkinter" not in path.name
    )
    used = [program, USERADD, *modules]
    for path in libraries(used):
        tar.add(
            path.resolve(),
            f"usr/local/lib/{path.name}"
            if path.name.startswith("libpython")
            else str(path),
        )
    tar.add(program.resolve(), f"usr/local/bin/{VERSION}")
    link(tar, "usr/local/bin/python3", VERSION)
    scheme = (
        (library / "sysconfig.py")
        .read_text()
        .replace("= 'posix_local'", "= 'posix_prefix'")
    )
    own = {
        f"usr/local/lib/{VERSION}/sysconfig.py": scheme.encode(),
        f"usr/local/lib/{VERSION}/sitecustomize.py": SITE.format(VERSION).encode(),
    }
    tar.add(
        library,
        f"usr/local/lib/{VERSION}",
        filter=lambda item: (
            None if UNUSED.search(f"/{item.name}") or item.name in own else item
        ),
    )
    for name, content in own.items():
        file_of(tar, name, content, 0o644)
    tar.add(Path(pip.__file__).parent, f"usr/local/lib/{VERSION}/site-packages/pip")
    file_of(
        tar, "usr/local/bin/pip", f'#!/bin/sh\nexec {VERSION} -m pip "$@"\n'.encode(), 0o755
    )


def closure(packages: Iterable[str]) -> Iterator[Distribution]:
    """The installed packages with all that they require here, each once."""
    seen: set[str] = set()
    todo = list(packages)
    while todo:
        name = canonicalize_name(todo.pop())
        if name in seen:
            continue
        seen.add(name)
        yield distribution(name)
        wanted = map(Requirement, (requires(name) or ()) if name not in EMPTY else ())
        todo += [
            item.name
            for item in wanted
            if not item.marker or item.marker.evaluate({"extra": ""})
        ]


def wheel_name(found: Distribution) -> str:
    """The file name of the wheel that the package was installed from."""
    rows = (found.read_text("WHEEL") or "").splitlines()
    tags = [row.removeprefix("Tag: ").split("-") for row in rows if row.startswith("Tag: ")]
    joined = "-".join(".".join(dict.fromkeys(part)) for part in zip(*tags, strict=True))
    return f"{found.metadata['Name'].replace('-', '_')}-{found.version}-{joined}.whl"


def wheel(found: Distribution) -> bytes:
    """The wheel, without the programs that installing it makes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for item in found.files or ():
            if item.parts[0].endswith(".dist-info") or found.metadata["Name"] not in EMPTY:
                _add(archive, item)
    return out.getvalue()


def _add(archive: zipfile.ZipFile, item: PackagePath) -> None:
    """Adds an installed file; of an empty package's list of requirements nothing."""
    if ".." in item.parts or "__pycache__" in item.parts:
        return
    content = item.read_binary()
    if item.name == "METADATA" and item.parts[0].split("-")[0] in EMPTY:
        content = re.sub(rb"(?m)^Requires-Dist: .*\n", b"", content)
    archive.writestr(str(item), content)
