"""systemd units: command lines by systemd's own rules, settings, specifiers, order and restart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from test_script import commands, read
from tocompose.importers import SourceError
from tocompose.importers.docker_run.shell.script import read_scripts
from tocompose.ledger import Ledger
from tocompose.project import Memory
from tocompose.readers.systemd import unquoted
from tocompose.syntax.interpolation import plain


def service(lines: str, start: str = "i") -> str:
    return f"[Unit]\nDescription=x\n[Service]\n{lines}\nExecStart=/usr/bin/docker run {start}\n"


CASES = [
    ("plain", service("", "-d --name a i"), ["run -d --name a i"]),
    ("prefixes", "[Service]\nExecStartPre=-@!/usr/bin/docker rm x\nExecStart=docker run i\n", ["rm x", "run i"]),
    ("quotes", service("", "-e \"A=1 2\" -e 'B=\"3\"' -e C=\\x41\\s i"), ["run -e [A=1 2] -e B=\"3\" -e [C=A ] i"]),
    ("lines joined", service("", "-d \\\n  -e A=1 \\\n# comment\n  i"), ["run -d -e A=1 i"]),
    ("environment", service('Environment="A=1 2" B=3', "-e A=${A} -e B=${B} i"), ["run -e [A=1 2] -e B=3 i"]),
    ("split alone", service('Environment="O=-e A=1"', "$O i ${O}"), ["run -e A=1 i [-e A=1]"]),
    ("not split inside a word", service("Environment=A=1", "-e X$A i"), ["run -e X$$A i"]),
    ("dollars and percents", service("", "-e A=$$x -e B=5%% i"), ["run -e A=$$x -e B=5% i"]),
    ("unset", service("", "-e A=${A} i"), ["run -e A=${A} i"]),
    ("unknown options", service("", "$OPTS i"), ["run i"]),
    ("names", service("", "--name %n -h %N i:%p"), ["run --name web.service -h web i:web"]),
    ("places", service("", "-v %S/a:/a -v %t/b:/b i"), ["run -v /var/lib/a:/a -v /run/b:/b i"]),
    ("host name", service("", "-h %H i"), ["run -h ${HOST_NAME} i"]),
    ("shell", "[Service]\nExecStart=/bin/sh -c 'docker run -e A=$$B i'\n", ["run -e A=${B} i"]),
    ("secret", service("Environment=DB_PASSWORD=hunter2", "-e P=${DB_PASSWORD} i"), ["run -e P=${DB_PASSWORD} i"]),
    ("passed on", service("Environment=A=1", "-e A i"), ["run -e A i"]),
    ("podman", "[Service]\nExecStart=/usr/bin/podman run --sdnotify=conmon i\n", ["run --sdnotify=conmon i"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "found"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_units(source: str, found: list[str]) -> None:
    assert commands(source, "web.service") == found


def test_instances() -> None:
    source = service("", "--name %p-%i i")
    assert commands(source, "web@blue.service") == ["run --name web-blue i"]
    assert commands(source, "web@.service") == ["run --name web-${INSTANCE} i"]


@pytest.mark.parametrize(
    ("policy", "restart"),
    [
        ("always", "always"),
        ("on-failure", "on-failure"),
        ("on-abnormal", "on-failure"),
        ("no", "no"),
    ],
)
def test_restart(policy: str, restart: str) -> None:
    (call,) = read(service(f"Restart={policy}"), "web.service").calls
    assert (call.restart, call.unit) == (restart, "web.service")


def test_order() -> None:
    source = (
        "[Unit]\nAfter=docker.service db.service network.target\nRequires=db.service cache.service\n"
        + service("")
    )
    (call,) = read(source, "web.service").calls
    assert call.after == ("db.service", "cache.service")


def test_environment_files() -> None:
    files = {
        "web.service": service("EnvironmentFile=-env/web.env", "-e A=${A} i"),
        "env/web.env": "A=1\n",
    }
    (call,) = read(files).calls
    assert call.arguments[1].text == "A=${A:-1}"
    assert read(service("EnvironmentFile=/etc/web"), "web.service").codes == ["TC161"]


def test_what_is_passed_on_by_name_is_known() -> None:
    (call,) = read(service("Environment=A=1", "-e A i"), "web.service").calls
    assert [(name, word.text) for name, word in call.environment] == [("A", "1")]


def test_words_stand_where_the_file_has_them() -> None:
    (call,) = read(
        '[Service]\nExecStart=-/usr/bin/docker run -e "A=1 2" \\\n\ti\n', "a.service"
    ).calls
    assert [(word.span.line, word.span.column) for word in call.arguments] == [
        (2, 32),
        (2, 35),
        (3, 2),
    ]


def test_an_unclosed_quote_is_named() -> None:
    with pytest.raises(SourceError, match=r"a\.service:2:\d+: this quote is never closed"):
        read_scripts(
            Memory({"a.service": b"[Service]\nExecStart=docker run 'a\n"}), Ledger()
        )


@given(st.lists(st.text(alphabet="ab $%\\'\"=:é\t", max_size=10), min_size=1, max_size=4))
def test_quoted_words_come_back_exactly(words: list[str]) -> None:
    quoted = [
        '"'
        + "".join({"\\": "\\\\", '"': '\\"', "\t": "\\t"}.get(char, char) for char in word)
        + '"'
        for word in words
    ]
    assert [unquoted(word) for word in quoted] == words
    line = " ".join(quoted).replace("$", "$$").replace("%", "%%")
    (call,) = read(f"[Service]\nExecStart=docker run {line}\n", "a.service").calls
    assert [plain(word.text) for word in call.arguments] == words
