"""A database that is a file lies in one named volume, which every service that opens it has; or a note says why not."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from tocompose.model import ComposeFileRole
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

PROCFILE = "release: python manage.py migrate\nweb: gunicorn shop.wsgi\nworker: python manage.py work\n"
PYTHON = {
    "Procfile": PROCFILE,
    "requirements.txt": "django\ngunicorn\n",
    "manage.py": "",
    "shop/wsgi.py": "",
}
RUBY = {
    "Procfile": "web: bundle exec puma\nworker: bin/jobs\n",
    "Gemfile": "gem 'rails'\ngem 'puma'\n",
    "bin/jobs": "",
}
RAILS = """default: &default
  adapter: sqlite3
development:
  <<: *default
  database: db/development.sqlite3
production:
  primary:
    <<: *default
    database: {0}
"""
SETTINGS = "{0}\nDATABASES = {{'default': {{'ENGINE': 'django.db.backends.sqlite3', 'NAME': {1}}}}}\n"
PARENTS = "BASE_DIR = Path(__file__).resolve().parent.parent"
DIRNAMES = "BASE_DIR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))"


def converted(files: dict[str, str]) -> Result:
    content = {path: text.encode() for path, text in files.items()}
    result = convert(Memory(content, "shop"), Options(source="procfile"))
    assert "TC901" not in {note.code for note in result.notes}
    return result


def codes(result: Result) -> set[str]:
    return {note.code for note in result.notes}


def dockerfile(result: Result) -> str:
    return next(
        file.content.decode() for file in result.stack.files if file.path == "Dockerfile"
    )


@pytest.mark.parametrize(
    ("files", "target", "link"),
    [
        (
            {**RUBY, "config/database.yml": RAILS.format("storage/production.sqlite3")},
            "/app/storage",
            "",
        ),
        (
            {
                **RUBY,
                "config/database.yml": RAILS.format(
                    '<%= ENV.fetch("DB", "storage/p.sqlite3") %>'
                ),
            },
            "/app/storage",
            "",
        ),
        ({**RUBY, "config/database.yml": RAILS.format("/var/db/p.sqlite3")}, "/var/db", ""),
        # The folder of the file holds code, which a volume would keep as it was at its first start.
        (
            {
                **RUBY,
                "db/schema.rb": "",
                "config/database.yml": RAILS.format("db/production.sqlite3"),
            },
            "/app/data",
            "db/production.sqlite3",
        ),
        (
            {
                **PYTHON,
                "shop/settings.py": SETTINGS.format(PARENTS, "BASE_DIR / 'db.sqlite3'"),
            },
            "/app/data",
            "db.sqlite3",
        ),
        (
            {
                **PYTHON,
                "shop/settings.py": SETTINGS.format(
                    DIRNAMES, "os.path.join(BASE_DIR, 'var', 'db.sqlite3')"
                ),
            },
            "/app/var",
            "",
        ),
        (
            {
                **PYTHON,
                "data/rates.csv": "",
                "shop/settings.py": SETTINGS.format(PARENTS, "BASE_DIR / 'db.sqlite3'"),
            },
            "/app/database",
            "db.sqlite3",
        ),
        (
            {
                **PYTHON,
                "shop/conf/base.py": SETTINGS.format(
                    f"{PARENTS}.parent", "BASE_DIR / 'a.db'"
                ),
            },
            "/app/data",
            "a.db",
        ),
        ({**PYTHON, ".env": "DATABASE_URL=sqlite:////srv/shop/app.db\n"}, "/srv/shop", ""),
        ({**PYTHON, ".env": "DATABASE_URL=sqlite:///var/app.db\n"}, "/app/var", ""),
    ],
)
def test_every_service_of_the_app_has_the_volume_of_the_database(
    files: dict[str, str], target: str, link: str
) -> None:
    result = converted(files)
    assert "TC418" in codes(result) and not codes(result) & {"TC414", "TC417"}
    owned = [service for service in result.stack.services if service.build]
    mounts = {
        (mount.kind, mount.source, mount.target)
        for service in owned
        for mount in service.mounts
    }
    assert len(owned) > 1 and len(mounts) == 1
    ((kind, source, mounted_at),) = mounts
    assert (kind, mounted_at) == ("volume", target)
    assert [volume.name for volume in result.stack.volumes] == [source]
    folder = target.removeprefix("/app/")
    # What the new volume takes over: a folder that the user of the stage may write to.
    text = dockerfile(result)
    for user in re.findall(r"^USER (\d+)$", text, re.MULTILINE):
        assert f"RUN install -d -o {user} -g {user} {folder}\nUSER {user}\n" in text
    links = re.findall(r"ln -s (\S+) (\S+)", text)
    assert links == ([(f"{target}/{link.rpartition('/')[2]}", link)] if link else [])


def test_in_development_the_source_still_lies_where_it_did() -> None:
    files = {
        **PYTHON,
        "shop/settings.py": SETTINGS.format(PARENTS, "BASE_DIR / 'db.sqlite3'"),
    }
    web = next(
        service for service in converted(files).stack.services if service.name == "web"
    )
    overlay = web.overlays[ComposeFileRole.DEV]
    assert {mount.target for mount in overlay.mounts} == {"/app"}


@pytest.mark.parametrize(
    "files",
    [
        {
            **PYTHON,
            "shop/settings.py": SETTINGS.format(
                "BASE_DIR = ROOT", "BASE_DIR / 'db.sqlite3'"
            ),
        },
        {**PYTHON, "shop/settings.py": SETTINGS.format("", "ENV['FILE']")},
        # The image is not ours: its user may not write to a folder that it does not have.
        {
            **PYTHON,
            "Dockerfile": "FROM python:3.13\nWORKDIR /app\nCOPY . .\nUSER app\n",
            "shop/settings.py": SETTINGS.format(PARENTS, "BASE_DIR / 'var' / 'db.sqlite3'"),
        },
    ],
)
def test_a_database_that_no_volume_is_known_for_is_told(files: dict[str, str]) -> None:
    result = converted(files)
    assert "TC417" in codes(result) and "TC418" not in codes(result)
    assert not any(service.mounts for service in result.stack.services)


def test_a_server_needs_no_such_volume() -> None:
    files = {
        **PYTHON,
        "shop/settings.py": SETTINGS.format(PARENTS, "BASE_DIR / 'db.sqlite3'"),
    }
    files["app.json"] = '{"addons": ["heroku-postgresql"]}'
    assert "TC418" not in codes(converted(files))


def test_sqlite_keeps_its_journal_beside_the_file_that_a_link_leads_to(
    tmp_path: Path,
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "db.sqlite3").symlink_to(tmp_path / "data" / "db.sqlite3")
    database = sqlite3.connect(tmp_path / "db.sqlite3")
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE t (a)")
    names = sorted(path.name for path in (tmp_path / "data").iterdir())
    database.close()
    assert names == ["db.sqlite3", "db.sqlite3-shm", "db.sqlite3-wal"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "db.sqlite3"]


def test_who_has_no_tables_yet_is_told_how_to_make_them() -> None:
    files = {**PYTHON, "Procfile": "web: gunicorn shop.wsgi\n"}
    files["shop/settings.py"] = SETTINGS.format(PARENTS, "BASE_DIR / 'db.sqlite3'")
    assert "TC588" in codes(converted(files))
    # The repository may bring the file, with its tables.
    assert "TC588" not in codes(converted({**files, "db.sqlite3": "x"}))
