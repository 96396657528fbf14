"""The tolerant readers: equal to the oracles where the formats agree, and never stopped by what is wrong."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from honcho import environ
from hypothesis import given
from hypothesis import strategies as st

from tocompose.readers.dockerfile import expand_variables, read_dockerfile
from tocompose.readers.dotenv import comments, read_dotenv, unquote
from tocompose.readers.json import read_json
from tocompose.readers.procfile import read_procfile
from tocompose.readers.toml import read_toml
from tocompose.source import Branch, Leaf, Node, leaves

NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True)
PRINTABLE = st.characters(
    min_codepoint=0x21,
    max_codepoint=0x2FFF,
    exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp"),
)
COMMANDS = st.lists(st.text(PRINTABLE, min_size=1, max_size=8), min_size=1, max_size=6).map(
    " ".join
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)


def plain(node: Node) -> Any:
    """The tree as Python's json gives it."""
    if isinstance(node, Leaf):
        constants: dict[str, Any] = {"null": None, "{}": {}, "[]": []}
        if node.style in constants:
            return constants[node.style]
        return json.loads(node.text) if node.style in ("number", "bool") else node.text
    if node.kind == "list":
        return [plain(child.node) for child in node.children]
    return {child.key: plain(child.node) for child in node.children}


@given(
    st.dictionaries(st.text(), JSON, max_size=5), st.sampled_from([None, 2]), st.booleans()
)
def test_json_is_read_as_python_reads_it(
    value: dict[str, Any], indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    reading = read_json(text.encode("utf-8", "surrogatepass"))
    if "\\ud" not in text.lower():
        assert plain(reading.tree) == value
    assert reading.oddities == ()


@given(st.text(alphabet="{}[]:,\"'\\ntrue/*# \n-1a", max_size=60))
def test_nothing_stops_the_json_reader(text: str) -> None:
    reading = read_json(text.encode())
    assert isinstance(reading.tree, Branch)
    assert all(
        leaf.span.line >= 1 and leaf.span.column >= 1 for leaf in leaves(reading.tree)
    )


@pytest.mark.parametrize(
    ("text", "value", "kinds"),
    [
        ('{"a": 1,}', {"a": 1}, ["trailing-comma"]),
        ('{"a": 1 "b": 2}', {"a": 1, "b": 2}, ["missing-comma"]),
        ("{'a': 'b'}", {"a": "b"}, ["single-quotes", "single-quotes"]),
        ("{a: yes}", {"a": "yes"}, ["bare-word", "bare-word"]),
        ('{"a": 1, "a": 2}', {"a": 2}, ["duplicate"]),
        ('{"a": /* why */ 1} // end', {"a": 1}, ["comment", "comment"]),
        # What stands at the end may be half of what was meant.
        ('{"a": [1, 2', {"a": [1]}, ["cut-off"]),
        ('{"a"', {}, ["cut-off"]),
        ('{"a": 1} {"b": 2}', {"a": 1}, ["extra"]),
        ("", {}, ["empty-file"]),
        ("\ufeff{}", {}, ["bom"]),
        ("[1]", None, []),
        ('"x"', None, ["not-an-object"]),
    ],
)
def test_loose_json_is_read_as_meant(text: str, value: Any, kinds: list[str]) -> None:
    reading = read_json(text.encode())
    assert [item.kind for item in reading.oddities] == kinds
    if value is not None:
        assert {key: item or "" for key, item in plain(reading.tree).items()} == {
            k: v or "" for k, v in value.items()
        }


def test_json_positions() -> None:
    tree = read_json(b'{\n  "a": "x",\n  "b": [1,\n 22]\n}').tree
    places = {
        leaf.text: (leaf.span.line, leaf.span.column, leaf.span.end_column)
        for leaf in leaves(tree)
    }
    assert places == {"x": (2, 8, 11), "1": (3, 9, 10), "22": (4, 2, 4)}


@given(
    st.dictionaries(NAMES, COMMANDS, min_size=1, max_size=6),
    st.sampled_from([": ", ":  ", ":\t", ":"]),
)
def test_procfiles_are_read_as_honcho_reads_them(
    processes: dict[str, str], colon: str
) -> None:
    text = "".join(f"{name}{colon}{command}\n" for name, command in processes.items())
    reading = read_procfile(text.encode())
    ours = {
        child.key: child.node.text
        for child in reading.tree.children
        if isinstance(child.node, Leaf)
    }
    assert ours == dict(environ.parse_procfile(text).processes)


@given(st.text(alphabet="ab:# \t\\\r\n/-_", max_size=60))
def test_every_line_of_a_procfile_is_accounted_for(text: str) -> None:
    reading = read_procfile(text.encode())
    kept = {leaf.span.line for leaf in leaves(reading.tree)}
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    said = {
        number
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    }
    assert kept == said


SAFE = st.text(st.sampled_from("abcXYZ019./:@%+=,_-"), min_size=1, max_size=15)


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True),
        SAFE,
        min_size=1,
        max_size=5,
    )
)
def test_dotenv_is_read_as_honcho_reads_it_where_they_agree(values: dict[str, str]) -> None:
    quotes = ("", "'", '"')
    lines = [
        f"{name}={quotes[n % 3]}{value}{quotes[n % 3]}"
        for n, (name, value) in enumerate(values.items())
    ]
    reading = read_dotenv("\n".join(lines).encode())
    ours = {
        child.key: child.node.text
        for child in reading.tree.children
        if isinstance(child.node, Leaf)
    }
    assert ours == environ.parse("\n".join(lines)) == values
    assert reading.oddities == ()


@pytest.mark.parametrize(
    "line", ["A=a #b", "A= a", "A=x$y", "A=x$$y", 'A="$x"', r'A="a\tb"', 'A="open', "A='"]
)
def test_what_compose_reads_otherwise_is_said(line: str) -> None:
    assert [item.kind for item in read_dotenv(line.encode()).oddities] in (
        ["dialect"],
        ["multiline"],
    )


@pytest.mark.parametrize(
    "line", ["A=a#b", "A=$", "A=1$", "A='$x'", r'A="a\nb"', "A=it's", 'A={"a": "b"}', "A="]
)
def test_what_compose_reads_alike_needs_no_word(line: str) -> None:
    assert read_dotenv(line.encode()).oddities == ()


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=a b c", "a b c"),
        ("A=a #b", "a #b"),
        ("A=a#b", "a#b"),
        ("A=", ""),
        ("P=pa$word", "pa$word"),
        ("P=pa$$word", "pa$$word"),
        ("P='pa$word'", "pa$word"),
        (r'X="a\nb\tc"', "a\nbtc"),
        ("X=it's", "it's"),
        ('X="multi', '"multi'),
        ('X={"a": "b"}', '{"a": "b"}'),
        ("1N=x", "x"),
    ],
)
def test_dotenv_in_the_dialect_of_foreman(line: str, value: str) -> None:
    (child,) = read_dotenv(line.encode()).tree.children
    assert isinstance(child.node, Leaf)
    assert child.node.text == value


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("export E=1", "export"),
        ("A = x y", "spaced"),
        ("K: v", "colon"),
        ("NAME", "bare"),
        ("a.b=1", "unparsed"),
    ],
)
def test_what_foreman_drops_is_said(line: str, kind: str) -> None:
    assert [item.kind for item in read_dotenv(line.encode()).oddities] == [kind]


def test_comments_of_an_example() -> None:
    text = b"# One\n# more\nA=1\n\n# lost\n\nB=2\n# of C\nexport C=3\n"
    assert comments(text) == {"A": "One more", "C": "of C"}


def test_a_comment_above_a_commented_entry_is_not_about_the_next_one() -> None:
    assert comments(b"# of A\n# A=1\nB=2\n# of C\n# D=4\n# of E\nE=5\n") == {"E": "of E"}


@pytest.mark.parametrize(
    ("text", "explanation"),
    [
        ("#-----#\n# DATABASE #\n#-----#\n", None),
        ("#####\n# Mail\n#####\n#\n# Its host\n", "Its host"),
        ("# === Mail ===\n# Its host\n", "Its host"),
        ("## Mail ##\n", None),
        ("# ------\n# Its host\n", "Its host"),
        ("# Its host, in C#\n# (a name!)\n", "Its host, in C# (a name!)"),
        ("# (\xfcber) \xc4pfel\n", "(\xfcber) \xc4pfel"),
    ],
)
def test_a_heading_of_an_example_explains_nothing(
    text: str, explanation: str | None
) -> None:
    assert comments(f"{text}A=1\n".encode()).get("A") == explanation


@given(st.text(max_size=20))
def test_unquote_leaves_what_is_not_quoted(text: str) -> None:
    if not (len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"):
        assert unquote(text) == text


DOCKERFILE = rb"""# escape=\
ARG V=20
FROM node:${V:-18}-slim AS Base
ENV A=1 B="x y" C=$A
WORKDIR /srv
WORKDIR app
RUN <<EOF
USER root
EXPOSE 9999
EOF
RUN apt-get update \

  && install \
  # why
  && clean
FROM Base AS development
CMD ["npm", "run", "dev"]
FROM base
EXPOSE 3000/tcp ${PORT:-4000}
VOLUME ["/data", "/b c"]
HEALTHCHECK --interval=5s --retries=3 CMD curl -f http://localhost || exit 1
STOPSIGNAL SIGINT
USER node
CMD ["node", "x"]
ENTRYPOINT ["tini", "--"]
"""


def test_a_dockerfile_with_all_that_dockerfile_parse_does_not_know() -> None:
    parsed = read_dockerfile(DOCKERFILE)
    assert [(stage.name, stage.root) for stage in parsed.stages] == [
        ("Base", "node:20-slim"),
        ("development", "node:20-slim"),
        ("", "node:20-slim"),
    ]
    final, development = parsed.stage(), parsed.stage("DEVELOPMENT")
    assert final is not None
    assert development is not None
    assert final.exposed == ("3000/tcp", "4000")
    assert final.volumes == ("/data", "/b c")
    lines = DOCKERFILE.decode().splitlines()
    assert lines[final.volume_spans["/b c"].line - 1].startswith("VOLUME")
    assert (final.user, final.workdir, final.stop_signal) == ("node", "/srv/app", "SIGINT")
    assert final.health is not None
    assert final.health.options == {"interval": "5s", "retries": "3"}
    assert final.cmd is not None
    assert final.cmd.words == ("node", "x")
    assert development.cmd is not None
    assert development.cmd.words == ("npm", "run", "dev")
    assert final.environment["B"] == "x y"
    assert parsed.stage("1") is development
    assert parsed.stage("none") is None


def test_windows_dockerfile_and_byte_order_mark() -> None:
    parsed = read_dockerfile(
        b"\xef\xbb\xbf# escape=`\r\nFROM a AS b`\r\n\r\nRUN one `\r\n  two\r\nEXPOSE 80\r\n"
    )
    assert parsed.stages[-1].exposed == ("80",)
    assert [item.kind for item in parsed.oddities] == ["bom"]


def test_an_entrypoint_forgets_an_inherited_command() -> None:
    parsed = read_dockerfile(b'FROM a AS b\nCMD ["x"]\nFROM b\nENTRYPOINT ["y"]\n')
    assert parsed.stages[-1].cmd is None


@given(st.text(alphabet='FROM abRUN<EOF\n\\#=$[]"{}:-', max_size=80))
def test_nothing_stops_the_dockerfile_reader(text: str) -> None:
    read_dockerfile(text.encode())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$A/${A}", "1/1"),
        ("${B:-x}", "x"),
        ("${A:+y}", "y"),
        ("${B:+y}", ""),
        (r"\$A", "$A"),
        ("${B:-$A}", "1"),
    ],
)
def test_variables_of_a_dockerfile(text: str, value: str) -> None:
    assert expand_variables(text, {"A": "1"}) == value


# --- TOML ----------------------------------------------------------------------------------------------------------


@given(st.text(alphabet="[]{}=\"'.#\n ,ab1-_é", max_size=60))
def test_toml_of_any_text_is_what_the_standard_library_says(text: str) -> None:
    reading = read_toml(text.encode(), "project.toml")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assert [oddity.kind for oddity in reading.oddities] == ["broken"]
    else:
        assert not reading.oddities
        count = sum(map(_count_values, data.values()))
        assert sum(1 for _ in leaves(reading.tree)) == count


def _count_values(value: object) -> int:
    if isinstance(value, dict | list) and value:
        inner = value.values() if isinstance(value, dict) else value
        return sum(map(_count_values, inner))
    return 1


def test_a_value_of_toml_lies_on_the_line_of_its_key() -> None:
    text = '[a]\nb.c = 1\n[[a.d]]\n"e f" = 2\n[[a.d]]\n[a.d.g]\nh = 3\nlist = [\n  1,\n]\n'
    tree = read_toml(text.encode(), "x.toml").tree
    lines = {leaf.text: leaf.span.line for leaf in leaves(tree) if leaf.text != "1"}
    assert lines == {"2": 4, "3": 7}
    assert sorted(leaf.span.line for leaf in leaves(tree) if leaf.text == "1") == [2, 8]
