"""The audit finds each thing, at its place, counts it for the right lines, and is silent where nothing is wrong."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from findings import FINDINGS, STACK, WEB_STACK, Finding, one, service
from tocompose.check import Audit, audit
from tocompose.compose.keys import section_keys
from tocompose.notes import Level, registry
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.rules.checklist import checklist

SEED = (
    Path(os.environ.get("TOCOMPOSE_CORPUS", "")).parent / "reference" / "seed-checklist.md"
)


def audited(files: dict[str, str], *paths: str) -> Audit:
    """The audit of a folder with those files."""
    found = audit(Memory({name: text.encode() for name, text in files.items()}), paths)
    assert found is not None
    return found


def name_of(finding: Finding) -> str:
    return f"{finding.code}-{finding.ids.replace(' ', '-')}"


@pytest.mark.parametrize("finding", FINDINGS, ids=name_of)
def test_what_is_wrong_is_found_at_its_place(finding: Finding) -> None:
    found = audited(finding.wrong)
    said = [item for item in found.notes if item.code == finding.code]
    assert said, [item.code for item in found.notes]
    assert finding.place in [str(item.span) if item.span else None for item in said]
    lines = {line.id: line for line in found.lines}
    for name in finding.ids.split():
        assert lines[name].state == "failed" and finding.code in lines[name].codes


@pytest.mark.parametrize("finding", FINDINGS, ids=name_of)
def test_what_is_right_is_not_found(finding: Finding) -> None:
    found = audited(finding.right)
    lines = {line.id: line for line in found.lines}
    assert [
        item
        for item in found.notes
        if item.code == finding.code and _about(item.message, finding, lines)
    ] == []


def _about(message: str, finding: Finding, lines: dict[str, object]) -> bool:
    """Codes that several rules share are judged by the line they count for."""
    return not finding.ids or any(
        finding.code in lines[name].codes for name in finding.ids.split()
    )  # type: ignore[attr-defined]


@pytest.mark.parametrize(("line", "old", "new"), WEB_STACK)
def test_the_web_stack(line: str, old: str, new: str) -> None:
    whole = {item.id: item.state for item in audited(one(STACK)).lines}
    assert {
        name: whole[name] for name in ("T-01", "T-02", "T-03", "T-04", "T-05")
    } == dict.fromkeys(("T-01", "T-02", "T-03", "T-04", "T-05"), "passed")
    assert old in STACK
    assert {item.id: item.state for item in audited(one(STACK.replace(old, new))).lines}[
        line
    ] == "failed"


def test_every_line_of_the_checklist_can_fail() -> None:
    judged = {name for finding in FINDINGS for name in finding.ids.split()} | {
        line for line, _, _ in WEB_STACK
    }
    assert judged == set(checklist())


def test_every_code_of_the_audit_is_shown() -> None:
    own = {code for code in registry("compose") if code < "TC750"}
    own |= set(registry("compose_checks")) - {"TC510", "TC511", "TC532", "TC541", "TC544"}
    own |= {"TC046", "TC048", "TC052", "TC882"}
    assert own == {finding.code for finding in FINDINGS} | {"TC749"}


def test_files_are_put_together_as_compose_does() -> None:
    files = {
        "compose.yml": "services:\n  web: {image: 'acme/web:1'}\n",
        "compose.override.yml": "services:\n  web: {restart: always, ports: ['80:80']}\n",
        "docker-compose.prod.yml": "services:\n  web: {deploy: {resources: {limits: {cpus: '1', memory: 1g}}}}\n",
    }
    found = audited(files)
    assert found.files == ("compose.yml", "compose.override.yml", "docker-compose.prod.yml")
    codes = {item.code for item in found.notes}
    assert "TC707" not in codes and "TC708" not in codes
    alone = audited(files, "compose.yml")
    assert alone.files == ("compose.yml",)
    assert {"TC707", "TC708"} <= {item.code for item in alone.notes}
    assert "TC748" not in {item.code for item in alone.notes}


def test_no_value_of_a_secret_is_said() -> None:
    found = audited(
        one(
            "services:\n  web: {image: 'a:1', environment: {DB_PASSWORD: geheim-12, T: 'ghp_%s'}}\n"
            % ("a1" * 18)
        )
    )
    text = json.dumps(found.as_dict()) + "".join(
        f"{item.message}{item.advice}" for item in found.notes
    )
    assert "geheim-12" not in text and "ghp_" not in text


def test_the_score_is_data() -> None:
    found = audited(one(STACK))
    data = json.loads(json.dumps(found.as_dict()))
    assert {line["id"] for line in data["lines"]} == set(checklist()) and data["files"] == [
        "docker-compose.yml"
    ]


def test_a_folder_without_compose_file() -> None:
    assert audit(Memory({"run.sh": b"docker run nginx"})) is None


@pytest.mark.parametrize(
    "text",
    ["", "a: [", "- x", "services: 1", "\x00", "services:\n\ta: b\n", "services: {a: *b}"],
)
def test_a_broken_file_is_told_and_no_error(text: str) -> None:
    audited({"docker-compose.yml": text})


SHAPES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(0, 9)
    | st.sampled_from(["a", "a=b", "80:80", "$X", "postgres:16", "512Mi"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "target", "test", "limits"]), inner)
    ),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(section_keys("service"))), SHAPES, max_size=7),
    SHAPES,
)
def test_no_shape_is_an_error(body: dict[str, object], top: object) -> None:
    text = json.dumps(
        {
            "services": {"a": body, "b": {**body, "image": "postgres:16"}},
            "networks": top,
            "secrets": top,
        }
    )
    audited({"docker-compose.yml": text, ".env": "A=1"})


@pytest.mark.skipif(
    not SEED.exists(), reason="needs the checklist, which is no part of the project"
)
def test_no_line_of_the_seed_is_missing() -> None:
    named = set(re.findall(r"^\| ([A-Z]-\d\d) \|", SEED.read_text(encoding="utf-8"), re.M))
    assert named <= set(checklist())


def test_the_examples_are_yaml() -> None:
    for finding in FINDINGS:
        for name, text in finding.right.items():
            if name.endswith(".yml"):
                list(yaml.safe_load_all(text))


def test_alternatives_may_publish_one_port() -> None:
    services = "".join(
        f"  {name}: {{image: 'x:1', profiles: [{name}], ports: ['8080:80']}}\n"
        for name in ("a", "b")
    )
    assert "TC722" not in [
        item.code for item in audited({"compose.yaml": f"services:\n{services}"}).notes
    ]
    services += "  c: {image: 'x:1', ports: ['8080:80']}\n"
    assert "TC722" in [
        item.code for item in audited({"compose.yaml": f"services:\n{services}"}).notes
    ]


_LISTED = {
    "docker-compose.yml": "services: {old: {image: 'corp/old:1'}}",
    "stack/base.yml": "services: {web: {image: 'corp/web'}}",
    "local.yml": "services: {tool: {image: 'corp/tool:1'}}",
}


@pytest.mark.parametrize(
    ("env", "files"),
    [
        ("COMPOSE_FILE=stack/base.yml:local.yml", ("stack/base.yml", "local.yml")),
        ("COMPOSE_FILE='stack/base.yml'", ("stack/base.yml",)),
        (
            "COMPOSE_PATH_SEPARATOR=;\nCOMPOSE_FILE=stack/base.yml;./local.yml\n",
            ("stack/base.yml", "local.yml"),
        ),
        ("COMPOSE_FILE=", ("docker-compose.yml",)),
        ("# COMPOSE_FILE=local.yml", ("docker-compose.yml",)),
        ("A=1", ("docker-compose.yml",)),
    ],
)
def test_a_folder_is_what_compose_file_in_its_env_lists(
    env: str, files: tuple[str, ...]
) -> None:
    assert audited({**_LISTED, ".env": env}).files == files


def test_a_listed_production_file_is_part_of_what_is_started() -> None:
    prod = "services: {web: {deploy: {resources: {limits: {memory: 1G}}}}}"
    files = {
        **_LISTED,
        "docker-compose.prod.yml": prod,
        ".env": "COMPOSE_FILE=stack/base.yml:docker-compose.prod.yml",
    }
    found = audited(files)
    assert found.files == ("stack/base.yml", "docker-compose.prod.yml")
    assert found.stack.services[0].resources.limits.memory == "1G"
    assert "TC745" not in {item.code for item in found.notes}


def test_a_listed_file_that_is_not_there_is_said() -> None:
    found = audited({**_LISTED, ".env": "COMPOSE_FILE=stack/base.yml:gone.yml"})
    assert "TC542" in {item.code for item in found.notes}


def test_files_that_are_named_win_over_the_list() -> None:
    assert audited(
        {**_LISTED, ".env": "COMPOSE_FILE=local.yml"}, "stack/base.yml"
    ).files == ("stack/base.yml",)


@pytest.mark.parametrize("check", ["{disable: true}", "{test: ['NONE']}"])
def test_a_check_that_is_switched_off_is_none(check: str) -> None:
    text = f"services: {{media: {{image: 'jellyfin/jellyfin:10', healthcheck: {check}}}}}"
    codes = {note.code for note in audited({"compose.yaml": text}).notes}
    assert "TC706" in codes


@pytest.mark.parametrize(
    ("services", "codes"),
    [
        # A tool alone is what the file is for, and a proxy of the socket is no tool for developers.
        ("ui: {image: 'portainer/portainer-ce:2.21.0', volumes: ['d:/data']}", {"TC747"}),
        ("fb: {image: 'filebrowser/filebrowser:v2'}, web: {image: 'corp/a:1'}", {"TC747"}),
        (
            "sp: {image: 'tecnativa/docker-socket-proxy:0.2', "
            "volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']}",
            {"TC747", "TC516"},
        ),
        # Nobody knows which version of PostgreSQL runs.
        (
            "db: {image: 'postgres:${TAG}', volumes: ['d:/var/lib/postgresql/data']}",
            {"TC738"},
        ),
    ],
)
def test_no_false_alarm(services: str, codes: set[str]) -> None:
    text = f"services: {{{services}}}\nvolumes: {{d: }}\n"
    found = audited({"compose.yaml": text})
    said = [f"{note.code} {note.message}" for note in found.notes if note.code in codes]
    assert said == []


def test_the_form_of_a_health_command_is_told_once() -> None:
    text = "services: {web: {image: 'acme/web:1', healthcheck: {test: [curl, -f, x]}}}\n"
    errors = [note for note in audited(one(text)).notes if note.kind.level is Level.ERROR]
    assert [note.code for note in errors] == ["TC743"]


@pytest.mark.parametrize(
    ("body", "message", "advice"),
    [
        (
            "healthcheck: {test: [CMD, x], start_interval: 2s}",
            "web: start_interval is refused without a start_period",
            "Write `healthcheck.start_period: 0s`.",
        ),
        (
            "platform: linux/arm64, build: {context: ., platforms: [linux/amd64]}",
            "web: build.platforms lacks linux/arm64, the platform of the service",
            "Write `build.platforms: [linux/amd64, linux/arm64]`.",
        ),
    ],
)
def test_what_a_setting_lacks_is_said_as_it_is_written(
    body: str, message: str, advice: str
) -> None:
    found = audited(service(f"image: 'acme/web:1', {body}"))
    said = [(n.message, n.advice) for n in found.notes if n.code == "TC052"]
    assert said == [(message, advice)]


@pytest.mark.parametrize(
    ("inclusion", "env", "said"),
    [
        ("data/db.yaml", "data/.env", ["data/db.yaml:2:42"]),
        ("{path: data/db.yaml, env_file: own.env}", "own.env", ["data/db.yaml:2:42"]),
        (
            "{path: data/db.yaml, env_file: [x.env, own.env]}",
            "own.env",
            ["data/db.yaml:2:42"],
        ),
        ("{path: data/db.yaml, project_directory: ops}", "ops/.env", ["data/db.yaml:2:42"]),
        ("{path: data/db.yaml, env_file: own.env}", "data/.env", []),
        ("{path: data/db.yaml, project_directory: ops}", "data/.env", []),
        ("data/db.yaml", "other/.env", []),
    ],
)
def test_an_included_file_has_variables_of_its_own(
    inclusion: str, env: str, said: list[str]
) -> None:
    web = "services:\n  web: {image: 'acme/web:1', ports: ['${PORT:-8080}:80']}\n"
    files = {
        "compose.yaml": f"include: [{inclusion}]\n{web}",
        "data/db.yaml": "services:\n  admin: {image: 'acme/admin:1', ports: ['${PORT:-8081}:80']}\n",
        env: "PORT=8080\n",
    }
    clashes = [note for note in audited(files).notes if note.code == "TC722"]
    assert [str(note.span) for note in clashes] == said
    # The `.env` of the stack has the say over that of an inclusion.
    files[".env"] = "PORT=9000\n"
    clashes = [note for note in audited(files).notes if note.code == "TC722"]
    assert [note.message for note in clashes] == [
        "admin and web both publish port 9000 (PORT)"
    ]


def test_the_layout_and_the_networks_point_at_the_included_service() -> None:
    files = {
        "compose.yaml": "include: [data/db.yaml]\nservices:\n  web:\n    image: acme/web:1\n    ports: ['80:80']\n",
        "data/db.yaml": "name: data\nservices:\n  db:\n    image: postgres:16\n    volumes: ['.:/x']\n",
    }
    said = {note.code: note for note in audited(files).notes}
    assert str(said["TC711"].span) == "data/db.yaml:3:3"
    assert said["TC711"].message == "db is on the default network, as all services are"
    assert str(said["TC748"].span) == "data/db.yaml:3:3"
    assert said["TC748"].message == "db has no limits, and there is no compose.prod.yaml"


@pytest.mark.parametrize(
    ("image", "settings", "is_pinned"),
    [
        ("acme/shop:${SHOP_TAG:-latest}", "", False),
        ("acme/shop:${SHOP_TAG:-4.2}", "", True),
        ("acme/shop:${SHOP_TAG:-4.2}", "SHOP_TAG=edge\n", False),
        ("acme/shop:${SHOP_TAG:?tag}", "SHOP_TAG=latest\n", False),
        ("acme/shop:${SHOP_TAG:?tag}", "", True),
        ("${HUB:-hub.acme.example/x}/shop:4.2", "", True),
    ],
)
def test_a_version_is_what_the_variable_stands_for(
    image: str, settings: str, is_pinned: bool
) -> None:
    text = f"services: {{shop: {{image: '{image}'}}}}"
    result = audited({"compose.yaml": text, ".env": settings})
    assert ("TC734" not in {note.code for note in result.notes}) == is_pinned
    project = Memory({"compose.yaml": text.encode(), ".env": settings.encode()})
    told = {note.code for note in convert(project, Options()).notes}
    assert ("TC675" not in told) == is_pinned
