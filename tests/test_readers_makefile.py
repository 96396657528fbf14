"""Makefiles: variables as make knows them, recipe lines as a shell gets them."""

from __future__ import annotations

import pytest

from test_script import commands, read

CASES = [
    ("literal", "T := 1\nx:\n\tdocker run i:$(T)\n", ["run i:1"]),
    ("braces", "T = 1\nx:\n\tdocker run i:${T}\n", ["run i:1"]),
    ("conditional", "T ?= 1\nx:\n\tdocker run i:$(T)\n", ["run i:${T:-1}"]),
    ("conditional after a value", "T = 2\nT ?= 1\nx:\n\tdocker run i:$(T)\n", ["run i:2"]),
    ("later values count", "x:\n\tdocker run i:$(T)\nT = 1\n", ["run i:1"]),
    ("variables in variables", "I = $(R)/a:$(T)\nR = r\nT = 1\nx:\n\tdocker run $(I)\n", ["run r/a:1"]),
    ("quotes in variables", 'O = -e "A=1 2"\nO += -d\nx:\n\tdocker run $(O) i\n', ["run -e [A=1 2] -d i"]),
    ("inside single quotes", "T = 1\nx:\n\tdocker run -e 'A=$(T) $$b' i\n", ["run -e [A=1 $$b] i"]),
    ("lines joined", "O = -d \\\n    -e A=1\nx:\n\tdocker run \\\n\t  $(O) \\\n\t  i\n", ["run -d -e A=1 i"]),
    ("dollars", "x:\n\tfor i in 1 2; do docker run n$$i -v $$(pwd):/x; done\n", ["run n1 -v .:/x", "run n2 -v .:/x"]),
    ("folder", "x:\n\tdocker run -v $(CURDIR)/a:/a -v $(PWD):/c i\n", ["run -v ./a:/a -v .:/c i"]),
    ("folder by shell", "x:\n\tdocker run -v $(shell pwd)/b:/b i\n", ["run -v ./b:/b i"]),
    ("prefixes", "x:\n\t@docker run a\n\t-docker rm b\n\t@-docker run c\n", ["run a", "rm b", "run c"]),
    ("shell", "S := $(shell git rev-parse HEAD)\nx:\n\tdocker run i:$(S)\n", ["run i:${S}"]),
    ("target", "web: base\n\tdocker run --name $@ $<\n", ["run --name web base"]),
    ("secret", "DB_PASSWORD = hunter2\nx:\n\tdocker run -e P=$(DB_PASSWORD) i\n", ["run -e P=${DB_PASSWORD} i"]),
    ("tool", "D ?= docker\nx:\n\t$(D) run i\n", ["run i"]),
    ("unset", "x:\n\tdocker run -e A=$(A) i\n", ["run -e A=${A} i"]),
    ("folders do not last", "x:\n\tcd a\n\tdocker run -v $$PWD:/x i\n", ["run -v .:/x i"]),
    ("one shell", ".ONESHELL:\nx:\n\tcd a\n\tdocker run -v $$PWD:/x i\n", ["run -v ./a:/x i"]),
    ("on the rule's line", "x: ; docker run i\n", ["run i"]),
    ("conditions of make", "x:\nifdef A\n\tdocker run a\nelse\n\tdocker run b\nendif\n", ["run a", "run b"]),
    ("defined", "define O\n-e A=1\nendef\nx:\n\tdocker run $(O) i\n", ["run -e A=1 i"]),
    ("comments", "T = 1 # one\n# x:\nx: # y\n\t# docker run a\n\tdocker run i:$(T)\n", ["run i:1"]),
    ("other targets", "test:\n\tgo test ./...\nx:\n\tdocker run i\n", ["run i"]),
    ("for one target", "x: T = 5\nx:\n\tdocker run i:$(T)\n", ["run i:5"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "found"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_makefiles(source: str, found: list[str]) -> None:
    assert commands(source, "Makefile") == found


def test_words_stand_where_the_file_has_them() -> None:
    (call,) = read(
        "T = 1\nx:\n\t@docker run -e A=$$B i:$(T) \\\n\t\tls\n", "Makefile"
    ).calls
    assert [(word.span.line, word.span.column) for word in call.arguments] == [
        (3, 14),
        (3, 17),
        (3, 23),
        (4, 3),
    ]


def test_targets_without_docker_say_nothing() -> None:
    assert read("test:\n\tgo test\n\tmkdir x\nx:\n\tdocker run i\n", "Makefile").codes == []
