"""Each fault that fuzzing found, as the smallest input that showed it."""

from __future__ import annotations

import contextlib
from fractions import Fraction

import pytest
import yaml

from growth import grows_with_input
from tocompose.check import audit, repair
from tocompose.compose.keys import section_keys
from tocompose.compose.yaml_text import render
from tocompose.exporters.existing import combine
from tocompose.exporters.insertion import InsertionError, insert
from tocompose.importers import ImportOptions, SourceError
from tocompose.importers.kubernetes.resources import ONE, parse_quantity
from tocompose.model import File
from tocompose.pipeline import Options, convert
from tocompose.project import Memory, ignore_rules
from tocompose.readers import shell
from tocompose.readers.shell import as_shell
from tocompose.readers.text import Text
from tocompose.source import Branch, leaves


@pytest.mark.parametrize(
    "line", ["[s-c]", "restart: \\", "x\\", "[[:foo:]]", "[z--a]", "!", "/"]
)
def test_a_line_of_gitignore_that_is_no_pattern_is_skipped(line: str) -> None:
    after, said = combine(
        File(path=".gitignore", content=b".env\nsecrets/\n"), f"{line}\n.env\n".encode()
    )
    assert after.decode() == f"{line}\n.env\nsecrets/\n"
    assert [item.code for item in said] == ["TC764"]
    assert ignore_rules([line, "kept"]).match_file("kept")


def test_containers_that_are_no_list_are_a_workload_without_containers() -> None:
    body = b"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: {image: 'a:1'}}\n---\n"
    other = b"apiVersion: v1\nkind: Pod\nmetadata: {name: b}\nspec: {containers: [{name: b, image: 'b:1'}]}\n"
    found = convert(Memory({"a.yaml": body + other}), Options(source="kubernetes"))
    assert [item.name for item in found.stack.services] == ["b"]
    assert "TC210" in {item.code for item in found.notes}


@pytest.mark.parametrize(
    "words",
    [(), ("docker",), ("",), ("docker", ""), ("docker", "run"), ("--",), ("docker", "--")],
)
def test_a_pasted_command_of_hardly_a_word_is_one_message(words: tuple[str, ...]) -> None:
    with pytest.raises(SourceError, match="image"):
        convert(
            Memory({}),
            Options(source="docker_run", settings=ImportOptions(options={"argv": words})),
        )


def test_a_compose_file_that_is_nested_too_deeply_is_refused() -> None:
    text = "services: {}\nx-a: " + "[" * 900 + "]" * 900 + "\n"
    with pytest.raises(InsertionError, match="nested too deeply"):
        insert(text, "docker-compose.yml", {"services": {"a": {"image": "a:1"}}})


@pytest.mark.parametrize(
    "text",
    [
        "version: '3'\nservices:\n  a: x\n  b: {image: 'b:1'}\n",
        "version: '3'\nservices: x\n",
        "services:\n  a: {image: 'a:1', ports: ['80²:80', '%s:80', '٣:80']}\n"
        % ("9" * 5000),
    ],
    ids=("a service that is a word", "services that are a word", "odd numbers"),
)
def test_a_strange_compose_file_is_judged_and_put_right(text: str) -> None:
    project = Memory({"docker-compose.yml": text.encode()})
    assert audit(project, project.named)
    repair(project, project.named)


def test_a_compose_file_with_a_key_twice_is_refused_where_only_a_round_trip_would_do() -> (
    None
):
    with pytest.raises(
        InsertionError, match=r"^docker-compose\.yml:2: found duplicate key"
    ):
        insert(
            "services:\nservices: {}\n",
            "docker-compose.yml",
            {"services": {"a": {"image": "a:1"}}},
        )


@pytest.mark.parametrize(
    "text",
    [
        "services: {}\n---\n",
        "services: 0.0\n",
        "services: {}\nx: - y\n",
        "a: b\nservices: !!float 0\n",
    ],
)
def test_an_odd_compose_file_is_added_to_or_refused(text: str) -> None:
    with contextlib.suppress(InsertionError):
        made = insert(text, "docker-compose.yml", {"services": {"a": {"image": "a:1"}}})
        assert yaml.safe_load(made.text)["services"] == {"a": {"image": "a:1"}}


def test_a_process_type_of_several_lines_is_a_worker() -> None:
    files = {
        "heroku.yml": b'{"build": {"docker": {"web": "Dockerfile"}}, "run": {"a\\nb": "x"}}',
        "Dockerfile": b"FROM a:1\n",
    }
    found = convert(Memory(files), Options(source="procfile"))
    assert "a-b" in {item.name for item in found.stack.services}


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "[]",
        '"x"',
        "null",
        '{"scripts": 1}',
        '{"scripts": {"start": 1}}',
        '{"engines": 2}',
    ],
)
def test_a_package_json_that_is_no_object_counts_as_empty(text: str) -> None:
    files = {
        "Procfile": b"web: npm start\n",
        "package.json": text.encode(),
        "composer.json": text.encode(),
    }
    assert convert(Memory(files), Options(source="procfile")).stack.services


def test_a_key_of_any_length_is_read_back() -> None:
    long = {"A" * 3000: {"b": "é" * 2000}, "services": {"\u202e" * 900: None}}
    assert yaml.safe_load(render(long)) == long


@pytest.mark.parametrize("number", ["²", "9" * 5000, "٣", "-", "1" * 19])
def test_odd_numbers_are_words(number: str) -> None:
    script = (
        f"a[{number}]=x\nshift {number}\n"
        f"docker run -d -p {number}:80 --tmpfs /t:size={number} --blkio-weight-device /d:{number} -e A=${number} "
        f"--device-read-bps /d:{number} --expose {number}-{number} --memory {number} --cpus {number} a:1\n"
    )
    with contextlib.suppress(SourceError):
        convert(Memory({"run.sh": script.encode()}), Options(source="docker_run"))
    files = {"Procfile": f"web: x -p {number}\n".encode(), "runtime.txt": f"python-3.{number}".encode(),
             "app.json": f'{{"formation": {{"web": {{"quantity": "{number}", "size": "dyno-1.2.3gb"}}}}}}'.encode(),
             "Dockerfile": f"FROM a:1\nEXPOSE {number}\nCOPY --from={number} a b\n".encode()}  # fmt: skip
    convert(Memory(files), Options(source="procfile"))


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1Em", None),
        ("1e", None),
        ("1E", 10**18),
        ("2e3", 2000),
        ("2E-1", Fraction(1, 5)),
        ("1em", None),
    ],
)
def test_a_quantity_of_odd_letters_is_none(text: str, amount: Fraction | None) -> None:
    assert parse_quantity(text) == (None if amount is None else amount * ONE)


def test_a_node_version_of_any_length_takes_no_time() -> None:
    from tocompose.languages.versions import node_version, satisfies

    def read(characters: int) -> None:
        assert node_version("x" * characters + " 20") == "20"
        assert node_version(">" + " " * characters + "18") == "24"

    assert grows_with_input(read, 100_000)
    assert satisfies((18, 0, 0), ">=4 || 16.1 - 18.2") and not satisfies(
        (19, 0, 0), "16 - 18"
    )


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".ps1", ".cmd"])
@pytest.mark.parametrize(
    "part", [" ", "\t", "`", " `", "$a", ".\\", "\\", "%a", "C:\\", "'a", "=", "set a="]
)
def test_a_long_line_of_windows_takes_no_time(part: str, ending: str) -> None:
    def work(characters: int) -> None:
        line = part * (characters // len(part))
        as_shell(Text(f"a{ending}", f'set a={line}"x\n$a = {line}x\n{line}'))

    assert grows_with_input(work, 150_000)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('set "A=b c" ', 'A="b c"'),
        ("set A=b c  ", 'A="b c"'),
        ("@SET A=$x", 'A="\\$x"'),
        ('set A="b"', 'set A="b"'),
    ],
)
def test_a_setting_of_cmd_is_an_assignment(line: str, said: str) -> None:
    assert as_shell(Text("a.cmd", f"{line}\n")).text == f"{said}\n"


@pytest.mark.slow
@pytest.mark.parametrize("broken", ["echo $(a\n", "echo ${a\n", 'echo "$(a\n'])
def test_many_unclosed_lines_of_a_long_script_take_no_time(broken: str) -> None:
    def read(lines: int) -> Branch:
        ordinary = "docker run -d --name a a:1\n" + "echo b c d e\n" * lines
        return shell.read(Text("a.sh", ordinary + broken * 30))

    assert "docker" in [leaf.text for leaf in leaves(read(3_000))]
    assert grows_with_input(read, 3_000)


def test_an_unclosed_quote_of_a_long_script_costs_only_its_line() -> None:
    script = (
        "docker run -d --name a a:1\n"
        + "echo b c d e\n" * 4_000
        + "echo 'x\ndocker run -d --name b b:1\n"
    )
    found = convert(Memory({"run.sh": script.encode()}), Options(source="docker_run"))
    assert [item.name for item in found.stack.services] == ["a", "b"]


@pytest.mark.parametrize(
    "option",
    ["bind-propagation=shared", "bind-recursive=disabled", "bind-nonrecursive", "bind-x=1"],
)
@pytest.mark.parametrize("kind", ["", "type=volume,", "type=tmpfs,", "type=,", "type=a,"])
def test_an_option_of_another_type_of_mount_is_told(option: str, kind: str) -> None:
    source = "" if "tmpfs" in kind else "source=b,"
    mount = f"{kind}{source}target=/b,{option}"
    script = f"docker run -d --name a --mount {mount} a:1\ndocker run -d --name c a:1\n"
    found = convert(Memory({"run.sh": script.encode()}), Options(source="docker_run"))
    assert "c" in [item.name for item in found.stack.services]
    assert any(option.partition("=")[0] in item.message for item in found.notes), (
        found.notes
    )


@pytest.mark.parametrize("key", sorted(section_keys("service")))
@pytest.mark.parametrize("value", ["-1", "x", "true", "[1]", "{a: 1}", "[[1]]"])
def test_no_key_of_a_service_is_walked_in_another_shape(key: str, value: str) -> None:
    text = f"services: {{web: {{image: 'a:1', {key}: {value}}}}}\n".encode()
    project = Memory({"docker-compose.yml": text})
    assert audit(project, ("docker-compose.yml",)) is not None
    with contextlib.suppress(SourceError):
        result = convert(project, Options(source="compose"))
        assert [note for note in result.notes if note.code.startswith("TC9")] == []
