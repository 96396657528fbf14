"""The table of images: well-formed, and found under every name that an image goes by."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tocompose.knowledge.images import (
    conditions_hold,
    image_facts,
    image_ref,
    similar_facts,
)
from tocompose.tables import documents

ROWS: list[dict[str, Any]] = [dict(item.row()) for item in documents("images", "match")]
TYPES: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(
        (
            "id",
            "class",
            "kind",
            "only",
            "interval",
            "timeout",
            "user",
            "grace",
            "memory",
            "memory_from",
            "ends",
            "init",
        ),
        str,
    ),
    **dict.fromkeys(("client_auth", "host", "notes", "confidence", "source"), str),
    **dict.fromkeys(
        (
            *("match", "ports", "data", "checks", "secrets", "tools", "caps", "tmpfs"),
            *("entrypoint", "server"),
        ),
        list,
    ),
    **dict.fromkeys(
        (
            "has_healthcheck",
            "fixed_hostname",
            "lan",
            "scrapes",
            "ships",
            "socket",
            "setuid",
            "tool",
        ),
        bool,
    ),
    "files": dict,
    "kernel": dict,
    "listen": dict,
    "own_check": str,
}
LISTEN = {"port", "secure", "bind", "path", "tls", "advertised", "files"}
CONDITION = re.compile(
    r"!?[a-z]\w*|\d+(\.\d+)+|[<>]=?\d+(\.\d+)*|!?env\.[\w.]+(\*|=\S+)?|!?command(:\S+)?"
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_row_is_well_formed(row: dict[str, Any]) -> None:
    assert {"id", "match", "class", "kind", "confidence", "source"} <= set(row)
    assert {
        key: type(value) for key, value in row.items() if not isinstance(value, TYPES[key])
    } == {}
    assert row["class"] in ("app", "data", "infra")
    assert row["confidence"] in ("high", "medium", "low")
    assert re.search(r"\bread 20\d\d-\d\d-\d\d$", row["source"])
    assert row.get("init") in (None, "own", "wanted")
    assert ("memory" in row) is ("memory_from" in row)
    assert "memory" not in row or re.fullmatch(
        r"general knowledge: .+|.+, read 20\d\d-\d\d-\d\d: .+", row["memory_from"]
    )
    re.compile(row.get("ends", ""))
    assert all(re.fullmatch(r"\d+(-\d+)?(/udp)?", port) for port in row.get("ports", ()))
    assert all(
        item["path"].startswith("/")
        and item.keys() <= {"path", "when", "moved_by", "declared", "home", "set", "config"}
        for item in row.get("data", ())
    )
    assert all(set(item) <= {"when", "has"} for item in row.get("tools", ()))
    listen = row.get("listen", {})
    assert listen.keys() <= LISTEN
    assert all(
        re.compile(pattern).groups <= 1 for pattern in listen.get("files", {}).values()
    )
    conditions = [
        row.get("only", ""),
        *(
            item.get("when", "")
            for key in ("data", "checks", "tools")
            for item in row.get(key, ())
        ),
    ]
    assert all(CONDITION.fullmatch(word) for text in conditions for word in text.split())


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.get("checks")], ids=lambda row: row["id"]
)
def test_health_commands_are_ready_for_compose(row: dict[str, Any]) -> None:
    for check in row["checks"]:
        assert check["test"][0] in ("CMD", "CMD-SHELL")
        assert len(check["test"]) == 2 or check["test"][0] == "CMD"
        text = " ".join(check["test"]).replace("$$", "")
        assert "$" not in text, "a single dollar sign would be replaced by Compose"


@pytest.mark.parametrize(
    "row",
    [row for row in ROWS if row.get("checks") and row.get("tools")],
    ids=lambda row: row["id"],
)
def test_health_commands_use_tools_that_are_there(row: dict[str, Any]) -> None:
    """T9: curl in an image without curl is for ever unhealthy."""
    for name in row["match"]:
        for tag in ("", ":9-alpine", ":9-slim", ":1"):
            facts = image_facts(name.replace("*", "x") + tag)
            if facts is None or facts.id != row["id"] or facts.tools is None:
                continue
            for check in facts.checks[:1]:
                word = (
                    check.test[1].split()[0]
                    if check.test[0] == "CMD-SHELL"
                    else check.test[1]
                )
                known = {"curl", "wget", "nc", "bash", "python", "node", "ruby", "php"}
                assert word not in known or word in facts.tools, (name + tag, check.test)


def test_ids_are_unique() -> None:
    names = [row["id"] for row in ROWS]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("nginx", ("", "nginx", "", "")),
        ("nginx:1.27-alpine", ("", "nginx", "1.27-alpine", "")),
        ("library/nginx", ("", "library/nginx", "", "")),
        ("docker.io/library/nginx:1", ("docker.io", "library/nginx", "1", "")),
        ("localhost/app", ("localhost", "app", "", "")),
        ("localhost:5000/app:2", ("localhost:5000", "app", "2", "")),
        ("registry.example.com/a/b/c:v1", ("registry.example.com", "a/b/c", "v1", "")),
        ("[::1]:5000/app", ("[::1]:5000", "app", "", "")),
        ("app@sha256:" + "0" * 64, ("", "app", "", "sha256:" + "0" * 64)),
        ("app:1@sha256:" + "a" * 64, ("", "app", "1", "sha256:" + "a" * 64)),
        ("${REGISTRY:-ghcr.io}/me/app:${TAG:-2}", ("ghcr.io", "me/app", "2", "")),
        ("me/app:${TAG}", ("", "me/app", "", "")),
        ("me/app:${TAG}-alpine", ("", "me/app", "alpine", "")),
        ("me/app:${TAG:-3}-alpine", ("", "me/app", "3-alpine", "")),
        ("me/app:v${TAG:?say it}", ("", "me/app", "v", "")),
        ("me__a/b--c_d.e", ("", "me__a/b--c_d.e", "", "")),
    ],
)
def test_references(text: str, parts: tuple[str, str, str, str]) -> None:
    assert image_ref(text) == parts


@pytest.mark.parametrize(
    "text",
    ["", "UPPER", "a//b", "${IMAGE}", "a b", "-x", "a:b:c", "Foo/bar", "x/", "a@sha256:0"],
)
def test_what_is_no_reference(text: str) -> None:
    assert image_ref(text) is None
    assert image_facts(text) is None


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("postgres", "postgres"),
        ("docker.io/postgres:16", "postgres"),
        ("index.docker.io/library/postgres:16", "postgres"),
        ("public.ecr.aws/docker/library/redis:7", "redis"),
        ("mirror.example.com/hub/grafana/grafana:11", "grafana"),
        ("nats:2.10", "nats"),
        ("nats:2.10-alpine", "nats-alpine"),
        ("influxdb:1.8", "influxdb1"),
        ("influxdb", "influxdb1-or-2"),
        ("docker:27-dind", "dind"),
        ("linuxserver/sonarr", "linuxserver"),
        ("lscr.io/linuxserver/mariadb:11.4.8", "linuxserver-mariadb"),
        ("lscr.io/linuxserver/wireguard:latest", "wireguard"),
        ("registry.access.redhat.com/ubi9/ubi-minimal", "fedora"),
        ("bitnami/postgresql:16", "bitnami-postgresql"),
        ("bitnami/airflow", "bitnami"),
    ],
)
def test_names(reference: str, name: str) -> None:
    found = image_facts(reference)
    assert (found.id if found else "influxdb1-or-2") == name


@pytest.mark.parametrize(
    "reference",
    [
        "me/postgres",
        "postgresql",
        "influxdb:3-core",
        "docker:27",
        "localhost:5000/postgres",
    ],
)
def test_strangers(reference: str) -> None:
    assert image_facts(reference) is None


def test_named_after() -> None:
    found = similar_facts("registry.corp/team/postgres:14-custom")
    assert found is not None
    assert found.id == "postgres"


@pytest.mark.parametrize(
    ("tag", "path"),
    [
        ("", "/var/lib/postgresql"),
        (":17.2", "/var/lib/postgresql/data"),
        (":18-alpine", "/var/lib/postgresql"),
    ],
)
def test_data_of_postgres_moved_in_18(tag: str, path: str) -> None:
    """T19."""
    found = image_facts(f"postgres{tag}")
    assert found is not None
    assert [item.path for item in found.data] == [path]


@pytest.mark.parametrize("name", ["nginx", "nginxinc/nginx-unprivileged"])
def test_curl_is_in_nginx_of_alpine_unless_it_is_slim(name: str) -> None:
    """https://github.com/nginx/docker-nginx/blob/master/mainline/alpine/Dockerfile"""
    for tag, has_curl in (("1.27", True), ("alpine", True), ("1.27-alpine-slim", False)):
        facts = image_facts(f"{name}:{tag}")
        assert facts is not None and ("curl" in (facts.tools or ())) == has_curl


def test_shell_of_mongo_by_version() -> None:
    old, new = image_facts("mongo:4.4"), image_facts("mongo:7")
    assert old is not None and new is not None
    checks = [next(facts.usable_checks({}, None)) for facts in (old, new)]
    assert [check.test[1] for check in checks] == ["mongo", "mongosh"]


def test_variables_read_from_files() -> None:
    """T20: by the table, never by convention."""

    def of(image: str, name: str) -> str | None:
        found = image_facts(image)
        assert found is not None
        return found.file_variable(name)

    assert of("postgres:16", "POSTGRES_PASSWORD") == "POSTGRES_PASSWORD_FILE"
    assert of("rabbitmq:4", "RABBITMQ_DEFAULT_PASS") is None
    assert (
        of("grafana/grafana", "GF_SECURITY_ADMIN_PASSWORD")
        == "GF_SECURITY_ADMIN_PASSWORD__FILE"
    )
    assert of("linuxserver/sonarr", "PASSWORD") == "FILE__PASSWORD"
    assert of("elasticsearch:8", "ELASTIC_PASSWORD") is None


def test_conditions_on_the_service() -> None:
    values = {"A": "1", "B": ""}
    assert conditions_hold(
        ("env.A", "!env.B", "env.A=1", "command:--ping"), values, "traefik --ping"
    )
    assert not conditions_hold(("env.B",), values, None)
    assert not conditions_hold(("command",), values, None)
    assert conditions_hold(("!command", "!env.C"), values, None)


@pytest.mark.parametrize("name", ["kasm", "guacd", "socket-proxy"])
@pytest.mark.parametrize("registry", ["", "lscr.io/", "ghcr.io/"])
def test_images_of_linuxserver_without_a_config_folder(name: str, registry: str) -> None:
    found = image_facts(f"{registry}linuxserver/{name}:latest")
    assert found is not None
    assert "/config" not in [data.path for data in found.data]
    assert image_facts(f"{registry}linuxserver/plex").data[0].path == "/config"  # type: ignore[union-attr]


@pytest.mark.parametrize("tag", ["2.18.0", "2.44.0", "latest"])
def test_hasura_has_a_healthcheck_from_2_18_on(tag: str) -> None:
    now, before = (
        image_facts(f"hasura/graphql-engine:v{tag}".replace("vl", "l")),
        image_facts("hasura/graphql-engine:v2.17.0"),
    )
    assert now and now.has_healthcheck and now.own_check == "8080"
    assert before and not before.has_healthcheck
    assert not any("curl" in word for check in before.checks for word in check.test)


@pytest.mark.parametrize(
    ("image", "tool"),
    [
        ("confluentinc/cp-zookeeper:7.5.0", "bash"),  # No nc in the base image.
        ("mcr.microsoft.com/mssql/server:2022-CU10-ubuntu-22.04", "/opt/mssql-tools/bin"),
        ("bitnami/mariadb:11", "mysqladmin"),
    ],
)
def test_checks_of_images_whose_tools_moved(image: str, tool: str) -> None:
    found = image_facts(image)
    assert found and any(tool in word for check in found.checks for word in check.test)


@pytest.mark.parametrize(
    "image",
    [
        "koenkk/zigbee2mqtt:2",
        "container-registry.oracle.com/database/free:latest",
    ],
)
def test_no_check_of_ours_where_none_is_sure_to_work(image: str) -> None:
    found = image_facts(image)
    assert found and not found.checks


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_no_check_succeeds_before_the_server_serves(row: dict[str, Any]) -> None:
    """T21 and T22: over the socket the server of the initialisation answers; a refused ping of redis exits with 0."""
    for check in row.get("checks", ()):
        text = " ".join(check["test"])
        for tool in ("pg_isready", "mysqladmin ping", "mariadb-admin ping"):
            assert text.count(tool) == text.count(f"{tool} -h 127.0.0.1")
        if re.search(r"(redis|valkey|keydb)-cli ping", text):
            assert "grep -qE 'PONG|NOAUTH'" in text


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.get("caps")], ids=lambda row: row["id"]
)
def test_what_starts_as_root_may_still_change_its_user(row: dict[str, Any]) -> None:
    """T23: entry scripts and servers that give up root need the capabilities for it, low ports theirs."""
    caps = set(row["caps"])
    if row["class"] == "data":
        assert caps >= {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}
    if any(int(port) < 1024 for port in row.get("ports", ()) if port.isdigit()):
        assert "NET_BIND_SERVICE" in caps
    if row["id"] in ("nginx", "httpd", "php"):
        assert caps >= {"CHOWN", "SETGID", "SETUID"}


@pytest.mark.parametrize(
    "image", ["kibana:8.9.0", "opensearchproject/opensearch-dashboards:2"]
)
def test_a_server_that_cannot_log_in_is_not_healthy(image: str) -> None:
    """Kibana answers with 503 until it can log in to Elasticsearch: an answer alone shows nothing."""
    facts = image_facts(image)
    assert facts is not None
    assert all("/api/status" in check.test[1] for check in facts.checks)
    assert all("200|401" in check.test[1] for check in facts.checks)
