"""Services that nothing declares: which evidence counts, and which variables the app then gets."""

from __future__ import annotations

import pytest

from tocompose.exporters.bundle import Layout
from tocompose.importers.procfile.scan import _literal_start, _scan_rules
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

PYTHON = {
    "Procfile": "web: gunicorn shop\n",
    ".python-version": "3.12\n",
    "requirements.txt": "flask\npsycopg2\n",
}
READS = (
    'import os\nHOST = os.environ.get("DB_HOST", "localhost")\n'
    'USER, WORD = os.environ["DB_USER"], os.getenv("DB_PASSWORD")\n'
)


def of(files: dict[str, str]) -> Result:
    content = {path: text.encode() for path, text in files.items()}
    return convert(
        Memory(content, "shop"), Options(source="procfile", layout=Layout(split=True))
    )


def kinds(result: Result) -> set[str]:
    return {item.name for item in result.stack.services if item.build is None}


def environment(result: Result, name: str = "web") -> dict[str, str | None]:
    found = result.stack.service(name)
    assert found is not None
    return {item.name: item.value for item in found.environment}


def codes(result: Result) -> list[str]:
    return [item.code for item in result.notes]


def test_a_driver_and_a_host_give_the_service_and_every_part_that_the_app_reads() -> None:
    result = of({**PYTHON, "shop.py": READS})
    assert kinds(result) == {"postgres"}
    assert (
        environment(result).items()
        >= {
            "DB_HOST": "postgres",
            "DB_USER": "app",
            "DB_PASSWORD": "${POSTGRES_PASSWORD:?}",
        }.items()
    )
    assert "DB_PORT" not in environment(result) and "DATABASE_URL" not in environment(
        result
    )


@pytest.mark.parametrize(
    "files",
    [
        {**PYTHON},
        {**PYTHON, "requirements.txt": "flask\n", "shop.py": READS},
        {
            **PYTHON,
            "shop.py": 'import os\nHOST = os.getenv("DB_HOST", "db.c9x2.eu-west-1.rds.amazonaws.com")\n',
        },
        {
            **PYTHON,
            "shop.py": READS,
            ".env.example": "DB_HOST=prod-db.postgres.database.azure.com\n",
        },
        {**PYTHON, "shop.py": 'import os\nHOST = os.environ["TEST_DB_HOST"]\n'},
        {
            **PYTHON,
            "requirements.txt": "redis\n",
            "shop.py": READS,
            ".env.example": "REDIS_HOST=null\n",
        },
        {
            "Procfile": "web: bundle exec puma\n",
            "Gemfile": "gem 'sinatra'\ngem 'pg'\n",
            "Gemfile.lock": "x",
        },
    ],
    ids=[
        "driver",
        "host",
        "default elsewhere",
        "example elsewhere",
        "test server",
        "null",
        "gem",
    ],
)
def test_one_piece_of_evidence_or_a_server_elsewhere_gives_no_service(
    files: dict[str, str],
) -> None:
    assert kinds(of(files)) == set()


def test_a_hint_says_that_the_server_lies_elsewhere() -> None:
    result = of(
        {**PYTHON, "shop.py": READS, ".env.example": "DB_HOST=prod.abc.rds.amazonaws.com\n"}
    )
    hint = next(item for item in result.notes if item.code == "TC402")
    assert "DB_HOST names a server elsewhere" in hint.message


def test_user_and_password_of_another_server_give_way_with_its_host() -> None:
    dotenv = (
        "DB_HOST=db\nDB_USER=joe\nDB_PASSWORD=s3cret-word\nDB_NAME=shop\nSMTP_HOST=mail\n"
    )
    result = of({**PYTHON, "shop.py": READS, ".env": dotenv})
    assert (
        environment(result)["DB_USER"] == "app" and environment(result)["DB_NAME"] == "app"
    )
    assert codes(result).count("TC416") == 4
    assert not any(b"s3cret-word" in item.content for item in result.files)
    written = next(item.content for item in result.files if item.path == ".env")
    assert b"joe" not in written and b'SMTP_HOST="mail"' in written


def test_laravel_takes_the_server_that_its_connection_names() -> None:
    example = "DB_CONNECTION=mysql\nDB_HOST=127.0.0.1\nDB_PORT=3306\nDB_DATABASE=laravel\nREDIS_HOST=127.0.0.1\n"
    files = {"Procfile": "web: heroku-php-apache2 public/\n", ".env.example": example}
    result = of(
        {
            **files,
            "composer.json": '{"require": {"php": "^8.2", "laravel/framework": "^11"}}',
        }
    )
    assert kinds(result) == {"mysql"}
    expected = {
        "DB_CONNECTION": "mysql",
        "DB_HOST": "mysql",
        "DB_PORT": "3306",
        "DB_DATABASE": "app",
    }
    assert environment(result).items() >= expected.items()


def test_of_two_drivers_the_configuration_chooses() -> None:
    package = '{"dependencies": {"pg": "8", "mysql2": "3", "sequelize": "6"}}'
    files = {
        "Procfile": "web: node a.js\n",
        "package.json": package,
        "package-lock.json": "{}",
    }
    code = "module.exports = {dialect: 'mysql', host: process.env.DB_HOST, username: process.env.DB_USERNAME}\n"
    assert kinds(of({**files, "config.js": code})) == {"mysql"}
    assert kinds(of({**files, "config.js": code.replace("'mysql'", "'postgres'")})) == {
        "postgres"
    }


@pytest.mark.parametrize(
    ("sample", "value"),
    [
        (
            "postgresql+asyncpg://joe:x@db/shop",
            "postgresql+asyncpg://app:${POSTGRES_PASSWORD:?}@postgres:5432/app",
        ),
        (
            "jdbc:postgresql://db:5432/shop",
            "jdbc:postgresql://postgres:5432/app?user=app&password=${POSTGRES_PASSWORD:?}",
        ),
        ("", "postgres://app:${POSTGRES_PASSWORD:?}@postgres:5432/app"),
    ],
)
def test_an_address_has_the_scheme_of_its_sample(sample: str, value: str) -> None:
    result = of(
        {
            **PYTHON,
            ".env.example": f"DATABASE_URL={sample}\n",
            "shop.py": "import os\nos.environ['DATABASE_URL']\n",
        }
    )
    assert environment(result)["DATABASE_URL"] == value


@pytest.mark.parametrize(
    ("sample", "value"),
    [
        ("es:9200", "elasticsearch:9200"),
        ("es", "elasticsearch"),
        ("", "http://elasticsearch:9200"),
    ],
)
def test_a_host_has_the_shape_of_its_sample(sample: str, value: str) -> None:
    files = {
        **PYTHON,
        "requirements.txt": "elasticsearch\n",
        ".env.example": f"ELASTICSEARCH_HOST={sample}\n",
    }
    assert environment(of(files))["ELASTICSEARCH_HOST"] == value


def test_an_add_on_is_told_in_parts_too_where_the_app_reads_parts() -> None:
    result = of(
        {**PYTHON, "shop.py": READS, "app.json": '{"addons": ["heroku-postgresql"]}'}
    )
    found = environment(result)
    assert found["DB_HOST"] == "postgres" and found["DATABASE_URL"] is not None


def test_an_orm_with_its_only_driver_counts_unless_the_code_keeps_its_data_in_a_file() -> (
    None
):
    files = {**PYTHON, "requirements.txt": "django\npsycopg2\n"}
    assert kinds(of(files)) == {"postgres"}
    settings = "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3'}}\n"
    assert kinds(of({**files, "shop/settings.py": settings})) == set()


@pytest.mark.parametrize(
    ("procfile", "owners"),
    [
        ("web: serve\n", ""),
        ("web: serve\nconsole: talk\n", ""),
        ("web: serve\nworker: work\n", "web and worker"),
        ("release: prepare\nweb: serve\n", "release and web"),
    ],
)
def test_a_database_at_an_unknown_place_of_each_of_several_services_is_told(
    procfile: str, owners: str
) -> None:
    settings = "A = 'django.db.backends.sqlite3'\n"
    files = {"Procfile": procfile, "requirements.txt": "", "shop/settings.py": settings}
    result = of(files)
    told = {note.code: note for note in result.notes if note.code in ("TC414", "TC417")}
    assert list(told) == ["TC417" if owners else "TC414"]
    if owners:
        message = told["TC417"].message
        assert (
            message.startswith(f"{owners} each have") and "(the database file)" in message
        )


def test_an_assumed_variable_that_nothing_reads_is_said() -> None:
    assert "TC415" in codes(of({**PYTHON, "requirements.txt": "sqlalchemy\npsycopg2\n"}))
    assert "TC415" not in codes(of({**PYTHON, "shop.py": READS}))


def test_a_worker_takes_the_broker_whose_client_is_there() -> None:
    procfile = "web: gunicorn shop\nworker: celery -A shop worker\n"
    assert kinds(
        of({**PYTHON, "Procfile": procfile, "requirements.txt": "celery\nredis\n"})
    ) == {"redis"}
    assert (
        kinds(of({**PYTHON, "Procfile": procfile, "requirements.txt": "celery\n"})) == set()
    )


def test_what_the_settings_read_without_a_default_can_be_filled_in() -> None:
    settings = (
        "import os\nSECRET_KEY = os.environ['SECRET_KEY']\n"
        "LIMIT = int(os.environ['LIMIT'])\nA = os.getenv('B')\n"
    )
    files = {**PYTHON, "requirements.txt": "django\n", "shop/settings.py": settings}
    found = environment(of(files))
    assert (
        found["SECRET_KEY"] == "${SECRET_KEY:?}"
        and found["LIMIT"] is None
        and "B" not in found
    )
    said = next(item for item in of(files).notes if item.code == "TC386")
    assert "SECRET_KEY, LIMIT" in said.message and str(said.span) == "shop/settings.py:2:26"
    assert "TC386" not in codes(of({**files, ".env": "SECRET_KEY=x\nLIMIT=3\n"}))


def test_what_is_read_under_a_condition_is_passed_through_without_a_word() -> None:
    settings = (
        "import os\nif os.getenv('S3'):\n    # x\n    BUCKET = os.environ['BUCKET']\n"
    )
    settings += "D = {\n    'a': os.environ['ALWAYS'],\n}\n"
    result = of({**PYTHON, "requirements.txt": "django\n", "shop/settings.py": settings})
    said = next(item for item in result.notes if item.code == "TC386")
    assert "ALWAYS" in said.message and "BUCKET" not in said.message
    assert environment(result).keys() >= {"BUCKET", "ALWAYS"}


def test_what_a_loaded_module_cannot_be_imported_without_is_demanded() -> None:
    """The module that gunicorn names, and what that imports; not scripts, functions and conditions."""
    files = {
        **PYTHON,
        "Procfile": "web: gunicorn shop.web:app\nworker: python jobs.py\n",
        "shop/web.py": (
            "import os\nfrom shop import keys\n"
            "def late():\n    return os.environ['LATE_KEY']\n"
            "if os.getenv('MAIL'):\n    M = os.environ['MAIL_KEY']\n"
            "TOKEN = os.getenv('TOKEN') or os.environ['OTHER_TOKEN']\n"
        ),
        "shop/keys.py": "import os\nclass Keys:\n    COOKIES = os.environ['COOKIE_PEPPER']\n",
        "jobs.py": "import os\nQUEUE = os.environ['QUEUE_NAME']\n",
        "seed.py": "import os\nSEED = os.environ['SEED']\n",
    }
    result = of(files)
    demanded = {
        name for name, value in environment(result).items() if value == f"${{{name}:?}}"
    }
    assert demanded == {"COOKIE_PEPPER", "QUEUE_NAME"}
    [said] = [note for note in result.notes if note.code == "TC386"]
    assert "QUEUE_NAME, COOKIE_PEPPER" in said.message
    assert said.span is not None and said.span.file == "jobs.py"


def test_every_rule_of_the_scan_begins_with_letters_that_its_matches_have() -> None:
    assert all(len(rule.start) > 2 for rule in _scan_rules())
    assert _literal_start("abc?d") == b"ab" and _literal_start(r"a\.b|c") == b""
    assert _literal_start(r"ssl\s*(?:a|b)[|]\|") == b"ssl"


@pytest.mark.parametrize(
    ("dependencies", "names"),
    [
        ('  [{:postgrex, "~> 0.17"}, {:ecto_sql, "~> 3.0"}]\n', {"postgres"}),
        (
            '  [\n    {:postgrex, "~> 0.17"},\n    {:ecto_sql, "~> 3.0"}\n  ]\n',
            {"postgres"},
        ),
        ('  [\n    # {:postgrex, "~> 0.17"},\n    {:ecto_sql, "~> 3.0"}\n  ]\n', set()),
        ('  [{:postgrex, "~> 0.17", only: :test}, {:ecto_sql, "~> 3.0"}]\n', set()),
    ],
)
def test_the_libraries_of_elixir_stand_on_one_line_or_many(
    dependencies: str, names: set[str]
) -> None:
    mix = f"defmodule Shop.MixProject do\n  defp deps do\n{dependencies}  end\nend\n"
    assert kinds(of({"Procfile": "web: mix phx.server\n", "mix.exs": mix})) == names


def test_what_phoenix_fetches_without_a_default_is_demanded() -> None:
    runtime = (
        'System.fetch_env!("MAIL_KEY")\nSystem.get_env("SECRET_KEY_BASE") ||\n  raise "none"\n'
        '# System.fetch_env!("OLD")\nSystem.get_env("POOL_SIZE") || "10"\n'
    )
    files = {
        "Procfile": "web: mix phx.server\n",
        "mix.exs": "",
        "config/runtime.exs": runtime,
    }
    result = of(files)
    [said] = [note for note in result.notes if note.code == "TC386"]
    assert "needs MAIL_KEY, SECRET_KEY_BASE," in said.message
    assert environment(result)["SECRET_KEY_BASE"] == "${SECRET_KEY_BASE:?}"


def test_what_the_jvm_buildpack_makes_of_the_address_points_to_the_database() -> None:
    files = {
        "Procfile": "web: java -jar build/libs/a.jar\n",
        "build.gradle": "dependencies {\n  runtimeOnly 'org.postgresql:postgresql'\n}\n",
        "src/main/resources/application.properties": "spring.datasource.url=${JDBC_DATABASE_URL}\n",
    }
    result = of(files)
    assert kinds(result) == {"postgres"} and "TC415" not in codes(result)
    address = environment(result)["JDBC_DATABASE_URL"] or ""
    assert address.startswith("jdbc:postgresql://postgres:5432/app?")


PARTS = "  host: <%= ENV['DB_HOST'] %>\n  username: <%= ENV['DB_USER'] %>\n  password: <%= ENV['DB_PASSWORD'] %>\n"


@pytest.mark.parametrize(
    ("database", "made"),
    [("shop_live", "shop_live"), ("<%= ENV['DB_NAME'] %>", "app")],
)
def test_the_server_makes_the_database_that_production_names(
    database: str, made: str
) -> None:
    files = {
        "Procfile": "web: bin/rails server\n",
        "Gemfile": "gem 'rails'\ngem 'pg'\n",
        "config/database.yml": "development:\n  database: shop_dev\nproduction:\n"
        f"  adapter: postgresql\n  database: {database}\n{PARTS}",
    }
    content = {path: text.encode() for path, text in files.items()}
    stack = convert(Memory(content, "shop"), Options(source="procfile")).stack
    (server,) = (service for service in stack.services if service.name == "postgres")
    values = {variable.name: variable.value for variable in server.environment}
    assert values["POSTGRES_DB"] == made and values["POSTGRES_USER"] == "app"
