"""Dependencies shown by files of the source that services are given: env files and mounted configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocompose.pipeline import Options, convert
from tocompose.project import Folder, Memory, Project

SCRIPT = """
docker network create shop
docker run -d --name web --network shop {given} {image}
docker run -d --name db --network shop -e POSTGRES_PASSWORD=x postgres:16
docker run -d --name api --network shop shop/api:2
"""


def needs(given: str, files: dict[str, bytes], image: str = "nginx:1.27") -> set[str]:
    return needed(
        Memory(
            {"run.sh": SCRIPT.format(given=given, image=image).encode(), **files}, "shop"
        )
    )


def needed(project: Project) -> set[str]:
    web = convert(project, Options(source="docker_run")).stack.service("web")
    assert web is not None
    return {item.service for item in web.depends_on}


@pytest.mark.parametrize(
    ("given", "path", "content", "found"),
    [
        (
            "--env-file app.env",
            "app.env",
            b"DATABASE_URL=postgres://u:p@db:5432/shop\n",
            {"db"},
        ),
        ("--env-file ./conf/app.env", "conf/app.env", b'export DB_HOST="db"\n', {"db"}),
        (
            "--env-file app.env",
            "app.env",
            b"#DB_HOST=db\nCORS_ORIGIN=http://api:80\n",
            set(),
        ),
        (
            "-v $PWD/nginx.conf:/etc/nginx/nginx.conf:ro",
            "nginx.conf",
            b"  proxy_pass http://api:8000;\n",
            {"api"},
        ),
        (
            "-v ./sites:/etc/nginx/conf.d",
            "sites/a.conf",
            b"upstream a { server api:8000; }\n",
            {"api"},
        ),
        (
            "-v ./sites:/etc/nginx/conf.d",
            "sites/a.conf",
            b"  # proxy_pass http://api:8000;\n",
            set(),
        ),
        (
            "-v ./sites:/etc/nginx/conf.d",
            "sites/old/a.conf",
            b"proxy_pass http://api:8000;\n",
            set(),
        ),
        (
            "-v ./fluent.conf:/etc/fluent.conf",
            "fluent.conf",
            b"<match **>\n  host db\n  port 5432\n</match>\n",
            {"db"},
        ),
        (
            "-v ./a.json:/etc/a.json",
            "a.json",
            b'{\n  "db.host": "db",\n  "x_server": "api"\n}',
            {"db", "api"},
        ),
        (
            "-v ./a.conf:/etc/a.conf",
            "a.conf",
            b"server_name api;\nghost db\nhost is db\n",
            set(),
        ),
        (
            "-v ./seed.sql:/docker-entrypoint-initdb.d/seed.sql",
            "seed.sql",
            b"-- http://api:8000\n",
            set(),
        ),
        ("-v ./a.conf:/etc/a.conf", "a.conf", b"http://api:8000 " + b"x" * 200_000, set()),
        ("-v ./a.conf:/etc/a.conf", "a.conf", b"\xff\xfe http://api:8000\n", {"api"}),
        ("-v ./.:/srv", "a.conf", b"http://api:8000\n", set()),
    ],
)
def test_files_that_name_a_service(
    given: str, path: str, content: bytes, found: set[str]
) -> None:
    assert needs(given, {path: content}) == found


def test_a_monitor_does_not_wait_for_what_it_watches() -> None:
    given = "-v ./prometheus.yml:/etc/prometheus/prometheus.yml"
    scrapes = {
        "prometheus.yml": b"scrape_configs: [{static_configs: [{targets: ['api:8000']}]}]\n"
    }
    assert needs(given, scrapes, "prom/prometheus:v3.0.0") == set()
    assert needs(given, scrapes, "shop/scraper:1") == {"api"}


def test_files_on_disk(tmp_path: Path) -> None:
    (tmp_path / "away").mkdir()
    (tmp_path / "away" / "a.conf").write_text("http://api:8000")
    source = tmp_path / "source"
    (source / "sites").mkdir(parents=True)
    (source / "run.sh").write_text(
        SCRIPT.format(given="-v ./sites:/etc/nginx/conf.d", image="nginx:1.27")
    )
    (source / "sites" / "a.conf").symlink_to(tmp_path / "away" / "a.conf")
    assert needed(Folder(source)) == set(), "a link that leads out is not followed"
    (source / "sites" / "b.conf").write_text("proxy_pass http://api:8000;")
    assert needed(Folder(source, ("run.sh",))) == {"api"}, (
        "also where the script alone was named"
    )
    (source / "run.sh").write_text(
        SCRIPT.format(given="-v ../away:/etc/nginx/conf.d", image="nginx:1.27")
    )
    assert needed(Folder(source)) == set()


def test_the_files_of_a_folder(tmp_path: Path) -> None:
    for name in ("b/y", "b/x", "b/z/deep", "a"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    held = Memory({"b/y": b"", "b/x": b"", "b/z/deep": b"", "a": b""})
    for project in (Folder(tmp_path), held):
        assert project.below("b") == ("b/x", "b/y")
        assert project.below("missing") == project.below("a") == project.below("../b") == ()
