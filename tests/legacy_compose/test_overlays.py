"""Nothing of the files beside the base is lost unsaid, and docker compose takes what is written of them."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
import yaml

import judges
from judges import compose_config, needs_compose, run_config
from tocompose.exporters.bundle import Layout
from tocompose.model import ComposeFileRole, File
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

BASE, DEV, PROD = (f"docker-compose{part}.yml" for part in ("", ".override", ".prod"))
WEB = "services: {web: {image: 'shop/web:1.2'}}\n"
MORE = "services: {web: {environment: {MODE: more}}}\n"
ENVIRONMENTS = (ComposeFileRole.DEV, ComposeFileRole.PROD)


def converted(
    files: dict[str, str],
    *,
    split: bool = True,
    environments: tuple[ComposeFileRole, ...] = ENVIRONMENTS,
) -> Result:
    project = Memory({path: text.encode() for path, text in files.items()}, "shop")
    project.named = ()
    layout = Layout(split=split, environments=environments)
    return convert(project, Options(source="compose", practices="none", layout=layout))


def told(result: Result) -> set[tuple[str, str]]:
    """The code of each note, with the file that it points at."""
    return {(note.code, note.span.file if note.span else "") for note in result.notes}


def written_in(tmp_path: Path, name: str, files: dict[str, str]) -> Path:
    folder = tmp_path / name / "shop"
    folder.mkdir(parents=True)
    texts = (File(path=path, content=text.encode()) for path, text in files.items())
    judges.write(folder, texts)
    return folder


OWN_SECTIONS = {
    "same name": ("x-own: {a: 1, b: [1]}", "x-own: {a: 3, b: [2]}", "x-own: {c: 1.5}"),
    "same content": ("x-own: {a: 1}", "x-own: {a: 1}", "x-own: {a: 1}"),
    "other kinds": ("x-own: {a: 1}", "x-own: {a: [1]}", "x-own: {a: }"),
    "names of the project": ("name: one", "name: two", "name: three"),
}


@needs_compose[0]
@needs_compose[1]
@pytest.mark.parametrize("beside", [MORE, "", "services: {web: {}}\n"])
@pytest.mark.parametrize("case", OWN_SECTIONS)
def test_docker_compose_reads_the_same_in_each_file(
    case: str, beside: str, tmp_path: Path
) -> None:
    sections = OWN_SECTIONS[case]
    source = {
        path: f"{section}\n{services}"
        for path, section, services in zip(
            (BASE, DEV, PROD), sections, (WEB, beside, beside), strict=True
        )
    }
    result = converted(source)
    before = written_in(tmp_path, "before", source)
    after = tmp_path / "after" / "shop"
    judges.write(after, result.files)
    for chosen in ((BASE,), (BASE, DEV), (BASE, PROD)):
        there = [path for path in chosen if (after / path).exists()]
        wanted, found = compose_config(before, *chosen), compose_config(after, *there)
        assert {**found, "name": ""} == {**wanted, "name": ""}
        if case == "names of the project" and there == list(chosen):
            assert found["name"] == wanted["name"]
    assert result.notes == ()


def test_one_file_has_the_sections_of_base_and_development_together() -> None:
    files = {
        BASE: f"x-own: {{a: 1, b: 2}}\n{WEB}",
        DEV: "x-own: {a: 3}\n",
        PROD: "x-p: 1\n",
    }
    result = converted(files, split=False)
    document = yaml.safe_load(result.files[0].content)
    assert document["x-own"] == {"a": 3, "b": 2} and "x-p" not in document
    (note,) = result.notes
    assert (note.code, note.message.split()[0]) == ("TC775", "x-p")


@pytest.mark.parametrize(
    ("environment", "codes"),
    [(ComposeFileRole.DEV, ["TC767", "TC775"]), (ComposeFileRole.PROD, ["TC767"] * 2)],
)
def test_what_a_file_that_is_not_written_had_is_told(
    environment: ComposeFileRole, codes: list[str]
) -> None:
    tool = "services: {web: {command: [x]}, tool: {image: 'shop/tool:1'}}\n"
    files = {BASE: WEB, DEV: tool, PROD: f"x-own: 1\n{MORE}"}
    result = converted(files, environments=(environment,))
    assert sorted(note.code for note in result.notes) == codes


WRONG = [
    (section, value)
    for section, value in product(
        ("services", "networks", "volumes", "secrets", "configs", "models", "name", "own"),
        ("5", "[a]", "{a: 5}", "{a: {b: c}}", "{a: }"),
    )
    if (section, value) not in {("networks", "{a: }"), ("volumes", "{a: }")}
]
USES = "services: {web: {image: 'shop/web:1.2', secrets: [a], configs: [a], models: [a]}}\n"


@needs_compose[0]
@needs_compose[1]
@pytest.mark.parametrize("path", [BASE, DEV, PROD])
@pytest.mark.parametrize(("section", "value"), WRONG)
def test_a_section_of_wrong_shape_is_told_of(
    section: str, value: str, path: str, tmp_path: Path
) -> None:
    if path == BASE and section == "services":
        source = {BASE: WEB.replace("}}\n", f"}}, a: {value}}}\n")}
    elif section == "services":
        source = {BASE: WEB, path: f"services: {value}\n"}
    else:
        source = {BASE: WEB, path: f"{section}: {value}\n{USES}"}
    result = converted(source)
    judges.write(tmp_path, result.files)
    chosen = [each for each in (BASE, path) if (tmp_path / each).exists()]
    done = run_config(tmp_path, dict.fromkeys(chosen), env={"A_IMAGE": "x"})
    assert done.returncode == 0, done.stderr
    refused = run_config(
        written_in(tmp_path, "source", source), dict.fromkeys([BASE, path])
    )
    codes = {code for code, _ in told(result)}
    assert refused.returncode and not any(code.startswith("TC9") for code in codes)
    if (section, value) == ("name", "5"):
        return  # A number is a name once it is written as a text.
    if path == PROD and section == "services" and value.startswith("{"):
        assert ("TC071", "") in told(result)
    else:
        assert {("TC070", path), ("TC771", path)} & told(result), result.notes


KINDS = ["{a: 1}", "[1]", "1", "", "{a: {b: 1}}", "{a: [1]}"]


@needs_compose[0]
@needs_compose[1]
@pytest.mark.parametrize("path", [DEV, PROD])
@pytest.mark.parametrize(("base", "beside"), list(product(KINDS, KINDS)))
def test_a_section_of_another_kind_than_in_the_base_is_told_of(
    base: str, beside: str, path: str, tmp_path: Path
) -> None:
    in_service = "services: {web: {x-in: VALUE}}\n"
    source = {
        BASE: f"x-own: {base}\n" + WEB.replace("}}", f", x-in: {base}}}}}"),
        path: f"x-own: {beside}\n" + in_service.replace("VALUE", beside),
    }
    result = converted(source)
    judges.write(tmp_path, result.files)
    chosen = [each for each in (BASE, path) if (tmp_path / each).exists()]
    done = run_config(tmp_path, chosen)
    assert done.returncode == 0, done.stderr
    before = run_config(written_in(tmp_path, "source", source), [BASE, path])
    codes = [note.code for note in result.notes]
    assert codes == ([] if before.returncode == 0 else ["TC771", "TC771"])


@pytest.mark.parametrize("content", ["- a\n", "text\n"])
@pytest.mark.parametrize("path", [DEV, PROD])
def test_a_file_that_is_no_map_is_told_of(path: str, content: str) -> None:
    assert told(converted({BASE: WEB, path: content})) == {("TC771", path)}


def test_a_file_beside_the_base_is_read_as_the_base_is() -> None:
    beside = """\
services:
  web:
    foo: 1
    image: [x]
    env_file: ./folder
    volumes: ["::"]
    deploy: {labels: {traefik.a: b}}
    secrets: [token]
networks: {default: {driver: overlay}}
secrets: {token: {external: true}, spare: {file: ./spare}}
"""
    result = converted({BASE: WEB, DEV: beside, "folder/x": ""})
    assert told(result) == {
        (code, DEV) for code in ("TC070", "TC076", "TC078", "TC079", "TC771", "TC777")
    }
    (service,) = result.stack.services
    assert service.overlays[ComposeFileRole.DEV].env_files == ()


@pytest.mark.parametrize("path", [DEV, PROD])
def test_a_file_of_version_one_is_joined_or_told_of(path: str) -> None:
    result = converted(
        {BASE: "web: {image: 'shop/web:1'}\n", path: "web: {command: [x]}\n"}
    )
    assert {code for code, _ in told(result)} & {"TC071", "TC072"}
    (service,) = result.stack.services
    assert service.command == (("x",) if path == DEV else None)


def test_models_and_sections_are_told_of_where_services_are_added() -> None:
    source = "x-own: 1\nmodels: {m: {model: ai/a}, spare: {model: ai/b}}\n"
    source += "services: {web: {image: 'shop/web:1', models: [m]}}\n"
    project = Memory({BASE: source.encode()}, "shop")
    existing = File(path="other.yml", content=b"services:\n  db:\n    image: b:1\n")
    options = Options(source="compose", practices="none", existing=existing)
    result = convert(project, options)
    document = yaml.safe_load(result.files[0].content)
    assert document["models"] == {"m": {"model": "ai/a"}}
    assert ("TC776", "") in told(result)
