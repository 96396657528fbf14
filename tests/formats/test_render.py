"""Blueprints of Render: every field, variables from everywhere, images of languages, databases, jobs, environments."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ablation import codes_of, compose_of, converted, losses, silent_paths
from tocompose.exporters.bundle import Layout
from tocompose.importers import SourceError
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.reports import render
from tocompose.reports.report import report

SERVICE: dict[str, Any] = {
    "type": "web",
    "name": "web",
    "runtime": "docker",
    "autoDeploy": False,
    "autoDeployTrigger": "off",
    "buildFilter": {"paths": ["a"]},
    "disk": {"name": "files", "mountPath": "/files", "sizeGB": 3},
    "dockerCommand": "./serve --port $PORT",
    "dockerContext": "./svc",
    "dockerfilePath": "./svc/web.Dockerfile",
    "domain": "a.example",
    "domains": ["b.example"],
    "healthCheckPath": "/health",
    "initialDeployHook": "./seed",
    "ipAllowList": [{"source": "10.0.0.0/8", "description": "in"}],
    "maintenanceMode": {"enabled": True},
    "maxShutdownDelaySeconds": 77,
    "numInstances": 3,
    "plan": "standard",
    "postDeployCommand": "./after",
    "preDeployCommand": "./migrate",
    "previewPlan": "free",
    "previews": {"generation": "manual"},
    "pullRequestPreviewsEnabled": True,
    "region": "ohio",
    "registryCredential": {"fromRegistryCreds": {"name": "hub"}},
    "renderSubdomainPolicy": "disabled",
    "scaling": {"minInstances": 1, "maxInstances": 4, "targetCPUPercent": 60},
    "envVars": [
        {"key": "COLOR", "value": "blue$", "previewValue": "red"},
        {"key": "SECRET_KEY", "generateValue": True},
        {"key": "API_KEY", "sync": False},
        {"key": "DATABASE_URL", "fromDatabase": {"name": "main", "property": "host"}},
        {"key": "CACHE", "fromService": {"type": "keyvalue", "name": "cache", "property": "hostport"}},
        {"key": "SITE", "fromService": {"type": "web", "name": "api", "envVarKey": "LEVEL"}},
        {"fromGroup": "shared"},
    ],
}  # fmt: skip
BLUEPRINT: dict[str, Any] = {
    "previews": {"expireAfterDays": 3},
    "services": [
        SERVICE,
        {
            "type": "worker",
            "name": "api",
            "runtime": "image",
            "image": {"url": "shop/api:1", "creds": {"fromRegistryCreds": {"name": "hub"}}},
            "numInstances": 2,
            "startCommand": "./work",
            "envVars": [{"key": "LEVEL", "value": "info"}],
        },
        {
            "type": "keyvalue",
            "name": "cache",
            "maxmemoryPolicy": "noeviction",
            "persistenceMode": "off",
            "ipAllowList": [],
        },
        {
            "type": "cron",
            "name": "report",
            "runtime": "python",
            "rootDir": "jobs",
            "schedule": "0 4 * * *",
            "buildCommand": "pip install -r requirements.txt && ./extra.sh",
            "startCommand": "python report.py",
        },
        {
            "type": "pserv",
            "name": "mongo",
            "runtime": "docker",
            "repo": "https://github.com/acme/mongodb",
            "branch": "stable",
        },
        {
            "type": "web",
            "name": "site",
            "runtime": "static",
            "buildCommand": "npm run export",
            "staticPublishPath": "./out",
            "headers": [{"path": "/*", "name": "X-A", "value": "b"}],
            "routes": [
                {"type": "rewrite", "source": "/*", "destination": "/index.html"},
                {"type": "redirect", "source": "/a", "destination": "/b"},
            ],
        },
    ],
    "databases": [
        {
            "name": "main",
            "databaseName": "shop",
            "user": "seller",
            "plan": "basic",
            "postgresMajorVersion": "15",
            "region": "ohio",
            "diskSizeGB": 5,
            "highAvailability": {"enabled": True},
            "ipAllowList": [],
            "previewDiskSizeGB": 1,
            "previewPlan": "free",
            "readReplicas": [{"name": "copy"}],
            "storageAutoscalingEnabled": True,
        }
    ],
    "envVarGroups": [{"name": "shared", "envVars": [{"key": "TONE", "value": "calm"}]}],
}
FILES = {
    "svc/web.Dockerfile": "FROM node:22\nWORKDIR /srv\nEXPOSE 3000\nCOPY . .\n",
    "jobs/requirements.txt": "requests\n",
    "jobs/report.py": "",
    "package.json": '{"name": "site", "scripts": {"export": "x"}}',
}


def files_of(blueprint: Any) -> dict[str, str]:
    return {"render.yaml": yaml.safe_dump(blueprint, sort_keys=False), **FILES}


def result_of(*services: dict[str, Any], **sections: Any) -> Result:
    return converted(files_of({"services": list(services), **sections}), "render")


def stack_of(*services: dict[str, Any], **sections: Any) -> Any:
    return compose_of(result_of(*services, **sections))["services"]


def web(**fields: Any) -> dict[str, Any]:
    return {
        "type": "web",
        "name": "web",
        "runtime": "image",
        "image": {"url": "w:1"},
        **fields,
    }


def variable(key: str, **source: Any) -> dict[str, Any]:
    return {"envVars": [{"key": key, **source}]}


def test_no_field_is_left_unread_or_unwritten() -> None:
    assert losses(converted(files_of(BLUEPRINT), "render")) == []


@pytest.mark.slow
def test_removing_any_value_shows() -> None:
    assert list(silent_paths(BLUEPRINT, files_of, "render")) == []


def test_the_port_is_renders_own_and_each_service_gets_one_of_the_host() -> None:
    stack = stack_of(
        web(), web(name="second"), web(name="third", **variable("PORT", value=80))
    )
    assert stack["web"]["environment"]["PORT"] == "10000"
    published = [stack[name]["ports"][0] for name in ("web", "second", "third")]
    assert published == [
        "127.0.0.1:10000:10000",
        "127.0.0.1:10001:10000",
        "127.0.0.1:8080:80",
    ]


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ({"value": "a$b"}, "a$$b"),
        ({"value": 3.1}, "3.1"),
        ({"value": True}, "true"),
        ({"fromService": {"type": "pserv", "name": "redis", "property": "host"}}, "redis"),
        ({"fromService": {"type": "pserv", "name": "redis", "property": "port"}}, "6379"),
        ({"fromService": {"type": "pserv", "name": "redis", "property": "connectionString"}}, "redis://redis:6379"),
        ({"fromService": {"type": "web", "name": "web", "envVarKey": "RENDER_EXTERNAL_URL"}}, "http://localhost:10000"),
        ({"fromDatabase": {"name": "db", "property": "host"}}, "db"),
        ({"fromDatabase": {"name": "db", "property": "user"}}, "u"),
        ({"fromDatabase": {"name": "db", "property": "connectionString"}}, "postgresql://u:${DB_PASSWORD:?}@db:5432/shop"),
        ({"sync": False}, "${KEY:-}"),
        ({"generateValue": True}, "${KEY:?}"),
        ({"fromService": {"type": "web", "name": "nowhere", "property": "host"}}, "${WEB_NOWHERE:-}"),
    ],
)  # fmt: skip
def test_a_variable_gets_its_value(source: dict[str, Any], value: str) -> None:
    redis = {
        "type": "pserv",
        "name": "redis",
        "runtime": "image",
        "image": {"url": "redis:7"},
    }
    database = {"name": "db", "databaseName": "shop", "user": "u"}
    stack = stack_of(web(**variable("KEY", **source)), redis, databases=[database])
    assert stack["web"]["environment"]["KEY"] == value


def test_what_speaks_to_a_part_starts_after_it_and_two_do_not_wait_for_each_other() -> None:
    to = {"fromService": {"type": "web", "name": "web", "property": "host"}}
    back = {"fromService": {"type": "web", "name": "api", "property": "host"}}
    stack = stack_of(
        web(**variable("API", **back)), web(name="api", **variable("WEB", **to))
    )
    waits = [name for name, service in stack.items() if "depends_on" in service]
    assert len(waits) == 1


def test_a_service_wins_over_its_groups() -> None:
    own = {"envVars": [{"key": "A", "value": "own"}, {"fromGroup": "g"}]}
    groups = [
        {"name": "g", "envVars": [{"key": "A", "value": "x"}, {"key": "B", "value": "y"}]}
    ]
    environment = stack_of(web(**own), envVarGroups=groups)["web"]["environment"]
    assert environment["A"] == "own" and environment["B"] == "y"


def test_a_release_runs_first() -> None:
    stack = stack_of(web(preDeployCommand="./migrate", startCommand="./serve"))
    assert stack["web-release"]["command"] == ["./migrate"]
    assert stack["web-release"]["restart"] == "no" and "ports" not in stack["web-release"]
    condition = stack["web"]["depends_on"]["web-release"]["condition"]
    assert condition == "service_completed_successfully"


def test_databases_and_stores() -> None:
    store = {"type": "redis", "name": "cache", "maxmemoryPolicy": "allkeys_lru"}
    result = result_of(store, databases=[{"name": "main-db", "postgresMajorVersion": "15"}])
    stack = compose_of(result)["services"]
    assert stack["main-db"]["image"] == "postgres:15-alpine"
    assert stack["main-db"]["environment"]["POSTGRES_DB"] == "main_db"
    assert stack["cache"]["command"] == [
        "redis-server",
        "--maxmemory-policy",
        "allkeys-lru",
        "--appendonly",
        "yes",
    ]
    env = {file.path: file.content for file in result.files}[".env"]
    assert b"MAIN_DB_PASSWORD=" in env


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, ["redis-server", "--appendonly", "yes"]),
        ({"plan": "starter"}, ["redis-server", "--appendonly", "yes"]),
        ({"plan": "free"}, None),
        ({"persistenceMode": "journal_snapshot"}, ["redis-server", "--appendonly", "yes"]),
        ({"persistenceMode": "snapshot", "plan": "pro"}, None),
        (
            {"persistenceMode": "off"},
            ["redis-server", "--save", "", "--appendonly", "no"],
        ),
    ],
)
def test_a_store_keeps_on_disk_what_its_plan_keeps(
    fields: dict[str, str], words: list[str] | None
) -> None:
    stack = stack_of({"type": "keyvalue", "name": "cache", **fields})
    assert stack["cache"].get("command") == words


@pytest.mark.parametrize(
    ("parts", "names"),
    [
        ({"databases": [{"name": "shop"}]}, ["shop", "shop-db"]),
        ({"more": [{"type": "redis", "name": "shop"}]}, ["shop", "shop-redis"]),
        ({"more": [SERVICE | {"name": "shop"}]}, ["shop", "shop-2"]),
    ],
)
def test_two_of_one_name_are_told_apart_by_what_they_are(
    parts: dict[str, Any], names: list[str]
) -> None:
    service = {"type": "web", "name": "shop", "runtime": "image", "image": {"url": "a:1"}}
    more = [
        {key: part[key] for key in ("type", "name", "runtime") if key in part}
        for part in parts.get("more", [])
    ]
    source = {"services": [service, *more], "databases": parts.get("databases", [])}
    files = {"render.yaml": yaml.safe_dump(source)}
    written = compose_of(converted(files, "render"))["services"]
    assert sorted(written) == names


def test_a_language_is_built_by_a_dockerfile_with_what_its_build_adds() -> None:
    result = converted(files_of(BLUEPRINT), "render")
    files = {file.path: file.content.decode() for file in result.files}
    written = next(
        text
        for path, text in files.items()
        if path.startswith("Dockerfile") and "RUN ./extra.sh" in text
    )
    assert "python" in written and "TC835" in codes_of(result)
    service = compose_of(result)["services"]["report"]
    assert service["build"]["context"] == "./jobs" and service["profiles"] == ["scheduled"]


def test_pages_are_built_and_shown_by_a_web_server() -> None:
    page = {
        "type": "web", "name": "site", "runtime": "static", "buildCommand": "cd front && npm run build",
        "staticPublishPath": "front/dist",
        "routes": [{"type": "rewrite", "source": "/*", "destination": "/index.html"}],
        "envVars": [{"key": "API", "value": "x"}, {"key": "NODE_VERSION", "value": "20"}],
    }  # fmt: skip
    result = result_of(page)
    text = {file.path: file.content.decode() for file in result.files}["Dockerfile.site"]
    assert "FROM node:20" in text and "RUN cd front && npm run build" in text
    assert (
        "COPY --from=build /app/front/dist" in text
        and "try_files" in text
        and "ARG API" in text
    )
    service = compose_of(result)["services"]["site"]
    assert service["build"]["args"] == {"API": "x"} and service["ports"] == [
        "127.0.0.1:8080:80"
    ]


def test_a_repository_elsewhere_and_a_dockerfile_below() -> None:
    mongo = BLUEPRINT["services"][4]
    stack = stack_of(mongo, SERVICE | {"envVars": []})
    assert (
        stack["mongo"]["build"] == "https://github.com/acme/mongodb.git#stable"
        or stack["mongo"]["build"]["context"]
        == "https://github.com/acme/mongodb.git#stable"
    )
    assert stack["web"]["build"]["context"] == "./svc"
    assert stack["web"]["build"]["dockerfile"] == "web.Dockerfile"
    assert "/health" in str(stack["web"]["healthcheck"])


def test_one_environment_is_taken_that_of_production_where_none_is_named() -> None:
    def environment(name: str) -> dict[str, Any]:
        return {"name": name, "services": [web(name=name)]}

    blueprint = {
        "projects": [
            {
                "name": "p",
                "environments": [environment("staging"), environment("production")],
            }
        ]
    }
    files = files_of(blueprint)
    result = converted(files, "render")
    assert set(compose_of(result)["services"]) == {"production"} and "TC838" in codes_of(
        result
    )
    chosen = converted(files, "render", environment=("staging",))
    assert set(compose_of(chosen)["services"]) == {"staging"}


def test_a_blueprint_goes_before_a_procfile() -> None:
    files = {**files_of({"services": [web()]}), "Procfile": "web: ./serve\n"}
    project = Memory({path: text.encode() for path, text in files.items()}, "shop")
    assert convert(project, Options()).importer == "render"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"scaling": {"minInstances": 1}}, "TC830"),
        ({"region": "ohio"}, "TC831"),
        (variable("KEY", sync=False), "TC832"),
        (variable("KEY", generateValue=True), "TC833"),
        ({"type": "cron", "schedule": "@daily"}, "TC834"),
        (variable("KEY", fromDatabase={"name": "x", "property": "host"}), "TC836"),
        ({"registryCredential": {"fromRegistryCreds": {"name": "x"}}}, "TC837"),
        ({"plan": "starter"}, "TC839"),
        ({"disk": {"name": "files", "mountPath": "/files", "sizeGB": 1}}, "TC436"),
        ({"unheardOf": 1}, "TC001"),
    ],
)
def test_what_is_lost_or_assumed_is_said(fields: dict[str, Any], code: str) -> None:
    assert code in codes_of(result_of(web(**fields)))


def test_the_size_of_a_disk_is_no_loss() -> None:
    disk = {"name": "files", "mountPath": "/files", "sizeGB": 8}
    database = {"name": "main", "diskSizeGB": 9}
    blueprint = {"services": [web(disk=disk)], "databases": [database]}
    assert "TC830" not in codes_of(converted(files_of(blueprint), "render"))


def test_logs_on_a_disk_are_not_to_be_moved() -> None:
    disk = {"name": "logs", "mountPath": "/srv/logs", "sizeGB": 1}
    codes = codes_of(result_of(web(disk=disk)))
    assert "TC444" in codes
    assert "TC436" not in codes


def test_data_that_stay_in_a_database_of_render_are_to_be_moved() -> None:
    blueprint = {"services": [web()], "databases": [{"name": "main"}]}
    result = converted(files_of(blueprint), "render")
    moving = next(note for note in result.notes if note.code == "TC435")
    assert "main (postgres:" in moving.message and "pg_dump" in moving.advice


@pytest.mark.parametrize("plan", ["starter", "free"])
def test_a_store_with_a_journal_gets_its_data_through_that(plan: str) -> None:
    result = result_of({"type": "keyvalue", "name": "store", "plan": plan})
    advice = next(note.advice for note in result.notes if note.code == "TC435")
    has_journal = plan != "free"
    assert ("CONFIG SET appendonly yes" in advice) is has_journal
    assert ("rm -rf appendonly*" in advice) is has_journal


def test_values_of_the_dashboard_are_set_like_all_others() -> None:
    result = result_of(web(**variable("SMTP_HOST", sync=False)))
    text = render("markdown", report(result, Memory({}, "shop")))
    assert "- [ ] Set one value in .env: SMTP_HOST" in text
    assert (
        "SMTP_HOST: Copy the value from Render's dashboard" in text
        and "optional" not in text
    )


@pytest.mark.parametrize("text", ["a: 1\n", "- services\n", ""])
def test_what_is_none_is_left_alone(text: str) -> None:
    with pytest.raises(SourceError):
        converted({"render.yaml": text}, "render")


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(sorted(SERVICE)), below, max_size=4),
    max_leaves=8,
)  # fmt: skip


@given(_VALUES)
def test_any_value_is_read_or_refused(value: Any) -> None:
    for blueprint in (
        {"services": value},
        {"services": [web() | value]}
        if isinstance(value, dict)
        else {"databases": [value]},
    ):
        try:
            converted({"render.yaml": yaml.safe_dump(blueprint)}, "render")
        except SourceError:
            continue


def test_a_group_without_variables_and_a_command_of_a_comment_are_no_faults() -> None:
    blueprint = (
        b"services:\n- {type: web, name: web, runtime: image, image: {url: nginx},\n"
        b"   startCommand: '# later', envVars: [{fromGroup: shop}]}\n"
        b"envVarGroups: [{name: shop, envVars: []}]\n"
    )
    result = convert(Memory({"render.yaml": blueprint}), Options(source="render"))
    assert not [note for note in result.notes if note.code.startswith("TC9")]


_NODE = {"package.json": '{"name": "web", "scripts": {"start": "node server.js"}}'}


def _node_result(**fields: Any) -> Result:
    service = {"type": "web", "name": "web", "runtime": "node", **fields}
    blueprint = {"services": [{**service, "startCommand": "npm start"}]}
    files = {"render.yaml": yaml.safe_dump(blueprint), **_NODE}
    return converted(files, "render", "all")


def test_the_folder_of_a_disk_belongs_to_the_user_of_the_image() -> None:
    """A new volume takes its owner from the image's folder, and root's from one that is not there."""
    result = _node_result(disk={"name": "d", "mountPath": "/var/data"})
    files = {file.path: file.content.decode() for file in result.files}
    head, step, tail = files["Dockerfile"].partition(
        "\nRUN mkdir -p /var/data && chown 1000:1000 /var/data\n"
    )
    assert step and "USER" not in head and "USER 1000" in tail


def test_a_service_that_starts_as_its_image_does_is_developed_by_the_stage_for_it() -> None:
    """A command of the base file would hide that of the stage, and nothing would listen at the debugger's port."""
    result = _node_result(**variable("NODE_ENV", value="production"))
    files = {
        file.path: yaml.safe_load(file.content)
        for file in result.files
        if "compose" in file.path
    }
    assert "command" not in files["docker-compose.yml"]["services"]["web"]
    override = files["docker-compose.override.yml"]["services"]["web"]
    assert override["ports"] == ["127.0.0.1:9229:9229"]
    assert override["environment"] == {"NODE_ENV": "development"}


def test_instances_and_domains_need_a_proxy_and_a_server_without_callers_says_so() -> None:
    server = {"type": "keyvalue", "name": "store", "ipAllowList": []}
    result = result_of(web(numInstances=2, domains=["a.example", "b.example"]), server)
    said = {note.code: f"{note.message} {note.advice}" for note in result.notes}
    assert "web runs 1 instance instead of 2" in said["TC440"]
    assert "Point a.example and b.example at a reverse proxy" in said["TC441"]
    assert "add your address to it" in said["TC435"]


@pytest.mark.parametrize(
    ("command", "files", "port", "why"),
    [
        (
            "",
            {
                "Dockerfile": "FROM node:22\nEXPOSE 8125/udp\nEXPOSE 8181/tcp\nCMD node a.js\n"
            },
            "8181",
            "the Dockerfile exposes it",
        ),
        (
            "bundle exec puma -C config/puma.rb",
            {"Gemfile": "gem 'puma'\n", "config/puma.rb": "bind 'tcp://0.0.0.0:9292'\n"},
            "9292",
            "its configuration file says so",
        ),
    ],
)
def test_the_web_port_is_found_as_that_of_a_procfile(
    command: str, files: dict[str, str], port: str, why: str
) -> None:
    fields = (
        {"runtime": "ruby", "startCommand": command} if command else {"runtime": "docker"}
    )
    of_blueprint = web_of(files, **fields)
    procfile = {"Procfile": f"web: {command or 'node a.js'}\n", **files}
    contents = {path: text.encode() for path, text in procfile.items()}
    of_procfile = convert(Memory(contents, name="shop"), Options(practices="none"))
    for result in (of_blueprint, of_procfile):
        [service] = result.stack.services
        assert [published.target for published in service.ports] == [port]
        [told] = [note.message for note in result.notes if note.code == "TC320"]
        assert f"port {port} assumed ({why})" in told


def test_who_reaches_a_managed_server_from_outside_is_told() -> None:
    rules = [{"source": "10.0.0.0/8", "description": "office"}, {"source": "1.2.3.4/32"}]
    server = {"type": "redis", "name": "queue", "plan": "starter", "ipAllowList": rules}
    result = result_of({**server, "maxmemoryPolicy": "allkeys_lru"})
    said = {note.code: f"{note.message} {note.advice}" for note in result.notes}
    assert "Render lets 10.0.0.0/8 (office), 1.2.3.4/32 reach queue" in said["TC888"]
    assert "127.0.0.1:6379:6379" in said["TC888"]
    assert (
        "queue has no maxmemory, so allkeys-lru never takes effect; at Render"
        in said["TC889"]
    )
    assert "must be below that limit" in said["TC889"]
    assert "TC831" not in said


@pytest.mark.parametrize(
    ("source", "is_lost"), [("10.0.0.0/8", True), ("0.0.0.0/0", False)]
)
def test_a_list_of_callers_of_a_service_is_lost(source: str, *, is_lost: bool) -> None:
    result = result_of(web(ipAllowList=[{"source": source}]))
    told = [note.message for note in result.notes if "ipAllowList" in note.message]
    assert told == (
        [f"web: Compose has no equivalent of ipAllowList: {source}"] if is_lost else []
    )


def test_a_missing_dockerfile_is_told_by_the_file_that_names_it() -> None:
    result = result_of({"type": "web", "name": "web", "runtime": "docker"})
    message = next(item.message for item in result.notes if item.code == "TC358")
    assert message.startswith("render.yaml names Dockerfile")


def web_of(files: dict[str, str] | None = None, **fields: Any) -> Result:
    """A blueprint of one web service, with the files of its repository."""
    blueprint = {"services": [{"type": "web", "name": "site", **fields}]}
    sources = {"render.yaml": yaml.safe_dump(blueprint), **(files or {})}
    contents = {path: text.encode() for path, text in sources.items()}
    return convert(
        Memory(contents, name="shop"), Options(source="render", practices="none")
    )


DOCKERFILE = {"Dockerfile": "FROM alpine:3.20\nEXPOSE 8181\nCMD serve\n"}


@pytest.mark.parametrize(
    ("files", "fields", "port", "is_assumed"),
    [
        (DOCKERFILE, {"runtime": "docker"}, "8181", True),
        (
            DOCKERFILE,
            {"runtime": "docker", "dockerCommand": "serve --port 9000"},
            "9000",
            False,
        ),
        (
            DOCKERFILE,
            {"runtime": "docker", "envVars": [{"key": "PORT", "value": "7000"}]},
            "7000",
            False,
        ),
        ({}, {"runtime": "python", "startCommand": "celery -A tasks flower"}, "5555", True),
        ({}, {"runtime": "python", "startCommand": "gunicorn app:app"}, "10000", True),
        (
            {},
            {"runtime": "python", "startCommand": "uvicorn app:app --port 8123"},
            "8123",
            False,
        ),
        ({}, {"runtime": "node", "startCommand": "node server.js"}, "10000", True),
    ],
)
def test_the_port_is_that_of_the_program_and_an_assumed_one_is_said(
    files: dict[str, str], fields: dict[str, Any], port: str, is_assumed: bool
) -> None:
    result = web_of(files, **fields)
    site = compose_of(result)["services"]["site"]
    assert site["environment"]["PORT"] == port
    assert [line.rpartition(":")[2] for line in site["ports"]] == [port]
    messages = [note.message for note in result.notes if note.code == "TC320"]
    assert bool(messages) is is_assumed
    assert all(f"site: port {port} assumed" in message for message in messages)


def test_a_version_that_a_variable_states_is_carried_over_for_a_folder() -> None:
    """The Dockerfile has a name of its own there, and none of the usual name is written."""
    versions = [{"key": "NODE_VERSION", "value": "20"}]
    fields = {"runtime": "node", "rootDir": "server", "startCommand": "npm start"}
    result = web_of({}, **fields, envVars=versions)
    [dockerfile] = [file for file in result.stack.files if file.path == "Dockerfile.server"]
    assert b"node:20" in dockerfile.content
    assert not codes_of(result) & {"TC001", "TC901"}


def test_a_version_is_told_to_come_from_the_variable_that_states_it() -> None:
    fields = {"runtime": "node", "startCommand": "npm start"}
    result = web_of({}, **fields, envVars=[{"key": "NODE_VERSION", "value": "20.11.0"}])
    [told] = [note.message for note in result.notes if note.code == "TC094"]
    assert "node:20.11.0-bookworm-slim (NODE_VERSION in render.yaml says so)" in told
    assert "TC356" not in codes_of(result)
    assert {leaf.span.file for leaf in result.ledger.leaves()} == {"render.yaml"}


def test_a_variable_that_names_no_version_is_told() -> None:
    fields = {"runtime": "node", "startCommand": "npm start"}
    result = web_of({}, **fields, envVars=[{"key": "NODE_VERSION", "value": "newest"}])
    [told] = [note.message for note in result.notes if note.code == "TC356"]
    assert "NODE_VERSION in render.yaml says newest, which is no version" in told
    [dockerfile] = [file for file in result.stack.files if file.path == "Dockerfile"]
    assert b"newest" not in dockerfile.content


@pytest.mark.parametrize(
    ("runtime", "key", "image"),
    [("go", "GO_VERSION", "golang:1.22.1"), ("rust", "RUSTUP_TOOLCHAIN", "rust:1.80.1")],
)
def test_a_version_of_a_compiled_language_is_no_default(
    runtime: str, key: str, image: str
) -> None:
    number = image.partition(":")[2]
    fields = {"runtime": runtime, "startCommand": "./app"}
    result = web_of({}, **fields, envVars=[{"key": key, "value": number}])
    [told] = [note.message for note in result.notes if note.code == "TC094"]
    assert f"from {image}" in told and key in told
    assert "TC356" not in codes_of(result)


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"startCommand": "gunicorn market:app"}, "the module market"),
        ({"startCommand": "python jobs/send.py", "type": "worker"}, "jobs/send.py"),
        (
            {"preDeployCommand": "./migrate", "startCommand": "gunicorn site:app"},
            "./migrate",
        ),
        ({"startCommand": "gunicorn site:app"}, None),
        ({"startCommand": "gunicorn market:app", "buildCommand": "./make-it"}, None),
        ({"startCommand": "gunicorn shop:app", "rootDir": "back"}, None),
    ],
)
def test_a_command_whose_program_is_missing_is_told(
    fields: dict[str, str], missing: str | None
) -> None:
    part = {"type": "web", "name": "web", "runtime": "python", **fields}
    files = {"requirements.txt": "gunicorn\n", "site.py": "", "back/shop.py": ""}
    files["back/requirements.txt"] = "gunicorn\n"
    blueprint = files_of({"services": [part]})
    notes = converted({**files, **blueprint}, "render").notes
    said = [note.message for note in notes if note.code == "TC566"]
    wanted = f"web runs {missing}, which is not in the repository"
    assert said == ([wanted] if missing else [])


def test_each_service_whose_version_only_render_knows_is_named() -> None:
    stating = variable("PYTHON_VERSION", value="3.11.4")
    parts = [
        {"type": "worker", "name": name, "runtime": "python", "startCommand": "./serve"}
        for name in ("first", "second", "third")
    ]
    result = converted(files_of({"services": [*parts[:2], parts[2] | stating]}), "render")
    named = [note.subject for note in result.notes if note.code == "TC898"]
    assert [str(subject).split(".")[1] for subject in named] == ["first", "second"]


@pytest.mark.parametrize(
    ("variables", "runtime", "files", "is_said"),
    [
        ({}, "python", {}, True),
        ({}, "node", {}, True),
        ({"PYTHON_VERSION": "3.11.4"}, "python", {}, False),
        ({}, "python", {".python-version": "3.11\n"}, False),
        ({}, "go", {}, False),
    ],
)
def test_a_version_that_only_render_knows_is_asked_for(
    variables: dict[str, str], runtime: str, files: dict[str, str], is_said: bool
) -> None:
    entries = [{"key": key, "value": value} for key, value in variables.items()]
    part = {"type": "web", "name": "web", "runtime": runtime, "envVars": entries}
    blueprint = files_of({"services": [part | {"startCommand": "./serve"}]})
    notes = converted({**files, **blueprint}, "render").notes
    assert ("TC898" in {note.code for note in notes}) is is_said


_GO = {"go.mod": "module example.com/shop\ngo 1.22\n", "main.go": "", "cmd/wk/main.go": ""}


@pytest.mark.parametrize(
    ("build", "path"),
    [
        ("go build -tags netgo -ldflags '-s -w' -o app", "app"),
        ("go mod download && go build -o=bin/wk ./cmd/wk", "bin/wk"),
        ("go build", "shop"),
        ("go build ./cmd/wk", "wk"),
        ("go build -o bin/ ./cmd/...", "bin/"),
        ("go build ./...", ""),
        ("go build -o /tmp/app", ""),
    ],
)
def test_what_go_builds_is_where_the_command_finds_it(build: str, path: str) -> None:
    service = {"type": "web", "name": "api", "runtime": "go"}
    service |= {"buildCommand": build, "startCommand": f"./{path or 'app'}"}
    files = {"render.yaml": yaml.safe_dump({"services": [service]}), **_GO}
    result = converted(files, "render")
    [dockerfile] = [file for file in result.stack.files if file.path == "Dockerfile"]
    copy = f"COPY --from=build /app/{path} /app/{path}\n"
    assert (copy in dockerfile.content.decode()) is bool(path)


def test_a_built_program_runs_in_the_image_of_production_in_development() -> None:
    web = {"type": "web", "name": "api", "runtime": "go", "startCommand": "./app"}
    web["buildCommand"] = "go build -o app"
    worker = {**web, "type": "worker", "name": "wk", "startCommand": "bin/wk"}
    worker["preDeployCommand"] = "bin/migrate"
    files = {"render.yaml": yaml.safe_dump({"services": [web, worker]}), **_GO}
    content = {path: text.encode() for path, text in files.items()}
    result = convert(
        Memory(content, "shop"), Options(source="render", layout=Layout(split=True))
    )
    [override] = [file for file in result.files if "override" in file.path]
    found = yaml.safe_load(override.content)["services"]
    targets = {name: service["build"]["target"] for name, service in found.items()}
    assert targets == {"api": "development", "wk": "production", "wk-release": "production"}
    assert "volumes" not in found["wk"]


@pytest.mark.parametrize("root", ["", "site"])
def test_pages_hold_no_values_and_nothing_that_git_ignores(root: str) -> None:
    site = {"type": "web", "name": "pages", "runtime": "static", "staticPublishPath": "."}
    api = {"type": "web", "name": "api", "runtime": "node", "rootDir": "api"}
    api["envVars"] = [{"key": "DB_PASSWORD", "value": "x7GvLq92"}]
    folder = f"{root}/" if root else ""
    files = {
        "render.yaml": yaml.safe_dump(
            {"services": [{**site, "rootDir": root} if root else site, api]}
        ),
        f"{folder}index.html": "<p>",
        f"{folder}.gitignore": "drafts\n",
        "api/package.json": "{}",
    }
    result = converted(files, "render")
    [ignored] = [
        file for file in result.stack.files if file.path == "Dockerfile.pages.dockerignore"
    ]
    lines = ignored.content.decode().splitlines()
    assert {"**/.git", "**/.env*", "secrets", "**/drafts"} <= set(lines)
