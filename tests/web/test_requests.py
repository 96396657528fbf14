"""The API without a server: every request has an answer in JSON, and no request reaches the machine."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocompose.cli.settings import option_kind
from tocompose.web.fields import MOST_TEXTS, OPERATIONS, RequestField, RequestLimits
from tocompose.web.openapi import openapi_document
from tocompose.web.requests import answer_request

LIMITS = RequestLimits(
    request_bytes=200_000, files=20, name_length=100, folders_deep=5, answer_bytes=3_000_000
)
RUN = "docker run -d --name web -p 8080:80 -e API_KEY=k3y-9Kq2 --frobnicate=x nginx:1.27\n"


def answered(operation: str, request: Any) -> tuple[int, Any]:
    """The status and the document of an answer."""
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    reply = answer_request(operation, body, LIMITS)
    return reply.status, json.loads(reply.body)


def files_of(answer: Any) -> dict[str, str]:
    """The texts of the files of an answer."""
    return {file["path"]: file["text"] for file in answer["files"]}


def test_a_conversion_gives_what_the_command_line_writes(tmp_path: Path) -> None:
    status, answer = answered("convert", {"text": RUN})
    assert status == 200 and answer["converted"]
    command = [sys.executable, "-m", "tocompose", "convert", "-", "-o", ".", "--quiet"]
    subprocess.run(command, input=RUN.encode(), cwd=tmp_path, check=True, timeout=60)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert files_of(answer) == written
    modes = {file["path"]: file["mode"] for file in answer["files"]}
    assert modes[".env"] == "0600"


def test_one_file_is_what_goes_to_standard_output(tmp_path: Path) -> None:
    _, answer = answered("convert", {"text": RUN, "options": {"one-file": True}})
    command = [sys.executable, "-m", "tocompose", "convert", "-", "--quiet"]
    ran = subprocess.run(
        command,
        input=RUN.encode(),
        cwd=tmp_path,
        check=True,
        timeout=60,
        capture_output=True,
    )
    (file,) = answer["files"]
    assert file["text"].encode() == ran.stdout


def test_notes_stand_beside_the_lines_that_they_are_about() -> None:
    _, answer = answered("convert", {"text": RUN})
    lines = files_of(answer)["docker-compose.yml"].split("\n")
    restart = next(note for note in answer["notes"] if "restart" in note["subject"])
    (line,) = restart["lines"]
    assert line["file"] == "docker-compose.yml"
    assert lines[line["line"] - 1].strip() == "restart: unless-stopped"
    lost = next(note for note in answer["notes"] if note["kind"] == "lost")
    assert lost["span"]["line"] == 1
    assert lines[lost["lines"][0]["line"] - 1] == "  web:"


def test_several_files_are_a_folder() -> None:
    request = {
        "files": {"Procfile": "web: node server.js\n", "package.json": "{}"},
        "folder": "shop",
    }
    _, answer = answered("convert", request)
    assert (answer["importer"], answer["name"]) == ("procfile", "shop")


def test_what_cannot_be_converted_is_an_answer() -> None:
    status, answer = answered("convert", {"text": "hello"})
    assert (status, answer["converted"]) == (200, False)
    assert "no supported format" in answer["problem"] and "--" not in answer["problem"]


def test_a_plan_lists_decisions_that_convert_takes_back() -> None:
    text = "docker run -d --name db postgres:16\n"
    _, plan = answered("plan", {"text": text})
    roles = {one["id"]: one["answer"] for one in plan["decisions"]}
    assert roles["role.db"] == "data"
    options = {"answers": {"practice": {"LOG": "no"}}}
    _, answer = answered("convert", {"text": text, "options": options})
    assert "max-size" not in files_of(answer)["docker-compose.yml"]
    _, misspelt = answered(
        "convert", {"text": text, "options": {"answers": {"role": {"x": "data"}}}}
    )
    assert not misspelt["converted"] and "role.x" in misspelt["problem"]


def test_a_check_finds_and_puts_right() -> None:
    text = "services:\n  web:\n    image: nginx\n    ports: ['80:80']\n"
    _, answer = answered("check", {"text": text})
    assert answer["checked"] and answer["score"]["levels"]
    assert {"level", "span"} <= set(answer["notes"][0])
    (repaired,) = answer["repaired"]
    assert "restart: unless-stopped" in repaired["text"]
    _, chosen = answered("check", {"text": text, "options": {"select": ["TC707"]}})
    assert {note["code"] for note in chosen["notes"]} == {"TC707"}


@pytest.mark.parametrize("field", ["select", "ignore"])
def test_a_rule_that_is_none_is_refused(field: str) -> None:
    """With a slip of the pen nothing would be found, as if all were well."""
    text = "services:\n  web:\n    image: nginx\n"
    status, answer = answered("check", {"text": text, "options": {field: ["TC0O7"]}})
    assert status == 400
    assert answer["error"]["message"].startswith("there is no rule 'TC0O7'; did you mean")
    _, both = answered("check", {"text": text, "options": {"select": ["tc707, TC709"]}})
    assert {note["code"] for note in both["notes"]} == {"TC707", "TC709"}


def test_an_option_with_a_field_of_its_own_says_so() -> None:
    for option, words in (
        ("set=a=b", "a field of options (set)"),
        ("argv=x", "argv cannot be"),
    ):
        options = {"option": [option]}
        status, answer = answered("convert", {"text": RUN, "options": options})
        assert status == 400 and words in answer["error"]["message"]


def test_a_number_of_many_digits_is_said_to_be_one() -> None:
    status, answer = answered("explain", b'{"code": ' + b"9" * 5000 + b"}")
    assert status == 400 and "too many digits" in answer["error"]["message"]


def test_a_note_is_explained() -> None:
    assert answered("explain", {"code": "tc001"})[1]["title"] == "Not carried over"
    assert answered("explain", {"code": "TC000"})[0] == 404


def test_a_practice_is_explained_as_at_the_terminal() -> None:
    status, answer = answered("explain", {"code": "log"})
    assert (status, answer["code"], answer["kind"]) == (200, "LOG", "practice")
    command = [sys.executable, "-m", "tocompose", "explain", "LOG"]
    ran = subprocess.run(command, capture_output=True, check=True)
    assert answer["text"].encode() == ran.stdout


@pytest.mark.parametrize("code", ["", " ", None])
def test_without_a_code_the_explanation_says_what_it_needs(code: str | None) -> None:
    status, answer = answered("explain", {"code": code})
    assert (status, answer["error"]["message"]) == (400, "the request needs code")


BAD_NAMES = [
    *("../run.sh", "/etc/passwd", "a/../../b", "a//b", "./a", "a/.", "", "a\0b", "C:/x"),
    *("a\\b", "a\nb", "x" * 200, "a/b/c/d/e/f/g", "a/\u202eb"),
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    status, answer = answered("convert", {"files": {name: RUN}})
    assert status == 400
    assert answer["error"]["code"] == "bad-name"


@pytest.mark.parametrize(
    ("request_body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"\xff\xfe", 400),
        (b"{" * 100_000, 400),
        (b"[" * 100_000, 400),
        (b'{"text": "a", "text": "b"}', 400),
        (b'{"text": "\\ud800"}', 400),
        (b'{"text": NaN}', 400),
        (b'{"text": 1' + b"0" * 5000 + b"}", 400),
        (b'{"text": 5}', 400),
        (b'{"txt": "a"}', 400),
        (b'{"text": "a", "files": {"b": "c"}}', 400),
        (b"{}", 400),
        (b'{"files": {}}', 400),
        (b'{"files": {"a": "x", "a/b": "y"}}', 400),
        (b'{"files": {"a": {"base64": "?"}}}', 400),
        (b'{"text": "a", "options": {"env": ["staging"]}}', 400),
        (b'{"text": "a", "options": {"option": ["argv=x"]}}', 400),
        (b'{"text": "a", "options": {"render": true}}', 400),
        (b'{"text": "' + b"a" * 300_000 + b'"}', 413),
        (json.dumps({"files": {str(n): "" for n in range(30)}}).encode(), 413),
    ],
)
def test_what_is_no_request_is_refused(request_body: bytes, status: int) -> None:
    assert answered("convert", request_body)[0] == status


def _wrong_values(field: RequestField) -> Iterator[Any]:
    """Values that the field does not take: of every other shape, and longer than it may be."""
    by_shape = {
        "text": "a",
        "flag": True,
        "texts": ["a"],
        "files": {"a": "b"},
        "answers": {"a": "b"},
    }
    maps = ("files", "answers")
    for shape, value in by_shape.items():
        if shape != field.shape and not (shape in maps and field.shape in maps):
            yield value
    yield from (5, 1.5, [[["a"]]], ["a", 5])
    if field.shape in ("text", "texts") and field.longest is not None:
        longer = "é" * (field.longest + 1)
        yield longer if field.shape == "text" else [longer]
    if field.shape == "texts":
        yield ["a"] * (MOST_TEXTS + 1)


ALL_FIELDS = [
    (operation, owner, field)
    for operation, described in OPERATIONS.items()
    for owner, fields in (("", described.fields), ("options", described.options))
    for field in fields
]


@pytest.mark.parametrize(
    ("operation", "owner", "field"),
    ALL_FIELDS,
    ids=[f"{operation}-{field.name}" for operation, _, field in ALL_FIELDS],
)
def test_a_field_takes_nothing_else(
    operation: str, owner: str, field: RequestField
) -> None:
    """It is refused with a sentence that names the field; null is no value."""
    source = {} if operation == "explain" else {"text": RUN}
    for value in _wrong_values(field):
        fields = {field.name: value}
        request = {**source, owner: fields} if owner else {**source, **fields}
        status, answer = answered(operation, request)
        assert status == 400, (value, answer)
        assert answer["error"]["message"].startswith(field.name), answer
        assert len(answer["error"]["message"]) < 300
    if field.name not in ("text", "code"):
        fields = {field.name: None}
        assert (
            answered(
                operation, {**source, owner: fields} if owner else {**source, **fields}
            )[0]
            == 200
        )


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "name", ["x", "", "text ", "TEXT", "__proto__", "x" * 9000, "\u202e"]
)
def test_an_unknown_field_is_refused(operation: str, name: str) -> None:
    status, answer = answered(operation, {name: "a"})
    assert (status, answer["error"]["code"]) == (400, "unknown-field")
    assert len(answer["error"]["message"]) < 300


def test_numbers_without_end_are_none() -> None:
    """They are no JSON, however they are written: an answers file could not hold them."""
    for number in ("NaN", "-Infinity", "1e999", "-1e999"):
        body = f'{{"text": "a", "options": {{"answers": {{"role": {number}}}}}}}'.encode()
        status, answer = answered("convert", body)
        assert (status, answer["error"]["code"]) == (400, "malformed"), answer


def test_the_description_states_the_limits() -> None:
    """What it allows is answered, and what goes beyond is refused, as a validator and the server see it alike."""
    import jsonschema

    document = openapi_document(LIMITS)
    for operation, owner, field in ALL_FIELDS:
        described = document["paths"][f"/api/{operation}"]["post"]["requestBody"]
        schema = described["content"]["application/json"]["schema"]
        validator = jsonschema.Draft202012Validator(schema)
        for value in _wrong_values(field):
            fields = {field.name: value}
            assert not validator.is_valid({owner: fields} if owner else fields), (
                field.name,
                value,
            )
        fields = {field.name: None}
        assert validator.is_valid({owner: fields} if owner else fields)
    files = document["paths"]["/api/convert"]["post"]["requestBody"]["content"]
    schema = files["application/json"]["schema"]["properties"]["files"]
    assert schema["maxProperties"] == LIMITS.files
    assert schema["propertyNames"]["maxLength"] == LIMITS.name_length
    text = document["info"]["description"]
    for number in (LIMITS.request_bytes, LIMITS.answer_bytes, LIMITS.memory_bytes):
        assert str(number) in text


def test_a_misspelt_field_gets_a_hint() -> None:
    _, answer = answered("convert", {"text": RUN, "options": {"modern-name": True}})
    assert "did you mean modern-names?" in answer["error"]["message"]


def test_files_that_are_no_text_come_as_base64() -> None:
    content = b64encode(b"\xff\xfe\x00").decode()
    request = {"files": {"logo.png": {"base64": content}, "run.sh": RUN}}
    assert answered("convert", request)[1]["converted"]


def _multiplied(levels: int) -> str:
    """Aliases that multiply into 10 to the power of the levels."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, levels):
        names = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"a{level}: &a{level} [{names}]")
    return "\n".join(lines) + "\nservices: {web: {image: nginx}}\n"


@pytest.mark.parametrize("operation", ["convert", "check", "plan"])
def test_aliases_that_multiply_end_in_an_answer(operation: str) -> None:
    status, _ = answered(operation, {"text": _multiplied(9)})
    assert status == 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=10,
)
_FIELDS = sorted(
    {
        field.name
        for operation in OPERATIONS.values()
        for field in (*operation.fields, *operation.options)
    }
)
SOURCES = st.sampled_from(
    [
        *(RUN, "web: node server.js", "kind: Pod", "services: {web: {image: nginx}}"),
        *('[{"Id": "x"}]', "[Container]\nImage=nginx", "version: '3'", ""),
    ]
)
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "text": SOURCES | JSON,
        "files": st.dictionaries(
            st.sampled_from(["Procfile", "a.yml", "x/run.sh", "compose.yaml", "../x"]),
            SOURCES | JSON,
            max_size=3,
        ),
        "options": st.dictionaries(st.sampled_from(_FIELDS), JSON, max_size=3),
        "folder": JSON,
        "code": JSON,
    },
)


@settings(max_examples=60)
@given(operation=st.sampled_from([*OPERATIONS, "other"]), request=REQUESTS | JSON)
def test_every_request_has_an_answer(operation: str, request: Any) -> None:
    status, answer = answered(operation, request)
    assert status in (200, 400, 404, 413), answer
    assert isinstance(answer, dict)
    assert status == 200 or answer["error"]["message"]
    assert "Traceback" not in json.dumps(answer)


@settings(max_examples=40)
@given(operation=st.sampled_from(list(OPERATIONS)), body=st.binary(max_size=60))
def test_any_bytes_have_an_answer(operation: str, body: bytes) -> None:
    assert answered(operation, body)[0] in (200, 400)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_request_may_ask_only_for_the_form_of_the_output(operation: str) -> None:
    """What may not stand in a repository's settings may not come over a network either."""
    for field in OPERATIONS[operation].options:
        if not field.setting:
            continue
        assert option_kind(operation, field.setting) in ("form", "inside"), field.name


def test_the_description_names_every_field() -> None:
    document = openapi_document(LIMITS)
    assert set(document["paths"]) == {f"/api/{name}" for name in OPERATIONS}
    for name, operation in OPERATIONS.items():
        described = document["paths"][f"/api/{name}"]["post"]
        schema = described["requestBody"]["content"]["application/json"]["schema"]
        assert set(schema["properties"]) == {
            *(field.name for field in operation.fields),
            *(["options"] if operation.options else []),
        }


@pytest.mark.parametrize(
    ("operation", "request_fields"),
    [
        ("convert", {"text": RUN}),
        ("convert", {"text": "?"}),
        ("plan", {"text": RUN}),
        ("check", {"text": "services: {web: {image: nginx}}"}),
        ("explain", {"code": "TC001"}),
        ("explain", {"code": "LOG"}),
        ("about", {}),
    ],
)
def test_answers_are_as_described(operation: str, request_fields: Any) -> None:
    import jsonschema

    described = openapi_document(LIMITS)["paths"][f"/api/{operation}"]["post"]
    schema = described["responses"]["200"]["content"]["application/json"]["schema"]
    _, answer = answered(operation, request_fields)
    jsonschema.validate(answer, {**schema, "additionalProperties": False})
