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


FLASK = {
    "Procfile": "web: gunicorn app:app\nworker: python work.py\n",
    "requirements.txt": "flask\ngunicorn\n",
    "work.py": "",
}
NODE = {
    "Procfile": "web: node server.js\nworker: node work.js\n",
    "package.json": "{}",
    "work.js": "",
}
GO = {"Procfile": "web: shop\nworker: shop work\n", "go.mod": "module example.com/shop\n"}
PHP = {"Procfile": "web: heroku-php-apache2 public/\nworker: php a.php\n"}
PHP |= {"composer.json": "{}", "public/index.php": "", "a.php": ""}
SINATRA = {"Procfile": "web: bundle exec puma\nworker: ruby a.rb\n", "a.rb": ""}
SINATRA |= {"Gemfile": "gem 'puma'\n"}
PRISMA = 'datasource db {\n provider = "sqlite"\n url = %s\n}\n'
HERE = "here = os.path.abspath(os.path.dirname(__file__))\n"


@pytest.mark.parametrize(
    ("files", "name", "text", "path"),
    [
        (FLASK, "app.py", "engine = create_engine('sqlite:///app.db')", "app.db"),
        (FLASK, "app.py", "A = environ.get('DATABASE_URL') or 'sqlite:////srv/a/b.db'", "/srv/a/b.db"),
        (FLASK, "app.py", f"{HERE}URI = 'sqlite:///' + os.path.join(here, 'a', 'b.db')", "a/b.db"),
        (FLASK, "shop/app.py", f"{HERE}URI = f'sqlite:///{{here}}/b.db'", "shop/b.db"),
        (FLASK, "app.py", "sqlite3.connect(os.getenv('DB', 'var/x.sqlite3'))", "var/x.sqlite3"),
        (FLASK, "app.py", "FILE = Path(__file__).parent / 'var' / 'x.db'\nsqlite3.connect(FILE)", "var/x.db"),
        (FLASK, "app.py", "DB_PATH = 'x.db'\nsqlite3.connect(DB_PATH)", "x.db"),
        # Flask-SQLAlchemy has a folder of its own since 3.0.
        (FLASK, "app.py", "SQLALCHEMY_DATABASE_URI = 'sqlite:///x.db'\nSQLAlchemy(app)", "instance/x.db"),
        ({**FLASK, "requirements.txt": "flask-sqlalchemy==2.5.1\ngunicorn\n"}, "app.py",
         "SQLALCHEMY_DATABASE_URI = 'sqlite:///x.db'\nSQLAlchemy(app)", "x.db"),
        (NODE, "server.js", "new Database('./a/b.db', {})\nrequire('better-sqlite3')", "a/b.db"),
        (NODE, "server.js", "require('better-sqlite3')\nnew Database(process.env.DB || 'b.db')", "b.db"),
        (NODE, "src/a.js", "new sqlite3.Database(path.join(__dirname, '..', 'a', 'b.sqlite'))", "a/b.sqlite"),
        (NODE, "knexfile.js", "client: 'sqlite3', connection: {filename: './var/b.sqlite3'}", "var/b.sqlite3"),
        (NODE, "a.js", "new Sequelize({dialect: 'sqlite', storage: './b.sqlite'})", "b.sqlite"),
        (NODE, "prisma/schema.prisma", PRISMA % '"file:./b.db"', "prisma/b.db"),
        ({**NODE, ".env": "DATABASE_URL=file:./b.db\n"}, "prisma/schema.prisma", PRISMA % 'env("A")', "prisma/b.db"),
        (GO, "main.go", 'db, err := sql.Open("sqlite3", "./a/b.db")', "a/b.db"),
        (GO, "main.go", 'gorm.Open(sqlite.Open("/var/lib/shop/b.db"))', "/var/lib/shop/b.db"),
        (PHP, "db.php", "new PDO('sqlite:a/b.db');", "a/b.db"),
        (PHP, "src/db.php", "new PDO('sqlite:' . __DIR__ . '/b.db');", "src/b.db"),
        (PHP, "config/database.php", "env('DB_CONNECTION', 'sqlite'), database_path('b.sqlite')", "database/b.sqlite"),
        (SINATRA, "db.rb", "SQLite3::Database.new 'a/b.db'", "a/b.db"),
        (SINATRA, "db.rb", "Sequel.connect('sqlite://a/b.db')", "a/b.db"),
    ],
)  # fmt: skip
def test_a_database_that_code_alone_names_lies_in_a_volume(
    files: dict[str, str], name: str, text: str, path: str
) -> None:
    result = converted({**files, name: f"{text}\n"})
    (told,) = (note for note in result.notes if note.code == "TC418")
    assert f" {path} " in told.message
    owned = [service for service in result.stack.services if service.build]
    mounts = {(mount.source, mount.target) for service in owned for mount in service.mounts}
    assert len(owned) == 2 and len(mounts) == 1
    assert all(service.mounts for service in owned)


@pytest.mark.parametrize(
    ("files", "name", "text", "codes_told"),
    [
        # In memory, or in a folder that only the code knows.
        (FLASK, "app.py", "sqlite3.connect(':memory:')", set()),
        (FLASK, "app.py", "sqlite3.connect(find())", {"TC417"}),
        # The image of Go lets its user write no link into the work directory.
        (GO, "main.go", 'sql.Open("sqlite3", "b.db")', {"TC417"}),
    ],
)
def test_a_database_that_code_does_not_place_has_no_volume(
    files: dict[str, str], name: str, text: str, codes_told: set[str]
) -> None:
    result = converted({**files, name: f"{text}\n"})
    assert codes(result) & {"TC414", "TC417", "TC418"} == codes_told
    assert not any(service.mounts for service in result.stack.services)


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


DOTNET = {
    "Procfile": "web: cd bin/publish; ./Shop --urls http://*:$PORT\n",
    "Shop.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"><TargetFramework>net8.0</TargetFramework></Project>',
    "Program.cs": "options.UseSqlite(configuration.GetConnectionString(name));\n",
}
DENO = {"Procfile": "web: deno run -A main.ts\n", "deno.json": "{}"}


@pytest.mark.parametrize(
    ("files", "link"),
    [
        ({"appsettings.json": '{"Default": "Data Source=shop.db"}'}, "shop.db"),
        # Production's own settings outrank the common ones.
        (
            {
                "appsettings.json": '{"Default": "Data Source=shop.db"}',
                "appsettings.Production.json": '{"Default": "DataSource=live.db;Cache=Shared"}',
            },
            "live.db",
        ),
    ],
)
def test_the_database_of_a_published_program_lies_beside_the_program(
    files: dict[str, str], link: str
) -> None:
    result = converted({**DOTNET, **files})
    (web,) = result.stack.services
    assert [mount.target for mount in web.mounts] == ["/app/data"]
    assert f"ln -s /app/data/{link} bin/publish/{link}" in dockerfile(result)
    assert "RUN chown 1654:1654 /app\n" in dockerfile(result)


@pytest.mark.parametrize(
    "code",
    [
        'import { DatabaseSync } from "node:sqlite";\nnew DatabaseSync("data/shop.db");\n',
        'import { Database } from "jsr:@db/sqlite";\nnew Database("data/shop.db");\n',
        'import { DB } from "https://deno.land/x/sqlite/mod.ts";\nnew DB("data/shop.db");\n',
    ],
)
def test_a_database_of_deno_lies_in_a_volume(code: str) -> None:
    result = converted({**DENO, "main.ts": code})
    (web,) = result.stack.services
    assert [mount.target for mount in web.mounts] == ["/app/data"]
