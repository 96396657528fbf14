"""Makes small stand-ins for the images that generated files name, from Debian packages.

`python tests/procfile/base_images.py` imports them into the engine that DOCKER_HOST names, for machines without a
registry. Python and Node.js come from the installed packages python3.11-venv and nodejs (with npm), nginx and Redis
from packages that `apt-get download` brings; needs root. Redis has a name of its own: tests may use the official one.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

_BASE = ("dash", "bash", "coreutils", "sed", "grep", "findutils", "passwd")
_PYTHON = (
    "python3.11-minimal",
    "libpython3.11-minimal",
    "libpython3.11-stdlib",
    "python3.11",
    "python3.11-venv",
)
_WHEELS = ("python3-pip-whl", "python3-setuptools-whl")
_SKIPPED = ("/usr/share/doc", "/usr/share/man", "/usr/share/locale")
_PATH = "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# The start script of the official image fills variables into templates; this does the same in fewer words.
_NGINX_START = """#!/bin/sh
for template in /etc/nginx/templates/*.template; do
  [ -f "$template" ] || continue
  names=$(env | sed -n 's/^\\([A-Z][A-Z0-9_]*\\)=.*/${\\1}/p' | tr '\\n' ' ')
  envsubst "$names" < "$template" > "/etc/nginx/conf.d/$(basename "$template" .template)"
done
exec "$@"
"""
_NGINX_CONF = """daemon off;
pid /tmp/nginx.pid;
error_log /dev/stderr notice;
events {}
http {
  include mime.types;
  access_log off;
  client_body_temp_path /tmp/body; proxy_temp_path /tmp/proxy; fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi; scgi_temp_path /tmp/scgi;
  include conf.d/*.conf;
}
"""
NGINX, REDIS = "nginxinc/nginx-unprivileged:1.29-alpine", "tocompose-procfile/redis:7"
# Packages that are fetched, and what the image is started with.
FETCHED = {
    NGINX: (
        ("nginx", "nginx-common", "gettext-base", "netcat-openbsd", "libbsd0", "libmd0"),
        ("USER 101", 'ENTRYPOINT ["/start.sh"]', 'CMD ["nginx"]'),
    ),
    REDIS: (
        ("redis-server", "redis-tools", "liblzf1", "libjemalloc2"),
        ('CMD ["redis-server", "--protected-mode", "no", "--dir", "/data"]',),
    ),
}
IMAGES = {
    "base": (_BASE, (), ()),
    "python:3.11-slim-bookworm": (
        (*_BASE, *_PYTHON, *_WHEELS),
        ("/etc/pam.d/common-auth",),
        (),
    ),
    "node:20-bookworm-slim": (
        (*_BASE, "nodejs"),
        ("/usr/bin/npm", "/usr/bin/npx"),
        ("/usr/lib/node_modules/npm",),
    ),
}


def packaged(names: Iterable[str]) -> Iterator[str]:
    """The files of installed packages."""
    for name in names:
        listed = subprocess.run(
            ["dpkg", "-L", name], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        yield from (
            path
            for path in listed
            if not path.startswith(_SKIPPED) and not Path(path).is_dir()
        )


def libraries(paths: Iterable[str]) -> Iterator[str]:
    """The shared libraries that programs and libraries need."""
    for path in paths:
        real = Path(path).resolve()
        if real.is_file() and (os.access(real, os.X_OK) or ".so" in real.name):
            listed = subprocess.run(
                ["ldd", real], capture_output=True, text=True, check=False
            ).stdout
            yield from re.findall(r"(/\S+?\.so\S*)", listed)


def put(root: Path, path: str) -> None:
    """Copies a file into the root, with what it links to."""
    place = Path(path).parent.resolve() / Path(path).name
    target = root / str(place).lstrip("/")
    if target.is_symlink() or target.exists() or not os.path.lexists(place):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(place, target, follow_symlinks=False)
    if place.is_symlink() and place.resolve().is_file():
        put(root, str(place.resolve()))


def fill(root: Path, name: str) -> None:
    """The root file system of an image."""
    packages, extra, trees = IMAGES[name]
    root.chmod(0o755)  # as / in the image, which others than root must enter
    for folder in ("bin", "lib", "lib64", "sbin"):
        (root / "usr" / folder).mkdir(parents=True)
        (root / folder).symlink_to(f"usr/{folder}")
    found = [*packaged(packages), *extra]
    for path in [*found, *sorted(set(libraries(found)))]:
        put(root, path)
    for tree in trees:
        shutil.copytree(tree, root / tree.lstrip("/"), symlinks=True, dirs_exist_ok=True)
    for folder in (
        "etc/skel",
        "etc/default",
        "home/node",
        "proc",
        "dev",
        "sys",
        "run",
        "root",
        "tmp",
    ):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    os.chown(root / "home" / "node", 1000, 1000)
    user, group = (
        ("node:x:1000:1000::/home/node:/bin/sh\n", "node:x:1000:\n")
        if name.startswith("node")
        else ("", "")
    )
    texts = {
        "passwd": f"root:x:0:0:root:/root:/bin/sh\n{user}",
        "group": f"root:x:0:\n{group}",
    }
    texts |= {
        "login.defs": "UID_MIN 1000\nUID_MAX 60000\nGID_MIN 1000\nGID_MAX 60000\nUSERGROUPS_ENAB yes\n"
    }
    texts |= {"shadow": "root:*:1::::::\n", "gshadow": "root:*::\n"}
    for file, text in texts.items():
        (root / "etc" / file).write_text(text)
    if name.startswith("python"):
        (root / "usr" / "bin" / "python").symlink_to("python3.11")


def fill_fetched(root: Path, name: str) -> None:
    """The root file system of an image whose packages are fetched: theirs over the base's."""
    names, _ = FETCHED[name]
    fill(root, "base")
    with TemporaryDirectory() as folder:
        fetch = ["apt-get", "-qq", "download", *names]
        subprocess.run(fetch, cwd=folder, check=True, stderr=subprocess.DEVNULL)
        for package in Path(folder).glob("*.deb"):
            subprocess.run(
                ["dpkg-deb", "--fsys-tarfile", package],
                cwd=folder,
                check=True,
                stdout=(Path(folder) / "tree.tar").open("wb"),
            )
            tree = [
                "tar",
                "x",
                "--keep-directory-symlink",
                "-f",
                f"{folder}/tree.tar",
                "-C",
                root,
            ]
            subprocess.run(tree, check=True)
    programs = (root / "usr" / place for place in ("bin", "sbin"))
    own = [path for folder in programs for path in folder.iterdir() if path.is_file()]
    own += [path for path in (root / "usr/lib").rglob("*.so*") if path.is_file()]
    for path in sorted(set(libraries(map(str, own)))):
        put(root, path)
    if name == NGINX:
        (root / "start.sh").write_text(_NGINX_START)
        (root / "start.sh").chmod(0o755)
        # As the alternatives of Debian would have it.
        (root / "usr/bin/nc").symlink_to("nc.openbsd")
        (root / "etc/nginx/nginx.conf").write_text(_NGINX_CONF)
        for place in ("conf.d", "templates"):
            (root / "etc/nginx" / place).mkdir(exist_ok=True)
            os.chown(root / "etc/nginx" / place, 101, 0)
    (root / "data").mkdir(exist_ok=True)


def main() -> None:
    """Imports every image that the engine does not have."""
    for name in (*IMAGES, *FETCHED):
        inspect = ["docker", "image", "inspect", name]
        if name == "base" or not subprocess.run(inspect, capture_output=True).returncode:
            continue
        changes = [_PATH, *FETCHED.get(name, ((), ()))[1]]
        options = [word for change in changes for word in ("-c", change)]
        with TemporaryDirectory() as folder:
            (fill_fetched if name in FETCHED else fill)(Path(folder), name)
            tar = subprocess.run(
                ["tar", "c", "-C", folder, "."], capture_output=True, check=True
            ).stdout
            subprocess.run(["docker", "import", *options, "-", name], input=tar, check=True)


if __name__ == "__main__":
    sys.exit(main())
