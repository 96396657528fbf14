"""Sources that would take all memory or time are cut off with a note; the rest is converted."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from growth import grows_with_input
from tocompose.importers import SourceError
from tocompose.limits import LIMITS, limit
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Folder, Memory
from tocompose.readers.json import read_json_among_text

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec: {containers: [{name: a, image: 'a:1'}]}\n"
GOOD = f"---\n{POD % 'good'}"


def converted(text: str, form: str = "kubernetes", name: str = "a.yaml") -> Result:
    """The conversion, which a limit brings to an end."""
    return convert(Memory({name: text.encode()}), Options(source=form))


def codes(found: Result) -> set[str]:
    return {item.code for item in found.notes}


LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)
MERGES = "a0: &a0 {k: 1}\n" + "".join(
    f"a{n}: &a{n} {{k{n}: *a{n - 1}, l{n}: *a{n - 1}}}\n" for n in range(1, 40)
)


@pytest.mark.parametrize(
    "bomb",
    [
        LAUGHS,
        MERGES,
        "a: &a [*a]\n",
        "a: &a {b: {c: *a}}\n",
        "&a ? *a : x\n",
        "a: &a\n  <<: *a\n",
        "[" * 50_000,
        "{a: " * 50_000,
        "- " * 50_000,
        "a: " + "[" * 5_000 + "]" * 5_000 + "\n",
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        "? " * 5_000,
        "!!binary " * 5_000,
    ],
    ids=lambda text: text[:12],
)
def test_a_bomb_is_refused_and_the_other_document_converted(bomb: str) -> None:
    found = converted(bomb + ("" if bomb.endswith("\n") else "\n") + GOOD)
    assert [item.name for item in found.stack.services] == ["good"]
    assert "TC010" in codes(found)


def test_a_statefulset_of_countless_pods() -> None:
    text = POD.replace("kind: Pod", "kind: StatefulSet").replace("v1", "apps/v1").replace(
        "spec: {", "spec: {replicas: 99999999, template: {spec: {"
    ).rstrip() + "}}\n"  # fmt: skip
    found = converted(text % "many")
    assert len(found.stack.services) == limit("PODS") and "TC022" in codes(found)


@pytest.mark.parametrize("replicas", ["-1", "0", "99999999999999999999999999", "x", "[]"])
def test_odd_numbers_of_pods(replicas: str) -> None:
    for kind in ("StatefulSet", "Deployment"):
        text = f"apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{replicas: {replicas}, "
        assert converted(
            text + "template: {spec: {containers: [{name: a, image: 'a:1'}]}}}\n"
        ).stack.services


def test_a_stream_of_too_many_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCOMPOSE_MAX_DOCUMENTS", "3")
    found = converted("---\n".join(POD % f"p{number}" for number in range(9)))
    assert len(found.stack.services) == 3
    assert [str(item.span) for item in found.notes if item.code == "TC021"] == [
        "a.yaml:16:1"
    ]


@pytest.mark.parametrize("kind", ["folder", "memory"])
def test_a_file_that_is_too_large(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCOMPOSE_MAX_FILE_BYTES", "1000")
    files = {
        "big.yaml": (POD % "big" + "#" * 1000).encode(),
        "good.yaml": (POD % "good").encode(),
    }
    for name, text in files.items():
        (tmp_path / name).write_bytes(text)
    found = convert(
        Folder(tmp_path) if kind == "folder" else Memory(files),
        Options(source="kubernetes"),
    )
    assert [item.name for item in found.stack.services] == ["good"]
    assert [
        item.span.file for item in found.notes if item.code == "TC020" and item.span
    ] == ["big.yaml"]


# What is refused as a whole, with the place: nothing after it can be told apart from it.
CUT_OFF = ('docker run -d -e "', "f()", "a=x; ", "docker run -d -e 'A=xx", "cat <<A")


@pytest.mark.slow
@pytest.mark.parametrize(
    "script",
    [
        "for i in $(seq 1 100000000); do docker run -d --name w$i a:1; done\n",
        "for i in {1..100000000}; do docker run -d --name w$i a:1; done\n",
        "for ((i=0; i<100000000; i++)); do docker run -d --name w$i a:1; done\n",
        "while true; do docker run -d --name w a:1; done\n",
        "until false; do :; done\ndocker run -d a:1\n",
        "f() { f; f; }; f\ndocker run -d a:1\n",
        "f() { g; }; g() { f; }; f; docker run -d a:1\n",
        "a=x; " + "a=$a$a; " * 60 + "docker run -d -e A=$a a:1\n",
        "echo " + "{a,b}" * 40 + "\ndocker run -d a:1\n",
        "docker run -d -e A=" + "{a,b}" * 40 + " a:1\n",
        "docker run -d -e A=$((" + "9**" * 20 + "9)) a:1\n",
        "docker run -d -e A=$((1 << 999999999999)) a:1\n",
        "docker run -d -e A=" + "$(" * 3000 + ")" * 3000 + " a:1\n",
        "docker run -d -e A=" + "${A:-" * 3000 + "}" * 3000 + " a:1\n",
        "docker run -d " + "(" * 5000 + " a:1\n",
        "if true; then " * 2000 + "docker run -d a:1; " + "fi; " * 2000 + "\n",
        "docker run -d -p 1-65535:1-65535 a:1\n",
        "docker run -d " + "-e A=1 " * 20_000 + "a:1\n",
        "docker run -d a:1 " + "\\\n" * 50_000 + "\n",
        "docker run -d -e 'A=" + "x" * 190_000 + "' a:1\n",
        "cat <<A <<B <<C\n" * 2000 + "docker run -d a:1\n",
        'docker run -d -e "' * 2000 + "\n",
        "printf -v a '%0999999999d' 1; docker run -d -e A=$a a:1\n",
        "a=$(printf '%999999999s' x); docker run -d -e A=$a a:1\n",
    ],
    ids=lambda text: text[:30],
)
def test_a_script_without_end_ends(script: str) -> None:
    project = Memory(
        {"run.sh": script.encode() + b"docker run -d --name good acme/good:1\n"}
    )
    try:
        found = convert(project, Options(source="docker_run"))
    except SourceError:
        assert script.startswith(CUT_OFF)
    else:
        assert len(found.stack.services) <= 10_000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("head", "piece", "tail"),
    [("web: ", "a ", ""), ("", "web: x\n", ""), ("", "a", ": x"), ("", ":", "")],
)
def test_a_procfile_of_any_size(head: str, piece: str, tail: str) -> None:
    def convert_pieces(number: int) -> None:
        text = f"{head}{piece * number}{tail}"
        with contextlib.suppress(SourceError):
            convert(Memory({"Procfile": text.encode()}), Options(source="procfile"))

    assert grows_with_input(convert_pieces, 100_000)


def test_every_limit_is_documented() -> None:
    text = (Path(__file__).parents[2] / "SECURITY.md").read_text()
    for name, row in LIMITS.items():
        assert f"`TOCOMPOSE_MAX_{name}`" in text and f"{row.number:,}" in text


@pytest.mark.parametrize("name", ["big.sh", "big.txt"])
def test_a_script_that_is_too_large_to_be_searched_is_told(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    big = b"docker run -d --name big a:1\n" + b"# padding\n" * 120_000
    files = {name: big, "run.sh": b"docker run -d --name good a:1\n"}
    found = convert(Memory(files), Options(source="docker_run"))
    assert [item.name for item in found.stack.services] == ["good"]
    assert [
        item.span.file for item in found.notes if item.code == "TC020" and item.span
    ] == [name]
    monkeypatch.setenv("TOCOMPOSE_MAX_SCRIPT_BYTES", "2000000")
    found = convert(Memory(files), Options(source="docker_run"))
    assert {item.name for item in found.stack.services} == {
        "big",
        "good",
    } and "TC020" not in codes(found)


@pytest.mark.parametrize("name", ["SCRIPT_BYTES", "FILE_BYTES"])
@pytest.mark.parametrize("kind", ["folder", "memory", "named"])
def test_a_script_alone_that_is_too_large_is_an_error(
    name: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"TOCOMPOSE_MAX_{name}", "1000")
    script = b"docker run -d --name big a:1\n" + b"# padding\n" * 120
    (tmp_path / "big.sh").write_bytes(script)
    project = Memory({"big.sh": script}) if kind == "memory" else Folder(tmp_path)
    if kind == "named":
        project = Folder(tmp_path, ("big.sh",))
    with pytest.raises(
        SourceError,
        match=rf"^big\.sh:1:1: 1,229 bytes are more .* TOCOMPOSE_MAX_{name} sets another$",
    ):
        convert(project, Options(source="docker_run"))


def test_values_beyond_the_limit_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCOMPOSE_MAX_VALUES", "100")
    many = f"kind: X\nspec: [{', '.join('1' * 200)}]\n"
    found = converted(f"{POD % 'first'}---\n{many}{GOOD}")
    assert [service.name for service in found.stack.services] == ["first", "good"]
    [told] = [item for item in found.notes if item.code == "TC010"]
    assert "more than 100 values" in told.message


def test_values_of_all_documents_count_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCOMPOSE_MAX_VALUES", "100")
    found = converted("---\n".join(POD % f"web{number}" for number in range(60)))
    assert 10 <= len(found.stack.services) <= 20


def test_notes_beyond_the_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCOMPOSE_MAX_NOTES", "20")
    pod = (POD % "web").replace("{name: a,", f"{{name: a, odd: [{', '.join('1' * 500)}],")
    found = converted(pod)
    assert len(found.notes) < 60
    [told] = [item for item in found.notes if item.code == "TC056"]
    assert told.message.startswith("480 more notes TC001")


def test_a_command_that_takes_too_much_memory_ends_with_one_message(
    tmp_path: Path,
) -> None:
    values = ", ".join("1" * 400_000)
    (tmp_path / "a.yaml").write_text(f"{POD % 'web'}---\nkind: X\nspec: [{values}]\n")
    environment = {**os.environ, "TOCOMPOSE_MAX_MEMORY": "110"}
    ran = subprocess.run(
        [sys.executable, "-m", "tocompose", "convert", "a.yaml"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert "takes more than 110 MB of memory. Nothing was written." in ran.stderr
    assert len(ran.stderr.splitlines()) == 2


def test_fragments_of_json_have_one_budget_of_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOCOMPOSE_MAX_VALUES", "100")
    fragment = '$ docker inspect web\n[{"Id": "a", "HostConfig": {"Memory": 1}}]\n'
    few, many = (
        read_json_among_text((fragment * count).encode(), "inspect.txt")
        for count in (50, 500)
    )
    assert len(many.trees) == len(few.trees) < 50
    assert [oddity.kind for oddity in many.oddities] == ["too-many"]
