"""What is wrong with the JSON of a source is told once, at its place, and the rest is converted: in every format."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import NamedTuple

import pytest

import tree
from tocompose.importers import SourceError
from tocompose.notes import Kind, Note
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

# Where the fault goes, and what stands there in a sound file.
HERE = "@here@"


class Form(NamedTuple):
    """A format whose file holds JSON: the file with `HERE` at a place where an entry of a map may stand."""

    importer: str
    path: str
    text: str
    others: Mapping[str, str] = {}

    def files(self, content: bytes) -> dict[str, bytes]:
        return {
            self.path: content,
            **{path: text.encode() for path, text in self.others.items()},
        }


_CONTAINER = f'{{"name": "web",\n   {HERE}\n   "image": "nginx:1.27", "essential": true}}'
_PROCFILE = {"Procfile": "web: node index.js\n", "index.js": ""}
FORMS = {
    "docker inspect": Form(
        "engine",
        "inspect.json",
        f"""[{{"Id": "{"a" * 64}", "Name": "/web",
 "Config": {{"Image": "nginx:1.27",
   {HERE}
  "Labels": {{}}}},
 "HostConfig": {{}}, "NetworkSettings": {{}}, "Mounts": []}}]""",
    ),
    "task definition": Form(
        "aws", "task.json", f'{{"family": "f", "containerDefinitions": [{_CONTAINER}]}}'
    ),
    "list of container definitions": Form("aws", "containers.json", f"[{_CONTAINER}]"),
    "CloudFormation": Form(
        "aws",
        "stack.json",
        '{"Resources": {"T": {"Type": "AWS::ECS::TaskDefinition", "Properties":\n {"ContainerDefinitions":\n'
        f' [{{"Name": "web",\n   {HERE}\n   "Image": "nginx:1.27"}}]}}}}}}}}',
    ),
    "Elastic Beanstalk": Form(
        "aws",
        "Dockerrun.aws.json",
        f'{{"AWSEBDockerrunVersion": "1",\n   {HERE}\n   "Image": {{"Name": "nginx:1.27"}}}}',
    ),
    "here-document of Terraform": Form(
        "aws", "main.tf", f"x {{\ncontainer_definitions = <<EOF\n[{_CONTAINER}]\nEOF\n}}\n"
    ),
    "app.json": Form(
        "procfile", "app.json", f'{{"env": {{"A": "1"}},\n   {HERE}\n   "stack": "heroku-22"}}', _PROCFILE
    ),
    "package.json": Form(
        "procfile",
        "package.json",
        f'{{"scripts": {{}},\n   {HERE}\n   "engines": {{"node": "20"}}}}',
        _PROCFILE,
    ),
    "composer.json": Form(
        "procfile",
        "composer.json",
        f'{{"name": "a/b",\n   {HERE}\n   "require": {{"php": "8.2"}}}}',
        {"Procfile": "web: heroku-php-apache2\n", "index.php": ""},
    ),
    "static.json": Form(
        "procfile",
        "static.json",
        f'{{"root": "public",\n   {HERE}\n   "clean_urls": true}}',
        {"Procfile": "web: bin/boot\n"},
    ),
    ".env in JSON": Form("procfile", ".env", f'{{"A": "1",\n   {HERE}\n   "B": "2"}}', _PROCFILE),
    "compose file": Form(
        "compose",
        "docker-compose.json",
        f'{{"services": {{"web": {{"labels": {{}},\n   {HERE}\n   "image": "nginx:1.27"}}}}}}',
    ),
    "manifest": Form(
        "kubernetes",
        "pod.json",
        '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "annotations": {}},\n "spec":\n'
        f' {{"containers": [{{"name": "web",\n   {HERE}\n   "image": "nginx:1.27"}}]}}}}',
    ),
    "blueprint": Form(
        "render",
        "render.yaml",
        '{"services": [{"type": "web", "name": "web", "runtime": "image",\n'
        f'   {HERE}\n   "image": {{"url": "nginx:1.27"}}}}]}}',
    ),
}  # fmt: skip

# What is wrong, what is told, and where: the column in the line of the fault, which starts at column 4.
FAULTS: Mapping[str, tuple[str, str, int]] = {
    "NaN": ('"zz": NaN,', "TC312", 10),
    "Infinity": ('"zz": -Infinity,', "TC312", 10),
    "comment": ("// why\n", "TC312", 4),
    "block comment": ("/* why */", "TC312", 4),
    "trailing comma": ('"zz": {"a": 1,},', "TC312", 17),
    "missing comma": ('"zz": {"a": 1 "b": 2},', "TC312", 18),
    "missing colon": ('"zz" 1,', "TC312", 4),
    "single quotes": ("'zz': 1,", "TC312", 4),
    "word of Python": ('"zz": None,', "TC312", 10),
    "bare key": ("zz: 1,", "TC312", 4),
    "unknown escape": ('"zz": "\\q",', "TC312", 10),
    "control character": ('"zz": "a\x01b",', "TC312", 10),
    "line break": ('"zz": "a\nb",', "TC312", 10),
    "quote without its end": ('"zz": "a,\n', "TC312", 10),
    "wrong bracket": ('"zz": {"a": [1, 2}},', "TC312", 21),
    "missing bracket": ('"zz": {"a": [1, 2},', "TC312", 21),
    "lone surrogate": ('"zz": "\\ud800",', "TC015", 10),
    "duplicate": ('"zz": 1, "zz": 2,', "TC313", 4),
    "nested too deeply": (f'"zz": {"[" * 3000}{"]" * 3000},', "TC314", 0),
}
# A reader of YAML takes these, and the file is YAML by its name.
YAML_TAKES = {
    *("NaN", "Infinity", "trailing comma", "single quotes", "word of Python", "bare key"),
    *("line break", "duplicate"),
}
_JSON_CODES = ("TC010", "TC011", "TC015", "TC300", "TC312", "TC313", "TC314", "TC461")
_LOSSES_OF_ONE_KEY = ("TC001", "TC070", "TC315", "TC317", "TC562")


def _converted(form: Form, content: bytes) -> Result:
    return convert(Memory(form.files(content)), Options(source=form.importer))


def _told(result: Result) -> list[Note]:
    return [told for told in result.notes if told.code in _JSON_CODES]


def _sound(form: Form) -> bytes:
    return form.text.replace(HERE, "").encode()


def _compose(result: Result) -> bytes:
    return next(file.content for file in result.files if file.path == "docker-compose.yml")


@pytest.mark.parametrize("name", FORMS)
def test_of_a_sound_file_nothing_is_told(name: str) -> None:
    form = FORMS[name]
    result = _converted(form, _sound(form))
    assert len(result.stack.services) == 1
    assert _told(result) == []


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", FORMS)
def test_a_fault_is_told_once_at_its_place_and_the_rest_is_converted(
    name: str, fault: str
) -> None:
    form = FORMS[name]
    text, code, column = FAULTS[fault]
    result = _converted(form, form.text.replace(HERE, text).encode())
    assert len(result.stack.services) == 1
    told = _told(result)
    if name == "blueprint" and fault in YAML_TAKES:
        assert [note.code for note in told] in ([], ["TC011"])
        return
    assert [note.code for note in told] == [code]
    line = form.text[: form.text.index(HERE)].count("\n") + 1
    assert told[0].span and (told[0].span.file, told[0].span.line) == (form.path, line)
    assert column in (0, told[0].span.column)
    # Nothing beside the key of the fault itself is lost.
    sound = {note.message for note in _converted(form, _sound(form)).notes}
    new_losses = [
        note for note in result.notes if note.kind is Kind.LOST and note not in told
    ]
    new_losses = [note for note in new_losses if note.message not in sound]
    assert {note.code for note in new_losses} <= {*_LOSSES_OF_ONE_KEY}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", FORMS)
def test_an_encoding_is_told_and_changes_nothing(name: str, encoding: str) -> None:
    form = FORMS[name]
    result = _converted(form, _sound(form).decode().encode(encoding))
    assert _compose(result) == _compose(_converted(form, _sound(form)))
    # Readers of YAML take such files too.
    expected = [] if form.importer in ("compose", "kubernetes", "render") else ["TC300"]
    assert [note.code for note in _told(result)] == expected


@pytest.mark.parametrize("name", FORMS)
def test_bytes_that_are_not_utf_8_are_told_at_their_place(name: str) -> None:
    form = FORMS[name]
    content = form.text.replace(HERE, '"zz": "caf\xe9",').encode("latin-1")
    (told,) = _told(_converted(form, content))
    assert told.code == "TC015" and told.span and told.span.column == 14


@pytest.mark.parametrize("name", FORMS)
def test_a_file_that_is_cut_off_anywhere_is_told_at_its_end(name: str) -> None:
    form = FORMS[name]
    sound = _sound(form)
    start = sound.index(b"[{") if name == "here-document of Terraform" else 0
    end = sound.index(b"\nEOF") if name == "here-document of Terraform" else len(sound)
    told_places = 0
    for length in range(start + 2, end - 1):
        try:
            told = _told(_converted(form, sound[:length]))
        except SourceError as refusal:
            assert str(refusal)
            continue
        told_places += 1
        (note,) = told
        last = sound[:length].rstrip()
        line = last.count(b"\n") + 1
        column = len(last) - (last.rfind(b"\n") + 1)
        assert note.code in ("TC314", "TC461")
        assert note.span and (note.span.line, note.span.column) == (line, column)
    assert told_places > 3


@pytest.mark.parametrize("digits", ["9" * 400, "9" * 5000, "1e999999", "-1e-999999"])
@pytest.mark.parametrize("name", FORMS)
def test_a_huge_number_ends_nothing(name: str, digits: str) -> None:
    form = FORMS[name]
    result = _converted(form, form.text.replace(HERE, f'"zz": {digits},').encode())
    assert len(result.stack.services) == 1
    assert _told(result) == []


@pytest.mark.parametrize(
    "key", ["cpu", "memory", "memoryReservation", "stopTimeout", "startTimeout"]
)
@pytest.mark.parametrize(
    "digits", ["9" * 5000, "NaN", "-Infinity", "1e999999", "[[]]", '{"a": {}}']
)
def test_a_number_that_is_none_is_a_note(key: str, digits: str) -> None:
    form = FORMS["task definition"]
    result = _converted(form, form.text.replace(HERE, f'"{key}": {digits},').encode())
    assert [service.name for service in result.stack.services] == ["web"]
    assert not [note for note in result.notes if note.code.startswith("TC9")]
    assert [note for note in result.notes if note.kind is Kind.LOST]


def _inspected(name: str, more: str = "") -> str:
    config = f'{{"Image": "acme/{name}:1"{more}}}'
    return f'{{"Id": "{name * 16:.64}", "Name": "/{name}", "Config": {config}, "HostConfig": {{}}, "Mounts": []}}'


@pytest.mark.parametrize(
    "fault", [",", ', "zz": NaN', ', /* why */ "zz": 1', ', "zz": 1, "zz": 2']
)
@pytest.mark.parametrize("between", [",", "", "\n", "]\n$ docker inspect b\n["])
def test_what_follows_a_faulty_object_is_read(fault: str, between: str) -> None:
    text = f"[{_inspected('aaaa', fault)}{between}{_inspected('bbbb')}]"
    result = convert(Memory({"i.json": text.encode()}), Options(source="engine"))
    assert {service.name for service in result.stack.services} == {"aaaa", "bbbb"}
    assert len([note for note in _told(result) if note.code != "TC312"]) == (
        "zz" in fault and ', "zz": 2' in fault
    )


def test_task_definitions_one_after_the_other_are_all_read() -> None:
    form = FORMS["task definition"]
    second = _sound(form).replace(b'"web"', b'"api"')
    result = _converted(form, _sound(form) + b"\n" + second)
    assert {service.name for service in result.stack.services} == {"web", "api"}


def test_manifests_one_after_the_other_are_all_read() -> None:
    form = FORMS["manifest"]
    second = _sound(form).replace(b'"web"', b'"api"')
    result = _converted(form, _sound(form) + b"\n" + second)
    assert {service.name for service in result.stack.services} == {"web", "api"}


def test_of_a_key_that_stands_there_twice_no_secret_is_shown() -> None:
    form = FORMS["app.json"]
    for value in ("hunter2-Zq81x", "correct-horse-77"):
        text = f'{{"env": {{"DB_PASSWORD": "{value}",\n "DB_PASSWORD": "other-Vq12"}}}}'
        result = _converted(form, text.encode())
        assert [note.code for note in _told(result)] == ["TC313"]
        shown = [file.content for file in result.files if file.path not in (".env",)]
        assert not [content for content in shown if value.encode() in content]
        assert not [note for note in result.notes if value in note.message + note.advice]


def test_comments_are_a_configuration_of_denos_own() -> None:
    files = {
        "deno.json": b'{// why\n "tasks": {"start": "deno run a.ts",},\n}',
        "Procfile": b"web: deno task start\n",
    }
    assert _told(convert(Memory(files), Options(source="procfile"))) == []


@pytest.mark.parametrize(
    "annotation",
    [
        '{"a": NaN}',
        '{"a": 1,}',
        '{"a": 1, "a": 2}',
        "[" * 5000,
        '{"a": "\\ud800"}',
        '{"$a": "${b}"',
    ],
)
def test_json_inside_a_label_is_text(annotation: str) -> None:
    """Compose, Kubernetes and AWS hand such texts on; nobody but the program that they are for reads them."""
    quoted = json.dumps(annotation)
    sources = {
        "compose": {
            "docker-compose.yml": f"services: {{web: {{image: a, labels: {{x: {quoted.replace('$', '$$')}}}}}}}\n"
            f"x-data: {quoted.replace('$', '$$')}\n"
        },
        "aws": {"task.json": FORMS["task definition"].text.replace(HERE, f'"dockerLabels": {{"x": {quoted}}},')},
    }  # fmt: skip
    for importer, files in sources.items():
        project = Memory({path: text.encode() for path, text in files.items()})
        result = convert(project, Options(source=importer))
        (service,) = result.stack.services
        assert annotation.replace("$", "$$") in service.labels.values()
        assert _told(result) == []


def test_every_reader_of_a_sources_json_is_the_one() -> None:
    """Who else parses JSON reads what a program of today wrote: an engine, a cluster, a client, tocompose itself."""
    others = {
        *(
            "tocompose.mcp_server",
            "tocompose.tables",
            "tocompose.answers",
            "tocompose.earlier_run",
        ),
        *("tocompose.web.requests", "tocompose.cluster.api", "tocompose.batch.discovery"),
        *("tocompose.batch.state", "tocompose.batch.intent"),
        *("tocompose.engine_api.connection", "tocompose.engine_api.addresses"),
        *("tocompose.prove.inspected", "tocompose.prove.server", "tocompose.prove.replies"),
    }
    parsing = {module for module in tree.modules() if _parses_json(module)}
    assert parsing == {*others, "tocompose.readers.json_data"}


def _parses_json(module: str) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "json"
        and node.attr in ("loads", "load", "JSONDecoder")
        for node in ast.walk(ast.parse(tree.file(module).read_text(encoding="utf-8")))
    )


@pytest.mark.parametrize(
    ("path", "text", "place"),
    [
        ("task.json", '{"family": "f", "containerDefinitions": [{"na', "task.json:1:45: "),
        ("inspect.json", '[{"Id": "a", "Na', "inspect.json:1:16: "),
        ("pod.json", '{"kind": "Pod", "apiV', "pod.json:1:21: "),
    ],
)  # fmt: skip
def test_too_little_of_a_file_for_any_format_is_refused_at_its_end(
    path: str, text: str, place: str
) -> None:
    with pytest.raises(SourceError) as refusal:
        convert(Memory({path: text.encode()}))
    assert str(refusal.value).startswith(place)
