"""Compose files of version 1 in the keys of today: nothing that they say is lost without a word."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from oracles import oracles, unless_oracles
from tocompose.importers import SourceError
from tocompose.importers.compose.versions import is_version_one, version_one_files
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory


def read(
    text: str, name: str = "shop", file: str = "docker-compose.yml", **files: str
) -> Result:
    content = {file: text.encode(), **{path: more.encode() for path, more in files.items()}}
    return convert(Memory(content, name), Options(source="compose", practices="none"))


def compose(text: str, **fields: Any) -> Any:
    return yaml.safe_load(read(text, **fields).files[0].content)


def codes(text: str, **fields: Any) -> set[str]:
    return {one_note.code for one_note in read(text, **fields).notes}


@pytest.mark.parametrize(
    ("document", "is_old"),
    [
        ({"web": {"image": "a"}}, True),
        ({"web": {"build": "."}, "db": {"extends": "x"}}, True),
        ({"version": {"image": "a"}}, True),
        ({"version": "2", "web": {"image": "a"}}, False),
        ({"services": {"web": {"image": "a"}}}, False),
        ({"web": {"ports": []}}, False),
        ({"base": {"user": "1"}, "web": {"extends": "base", "image": "a"}}, True),
        ({"web": {"image": "a"}, "other": {"colour": "red"}}, False),
        (
            {"test": {"image": "a", "script": ["x"]}, "lint": {"image": "b", "script": []}},
            False,
        ),
        ({"jobs": {"build": {"docker": [{"image": "a"}]}}}, False),
        ({"web": {"image": "a", "imge": "b"}}, True),
        ({"web": "a"}, False),
        ({"web": {"extends": {"service": "base", "file": "more.yml"}}}, True),
        ({"jobs": {"build": {"docker": [{"image": "a"}], "steps": []}}}, False),
        ({"test": {"image": "a", "script": ["make"]}}, False),
        ({"workflow": {"extends": {"docker": []}}}, False),
        ({}, False),
    ],
)
def test_the_version_of_a_file(document: dict[str, Any], is_old: bool) -> None:
    assert is_version_one(document) is is_old
    text = yaml.safe_dump(document).encode()
    files = version_one_files(Memory({"docker-compose.yml": text}, "shop"))
    assert files == (("docker-compose.yml",) if is_old else ())


@pytest.mark.parametrize(
    ("text", "is_old"),
    [
        ("web: # the site\n  image: a\n", True),
        ("web: &web\n  image: a\napi: *web\n", True),
        ("'web': {image: a}\n", True),
        ('"web":\n  image: a\n  command: |\n    kind: x\n', True),
        ("kind: Pod\nweb:\n  image: a\n", False),
        ("web:\n  image: a\n'kind':   'Pod'\n", False),
    ],
)
def test_a_scalar_at_the_top_tells_the_version(text: str, is_old: bool) -> None:
    project = Memory({"docker-compose.yml": text.encode()}, "shop")
    assert version_one_files(project) == (("docker-compose.yml",) if is_old else ())


KEYS: list[tuple[str, dict[str, Any]]] = [
    ("net: host", {"network_mode": "host"}),
    ("net: bridge", {}),
    ("net: 'container:db'", {"network_mode": "service:db"}),
    ("net: 'container:other'", {"network_mode": "container:other"}),
    ("log_driver: syslog", {"logging": {"driver": "syslog"}}),
    ("log_opt: {tag: x}", {"logging": {"options": {"tag": "x"}}}),
    ("links: [db]", {"depends_on": {"db": {"condition": "service_started"}}}),
    ("links: [db, 'db:db']", {"depends_on": {"db": {"condition": "service_started"}}}),
    ("links: [web]", {}),
    ("external_links: ['x:y']", {"external_links": ["x:y"]}),
    ("volumes_from: ['db:ro']", {"volumes_from": ["db:ro"]}),
    ("volumes_from: [old]", {"volumes_from": ["container:old"]}),
    ("mem_limit: 64m", {"mem_limit": "64m"}),
    ("ports: ['22:22', 80]", {"ports": ["22:22", 80]}),
    ("environment: [A=1, B]", {"environment": ["A=1", "B"]}),
    ("cpuset: '0,1'", {"cpuset": "0,1"}),
]


@pytest.mark.parametrize(("line", "keys"), KEYS)
def test_a_key_of_version_one(line: str, keys: dict[str, Any]) -> None:
    services = compose(f"web:\n  image: a:1\n  {line}\ndb:\n  image: b:1\n")["services"]
    assert services["web"] == {"image": "a:1", **keys}


def test_a_dockerfile_stands_in_the_build() -> None:
    web = compose("web: {build: app, dockerfile: Dockerfile.web}")["services"]["web"]
    assert web["build"] == {"context": "app", "dockerfile": "Dockerfile.web"} or web[
        "build"
    ] == {
        "context": "./app",
        "dockerfile": "Dockerfile.web",
    }


def test_the_alias_of_a_link_is_a_name_on_the_network() -> None:
    written = compose("web: {image: a, links: ['db:mysql']}\ndb: {image: b}")
    assert written["services"]["db"]["networks"] == {"default": {"aliases": ["mysql"]}}


LINKED = """
web:
  build: .
  links: ['db:mysql', cache]
  command: sh -c 'wait-for $$MYSQL_PORT_3306_TCP_ADDR $$CACHE_PORT $$MYSQL_ENV_PASS $$OTHER_PORT'
db: {image: 'mysql:5', environment: [PASS=a-pass]}
cache: {image: 'redis:2', expose: ['6379'], ports: ['80:6380']}
"""


def test_variables_of_links_are_set_to_what_says_the_same() -> None:
    variables = compose(LINKED)["services"]["web"]["environment"]
    assert variables == {
        "MYSQL_PORT_3306_TCP_ADDR": "db",
        "CACHE_PORT": "tcp://cache:6379",
        "MYSQL_ENV_PASS": "a-pass",
    }
    assert {"TC073"} <= codes(LINKED) and "TC066" not in codes(LINKED)


def test_variables_of_links_are_looked_for_in_what_is_built() -> None:
    settings = 'HOST = environ["DB_1_PORT_5432_TCP_ADDR"]\nNAME = environ["DB_NAME"]\n'
    text = "web: {build: ., links: [db]}\ndb: {image: b}"
    files = {"fig.yml": text, "settings.py": settings, "Dockerfile": "FROM a\n"}
    project = Memory({path: body.encode() for path, body in files.items()}, "shop")
    project.named = ()
    written = convert(project, Options(source="compose", practices="none"))
    web = yaml.safe_load(written.files[0].content)["services"]["web"]
    assert web["environment"] == {"DB_1_PORT_5432_TCP_ADDR": "db"}


def test_a_variable_that_is_set_is_left_alone() -> None:
    text = "web: {image: a, links: [db], environment: {DB_PORT: '5432'}}\ndb: {image: b}"
    assert compose(text)["services"]["web"]["environment"] == {"DB_PORT": "5432"}


def test_what_no_one_sets_now_is_told_once() -> None:
    words = "$$DB_ENV_USER $$DB_ENV_USER"
    text = f"web: {{image: a, links: [db], command: '{words}'}}\ndb: {{image: b}}"
    told = [one.message for one in read(text).notes if one.code == "TC066"]
    assert len(told) == 1 and "DB_ENV_USER" in told[0]


def test_what_no_one_sets_now_is_told_where_it_stands() -> None:
    lines = (
        "web:",
        "  image: a",
        "  links: [db]",
        "  environment: ['A=$DB_PORT']",
        "  command: run $DB_PORT_5432_TCP_ADDR",
        "db: {image: b}",
    )
    told = [one for one in read("\n".join(lines)).notes if one.code == "TC066"]
    assert [one.span.line for one in told if one.span] == [4]


def test_a_name_that_only_links_gave_is_an_alias() -> None:
    text = "web: {image: a, links: [db], command: psql -h shop_db_1}\ndb: {image: b}"
    aliases = compose(text)["services"]["db"]["networks"]["default"]["aliases"]
    assert aliases == ["shop_db_1"]


def test_a_path_without_a_dot_is_a_path() -> None:
    text = "web: {image: a, volumes: ['data/x:/x', 'data:/y', '/z']}"
    assert compose(text)["services"]["web"]["volumes"] == ["./data/x:/x", "data:/y", "/z"]


@pytest.mark.parametrize(("version", "is_told"), [("version: '3'\n", True), ("", False)])
def test_the_project_may_have_had_another_name(version: str, is_told: bool) -> None:
    text = f"{version}services: {{web: {{image: a, volumes: ['d:/d']}}}}\nvolumes: {{d: }}"
    assert ("TC074" in codes(text, name="my-app")) is is_told
    assert "TC074" not in codes(text, name="shop")


def test_volumes_keep_the_engines_names_and_their_driver() -> None:
    text = "web: {image: a, volume_driver: rexray, volumes: ['data:/d', './x:/x', '/y']}"
    written = compose(text)
    assert written["volumes"] == {"data": {"name": "data", "driver": "rexray"}}
    assert written["services"]["web"]["volumes"] == ["data:/d", "./x:/x", "/y"]


def test_a_data_only_container_becomes_volumes_with_names() -> None:
    text = """
web: {image: a, volumes_from: [data]}
job: {image: b, volumes_from: ['data:ro', other]}
data: {image: busybox, volumes: [/var/lib/data, 'logs:/logs']}
"""
    written = compose(text, name="my-app")
    assert list(written["services"]) == ["job", "web"] or set(written["services"]) == {
        "web",
        "job",
    }
    assert written["services"]["web"]["volumes"] == [
        "data-var-lib-data:/var/lib/data",
        "logs:/logs",
    ]
    assert written["services"]["job"]["volumes_from"] == ["container:other"]
    assert "data-var-lib-data" in written["volumes"]
    (told,) = [one for one in read(text, name="my-app").notes if one.code == "TC432"]
    assert (
        "label=com.docker.compose.service=data | head -n 1):/var/lib/data/." in told.advice
    )
    assert "-v myapp_data-var-lib-data:/to" in told.advice


def test_volumes_that_were_lent_to_be_read_stay_so() -> None:
    text = (
        "web: {image: a, volumes_from: ['data:ro']}\ndata: {image: busybox, volumes: [/d]}"
    )
    assert compose(text)["services"]["web"]["volumes"] == ["data-d:/d:ro"]


def test_the_project_keeps_the_name_that_compose_1_gave_it() -> None:
    text = "web: {image: a}"
    assert compose(text, name="my-app_2")["name"] == "myapp2"
    assert "TC069" in codes(text, name="my-app_2") and "TC069" not in codes(
        text, name="shop"
    )


def test_fig_replaced_no_variables() -> None:
    assert compose("web: {image: a, command: 'echo $HOME'}", file="fig.yml")["services"][
        "web"
    ]["command"] == ["echo", "$$HOME"]


def test_what_is_extended_is_put_together() -> None:
    base = "base: {image: a:1, environment: {A: '1', B: '1'}, links: [x]}"
    text = "web: {extends: {file: common.yml, service: base}, environment: {B: '2'}}"
    web = compose(text, **{"common.yml": base})["services"]["web"]
    assert web == {"image": "a:1", "environment": {"A": "1", "B": "2"}}


def test_a_template_that_runs_nothing_is_put_into_what_extends_it() -> None:
    base = "base: {user: '1000', restart: always}"
    text = "web: {extends: {file: common.yml, service: base}, image: x}"
    expected = {"image": "x", "user": "1000", "restart": "always"}
    assert compose(text, **{"common.yml": base})["services"] == {"web": expected}
    assert compose(f"{base}\nweb: {{extends: base, image: x}}")["services"] == {
        "web": expected
    }


def test_paths_of_what_is_extended_are_those_of_its_folder() -> None:
    base = "base: {build: ., volumes: ['./a:/a', 'data:/b'], env_file: e.env}"
    text = "web: {extends: {file: sub/common.yml, service: base}, volumes: ['./w:/w']}"
    files = {"sub/common.yml": base, "sub/e.env": "E=1"}
    web = compose(text, **files)["services"]["web"]
    assert web["build"] == {"context": "./sub"}
    assert web["volumes"] == ["./sub/a:/a", "data:/b", "./w:/w"]
    assert web["env_file"] == [{"path": "./sub/e.env", "format": "raw"}]


@pytest.mark.parametrize(
    ("base", "web", "expected"),
    [
        ("image: a:1", "build: app", {"build": {"context": "app"}}),
        ("build: app, dockerfile: Old", "image: a:1", {"image": "a:1"}),
        ("build: app", "build: web", {"build": {"context": "web"}}),
    ],
)
def test_an_image_and_a_build_replace_each_other(
    base: str, web: str, expected: dict[str, Any]
) -> None:
    text = f"web: {{extends: {{file: common.yml, service: base}}, {web}}}"
    services = compose(text, **{"common.yml": f"base: {{{base}}}"})["services"]
    assert services["web"] == expected


def test_a_service_that_is_extended_and_is_not_there_is_told() -> None:
    text = "web: {extends: {file: common.yml, service: bse}, image: x}"
    assert "TC744" in codes(text, **{"common.yml": "base: {user: '1000'}"})
    assert "TC744" not in codes(
        text.replace("bse", "base"), **{"common.yml": "base: {user: '1000'}"}
    )


def test_files_of_variables_are_read_as_they_stand_and_may_be_missing() -> None:
    text = "web: {image: a, env_file: [a.env, b.env]}"
    web = compose(text, **{"b.env": "C=p$q"})["services"]["web"]
    assert web["env_file"] == [
        {"path": "a.env", "required": False, "format": "raw"},
        {"path": "b.env", "format": "raw"},
    ]
    assert "TC142" in codes(text)


@pytest.mark.parametrize(
    ("line", "is_told"),
    [
        ("A='x'", True),
        ("A=a${B}", True),
        ("A=a # b", True),
        ("A=a#b", False),
        ("A=b c", False),
        ("# A='x'", False),
    ],
)
def test_lines_that_were_read_otherwise_are_told(line: str, is_told: bool) -> None:
    text = "services: {web: {image: a, env_file: [a.env]}}"
    assert ("TC060" in codes(f"version: '2'\n{text}", **{"a.env": line})) is is_told
    assert "TC060" not in codes(text, **{"a.env": line})


def test_a_link_to_what_is_not_there_is_told() -> None:
    assert "TC137" in codes("web: {image: a, links: ['nosuch:ns']}")


def test_a_key_that_nobody_knows_is_told() -> None:
    assert "TC070" in codes("web: {image: a, user: b, imge: b}")


def test_a_folder_with_such_a_file_is_converted_without_being_asked() -> None:
    result = convert(Memory({"fig.yml": b"web: {image: 'a:1'}"}, "shop"), Options())
    assert result.importer == "compose"


def test_a_file_of_today_is_converted_where_nothing_else_is_there() -> None:
    text = "services: {web: {image: 'a:1', ports: ['80:80']}}"
    assert compose(text)["services"]["web"] == {"image": "a:1", "ports": ["80:80"]}
    files = {"docker-compose.yml": text.encode()}
    assert importer_of(files) == "compose"
    assert importer_of({**files, "run.sh": b"docker run -d redis"}) == "docker_run"
    assert importer_of({**files, "package.json": b"{}"}) == "compose"


def importer_of(files: dict[str, bytes]) -> str:
    project = Memory(files, "shop")
    project.named = ()
    return convert(project, Options()).importer


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("web:\n  image: a\n  links: [b\n", "docker-compose.yml:4:1"),
        ("services:\n  web: {image: a\n", "docker-compose.yml:"),
        ("volumes: {a: }\n", "has no services"),
    ],
)
def test_a_file_that_gives_nothing_says_why(text: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        importer_of({"docker-compose.yml": text.encode()})


def test_converting_twice_changes_nothing() -> None:
    text = "web: {image: a:1, links: ['db:mysql'], volumes: ['d:/d']}\ndb: {image: b:1}"
    first = read(text).files[0].content
    again = convert(
        Memory({"docker-compose.yml": first}, "shop"),
        Options(source="compose", practices="none"),
    )
    without_comments = [
        line for line in again.files[0].content.splitlines() if b"# from" not in line
    ]
    assert without_comments == [
        line for line in first.splitlines() if b"# from" not in line
    ]


@pytest.mark.oracle
@unless_oracles
def test_every_key_is_accepted_by_compose(tmp_path: Path) -> None:
    lines = "\n".join(f"  {line}" for line, _ in KEYS[3:6] + KEYS[9:10] + KEYS[12:])
    text = f"web:\n  image: a:1\n{lines}\n  links: ['db:mysql']\ndb:\n  image: b:1\n"
    file = tmp_path / "docker-compose.yml"
    file.write_bytes(read(text).files[0].content)
    command = [oracles().compose, "-f", str(file), "config", "-q"]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_a_path_of_windows_is_no_volume_with_a_name() -> None:
    document = compose("web: {image: a, volumes: ['C:\\data:/data', 'kept:/kept']}")
    assert document["volumes"] == {"kept": {"name": "kept"}}


@pytest.mark.parametrize(
    "text",
    [
        "web: {image: a, extends: {service: ''}}",
        "services: {web: {image: a, extends: {service: ''}}}",
        "services: {web: {image: a, network_mode: 'service:'}}",
        "services: {web: {image: a, secrets: ['']}}",
        "services: {web: {image: a, depends_on: ['']}}",
        "services: {web: {image: a, deploy: {replicas: ''}}}",
    ],
)
def test_what_is_empty_is_shown(text: str) -> None:
    told = [one for one in read(text).notes if one.code in ("TC744", "TC750", "TC771")]
    assert told and all(' "" ' in one.message for one in told)


@pytest.mark.parametrize(
    ("key", "advice"),
    [
        ("enviroment", "Correct it in the source: did you mean environment?"),
        ("zz", "Look in the Compose Specification for an equivalent."),
    ],
)
def test_an_unknown_key_says_what_may_be_meant_and_what_is_lost(
    key: str, advice: str
) -> None:
    text = f"services: {{web: {{image: a, {key}: {{DB_URL: 'postgres://a:hunter2@b/c'}}}}}}"
    project = Memory({"docker-compose.yml": text.encode()})
    (told,) = (note for note in convert(project).notes if note.code == "TC070")
    assert told.advice == advice
    assert told.message.endswith("it was left out with DB_URL")
