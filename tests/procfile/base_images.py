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
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from procfile import standin_scripts as scripts

_BASE = ("dash", "bash", "coreutils", "sed", "grep", "findutils", "passwd")
_PYTHON = (
    "python3.11-minimal",
    "libpython3.11-minimal",
    "libpython3.11-stdlib",
    "python3.11",
    "python3.11-venv",
    "python3-pip-whl",
    "python3-setuptools-whl",
)
_NGINX = ("nginx", "nginx-common", "gettext-base", "netcat-openbsd", "libbsd0", "libmd0")
_KERBEROS = (
    "libgssapi-krb5-2",
    "libkrb5-3",
    "libk5crypto3",
    "libkrb5support0",
    "libkeyutils1",
    "libcom-err2",
)
_XML = ("libxml2", "libicu72")
_PSQL = ("postgresql-client-15", "libpq5", "libldap-2.5-0", "libsasl2-2")
_POSTGRES = ("postgresql-15", *_PSQL)
_APACHE = (
    "apache2",
    "apache2-bin",
    "apache2-data",
    "libapr1",
    "libaprutil1",
    "libpcre2-8-0",
)
_PHP = (
    "php8.2-cli",
    "php8.2-common",
    "php8.2-opcache",
    "libapache2-mod-php8.2",
    "libargon2-1",
    "libsodium23",
)
_RUBY = (
    "ruby3.1",
    "libruby3.1",
    "ruby-rubygems",
    "ruby-bundler",
    "libyaml-0-2",
    "libc6",
    "libstdc++6",
    "libgcc-s1",
    "libffi8",
    "libgmp10",
)
_GEMS = """
actioncable actionmailbox actionmailer actionpack actiontext actionview activejob activemodel activerecord activestorage
activesupport builder concurrent connection-pool crass erubi globalid i18n loofah mail marcel method-source mini-mime
mini-portile2 minitest mustermann nio4r nokogiri rack rack-protection rack-test rails rails-dom-testing railties redis
rails-html-sanitizer ruby2-keywords sidekiq sinatra sprockets sprockets-rails thor tilt tzinfo websocket-driver
websocket-extensions zeitwerk
"""
GEMS = ("puma", "rake", "racc", *(f"ruby-{name}" for name in _GEMS.split()))
_SKIPPED = (
    "/usr/share/doc",
    "/usr/share/man",
    "/usr/share/locale",
    "/usr/lib/postgresql/15/lib/bitcode",
    "/usr/lib/postgresql/15/lib/llvmjit.so",
)
_PATH = "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LOCAL = "/usr/local/bin/"
_NODE_USER = "node:x:1000:1000::/home/node:/bin/sh"


class StandIn(NamedTuple):
    """What an image holds: files of packages that are installed here, whole ones that are fetched, and scripts.

    `users` are lines of its passwd, `changes` what it is imported with.
    """

    installed: tuple[str, ...] = _BASE
    fetched: tuple[str, ...] = ()
    scripts: Mapping[str, str] = MappingProxyType({})
    users: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()


NGINX = "nginxinc/nginx-unprivileged:1.29-alpine"
REDIS, POSTGRES = "tocompose-procfile/redis:7", "tocompose-procfile/postgres:15"
PYTHON, NODE, RUBY = (
    "python:3.11-slim-bookworm",
    "node:20-bookworm-slim",
    "ruby:3.1-slim-bookworm",
)
_NO_PACKAGES = {f"{_LOCAL}{name}": scripts.NOTHING for name in ("apt-get", "apk")}
_BUSYBOX = (*_BASE, "busybox-static")
_ALPINE = {f"{_LOCAL}{name}": scripts.APPLET for name in ("wget",)}
_ALPINE |= {f"{_LOCAL}adduser": scripts.ADD_USER, f"{_LOCAL}nc": scripts.NETCAT}
IMAGES = {
    PYTHON: StandIn((*_BASE, *_PYTHON), fetched=("libc6", "tzdata"), scripts=_NO_PACKAGES),
    NODE: StandIn((*_BASE, "nodejs"), scripts=_NO_PACKAGES, users=(_NODE_USER,)),
    RUBY: StandIn(fetched=(*_RUBY, *_XML, "libxslt1.1", "tzdata"), scripts=_NO_PACKAGES),
    NGINX: StandIn(
        fetched=_NGINX,
        scripts={"/start.sh": scripts.NGINX, "/etc/nginx/nginx.conf": scripts.NGINX_CONF},
        changes=("USER 101", 'ENTRYPOINT ["/start.sh"]', 'CMD ["nginx"]'),
    ),
    REDIS: StandIn(
        fetched=("redis-server", "redis-tools", "liblzf1", "libjemalloc2"),
        changes=('CMD ["redis-server", "--protected-mode", "no", "--dir", "/data"]',),
    ),
    POSTGRES: StandIn(
        installed=(*_BASE, "util-linux", "libc-bin"),
        fetched=(*_POSTGRES, *_XML, *_KERBEROS, "tzdata"),
        scripts={f"{_LOCAL}start": scripts.POSTGRES},
        users=("postgres:x:999:999::/var/lib/postgresql:/bin/sh",),
        changes=(f'ENTRYPOINT ["{_LOCAL}start"]', 'CMD ["postgres"]'),
    ),
    "php:8.4-apache": StandIn(
        fetched=(*_APACHE, *_PHP, *_XML, "media-types", "tzdata"),
        scripts={
            f"{_LOCAL}apache2-foreground": scripts.APACHE,
            f"{_LOCAL}a2enmod": scripts.ENABLE,
        },
        users=("www-data:x:33:33::/var/www:/bin/sh",),
    ),
    "maven:3.9-eclipse-temurin-21": StandIn(scripts={f"{_LOCAL}mvn": scripts.MAVEN}),
    "eclipse-temurin:21-jre": StandIn(_BUSYBOX, scripts={f"{_LOCAL}java": scripts.JAVA}),
    "golang:1.25-alpine": StandIn(
        _BUSYBOX, scripts={f"{_LOCAL}go": scripts.GO, **_NO_PACKAGES}
    ),
    "alpine:3.22": StandIn(
        _BUSYBOX,
        fetched=("netcat-openbsd", "libbsd0", "libmd0", *_PSQL, *_KERBEROS),
        scripts={**_ALPINE, **_NO_PACKAGES},
    ),
    "elixir:1.18-slim": StandIn(
        _BUSYBOX, scripts={f"{_LOCAL}mix": scripts.MIX, **_NO_PACKAGES}
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


def fill(root: Path, stand_in: StandIn) -> None:
    """Makes the root file system of an image."""
    root.chmod(0o755)  # as / in the image, which others than root must enter
    for folder in ("bin", "lib", "lib64", "sbin"):
        (root / "usr" / folder).mkdir(parents=True)
        (root / folder).symlink_to(f"usr/{folder}")
    files = list(packaged(stand_in.installed))
    for path in [*files, *sorted(set(libraries(files)))]:
        put(root, path)
    if stand_in.fetched:
        with TemporaryDirectory() as folder:
            for package in fetch(stand_in.fetched, Path(folder)):
                unpack(package, root)
        put_missing_libraries(root)
    for folder in "etc/skel etc/default proc dev sys run root tmp data home".split():
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    write_users(root, stand_in.users)
    for path, text in stand_in.scripts.items():
        write_script(root, path, text)


def fetch(names: Iterable[str], folder: Path) -> list[Path]:
    """The packages from the archive."""
    command = ["apt-get", "-qq", "download", *names]
    subprocess.run(command, cwd=folder, check=True, stderr=subprocess.DEVNULL)
    return sorted(folder.glob("*.deb"))


def unpack(package: Path, root: Path) -> None:
    """Puts a package's files into the root, without what only people read."""
    archive = ["dpkg-deb", "--fsys-tarfile", str(package)]
    left_out = [f"--exclude=.{folder}" for folder in _SKIPPED]
    extract = ["tar", "x", "--keep-directory-symlink", *left_out, "-C", str(root)]
    data = subprocess.run(archive, check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(extract, input=data, check=True)


def put_missing_libraries(root: Path) -> None:
    """Adds the shared libraries of this machine that the fetched programs need."""
    programs = (root / "usr" / place for place in ("bin", "sbin", "lib/postgresql/15/bin"))
    own = [path for folder in programs if folder.is_dir() for path in folder.iterdir()]
    own += (root / "usr/lib").rglob("*.so*")
    for path in sorted(set(libraries(str(path) for path in own if path.is_file()))):
        put(root, path)


def write_users(root: Path, users: Iterable[str]) -> None:
    """Writes the users and groups, and what useradd needs to make more of them."""
    groups = [":".join([user.split(":")[0], "x", user.split(":")[2], ""]) for user in users]
    texts = {
        "passwd": "\n".join(["root:x:0:0:root:/root:/bin/sh", *users, ""]),
        "group": "\n".join(["root:x:0:", *groups, ""]),
        "login.defs": "UID_MIN 1000\nUID_MAX 60000\nGID_MIN 1000\nGID_MAX 60000\nUSERGROUPS_ENAB yes\n",
        "shadow": "root:*:1::::::\n",
        "gshadow": "root:*::\n",
    }
    for file, text in texts.items():
        (root / "etc" / file).write_text(text)
    for user in users:
        number, group, home = (user.split(":")[index] for index in (2, 3, 5))
        (root / home.lstrip("/")).mkdir(parents=True, exist_ok=True)
        os.chown(root / home.lstrip("/"), int(number), int(group))


def write_script(root: Path, path: str, text: str) -> None:
    """Writes a program of the image's own."""
    target = root / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    target.chmod(0o755)


def finish_python(root: Path) -> None:
    """The program's short name, and the wheels that an index would give."""
    (root / "usr/bin/python").symlink_to("python3.11")
    put(root, "/etc/pam.d/common-auth")
    wheels = Path(__file__).with_name("standin_wheels.txt")
    options = ["--quiet", "--no-deps", "--python-version", "3.11", "--only-binary", ":all:"]
    command = [sys.executable, "-m", "pip", "download", *options, "-r", str(wheels)]
    subprocess.run([*command, "-d", str(root / "srv/wheels")], check=True)


def finish_node(root: Path) -> None:
    """Npm, and all of it where the official image has it, from which other images take it."""
    local = root / "usr/local"
    shutil.copytree(
        "/usr/lib/node_modules/npm", local / "lib/node_modules/npm", symlinks=True
    )
    shutil.move(root / "usr/bin/node", local / "bin/node")
    for name in ("npm", "npx"):
        (local / "bin" / name).symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")


def finish_nginx(root: Path) -> None:
    """What the alternatives of Debian do, and folders that the server's user may write."""
    (root / "usr/bin/nc").symlink_to("nc.openbsd")
    for place in ("conf.d", "templates"):
        (root / "etc/nginx" / place).mkdir(exist_ok=True)
        os.chown(root / "etc/nginx" / place, 101, 0)


def finish_ruby(root: Path) -> None:
    """Short names, and gems that an index would give."""
    for program in ("ruby", "gem", "bundle", "rake", "irb"):
        if (root / f"usr/bin/{program}3.1").exists():
            (root / "usr/bin" / program).unlink(missing_ok=True)
            (root / "usr/bin" / program).symlink_to(f"{program}3.1")
    with TemporaryDirectory() as folder:
        for package in fetch(GEMS, Path(folder)):
            tree = root / "debs" / package.name.split("_")[0]
            tree.mkdir(parents=True)
            unpack(package, tree)
    (root / "gems.rb").write_text(scripts.GEMS)
    subprocess.run(["chroot", str(root), "ruby", "/gems.rb"], check=True)
    shutil.rmtree(root / "debs")
    shutil.rmtree(root / "tmp")
    (root / "tmp").mkdir()
    (root / "tmp").chmod(0o1777)


def finish_postgres(root: Path) -> None:
    """The clients on the PATH, and the certificate that Debian's package makes, which the official image holds."""
    link_clients(root)
    for place in ("etc/ssl/certs", "etc/ssl/private"):
        (root / place).mkdir(parents=True, exist_ok=True)
    key = root / "etc/ssl/private/ssl-cert-snakeoil.key"
    certificate = root / "etc/ssl/certs/ssl-cert-snakeoil.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650"]
    written = ["-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*request, *written], check=True, capture_output=True)
    os.chown(key, 999, 999)
    key.chmod(0o600)


def link_clients(root: Path) -> None:
    """Puts the clients on the PATH, where Debian has wrappers in Perl."""
    for program in ("psql", "pg_isready", "pg_dump"):
        (root / "usr/local/bin" / program).symlink_to(
            f"/usr/lib/postgresql/15/bin/{program}"
        )


def finish_php(root: Path) -> None:
    """The modules that the official image has switched on."""
    places = ("mods-enabled", "sites-enabled", "conf-enabled")
    for place in places:
        (root / "etc/apache2" / place).mkdir(parents=True, exist_ok=True)
    (root / "etc/apache2/sites-enabled/000-default.conf").symlink_to(
        "../sites-available/000-default.conf"
    )
    modules = scripts.APACHE_MODULES.split()
    subprocess.run(["chroot", str(root), "a2enmod", *modules], check=True)
    (root / "usr/bin/php").unlink(missing_ok=True)
    (root / "usr/bin/php").symlink_to("php8.2")


FINISHING = {
    PYTHON: finish_python,
    NODE: finish_node,
    NGINX: finish_nginx,
    RUBY: finish_ruby,
    POSTGRES: finish_postgres,
    "alpine:3.22": link_clients,
    "php:8.4-apache": finish_php,
}


def main() -> None:
    """Imports every image that the engine does not have; names choose some, and make these anew."""
    for name in sys.argv[1:] or IMAGES:
        inspect = ["docker", "image", "inspect", name]
        if not sys.argv[1:] and not subprocess.run(inspect, capture_output=True).returncode:
            continue
        changes = [_PATH, *IMAGES[name].changes]
        options = [word for change in changes for word in ("-c", change)]
        with TemporaryDirectory() as folder:
            fill(Path(folder), IMAGES[name])
            if name in FINISHING:
                FINISHING[name](Path(folder))
            tar = subprocess.run(
                ["tar", "c", "-C", folder, "."], capture_output=True, check=True
            ).stdout
            subprocess.run(["docker", "import", *options, "-", name], input=tar, check=True)


if __name__ == "__main__":
    sys.exit(main())
