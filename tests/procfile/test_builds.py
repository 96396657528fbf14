"""What a generated Dockerfile needs so that it builds: images that exist, packages, values for build steps."""

from __future__ import annotations

import pytest

from tocompose.exporters.bundle import Layout
from tocompose.languages.versions import is_archived, slim_image
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

DJANGO = {
    "Procfile": "web: gunicorn shop.wsgi\n",
    "requirements.txt": "django\n",
    ".python-version": "3.12\n",
    "manage.py": "",
}
RAILS = {"Procfile": "web: bundle exec puma\n", "Gemfile": "gem 'rails'\n"}
LOCK = "GEM\n  specs:\n    rails (7.1.0)\n    sprockets (4.0)\n"


def of(files: dict[str, str]) -> Result:
    content = {path: text.encode() for path, text in files.items()}
    return convert(
        Memory(content, "app"), Options(source="procfile", layout=Layout(split=True))
    )


def dockerfile(files: dict[str, str]) -> str:
    """The generated Dockerfile; empty when there is none."""
    return next(
        (item.content.decode() for item in of(files).files if item.path == "Dockerfile"), ""
    )


@pytest.mark.parametrize(
    ("name", "version", "image"),
    [
        ("node", "18.12.1", "node:18.12.1-bullseye-slim"),
        ("node", "18.16.1", "node:18.16.1-bookworm-slim"),
        ("node", "18", "node:18-bookworm-slim"),
        ("node", "14.17.0", "node:14.17.0-buster-slim"),
        ("node", "10.15.0", "node:10.15.0-slim"),
        ("node", "24", "node:24-bookworm-slim"),
        ("ruby", "3.1.2", "ruby:3.1.2-slim-bullseye"),
        ("ruby", "3.1.4", "ruby:3.1.4-slim-bookworm"),
        ("ruby", "2.7.2", "ruby:2.7.2-slim-buster"),
        ("ruby", "4.0.1", "ruby:4.0.1-slim-bookworm"),
        ("rust", "1.65", "rust:1.65-slim-bullseye"),
    ],
)
def test_a_tag_names_a_debian_release_that_the_version_has_images_on(
    name: str, version: str, image: str
) -> None:
    assert slim_image(name, version) == image


def test_packages_of_an_archived_release_come_from_the_archive() -> None:
    assert (
        is_archived("ruby:2.7.2-slim-buster")
        and is_archived("node:10.15.0-slim")
        and is_archived("elixir:1.10-slim")
    )
    assert (
        not is_archived("ruby:3.1.2-slim-bullseye")
        and not is_archived("elixir:1.18-slim")
        and not is_archived("php:8.4-apache")
    )
    old = dockerfile({**RAILS, "Gemfile.lock": "RUBY VERSION\n   ruby 2.7.2p1\n"})
    assert "archive.debian" in old
    assert "archive.debian" not in dockerfile(
        {**RAILS, "Gemfile.lock": "RUBY VERSION\n   ruby 3.1.2p1\n"}
    )


def test_packages_have_the_names_of_their_release() -> None:
    gem = {"Gemfile": "gem 'charlock_holmes'\n"}
    assert "libicu72" in dockerfile({**RAILS, **gem, ".ruby-version": "3.3.0\n"})
    assert "libicu67" in dockerfile({**RAILS, **gem, ".ruby-version": "3.1.2\n"})


def test_python_2_has_no_venv() -> None:
    text = dockerfile(
        {
            "Procfile": "web: gunicorn a\n",
            "requirements.txt": "flask\n",
            "runtime.txt": "python-2.7.18\n",
        }
    )
    assert (
        "FROM python:2.7.18-slim-buster AS base" in text
        and "python -m virtualenv /opt/venv" in text
    )


@pytest.mark.parametrize(
    ("stated", "release"),
    [
        (">=3.9,<3.13", "3.12"),
        ("<=3.11", "3.11"),
        (">=3.9", "3.14"),
        ("^3.11", "3.11"),
        ("!=3.9", "3.14"),
        (">=3.8,<4.0", "3.14"),
    ],
)
def test_an_upper_bound_of_python_is_kept(stated: str, release: str) -> None:
    project = f'[project]\nname = "a"\nrequires-python = "{stated}"\n'
    assert f"FROM python:{release}-slim" in dockerfile(
        {"Procfile": "web: gunicorn a\n", "pyproject.toml": project}
    )


@pytest.mark.parametrize(
    ("stated", "image"),
    [
        ("=18.12.1", "node:18.12.1-b"),
        ("~18.12", "node:18.12-b"),
        (">=999", "node:24-b"),
        ("^18.12.1", "node:18-b"),
    ],
)
def test_a_range_that_allows_no_other_minor_release_is_kept(
    stated: str, image: str
) -> None:
    package = f'{{"engines": {{"node": "{stated}"}}}}'
    assert f"FROM {image}" in dockerfile(
        {"Procfile": "web: node a\n", "package.json": package, "package-lock.json": "{}"}
    )


def test_collectstatic_gets_what_the_settings_read_outright() -> None:
    settings = (
        "STATIC_ROOT = 'x'\nA = os.environ['API_SECRET']\nB = env.int('POOL')\nC = config('FLAG', cast=bool)\n"
        "D = env('MAYBE', default='x')\nE = os.environ.get('OPTIONAL')\nF = env('SEARCH_URL')\n"
        "os.environ['WRITTEN'] = 'x'\n"
    )
    text = dockerfile({**DJANGO, "shop/settings/base.py": settings})
    step = next(line for line in text.splitlines() if "collectstatic" in line)
    for word in ("API_SECRET=build", "POOL=1", "FLAG=False", "SEARCH_URL=http://localhost"):
        assert word in step
    assert not any(word in step for word in ("MAYBE", "OPTIONAL", "WRITTEN"))


def test_precompiling_gets_what_the_configuration_fetches() -> None:
    files = {
        **RAILS,
        "Gemfile.lock": LOCK,
        "config/initializers/a.rb": "ENV.fetch('API_KEY')\nENV.fetch('B') { 1 }\n",
    }
    files |= {
        "config/environments/test.rb": "ENV.fetch('ONLY_TEST')",
        "config/database.yml": "url: <%= ENV.fetch('DATABASE_URL') %>",
    }
    step = next(
        line for line in dockerfile(files).splitlines() if "assets:precompile" in line
    )
    assert "API_KEY=1" in step and "DATABASE_URL=postgres://build@localhost/build" in step
    assert "B=" not in step and "ONLY_TEST" not in step


def test_a_gemfile_that_reads_other_files_gets_them_before_the_install() -> None:
    text = dockerfile(
        {
            **RAILS,
            "Gemfile": "gem 'rails'\ngem 'own', path: 'gems/own'\n",
            "Gemfile.lock": LOCK,
        }
    )
    assert (
        text.index("COPY . .") < text.index("bundle install")
        and text.count("COPY . .") == 1
    )


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (
            {"Procfile": "web: x\n", "requirements.txt": "a @ git+https://example.com/a\n"},
            ["--no-install-recommends git"],
        ),
        (
            {
                "Procfile": "web: node a\n",
                "package.json": '{"dependencies": {"a": "github:b/a"}}',
            },
            ["ca-certificates git"],
        ),
        (
            {
                "Procfile": "web: node a\n",
                "package.json": '{"dependencies": {"puppeteer": "23"}}',
            },
            ["chromium", "PUPPETEER_EXECUTABLE_PATH=/usr/bin/chromium"],
        ),
        (
            {
                "Procfile": "web: x\n",
                "composer.json": '{"require": {"laravel/framework": "11"}}',
            },
            ["libpq-dev", "pdo_pgsql"],
        ),
        (
            {
                "Procfile": "web: x\n",
                "Cargo.toml": '[dependencies]\ndiesel = {version = "2", features = ["postgres"]}\n',
            },
            ["libpq-dev", "libpq5"],
        ),
        (
            {**DJANGO, "shop/settings.py": "INSTALLED_APPS = ['django.contrib.gis']"},
            ["libgdal32"],
        ),
    ],
    ids=["pip", "npm", "puppeteer", "laravel", "diesel", "geodjango"],
)
def test_what_a_library_needs_is_installed(files: dict[str, str], words: list[str]) -> None:
    text = dockerfile(files)
    assert [word for word in words if word not in text] == []


def test_a_program_of_a_buildpack_in_front_of_a_command_is_left_out() -> None:
    files = {
        "Procfile": "web: bin/start-nginx bundle exec puma\nworker: jemalloc.sh bundle exec sidekiq\n",
        "Gemfile": "",
    }
    result = of(files)
    commands = {item.name: item.command for item in result.stack.services if item.build}
    assert commands["web"] == ("bundle", "exec", "puma") and commands["worker"] == (
        "bundle",
        "exec",
        "sidekiq",
    )
    assert [item.code for item in result.notes].count("TC384") == 2
    kept = of({**files, "bin/start-nginx": "#!/bin/sh\n"}).stack.service("web")
    assert kept is not None and kept.command == (
        "bin/start-nginx",
        "bundle",
        "exec",
        "puma",
    )


def test_the_assets_of_an_older_phoenix_app_are_built() -> None:
    files = {
        "Procfile": "web: mix phx.server\n",
        "mix.exs": "",
        "phoenix_static_buildpack.config": "node_version=12.22.1\n",
    }
    text = dockerfile(
        {
            **files,
            "assets/package.json": '{"scripts": {"deploy": "webpack"}}',
            "assets/package-lock.json": "{}",
        }
    )
    assert "FROM node:12.22.1-buster-slim AS node" in text
    assert "npm --prefix assets run deploy && mix phx.digest" in text


def test_a_hook_of_the_build_is_named() -> None:
    codes = {item.code for item in of({**DJANGO, "bin/post_compile": "x"}).notes}
    assert "TC385" in codes


def test_a_backslash_at_the_end_of_a_command_escapes_nothing() -> None:
    result = of({"Procfile": "web: gunicorn a \\\n  --bind x\n", "requirements.txt": "x\n"})
    assert [item.name for item in result.stack.services] == ["web"]
    found = result.stack.service("web")
    assert found is not None and found.command == ("gunicorn", "a")


def test_a_name_that_compose_cannot_refer_to_keeps_its_value() -> None:
    result = of(
        {"Procfile": "web: gunicorn a\n", "requirements.txt": "x\n", ".env": "1N=x$y\n"}
    )
    found = result.stack.service("web")
    assert (
        found is not None
        and {item.name: item.value for item in found.environment}["1N"] == "x$$y"
    )


def test_pinned_libraries_get_a_compiler_where_nothing_names_the_version_of_python() -> (
    None
):
    files = {
        "Procfile": "web: gunicorn a\n",
        "requirements.txt": "gunicorn\npsycopg2-binary==2.8.6\n",
    }
    text = dockerfile(files)
    assert "build-essential libpq-dev" in text and "--no-install-recommends libpq5" in text
    assert "apt-get" not in dockerfile({**files, ".python-version": "3.8\n"})
    assert "apt-get" not in dockerfile({**files, "requirements.txt": "gunicorn\n"})
