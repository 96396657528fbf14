"""Words as a shell splits them, checked against shlex and against bash."""

from __future__ import annotations

import shlex
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocompose.importers.docker_run.shell.script import read_script
from tocompose.ledger import Ledger
from tocompose.project import Memory
from tocompose.readers.atoms import ansi_c, expand_braces, word_atoms
from tocompose.readers.text import Text
from tocompose.readers.words import Unbalanced, tokens
from tocompose.syntax.interpolation import plain

NASTY = st.text(
    alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00\r"),
    max_size=20,
)
SAFE = st.text(
    alphabet=st.sampled_from("ab =:,./-_'\"\\$`{}<>()&|;#~*?[]!\t\n%é"), max_size=12
)


def split(text: str) -> list[str]:
    return [token.text for token in tokens(text) if token.kind in ("word", "operator")]


def arguments(source: str) -> list[str | None]:
    """The words behind `docker run` as Compose will read them, undone."""
    script = read_script(Text("t.sh", source), Memory({}), Ledger())
    (step,) = script.steps
    return [plain(word.text) for word in step.arguments]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("a b  c", ["a", "b", "c"]),
        ("a'b c'\"d e\"f", ["a'b c'\"d e\"f"]),
        ("a\\ b c", ["a\\ b", "c"]),
        ("a \\\n  b", ["a", "b"]),
        ("a;b&&c||d|e&", ["a", ";", "b", "&&", "c", "||", "d", "|", "e", "&"]),
        ("a 2>/dev/null >x 2>&1", ["a", "2>", "/dev/null", ">", "x", "2>&", "1"]),
        ("a # b", ["a"]),
        ("a#b", ["a#b"]),
        ("x$(a 'b )' c)y z", ["x$(a 'b )' c)y", "z"]),
        ("x`a b`y z", ["x`a b`y", "z"]),
        ("${X:-a b} c", ["${X:-a b}", "c"]),
        ('"${X:-"a b"}" c', ['"${X:-"a b"}"', "c"]),
        ("$'a\\'b' c", ["$'a\\'b'", "c"]),
        ("-e P=<your password> img", ["-e", "P=<your password>", "img"]),
        ("<in >out", ["<", "in", ">", "out"]),
        ("a\u00a0b \x1c \u2028", ["a\u00a0b", "\x1c", "\u2028"]),
        ("a <(b c) d", ["a", "<(b c)", "d"]),
    ],
)
def test_words_and_operators(source: str, found: list[str]) -> None:
    assert split(source) == found


def test_a_here_document_is_one_token_after_its_line() -> None:
    found = list(tokens("cat <<-'E' | b\n\tx $y\n\tE\nc"))
    (body,) = [token for token in found if token.kind == "heredoc"]
    assert (body.text, body.quoted) == ("x $y\n", True)
    assert found[-1].text == "c"


@pytest.mark.parametrize(
    ("source", "offset"),
    [("a 'b", 2), ('a "b $(c)', 2), ("a $(b", 3), ("a `b", 2), ("a ${b", 3)],
)
def test_an_unclosed_quote_names_its_place(source: str, offset: int) -> None:
    with pytest.raises(Unbalanced) as caught:
        split(source)
    assert caught.value.offset == offset


def test_nesting_without_end_is_refused_not_a_crash() -> None:
    with pytest.raises(Unbalanced):
        split("$(" * 20_000)


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("{1..3}", ["1", "2", "3"]),
        ("a{b,c}d", ["abd", "acd"]),
        ("{a,b}{1,2}", ["a1", "a2", "b1", "b2"]),
        ("{01..03}", ["01", "02", "03"]),
        ("{3..1}", ["3", "2", "1"]),
        ("{a,{b,c}}", ["a", "b", "c"]),
        ("{a..c}", ["a", "b", "c"]),
        ("${X}", ["${X}"]),
        ("'{a,b}'", ["'{a,b}'"]),
        ("{{.Names}}", ["{{.Names}}"]),
        ("{a}", ["{a}"]),
        ("{1..9999}{1..9999}", ["{1..9999}{1..9999}"]),
    ],
)
def test_braces(raw: str, found: list[str]) -> None:
    assert expand_braces(raw) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [("a\\nb", "a\nb"), ("\\x41\\u00e9\\101", "AéA"), ("\\'\\\\", "'\\"), ("\\q", "\\q")],
)
def test_ansi_c_strings(text: str, found: str) -> None:
    assert ansi_c(text) == found


def test_a_word_is_taken_apart() -> None:
    found = [
        (atom.kind, atom.text, atom.quoted)
        for atom in word_atoms("a\"$X\"'$Y'${Z:-d}<my name>$((1+2))$(ls)")
    ]
    assert found == [
        ("text", "a", False),
        ("parameter", "X", True),
        ("text", "$Y", True),
        ("parameter", "Z", False),
        ("placeholder", "my name", True),
        ("arithmetic", "1+2", False),
        ("command", "ls", False),
    ]


def test_an_image_comment_inside_quotes_is_text() -> None:
    assert arguments("docker run 'x `#a` y' `#b` \\\n  'z `#c` ' `#d` w") == [
        "x `#a` y",
        "z `#c` ",
        "w",
    ]


def test_a_backslash_inside_quotes_is_text() -> None:
    assert arguments("docker run 'a\nb \\ \n c' \\ \n d") == ["a\nb \\ \n c", "d"]


@given(st.lists(NASTY, min_size=1, max_size=6))
def test_what_shlex_quotes_comes_back_exactly(words: list[str]) -> None:
    assert arguments("docker run " + shlex.join(words)) == words


@given(st.lists(NASTY, min_size=1, max_size=4))
def test_double_quotes_come_back_exactly(words: list[str]) -> None:
    quoted = [
        '"' + "".join("\\" + char if char in '\\"$`' else char for char in word) + '"'
        for word in words
    ]
    assert arguments("docker run " + " ".join(quoted)) == words


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["single", "double", "bare", "ansi"]), SAFE),
        min_size=1,
        max_size=5,
    )
)
def test_bash_splits_the_same_words(parts: list[tuple[str, str]]) -> None:
    source = " ".join(_quoted(kind, text) for kind, text in parts)
    told = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {source}"],
        capture_output=True,
        check=True,
        env={"LC_ALL": "C.UTF-8"},
    )
    assert arguments(f"docker run {source}") == told.stdout.decode().split("\0")[:-1]


def _quoted(kind: str, text: str) -> str:
    if kind == "single":
        return "'" + text.replace("'", "'\\''") + "'"
    if kind == "double":
        return (
            '"'
            + "".join("\\" + char if char in '\\"$`!' else char for char in text).replace(
                "\\!", "!"
            )
            + '"'
        )
    if kind == "ansi":
        return (
            "$'"
            + text.replace("\\", "\\\\")
            .replace("'", "\\'")
            .replace("\n", "\\n")
            .replace("\t", "\\t")
            + "'"
        )
    return (
        "".join(
            "\\" + char if not char.isalnum() and char not in "=:,./-_%" else char
            for char in text
            if char != "\n"
        )
        or "''"
    )
