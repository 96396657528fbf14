"""The files of a stack: what each holds, that docker compose and the linters accept it, where secrets stand."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from judges import (
    NO_DCLINT,
    compose_config,
    dclint,
    needs_compose,
    run_config,
    schema_errors,
    unexcused,
    write,
    yamllint_findings,
)
from samples import DB, PASSWORD, SHOP, TOKEN, WEB, at
from tocompose.exporters.bundle import Bundle, Layout, bundle
from tocompose.exporters.dotenv import env_files
from tocompose.model import (
    ComposeFileRole,
    EnvSetting,
    EnvVariable,
    Network,
    NetworkAttachment,
    Service,
    Stack,
)
from tocompose.notes import Note, note
from tocompose.syntax.interpolation import variables
from tocompose.syntax.model_path import ModelPath

BASE, DEV, PROD = (
    "docker-compose.yml",
    "docker-compose.override.yml",
    "docker-compose.prod.yml",
)


def split(stack: Stack = SHOP, **options: object) -> dict[str, str]:
    """The text of each file of a split stack."""
    return texts(bundle(stack, Layout(split=True, **options)))  # type: ignore[arg-type]


def texts(made: Bundle) -> dict[str, str]:
    """The text of each file by path."""
    return {item.path: item.content.decode() for item in made.files}


def split_with(notes: list[Note]) -> str:
    """The text of the base file with these notes."""
    return texts(bundle(SHOP, Layout(split=True), notes))[BASE]


def test_each_part_stands_in_its_file() -> None:
    files = {
        name: yaml.safe_load(text)
        for name, text in split().items()
        if name.startswith("docker-compose")
    }
    assert list(files) == [BASE, DEV, PROD]
    assert files[BASE]["services"]["web"]["ports"] == ["0.0.0.0:80:80", "0.0.0.0:8443:8443"]
    assert "ports" not in files[BASE]["services"]["db"]
    assert files[DEV]["services"] == {
        "db": {"ports": ["127.0.0.1:5432:5432"]},
        "web": {"volumes": [".:/app"]},
    }
    assert sorted(files[PROD]["services"]) == ["db", "web", "worker"]
    assert {file["name"] for file in files.values()} == {"shop"}
    assert "version" not in files[BASE]


def test_the_override_is_only_written_when_a_service_has_a_development_part() -> None:
    plain = replace(
        SHOP, services=tuple(replace(item, overlays={}) for item in SHOP.services)
    )
    assert [name for name in split(plain) if name.startswith("docker-compose")] == [BASE]


def test_modern_names_and_chosen_environments() -> None:
    files = split(modern_names=True, environments=(ComposeFileRole.PROD,))
    assert [name for name in files if name.startswith("compose")] == [
        "compose.yaml",
        "compose.prod.yaml",
    ]
    assert "-f compose.yaml -f compose.prod.yaml" in files["compose.yaml"]
    made = bundle(SHOP, Layout(split=True, environments=(ComposeFileRole.PROD,)))
    assert [str(item.subject) for item in made.notes if item.code == "TC767"] == [
        "services.web",
        "services.db",
    ]
    assert "services.db.ports" in map(str, made.written)


def test_secrets_stand_in_env_and_secrets_only() -> None:
    for name, text in split().items():
        assert (PASSWORD in text or PASSWORD.replace("$", "\\$") in text) == (
            name == ".env"
        ), name
        assert (TOKEN in text) == (name == "secrets/api_token"), name


def test_modes_of_what_holds_secrets() -> None:
    modes = {
        item.path: (item.mode, item.secret)
        for item in bundle(SHOP, Layout(split=True)).files
    }
    assert modes[".env"] == (0o600, True)
    assert modes["secrets/api_token"] == (0o444, True)
    assert modes[".env.example"] == (0o644, False)


def test_env_example_documents_every_variable_of_env() -> None:
    files = split()
    names = re.findall(r"^(\w+)=", files[".env"], re.M)
    example = files[".env.example"].split("\n")
    assert names == ["DB_PASSWORD", "WEB_MEMORY"]
    for name in names:
        line = next(
            number for number, text in enumerate(example) if text.startswith(f"{name}=")
        )
        assert example[line - 1].startswith("# ")
    assert 'DB_PASSWORD=""' in example
    assert files[".gitignore"].splitlines() == [".env", "secrets/"]


def test_env_example_repeats_no_default_that_is_a_secret() -> None:
    stack = Stack(name="x", services=(replace(DB, image="db:${DB_PASSWORD:-hunter2x}"),))
    used = {variable.name: variable for variable in variables("${DB_PASSWORD:-hunter2x}")}
    (example,) = env_files(stack, used)
    assert example.path == ".env.example"
    assert b'DB_PASSWORD=""\n' in example.content
    assert b"hunter2x" not in example.content


def test_env_example_lists_variables_that_only_the_compose_files_name() -> None:
    files = split()
    assert (
        '# Optional; 1 is used where WEB_CPUS is not set.\nWEB_CPUS="1"\n'
        in files[".env.example"]
    )
    assert "WEB_CPUS" not in files[".env"]
    given = replace(
        SHOP,
        services=(replace(DB, image="db:${TAG}"),),
        settings=(),
        configs=(),
        secrets=(),
        files=(),
    )
    files = split(given)
    assert (
        "\nTAG=\n" in files[".env"]
        and 'TAG=""\n' in files[".env.example"]
        and files[".gitignore"] == ".env\n"
    )


@pytest.mark.parametrize(
    ("text", "line"), [(None, "# TOKEN="), ("${TOKEN}", "TOKEN="), ("x", "TOKEN=")]
)
def test_env_gives_no_empty_text_to_a_service_that_goes_without(
    text: str | None, line: str
) -> None:
    """An empty line would set what a service takes over from outside, if it is there."""
    service = Service(
        name="x", image="x:1", environment=(EnvVariable(name="TOKEN", value=text),)
    )
    given = Stack(name="x", services=(service,), settings=(EnvSetting(name="TOKEN"),))
    assert split(given)[".env"].splitlines()[-1] == line


@pytest.mark.parametrize("example", [PASSWORD, "", "change-me", "postgres://u:p@host/name"])
@pytest.mark.parametrize("value", [PASSWORD, None])
@pytest.mark.parametrize("text", ["${P:?}", "${P}"])
def test_the_example_of_a_secret_starts_nothing(
    example: str, value: str | None, text: str
) -> None:
    """Whoever copies the example has no password, neither the real one nor a word that stands for one."""
    secret = EnvSetting(name="P", value=value, secret=True, example=example)
    service = Service(
        name="x", image="x:1", environment=(EnvVariable(name="P", value=text),)
    )
    files = split(Stack(name="x", services=(service,), settings=(secret,)))
    shown = files[".env.example"]
    assert shown.splitlines()[-1] == 'P=""'
    assert PASSWORD not in shown or value is None
    assert ("such as" in shown) == (example not in ("", "change-me", value))


@pytest.mark.parametrize(
    ("text", "value", "example", "line"),
    [
        ("${P:?}", None, "db.internal", 'P=""'),
        ("${P:?}", "db.internal", "", 'P="db.internal"'),
        ("${P:-}", None, "eu-west-1", 'P="eu-west-1"'),
        ("${P:-}", None, "your-domain.com", 'P=""'),
    ],
)
def test_no_placeholder_is_a_value_that_starts(
    text: str, value: str | None, example: str, line: str
) -> None:
    setting = EnvSetting(name="P", value=value, example=example)
    service = Service(
        name="x", image="x:1", environment=(EnvVariable(name="P", value=text),)
    )
    shown = split(Stack(name="x", services=(service,), settings=(setting,)))[".env.example"]
    assert shown.splitlines()[-1] == line
    assert (", and set what is required" in shown) == (line == 'P=""' and ":?" in text)


def test_only_what_was_lost_stands_above_a_service() -> None:
    web = ModelPath.service("web")
    lost = note("TC001", at(7), subject=web, what="gpus")
    added = note("TC620", at(7), subject=web, service="web")
    above = split_with([lost, added]).partition("  web:\n")[0]
    assert "(TC001, run.sh:7)" in above and "TC620" not in above


def test_a_comment_stands_once() -> None:
    service = Service(name="x", image="x:1", comments=("mind the gap", "mind the gap"))
    text = split(Stack(name="x", services=(service,)))[BASE]
    assert text.count("# mind the gap") == 1


def test_where_a_service_comes_from_and_what_it_lost_stands_above_it() -> None:
    lost = note("TC001", at(7), subject=ModelPath.service("web", "gpus"), what="gpus")
    text = texts(bundle(SHOP, Layout(split=True), [lost]))[BASE]
    above = text[: text.index("  web:\n")].splitlines()[-2:]
    assert above[0] == "  # from run.sh:6"
    assert above[1].startswith(
        "  # lost (TC001, run.sh:7): gpus was not carried over: tocompose does not know it"
    )


def test_repeated_blocks_are_written_once() -> None:
    text = split()[BASE]
    assert text.count("max-size") == 1 and text.count("logging: *logging") == 2
    assert (
        text.index("x-environment:") < text.index("x-service:") < text.index("name: shop")
    )
    assert "  web:\n    <<: *service\n" in text
    assert yaml.safe_load(text)["services"]["web"]["logging"]["options"]["max-file"] == "3"


def test_paths_are_reported_as_if_nothing_was_shared() -> None:
    written = set(map(str, bundle(SHOP, Layout(split=True)).written))
    assert {
        "services.worker.environment.TZ",
        "services.web.logging.options.max-size",
        "services.db.ports",
        "services.web.deploy.resources.limits.memory",
        "settings.DB_PASSWORD",
        "files.config/worker.toml",
    } <= written


def test_two_merge_keys_never_stand_in_one_map() -> None:
    for text in split().values():
        blocks = re.findall(r"(?:^ *<<: .*\n)+", text, re.M)
        assert all(block.count("<<") == 1 for block in blocks)


@pytest.mark.parametrize("names", ["aabc", "aaab", "abcd", "aabb", "abab"])
def test_anchors_of_environments_never_mix(names: str) -> None:
    """T16: what some services have wholly in common, and others in part, are two things with one key."""
    kinds = {
        "a": {"A1": "1", "A2": "2", "A3": "3"},
        "b": {"B1": "1", "B2": "2", "B3": "3", "OWN": "b"},
        "c": {"B1": "1", "B2": "2", "B3": "3", "OWN": "c"},
        "d": {"A1": "1", "A2": "2", "A3": "3", "B1": "1"},
    }
    wanted = {f"{name}{index}": kinds[name] for index, name in enumerate(names)}
    services = tuple(
        Service(
            name=name,
            image="me/x:1",
            environment=tuple(EnvVariable(name=k, value=v) for k, v in held.items()),
        )
        for name, held in wanted.items()
    )
    for text in texts(
        bundle(Stack(name="x", services=services), Layout(split=True))
    ).values():
        assert all(
            block.count("<<") == 1 for block in re.findall(r"(?:^ *<<: .*\n)+", text, re.M)
        )
    body = yaml.safe_load(texts(bundle(Stack(name="x", services=services), Layout()))[BASE])
    assert {
        name: dict(item["environment"]) for name, item in body["services"].items()
    } == wanted


def test_networks_that_development_adds_are_a_list_too() -> None:
    part = Service(name="db", networks=(NetworkAttachment(network="front"),))
    service = Service(
        name="db",
        image="me/db:1",
        networks=(NetworkAttachment(network="back"),),
        overlays={ComposeFileRole.DEV: part},
    )
    made = Stack(
        name="x",
        services=(service,),
        networks=(Network(name="back"), Network(name="front")),
    )
    body = yaml.safe_load(texts(bundle(made, Layout()))[BASE])
    assert body["services"]["db"]["networks"] == ["back", "front"]


def test_one_file_asks_for_secrets_and_says_where_they_stand() -> None:
    made = bundle(SHOP, Layout())
    (file,) = made.files
    text = file.content.decode()
    assert PASSWORD not in text and TOKEN not in text
    assert (
        "${DB_PASSWORD:?set DB_PASSWORD in .env}" in text
        and "environment: API_TOKEN" in text
    )
    said = {item.message for item in made.notes if item.code == "TC758"}
    assert said == {
        "DB_PASSWORD is a secret and was left out of this file",
        "API_TOKEN is a secret and was left out of this file",
    }
    places = {str(item.span) for item in made.notes if item.code == "TC758"}
    assert places == {"run.sh:3:1", "run.sh:9:1"}
    body = yaml.safe_load(text)
    assert (
        body["configs"]["worker_toml"]["content"] == 'queue = "$$default"\n'
        and "ports" in body["services"]["db"]
    )


def test_inline_secrets_keeps_them_in_place() -> None:
    made = bundle(SHOP, Layout(inline_secrets=True))
    body = yaml.safe_load(made.files[0].content)
    assert body["services"]["db"]["environment"]["POSTGRES_PASSWORD"] == PASSWORD.replace(
        "$", "$$"
    )
    assert body["configs"]["api_token"]["content"] == TOKEN
    assert {"source": "api_token", "target": "/run/secrets/api_token"} in body["services"][
        "worker"
    ]["configs"]
    assert made.files[0].secret and not [
        item for item in made.notes if item.code == "TC758"
    ]


@pytest.mark.parametrize(
    "layout", [Layout(split=True), Layout(split=True, modern_names=True), Layout()]
)
def test_same_stack_same_bytes(layout: Layout) -> None:
    assert bundle(SHOP, layout) == bundle(SHOP, layout)


@pytest.mark.parametrize(
    "layout", [Layout(split=True), Layout(), Layout(inline_secrets=True)]
)
def test_schema_and_yamllint_find_nothing(layout: Layout) -> None:
    for name, text in texts(bundle(SHOP, layout)).items():
        if name.startswith("docker-compose"):
            assert schema_errors(text) == [], name
            assert yamllint_findings(text) == [], name


@pytest.mark.skipif(dclint() is None, reason=NO_DCLINT)
def test_dclint_finds_nothing(tmp_path: Path) -> None:
    write(tmp_path, bundle(SHOP, Layout(split=True)).files)
    assert unexcused(tmp_path) == []


class TestDockerCompose:
    """The real docker compose reads what we wrote."""

    pytestmark = needs_compose

    def test_base_alone_and_with_each_overlay(self, tmp_path: Path) -> None:
        write(tmp_path, bundle(SHOP, Layout(split=True)).files)
        base = compose_config(tmp_path, BASE)
        assert (
            base["services"]["db"]["environment"]["POSTGRES_PASSWORD"].replace("$$", "$")
            == PASSWORD
        )
        dev = compose_config(tmp_path)
        assert [item["published"] for item in dev["services"]["db"]["ports"]] == ["5432"]
        prod = compose_config(tmp_path, BASE, PROD)
        assert prod["services"]["web"]["deploy"]["resources"]["limits"]["memory"] == str(
            256 * 1024**2
        )
        assert "ports" not in prod["services"]["db"]

    def test_one_file_is_the_base_with_the_development_part(self, tmp_path: Path) -> None:
        write(tmp_path, bundle(SHOP, Layout(inline_secrets=True)).files)
        alone = compose_config(tmp_path)
        folder = tmp_path / "split"
        write(folder, bundle(SHOP, Layout(split=True)).files)
        both = compose_config(folder)
        for name in ("db", "web"):
            given, expected = alone["services"][name], both["services"][name]
            for mount in (*given.get("volumes", ()), *expected.get("volumes", ())):
                if mount["type"] == "bind":
                    mount["source"] = Path(mount["source"]).name.replace(
                        tmp_path.name, "split"
                    )
            assert given == expected

    def test_a_missing_secret_is_named(self, tmp_path: Path) -> None:
        write(tmp_path, bundle(SHOP, Layout()).files)
        done = run_config(tmp_path, ())
        assert done.returncode != 0 and "DB_PASSWORD" in done.stderr

    def test_empty_overlays_are_not_written(self, tmp_path: Path) -> None:
        stack = replace(
            SHOP, services=(replace(DB, overlays={}), replace(WEB, overlays={}))
        )
        write(tmp_path, bundle(stack, Layout(split=True)).files)
        assert sorted(path.name for path in tmp_path.glob("docker-compose*")) == [BASE]
        compose_config(tmp_path)
