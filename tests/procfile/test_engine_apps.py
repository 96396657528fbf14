"""Apps as people have them on a real engine: built, up, answering, in production and in development.

Needs TOCOMPOSE_ENGINE and the images of `base_images.py`. Libraries that a registry would give are in these images, or
files of the apps themselves: what their installation does is the package manager's business. The compilers of Java, Go
and Elixir are simulated (`standin_scripts.py`).
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.clock import quickened_files
from oracles import NO_ENGINE
from procfile.base_images import NGINX, NODE, POSTGRES, PYTHON, REDIS, RUBY
from procfile.running_apps import COMPOSE, DOCKER, ENGINE, Running, free_port, run
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, convert
from tocompose.project import Folder

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not (COMPOSE and DOCKER and ENGINE), reason=NO_ENGINE),
]

_STORE = """
import os, socket
from urllib.parse import urlsplit
def ask(*words):
    place = urlsplit(os.environ["REDIS_URL"])
    with socket.create_connection((place.hostname, place.port), 5) as server:
        file = server.makefile("rwb")
        file.write(b"*%d\\r\\n" % len(words) + b"".join(b"$%d\\r\\n%s\\r\\n" % (len(w), w.encode()) for w in words))
        file.flush()
        line = file.readline().decode().strip()
        if line[0] != "$": return line[1:]
        return file.readline().decode().strip() if line != "$-1" else ""
"""
_WEB = """
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from store import ask
class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/die": os._exit(3)
        if self.path == "/job": ask("LPUSH", "jobs", "x")
        text = f"visits {ask('INCR', 'visits')} done {ask('GET', 'done') or 0}\\n".encode()
        self.send_response(200); self.end_headers(); self.wfile.write(text)
    def log_message(self, *a): pass
HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Page).serve_forever()
"""
_WORKER = """
import time
from store import ask
while True:
    if ask("RPOP", "jobs"): ask("INCR", "done")
    time.sleep(0.2)
"""
_SERVER = """
const fs = require('fs');
require('http').createServer((q, a) => a.end(
  `${process.env.NODE_ENV} ${fs.readFileSync('public/page.html', 'utf8')}`)).listen(process.env.PORT);
"""


class App(NamedTuple):
    """The files of an app, and the images that the engine must have."""

    images: tuple[str, ...]
    files: dict[str, str]


def stored(name: str) -> dict[str, str]:
    """The files of an app that lies beside the tests."""
    folder = Path(__file__).with_name("apps") / name
    paths = (path for path in folder.rglob("*") if path.is_file())
    kept = (path for path in paths if "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_text() for path in kept}


APPS = {
    "django": App((PYTHON, REDIS, POSTGRES), stored("django")),
    "rails": App((RUBY, REDIS), stored("rails")),
    "sinatra": App((RUBY, NODE), stored("sinatra")),
    "flask": App((PYTHON,), stored("flask")),
    "php": App(("php:8.4-apache",), stored("php")),
    "java": App(("maven:3.9-eclipse-temurin-21", "eclipse-temurin:21-jre"), stored("java")),
    "go-database": App(
        ("golang:1.25-alpine", "alpine:3.22", POSTGRES), stored("go-database")
    ),
    "go": App(("golang:1.25-alpine", "alpine:3.22"), stored("go")),
    "phoenix": App(("elixir:1.18-slim",), stored("phoenix")),
    "queue": App(
        (PYTHON, REDIS),
        {
            "Procfile": "release: echo released\nweb: python web.py\nworker: python worker.py\n",
            "app.json": '{"addons": ["heroku-redis"]}',
            "requirements.txt": "",
            ".python-version": "3.11\n",
            "store.py": _STORE,
            "web.py": _WEB,
            "worker.py": _WORKER,
        },
    ),
    "folders": App(
        (PYTHON, NODE),
        {
            "Procfile": "web: cd backend && exec python web.py $PORT\nfront: npm --prefix frontend start\n",
            "backend/requirements.txt": "",
            "backend/.python-version": "3.11\n",
            "backend/web.py": "import sys\nfrom http.server import *\n"
            "HTTPServer(('0.0.0.0', int(sys.argv[1])), SimpleHTTPRequestHandler).serve_forever()\n",
            "frontend/package.json": '{"scripts": {"start": "node front.js"}, "engines": {"node": "20.x"}}',
            "frontend/front.js": "console.log('front', process.env.NODE_ENV); setInterval(() => 0, 1e6)",
        },
    ),
    "front-end": App(
        (NODE,),
        {
            "Procfile": "web: serve-page\n",
            "Procfile.dev": "web: serve-page\nwatch: node watch.js\n",
            "package.json": '{"engines": {"node": "20.x"}, "scripts": {"build": "node build.js", "dev": "serve-page"},'
            ' "dependencies": {"serve-page": "file:./serve-page"}}',
            "serve-page/package.json": '{"name": "serve-page", "version": "1.0.0", "bin": {"serve-page": "run.js"}}',
            "serve-page/run.js": f"#!/usr/bin/env node\n{_SERVER}",
            "build.js": "require('fs').writeFileSync('public/page.html', 'hello ' + process.env.VITE_NAME)",
            "watch.js": "console.log('terminal', process.stdin.isTTY); process.stdin.on('end', () => process.exit(1));"
            " process.stdin.resume()",
            "public/page.html": "not built",
            "app.json": '{"env": {"VITE_NAME": "ann"}}',
            ".gitignore": "*.secret\n/private/\n.env*\n",
            "a.secret": "x",
            "private/key": "x",
            "config/.env.production": "TOKEN=x\n",
            "own.pem": "-----BEGIN PRIVATE KEY-----\n",
        },
    ),
    "site": App(
        (NGINX,),
        {
            "app.json": '{"buildpacks": [{"url": "heroku-community/static"}]}',
            "static.json": '{"root": "public/", "basic_auth": true, "clean_urls": true, "https_only": true,'
            ' "headers": {"/**": {"X-A": "b"}}, "redirects": {"/old": {"url": "/new", "status": 302}},'
            ' "routes": {"/app/**": "app.html"}, "error_page": "404.html"}',
            "public/index.html": "home",
            "public/app.html": "app",
            "public/404.html": "gone",
        },
    ),
}


@pytest.fixture(
    params=[
        ("queue", "production"),
        ("queue", "development"),
        ("folders", "production"),
        ("front-end", "production"),
        ("front-end", "development"),
        ("site", "production"),
        ("django", "production"),
        ("django", "development"),
        ("go-database", "production"),
        ("rails", "production"),
        ("rails", "development"),
        ("sinatra", "production"),
        ("flask", "production"),
        ("php", "production"),
        ("php", "development"),
        ("java", "production"),
        ("go", "production"),
        ("phoenix", "production"),
    ],
    ids="-".join,
)
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    name, mode = request.param
    for image in APPS[name].images:
        if run(tmp_path, DOCKER, "image", "inspect", image).returncode:
            pytest.skip(
                f"needs the image {image} in the engine (tests/procfile/base_images.py)"
            )
    folder = tmp_path / f"tocompose-procfile-{name}-{mode}"
    for path, text in APPS[name].files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    port = free_port()
    layout = Layout(split=True)
    converted = convert(Folder(folder), Options(source="procfile", layout=layout))
    for file in quickened_files(converted.files):
        (folder / file.path).write_bytes(file.content)
    values = (
        f'\nWEB_PORT="{port}"\nBASIC_AUTH_USERNAME=ann\nBASIC_AUTH_PASSWORD={{PLAIN}}pass\n'
        'SECRET_KEY="made once"\nSECRET_KEY_BASE="made once, and of a length that is enough"\n'
    )
    with (folder / ".env").open("a") as env:
        env.write(values)
    own_images = [
        f"  {image.split('/')[1].split(':')[0]}: {{image: '{image}'}}\n"
        for image in (REDIS, POSTGRES)
        if image in APPS[name].images
    ]
    if own_images:
        override = folder / "docker-compose.test.yml"
        override.write_text("services:\n" + "".join(own_images))
    for path, text in APPS[name].files.items():
        if text.startswith("#!"):
            (folder / path).chmod(0o755)
    for place in (folder, *folder.rglob("*")):
        os.chown(place, 1000, 1000)
    running = Running(folder, name, mode, port)
    try:
        done = running.compose("build")
        assert done.returncode == 0, done.stderr[-2500:]
        running.up()
        yield running
    finally:
        running.compose("down", "--volumes", "--timeout", "2", "--rmi", "local")


def test_the_app_answers(app: Running) -> None:
    CHECKS.get(app.name, check_answer)(app)


ANSWERS = {
    "sinatra-production": "sinatra production built",
    "flask-production": "flask http",
    "php-production": "php shop /",
    "php-development": "php shop /",
    "java-production": "java jar of shop\n",
    "go-production": "go shop\n",
    "phoenix-production": "phoenix true prod\n",
}


def check_answer(app: Running) -> None:
    assert app.get() == ANSWERS[f"{app.name}-{app.mode}"]
    if "release" in app.compose("ps", "--all", "--services").stdout:
        assert "migrated" in app.compose("logs", "release").stdout
    if app.name == "flask":
        # The platform's router ends TLS in front of the app; whoever stands in for it is trusted.
        assert app.get(**{"X-Forwarded-Proto": "https"}) == "flask https"


def visits(text: str) -> tuple[int, int]:
    """How often the app was visited, and how many jobs are done."""
    visited, done = re.findall(r"\d+", text)
    return int(visited), int(done)


def check_visits(app: Running) -> None:
    """The worker gets what web puts into the queue; data outlives the containers; a crash is recovered from."""
    assert visits(app.get())[0] == 1
    # Asked for anew each time: a worker that dies between taking a job and counting it has lost that one.
    shown = app.wait_for("done [1-9]", "/job" if app.name == "queue" else "/")
    assert re.search("done [1-9]", shown), f"{shown}\n{app.state()}"
    if app.mode != "production":
        return
    visited, _ = visits(app.get())
    app.compose("down", "--timeout", "2")
    app.up()
    assert visits(app.get())[0] == visited + 1
    with pytest.raises((OSError, HTTPException)):
        app.get("/die")
    assert "visits" in app.wait_for("visits")


def check_django(app: Running) -> None:
    """As the other apps with a queue; in development a change of the source shows without a new build."""
    check_visits(app)
    if app.mode == "development":
        pages = app.folder / "shop/urls.py"
        pages.write_text(pages.read_text().replace('f"visits', 'f"seen'))
        assert re.match(r"seen \d", app.wait_for("^seen"))


def check_database(app: Running) -> None:
    """The release makes the tables, which outlive the containers; the server speaks the TLS that the driver demands."""
    assert app.get() == "go shop\n"
    assert "migrated" in app.compose("logs", "release").stdout
    page = "/cgi-bin/visits"
    assert visits(app.get(page))[0] == 1
    app.compose("down", "--timeout", "2")
    app.up()
    assert visits(app.get(page))[0] == 2


def check_folders(app: Running) -> None:
    assert "web.py" in app.get()
    assert f"front {app.mode}" in app.compose("logs", "front").stdout


def check_front_end(app: Running) -> None:
    built = "hello ann" if app.mode == "production" else "not built"
    assert app.get() == f"{app.mode} {built}"
    if app.mode == "development":
        logs = app.compose("logs", "--no-color", "watch").stdout
        assert re.search(r"terminal \S*true", logs), logs
        assert (
            app.compose("ps", "--format", "{{.State}}", "watch").stdout.strip() == "running"
        )
        return
    assert "watch" not in app.compose("ps", "--services").stdout
    held = app.compose(
        "exec", "-T", "web", "find", "/app", "-not", "-path", "*/node_modules/*"
    )
    names = {Path(path).name for path in held.stdout.split("\n")}
    assert "server" not in names and "page.html" in names
    kept_out = {"a.secret", "private", ".env", ".env.production", "own.pem", "MIGRATION.md"}
    own = {
        "Dockerfile",
        ".dockerignore",
        "docker-compose.yml",
        ".gitignore",
        ".env.example",
    }
    assert names & (kept_out | own) == set()


def check_site(app: Running) -> None:
    access = {"Authorization": "Basic " + b64encode(b"ann:pass").decode()}
    assert app.get() == "401"
    assert app.get(**access) == "home" and app.get("/app/any/where", **access) == "app"
    assert app.get("/app", **access) == "app"
    assert app.get("/gone", **access).startswith("404")
    assert app.get("/old", **access).startswith("302") and "/new" in app.get(
        "/old", **access
    )
    assert app.get("/index", **access) == "home"
    forwarded = {**access, "X-Forwarded-Proto": "http"}
    assert app.get("/x", **forwarded).startswith("301 https://")


CHECKS = {
    "queue": check_visits,
    "django": check_django,
    "go-database": check_database,
    "rails": check_visits,
    "folders": check_folders,
    "front-end": check_front_end,
    "site": check_site,
}
