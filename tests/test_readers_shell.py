"""The tree of shell text: the same by both ways to read it, every word at its place, nothing lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocompose.readers.commands import simple_list
from tocompose.readers.grammar import by_grammar
from tocompose.readers.shell import read
from tocompose.readers.text import Text, Unreadable
from tocompose.readers.words import tokens
from tocompose.source import Branch, Leaf, Node, leaves


def shape(node: Node) -> object:
    """A tree without its places."""
    if isinstance(node, Leaf):
        return (node.style, node.text)
    return (node.kind, [(str(child.key), shape(child.node)) for child in node.children])


SIMPLE = [
    "docker run -d nginx",
    "A=1 B='x y' docker run -e A img >/dev/null 2>&1",
    "docker rm -f x || true; docker run x && docker ps | grep x",
    "X=(a 'b c' $D)\nX+=(e)\ndocker run ${X[@]} img &\nwait",
    "docker run \\\n  -e A=1 \\\n  img\n\n# comment\ndocker ps",
    "cat > f <<EOF\nhello $X\nEOF\ndocker run img",
    "export A=1 B\nlocal c=$(docker run -d x)",
    "! docker ps | grep -q x && docker run x",
]


@pytest.mark.parametrize("source", SIMPLE)
def test_both_ways_to_read_give_the_same_tree(source: str) -> None:
    text = Text("a.sh", source)
    quick = simple_list(text, 0, len(source))
    assert quick is not None
    slow, sound = by_grammar(text)
    assert sound
    assert [shape(node) for node in slow] == [shape(node) for node in quick]


WORD = st.sampled_from(
    [
        "docker",
        "run",
        "-e",
        "A=1",
        "'a b'",
        '"$X y"',
        "$X",
        "a\\ b",
        "${X:-d}",
        "x=y",
        "img",
        "$(ls -l)",
        "-p80:80",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(WORD, min_size=1, max_size=5), min_size=1, max_size=4),
    st.sampled_from([" && ", " || ", "; ", "\n", " | "]),
)
def test_both_ways_agree_on_random_lists(commands: list[list[str]], between: str) -> None:
    source = between.join(" ".join(["docker", *words]) for words in commands)
    text = Text("a.sh", source)
    quick = simple_list(text, 0, len(source))
    slow, _ = by_grammar(text)
    assert quick is not None
    assert [shape(node) for node in slow] == [shape(node) for node in quick]


@settings(max_examples=100, deadline=None)
@given(st.lists(WORD, min_size=1, max_size=6))
def test_the_grammar_finds_the_same_words(words: list[str]) -> None:
    """The words by our own lexer are the arguments of the grammar, neighbours without a blank taken together."""
    from tocompose.readers.syntax_tree import bash_parser

    source = " ".join(["docker", *words])
    (command,) = bash_parser().parse(source.encode()).root_node.children
    spans: list[list[int]] = []
    for child in command.children:
        if spans and spans[-1][1] == child.start_byte:
            spans[-1][1] = child.end_byte
        else:
            spans.append([child.start_byte, child.end_byte])
    assert [source[start:end] for start, end in spans] == [
        token.text for token in tokens(source)
    ]


COMPOUND = """\
for i in 1 2; do docker run n$i; done
if [ -z "$X" ]; then docker run a; elif true; then docker run b; else docker run c; fi
while ! nc -z db 1; do sleep 1; done
case $1 in a|b) docker run d ;; *) docker run e ;; esac
f() { docker run $1; }
( cd x && docker run g ) > log
for ((i=0; i<3; i++)); do docker run h$i; done
[[ $X == y && -n $Z ]] && docker run k
until docker exec db true; do :; done < in
"""


def test_compound_commands() -> None:
    tree = read(Text("a.sh", COMPOUND))
    kinds = [child.node.kind for child in tree.children if isinstance(child.node, Branch)]
    assert kinds == [
        "for",
        "if",
        "while",
        "case",
        "function",
        "redirected",
        "count",
        "and",
        "redirected",
    ]


@pytest.mark.parametrize(
    "source", [*SIMPLE, COMPOUND, "docker run Ä \\\n\t-e ß=1 \\\n  <my name>\n"]
)
def test_every_word_stands_where_its_leaf_says(source: str) -> None:
    lines = source.split("\n")
    for leaf in leaves(read(Text("a.sh", source))):
        if (
            leaf.style == "word"
            and leaf.span.line == leaf.span.end_line
            and not leaf.style.startswith("heredoc")
        ):
            assert (
                lines[leaf.span.line - 1][leaf.span.column - 1 : leaf.span.end_column - 1]
                == leaf.text
            )


@pytest.mark.parametrize(
    "source",
    [
        *SIMPLE,
        COMPOUND,
        "docker run 'a\ndocker run b\n",
        "if docker run x; then\n'",
        "}; docker run q )(",
    ],
)
def test_no_text_is_lost(source: str) -> None:
    source = re.sub(r"2>&1", "", source)
    held = " ".join(leaf.text for leaf in leaves(read(Text("a.sh", source))))
    for word in re.findall(r"[A-Za-z]\w+|(?<!\S)\d", re.sub(r"#.*", "", source)):
        keyword = word in (
            "for",
            "in",
            "do",
            "done",
            "if",
            "then",
            "elif",
            "else",
            "fi",
            "while",
            "until",
            "case",
            "esac",
            "EOF",
            "local",
        )
        named = word in re.findall(
            r"\b([A-Za-z]\w*)\+?=|(?<=for )(\w)", source
        ) or re.search(rf"\b{word}(?:\+?=|\(\))", source)
        assert keyword or named or word in held or f"for {word}" in source, word


CLEANED = [
    (
        "prompt",
        "$ docker run -d a\n5f3a2b\n$ docker ps\nCONTAINER ID\n",
        ["docker run -d a", "docker ps"],
    ),
    ("root prompt", "# docker run a\n# docker run b\n", ["docker run a", "docker run b"]),
    ("comments are no prompts", "# start it\ndocker run a\n", ["docker run a"]),
    ("continued prompt", "$ docker run \\\n> -d a\n", ["docker run -d a"]),
    ("user prompt", "me@host:~/x$ docker run a\n", ["docker run a"]),
    (
        "backtick comment",
        "docker run -e A=1 `#optional` \\\n -d a",
        ["docker run -e A=1 -d a"],
    ),
    (
        "comment after a backslash",
        "docker run -e A=1 \\ # yes\n -d a",
        ["docker run -e A=1 -d a"],
    ),
    ("blank after a backslash", "docker run \\  \n a", ["docker run a"]),
    (
        "comment between options",
        "docker run \\\n  # -e A=1 \\\n  -d \\\n  a",
        ["docker run -d a"],
    ),
    (
        "comment after the last option",
        "docker run a \\\n# done\nls",
        ["docker run a", "ls"],
    ),
    (
        "carriage returns",
        "docker run \\\r\n -d a\r\ndocker ps\r\n",
        ["docker run -d a", "docker ps"],
    ),
    ("ellipsis", "docker run a\n...\ndocker ps", ["docker run a", "docker ps"]),
    ("powershell", "docker run `\n  -d a", ["docker run -d a"]),
    ("blanks of web pages", "docker\u00a0run\u00a0-d a\u200b", ["docker run -d a"]),
    ("cmd", "docker run ^\n  -v %cd%:/x a", ["docker run -v $PWD:/x a"]),
]


@pytest.mark.parametrize(
    ("source", "commands"),
    [case[1:] for case in CLEANED],
    ids=[case[0] for case in CLEANED],
)
def test_what_people_paste(source: str, commands: list[str]) -> None:
    tree = read(Text("a.txt", source), documentation=True)
    branches = [child.node for child in tree.children if isinstance(child.node, Branch)]
    assert [
        " ".join(leaf.text for leaf in leaves(branch)) for branch in branches
    ] == commands


def test_a_script_is_not_documentation() -> None:
    tree = read(Text("a.sh", "# docker run a\n# docker run b\n"))
    assert not tree.children


def test_a_prompt_moves_no_column() -> None:
    (leaf, *_) = leaves(read(Text("a.txt", "$ docker run a\n"), documentation=True))
    assert (leaf.text, leaf.span.column) == ("docker", 3)


def test_the_lines_after_an_unclosed_quote_are_read() -> None:
    tree = read(Text("a.sh", "echo it's\ndocker run -d a\ndocker run -d b\n"))
    *commands, unclosed = tree.children
    assert [" ".join(leaf.text for leaf in leaves(child.node)) for child in commands] == [
        "docker run -d a",
        "docker run -d b",
    ]
    assert isinstance(unclosed.node, Leaf)
    assert (unclosed.node.style, unclosed.node.text) == ("unclosed", "echo it's")
    assert (unclosed.span.line, unclosed.span.column) == (1, 8)


@pytest.mark.parametrize(
    ("source", "commands", "lost"),
    [
        (
            "docker run -e 'A=it's' a\ndocker run b\n",
            ["docker run b"],
            ["docker run -e 'A=it's' a"],
        ),
        (
            'if x; then\n docker run "a\nfi\ndocker run b',
            ["docker run b"],
            ['docker run "a'],
        ),
        (
            'docker run a "x\ny"\necho it\'s\ndocker run b\n',
            ['docker run a "x\ny"', "docker run b"],
            ["echo it's"],
        ),
        ("docker run $(date\ndocker run b", ["docker run b"], ["docker run $(date"]),
        (
            "docker run A=(1 2) img\ndocker run b",
            ["docker run b"],
            ["docker run A=(1 2) img"],
        ),
        ("docker run a ) b\ndocker run b", ["docker run b"], ["docker run a ) b"]),
    ],
)
def test_a_broken_command_is_left_out_whole(
    source: str, commands: list[str], lost: list[str]
) -> None:
    tree = read(Text("a.sh", source))
    found = [
        " ".join(leaf.text for leaf in leaves(child.node) if leaf.style == "word")
        for child in tree.children
    ]
    assert [text for text in found if text.startswith("docker")] == commands
    assert [
        leaf.text
        for leaf in leaves(tree)
        if leaf.style in ("error", "unclosed") and leaf.text != "fi"
    ] == lost


@pytest.mark.parametrize("source", ["x" * 250_000, "docker run a\n" * 200_000])
def test_what_no_script_is_that_long_is_refused(source: str) -> None:
    with pytest.raises(Unreadable):
        read(Text("a.sh", source))
