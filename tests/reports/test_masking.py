"""Source lines are quoted without their secrets, wherever a source can hold one, and with the right columns."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growth import grows_with_input
from tocompose.knowledge.secrets import names as secret_names
from tocompose.knowledge.secrets.texts import MASK
from tocompose.model import EnvSetting, EnvVariable, File, Service, Stack
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.record import replace
from tocompose.reports import FORMS, render
from tocompose.reports.known_secrets import is_secret_name
from tocompose.reports.masking import SourceLines
from tocompose.reports.report import report
from tocompose.source import Span
from tocompose.syntax.command_words import CommandText


def masked(text: str, stack: Stack | None = None) -> str:
    return "\n".join(
        SourceLines(
            Memory({"f": text.encode("utf-8", "surrogateescape")}), stack or Stack(name="x")
        ).lines("f")
    )


def secret(value: str, origin: Span | None = None) -> Stack:
    return Stack(
        name="x", settings=(EnvSetting(name="S", value=value, secret=True, origin=origin),)
    )


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("docker run -e POSTGRES_PASSWORD=a1 x", "docker run -e POSTGRES_PASSWORD=••• x"),
        ('docker run -e "API_KEY=two words" x', 'docker run -e "API_KEY=•••" x'),
        ("curl https://u:pw@host/", "curl https://u:•••@host/"),
        (
            "DATABASE_URL: postgres://u:pw@db:5432/x",
            "DATABASE_URL: postgres://u:•••@db:5432/x",
        ),
        ("mysql --password hunter2 db", "mysql --password ••• db"),
        ("mysql --password=hunter2 db", "mysql --password=••• db"),
        ("    password: hunter2", "    password: •••"),
        ('{"token": "abc", "a": 1}', '{"token": •••, "a": 1}'),
        ('"secret": false,', '"secret": false,'),
        ("SECRET=${SECRET}", "SECRET=${SECRET}"),
        ("PW=${DB_PASSWORD:-hunter2}", "PW=${DB_PASSWORD:-•••}"),
        ("echo ${DB_PASSWORD-hunter2}", "echo ${DB_PASSWORD-•••}"),
        ("echo ${URL:-${DB_PASSWORD:-hunter2}}/x", "echo ${URL:-${DB_PASSWORD:-•••}}/x"),
        ("echo ${DB_PASSWORD:?set it in .env}", "echo ${DB_PASSWORD:?set it in .env}"),
        ("echo $${DB_PASSWORD:-hunter2}", "echo $${DB_PASSWORD:-•••}"),
        (": ${DB_PASSWORD:=hunter2}", ": ${DB_PASSWORD:•••}"),
        ("echo ${DB_PASSWORD:-hunter2", "echo ${DB_PASSWORD:-•••"),
        ("PW: ${DB_PASSWORD:?set it}", "PW: ${DB_PASSWORD:?set it}"),
        ("POSTGRES_PASSWORD_FILE=/run/secrets/x", "POSTGRES_PASSWORD_FILE=/run/secrets/x"),
        ("secretName: tls", "secretName: tls"),
        ("the password of the user", "the password of the user"),
        (
            'curl -H "Authorization: Bearer abc-def-1"',
            'curl -H "Authorization: Bearer •••"',
        ),
        ("mysqladmin ping -phunter2", "mysqladmin ping -p•••"),
        ('mysql -u root -p"$PW"', 'mysql -u root -p"$PW"'),
        ("mysql -p$PW", "mysql -p$PW"),
        ("docker login -u me -p hunter2 host", "docker login -u me -p ••• host"),
        ("curl -u me:hunter2 http://x", "curl -u me:••• http://x"),
        ("redis-cli -a hunter2 ping", "redis-cli -a ••• ping"),
        ("echo hunter2 | docker secret create s -", "echo ••• | docker secret create s -"),
        ("docker run -p 80:80 nginx", "docker run -p 80:80 nginx"),
        ("key AKIAABCDEFGHIJKLMNOP here", "key ••• here"),
        ('DB_PASSWORD = ENV["DB_PASSWORD"]', 'DB_PASSWORD = ENV["DB_PASSWORD"]'),
        ("api_token: process.env['API_TOKEN']", "api_token: process.env['API_TOKEN']"),
        (
            'DB_PASSWORD = os.environ.get("DB_PASSWORD", "hunter2")',
            'DB_PASSWORD = os.environ.get("DB_PASSWORD", "•••")',
        ),
        (
            'DB_PASSWORD = os.environ.get("DB_PASSWORD", "")',
            'DB_PASSWORD = os.environ.get("DB_PASSWORD", "")',
        ),
        ("t=ghp_abcdefghijklmnopqrstuvwxyz0123456789", "t=•••"),
        # What stands behind a value is none of it.
        (
            "env: [{name: API_TOKEN, value: x1}, {name: B, value: 'a, b'}]",
            "env: [{name: API_TOKEN, value: •••}, {name: B, value: 'a, b'}]",
        ),
        (
            'env: [{name: A, value: b}, {name: API_TOKEN, value: "x, 1"}, {name: B, value: c}]',
            "env: [{name: A, value: b}, {name: API_TOKEN, value: •••}, {name: B, value: c}]",
        ),
        ("- {name: API_TOKEN, value: x#1}", "- {name: API_TOKEN, value: •••"),
        (
            "- {name: v, secret: {secretName: api}}",
            "- {name: v, secret: {secretName: api}}",
        ),
        ("sh -c 'API_TOKEN=x1 exec serve'", "sh -c 'API_TOKEN=••• exec serve'"),
        ('["sh", "-c", "API_TOKEN=x1 serve"]', '["sh", "-c", "API_TOKEN=••• serve"]'),
        (
            '["curl", "-u", "admin:hunter2", "http://x/"]',
            '["curl", "-u", "admin:•••", "http://x/"]',
        ),
        ('{"path": "/?token=x1", "port": 80}', '{"path": "/?token=•••", "port": 80}'),
    ],
)
def test_what_looks_like_a_secret(line: str, shown: str) -> None:
    assert masked(line) == shown


def test_a_kubernetes_secret_shows_only_its_names() -> None:
    head = "kind: Secret\nmetadata:\n  name: db\ndata:\n"
    text = f"{head}  a: cGFzcw==\n  pem: |\n    line\ntype: Opaque\n---\nkind: ConfigMap\ndata:\n  b: shown"
    assert masked(text) == (
        f"kind: Secret\nmetadata:\n  name: db\ndata:\n  a: {MASK}\n  pem: {MASK}\n    {MASK}\ntype: Opaque\n---\n"
        "kind: ConfigMap\ndata:\n  b: shown"
    )


def test_a_secret_in_a_script_ends_with_its_here_document() -> None:
    text = "kubectl apply -f - <<EOF\nkind: Secret\nstringData:\n  token: x1\nEOF\ndocker run a"
    shown = f"kubectl apply -f - <<EOF\nkind: Secret\nstringData:\n  token: {MASK}\nEOF\ndocker run a"
    assert masked(text) == shown


LONG = "k9Qz77xUwB03"


@pytest.mark.parametrize(
    ("text", "origin", "shown"),
    [
        # A place of several lines, of which one holds the secret: the others stay.
        (f"- name: web\n  image: a\n  args: [{LONG}]", (1, 1, 3, 99), 2),
        # What is shorter than the secret, or a line that it does not stand in, is not written another way.
        (f"web: npm start\n# {LONG}", (1, 1, 1, 4), 1),
        (f"docker build --x {LONG} .\ndocker run a/very/long/name:1", (2, 1, 2, 30), 1),
    ],
)
def test_what_holds_no_secret_at_its_place_stays(
    text: str, origin: tuple[int, int, int, int], shown: int
) -> None:
    lines = masked(text, secret(LONG, Span("f", *origin))).split("\n")
    assert lines == [line.replace(LONG, MASK) for line in text.split("\n")]
    assert sum(MASK not in line for line in lines) == shown


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"X='k9\x51z77xUwB03'", LONG),  # an escape
        ("X='k9Qz'\\''77xUwB03'", "k9Qz'77xUwB03"),
        ("X=k9Qz77xU\\\n  wB03", LONG),  # on two lines
        ("X=adm\\151n", "admin"),
    ],
)
def test_a_secret_that_is_written_another_way_is_masked_at_its_place(
    text: str, value: str
) -> None:
    rows = text.split("\n")
    origin = Span("f", 1, 1, len(rows), len(rows[-1]) + 1)
    shown = masked(text, secret(value, origin))
    assert not any(piece in shown for piece in ("k9", "77x", "wB03", "adm", "151"))


@pytest.mark.parametrize(
    ("path", "line", "shown"),
    [
        ("a.sh", "API_TOKEN=x1 docker run -e API_TOKEN a", "API_TOKEN=••• docker run -e API_TOKEN a"),
        ("a.sh", "export API_TOKEN='two words'; serve", "export API_TOKEN=•••; serve"),
        ("a.sh", "API_TOKEN=$(date)x1 serve", "API_TOKEN=$(date)x1 serve"),
        ("a.sh", "API_TOKEN=x`cat y` serve", "API_TOKEN=•••"),
        ("a.sh", "API_TOKEN='open", "API_TOKEN=•••"),
        ("a.env", "API_TOKEN=two words", "API_TOKEN=•••"),
        ("Makefile", "API_TOKEN = two words", "API_TOKEN = •••"),
    ],
)  # fmt: skip
def test_a_variable_of_a_secret_is_masked_up_to_its_end(
    path: str, line: str, shown: str
) -> None:
    variable = EnvVariable(name="DB_PASSWORD", value="${API_TOKEN}")
    stack = Stack(name="x", services=(Service(name="web", environment=(variable,)),))
    lines = SourceLines(Memory({path: line.encode()}), stack).lines(path)
    assert lines == (shown,)


def test_a_private_key_is_masked_to_its_end() -> None:
    text = "-----BEGIN RSA PRIVATE KEY-----\nabc\ndef\n-----END RSA PRIVATE KEY-----\nafter"
    assert masked(text).split("\n")[1:] == [MASK, MASK, MASK, "after"]


def test_a_password_that_is_an_everyday_word_is_masked_at_its_place_only() -> None:
    line = "docker run --name postgres -e X=postgres postgres:16"
    start = line.index("X=") + 1
    stack = Stack(
        name="x",
        services=(Service(name="postgres", image="postgres:16"),),
        settings=(
            EnvSetting(
                name="X",
                value="postgres",
                secret=True,
                origin=Span("f", 1, start, 1, start + 10),
            ),
        ),
    )
    assert masked(line, stack) == "docker run --name postgres -e X=••• postgres:16"


def test_the_columns_of_what_stands_behind_a_secret_are_right() -> None:
    line = "run -e PASSWORD=very-long-secret --gpus all x"
    start = line.index("--gpus") + 1
    quote = SourceLines(Memory({"f": line.encode()}), Stack(name="x")).quote(
        Span("f", 1, start, 1, start + 10)
    )
    assert quote is not None
    assert quote.line[quote.start : quote.end] == "--gpus all"
    assert quote.line == "run -e PASSWORD=••• --gpus all x"


def test_a_document_of_a_long_stream_is_masked_as_the_whole_file_would_be() -> None:
    document = "---\nkind: Secret\nstringData:\n  user: somebody\n---\nkind: X\nshown: somebody\nmore: 1234\n"
    text = document * 300
    origin = Span("f.yaml", 1608, 7, 1608, 11)
    stack = secret("4321", origin)
    whole, quoted = (
        SourceLines(Memory({"f.yaml": text.encode()}), stack) for _ in range(2)
    )
    for number, line in enumerate(whole.lines("f.yaml")[1600:1616], 1601):
        quote = quoted.quote(Span("f.yaml", number, 1, number, 2))
        assert quote is not None
        assert quote.line == line
    masked_lines = [line for line in whole.lines("f.yaml") if MASK in line]
    assert set(masked_lines) == {"  user: •••", "more: •••"}


def test_there_is_no_quote_where_there_is_no_line() -> None:
    quotes = SourceLines(Memory({"f": b"x"}), Stack(name="x"))
    assert quotes.quote(Span("f", 9, 1, 9, 2)) is None
    assert quotes.quote(Span("gone", 2, 1, 2, 2)) is None


_SECRETS = st.text(
    st.characters(codec="utf-8", exclude_characters="\n\r\ue000"), min_size=8, max_size=40
).filter(lambda text: text == text.strip() and not set(text) <= {"•"})


@given(
    _SECRETS,
    st.sampled_from(
        ["x %s y", "a: '%s'", 'ENV x="%s"', "%s", "- %s # c", "prefix%ssuffix"]
    ),
)
def test_a_known_secret_shows_nowhere(value: str, place: str) -> None:
    assert value not in masked(place % value, secret(value))


@given(_SECRETS)
def test_a_known_secret_shows_in_no_encoding(value: str) -> None:
    encoded = b64encode(value.encode()).decode()
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    for text in (encoded, escaped, value.replace("$", "$$")):
        assert text not in masked(f"key: {text} end", secret(value))


@given(_SECRETS)
def test_a_secret_file_shows_nowhere(value: str) -> None:
    stack = Stack(
        name="x",
        files=(File(path="secrets/s", content=f"first\n{value}\n".encode(), secret=True),),
    )
    assert value not in masked(f"  {value}", stack)


@given(_SECRETS)
def test_a_secret_that_is_kept_in_place_shows_nowhere(value: str) -> None:
    service = Service(
        name="a",
        environment=(EnvVariable(name="DB_PASSWORD", value=value.replace("$", "$$")),),
    )
    assert value not in masked(f"x {value}", Stack(name="x", services=(service,)))


@pytest.mark.parametrize("key", ["command", "entrypoint"])
def test_a_secret_in_a_command_that_is_one_text_with_variables_shows_nowhere(
    key: str,
) -> None:
    command = CommandText("serve --password ${P} --token hunter2-xyz")
    service = replace(Service(name="a"), **{key: command})
    stack = Stack(name="x", services=(service,))
    assert masked("x hunter2-xyz", stack) == "x •••"


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "password" * 100_000,
        "a" * 500_000,
        "password=a " * 50_000,
        "${" * 200_000,
        "mysql " * 50_000,
        "curl -u " * 50_000,
        "echo " * 50_000,
        '"' * 300_000,
    ],
)
def test_hostile_lines_take_no_time(text: str) -> None:
    assert grows_with_input(lambda size: masked(text[:size]), len(text))


_KEYS = sorted(secret_names._KEYS)
_WORDS = sorted(secret_names._WORDS | secret_names._LAST_WORDS)


@pytest.mark.parametrize(
    "name", [*(f"{word}_KEY" for word in _KEYS), *(f"MY_{word}" for word in _WORDS)]
)
def test_what_practices_take_for_a_secret_is_hidden_without_them_too(name: str) -> None:
    assert secret_names.secret_name(name) and is_secret_name(name)
    for source, files in {
        "docker_run": {"run.sh": f"docker run -d --name a -e {name}=hunter22x a:1\n"},
        "kubernetes": {
            "a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
            "  - name: a\n    image: a:1\n"
            f"    env:\n    - name: {name}\n      value: hunter22x\n    fields: {{{name}: hunter22x}}\n"
        },
    }.items():
        project = Memory({path: text.encode() for path, text in files.items()})
        found = report(convert(project, Options(source=source, practices="none")), project)
        for form in FORMS:
            assert "hunter22x" not in render(form, found), form
