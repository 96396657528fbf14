"""Input that is no script: one clear message with its place, quickly, and no traceback."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles import NO_CORPUS
from test_script import read
from tocompose.importers import SourceError
from tocompose.importers.docker_run.shell.script import find_scripts, read_scripts
from tocompose.ledger import Ledger, audit_unread
from tocompose.project import Folder, Memory

BAD = {
    "empty": b"",
    "blank": b" \n\t\n",
    "junk": bytes(range(256)) * 40,
    "one long line": b"docker run " + b"x" * 5_000_000,
    "one long line of quotes": b"docker run " + b"'" * 5_000_001,
    "many lines": b"docker run x\n" * 300_000,
    "no docker": b"echo hello\n",
    "prose": b"Use docker to run it. It's easy.\n",
    "nested": b"docker run " + b"$(" * 50_000,
    "nested blocks": b"if true; then " * 3_000 + b"docker run a; " + b"fi; " * 3_000,
    "endless functions": b"a() { b; b; b; b; }\nb() { c; c; c; c; }\nc() { d; d; d; d; }\nd() { e; e; e; e; }\n"
    b"e() { f; f; f; f; }\nf() { g; g; g; g; }\ng() { h; h; h; h; }\nh() { i; i; i; i; }\n"
    b"i() { docker run x; }\na\n",
    "endless value": b"A=xxxxxxxxxx\n" + b"A=$A$A$A$A$A$A$A$A\n" * 9 + b"docker run $A\n",
    "endless array": b"A=(a b c d)\n"
    + b'A=("${A[@]}" "${A[@]}" "${A[@]}" "${A[@]}")\n' * 12
    + b'docker run "${A[@]}"\n',
}


def _marked(name: str) -> object:
    """The name; an array of so many words takes half a minute."""
    return pytest.param(name, marks=pytest.mark.slow) if name == "endless array" else name


# What ends with a note instead: what is around it is read.
NOTED = ("nested", "endless functions")


@pytest.mark.parametrize("name", [_marked(name) for name in BAD if name not in NOTED])
def test_bad_input_gives_one_message(name: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_scripts(Memory({"a.sh": BAD[name]}), Ledger())
    message = str(caught.value)
    assert re.match(r"a\.sh:1:\d+: ", message), message
    assert "\n" not in message


def test_nesting_without_end_is_one_note() -> None:
    with pytest.raises(SourceError):
        read_scripts(Memory({"a.sh": BAD["nested"]}), Ledger())
    assert len(read({"a.sh": BAD["nested"].decode() + "\ndocker run b"}).calls) == 1


def test_calls_without_end_are_read_up_to_a_limit() -> None:
    found = read({"a.sh": BAD["endless functions"].decode()})
    assert 0 < len(found.calls) < 4**8
    assert "TC055" in [note.code for note in found.ledger.notes]


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(SourceError, match=r"x\.sh:1:1: there is no such file"):
        read_scripts(Folder(Path(__file__).parent, ("x.sh",)), Ledger())


def test_bad_files_beside_good_ones_are_noted() -> None:
    found = read({"a.sh": "docker run a", "b.sh": "\x00", "c.sh": "echo"})
    assert [(note.code, str(note.span)) for note in found.ledger.notes] == [
        ("TC169", "b.sh:1:1"),
        ("TC169", "c.sh:1:1"),
    ]


PARTS = """docker |run |-e A=$B |'|"|$(|)|`|if |then |fi|;|for i in a b; do |done|{ |}|<<EOF|&&|${X:-|<|>|#|f()
case x in |a) |;; |esac|[[ |]] |((|))|A=(|$X|\t|é|X=$X|while |until |break |local |export X |*
{a,b}|read x|$|cd |eval |sh -c '|cat """


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from([*re.split(r"[|\n]", PARTS), "|", "\n", "\\\n", "\nEOF\n", "\\"]),
        max_size=25,
    )
)
def test_whatever_it_is_nothing_is_left_unread(parts: list[str]) -> None:
    _read_anything({"a.sh": "".join(parts)})


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["a.sh", "README.md", "Makefile", "a.service", "x.txt"]),
    st.text(max_size=80),
)
def test_any_text_in_any_kind_of_file(path: str, text: str) -> None:
    _read_anything({path: "docker run a\n\t" + text, "b.sh": "docker run b"})


def _read_anything(files: dict[str, str]) -> None:
    ledger = Ledger()
    try:
        found = read_scripts(
            Memory({name: text.encode("utf-8", "replace") for name, text in files.items()}),
            ledger,
        )
    except SourceError:
        return
    for script in found:
        for step in script.steps:
            for word in step.arguments:
                word.take("services.x")
            stdin = getattr(step, "stdin", None)
            if stdin is not None:
                stdin.take("services.x")
        for file in script.files:
            file.path.take("files.x")
            file.body.take("files.x")
    assert audit_unread(ledger) == []


SNIFFED = {
    "run.sh": "docker run a",
    "deploy": "#!/bin/sh\nsudo podman container run a",
    "README.md": "```\ndocker run a\n```",
    "docs/Makefile": "x:\n\t$(DOCKER) run a",
    "web.service": "[Service]\nExecStart=/usr/bin/docker run a",
    "notes.txt": "$ docker \\\n  run a",
    "global.sh": "docker -H tcp://x --tls create a",
}
NOT_SNIFFED = {
    "other.sh": "docker ps",
    "bin": "docker run a",
    "main.py": "# docker run a",
    "README": "dockerized runs",
    "Dockerfile": "RUN docker run",
}


def test_sniffing_finds_scripts_by_name_and_content(tmp_path: Path) -> None:
    for name, text in (SNIFFED | NOT_SNIFFED).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert set(find_scripts(Folder(tmp_path))) == set(SNIFFED)


def test_named_files_are_always_read(tmp_path: Path) -> None:
    (tmp_path / "x.conf").write_text("docker run a")
    (script,) = read_scripts(Folder(tmp_path, ("x.conf",)), Ledger())
    assert len(script.steps) == 1


CORPUS = Path(os.environ.get("TOCOMPOSE_CORPUS", "/nonexistent"))


@pytest.mark.skipif(not CORPUS.is_dir(), reason=NO_CORPUS)
def test_every_command_of_the_corpus_is_one_call() -> None:
    files = sorted((CORPUS / "docker-run" / "docs-pairs").glob("*.command.txt"))
    assert files
    for path in files:
        found = read({path.name: path.read_text()})
        assert [call.verb for call in found.calls] == [("run",)], path
        assert {note.code for note in found.ledger.notes} <= {"TC151", "TC152", "TC153"}, (
            path
        )
