"""Text of a source breaks out of nothing: each kind of output is read back by a reader of its own kind.

Every payload tries to make the word `pwned` stand where a reader would act on it: a key, a tag, a command, an entry.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from shlex import quote
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from click.testing import CliRunner
from markdown_it import MarkdownIt

from fuzz.test_names import HOSTILE
from tocompose.cli.group import main
from tocompose.exporters.bundle import Layout
from tocompose.importers import SourceError
from tocompose.ledger import Ledger
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.readers import shell
from tocompose.readers.text import Text
from tocompose.reports import FORMS, render
from tocompose.reports.note_lines import Style
from tocompose.reports.report import report
from tocompose.reports.text import render as terminal
from tocompose.syntax.env_lines import entries_by_name

BREAKS = ("\n", "\r", "\r\n", "\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\x1e")
PAYLOADS = (
    *(f"x{end}pwned: true" for end in BREAKS),
    *(f"x{end}  pwned:{end}    image: pwned" for end in ("\n", "\x85")),
    *('x"\npwned: true', "x'\npwned: true", "x]}\npwned: true", "*pwned", "&pwned x", "!!python/object:pwned", "x # \npwned: 1"),
    *("x\nPWNED=1", 'x"\nPWNED=1\n"', "x'\nPWNED=1", "x\\\nPWNED=1", "x\r\nPWNED=1", "x\x00PWNED=1"),
    *("</script><script>pwned()</script>", '"><img src=x onerror=pwned()>', "' onclick='pwned()", "<!-- pwned -->", "-->pwned"),
    *("<pwned>", "&lt;pwned&gt;", "&#60;pwned&#62;", "{{ pwned }}", "{% pwned %}", "${pwned}", "$(pwned)", "`pwned`"),
    *("[x](javascript:pwned)", "![x](https://pwned.example/a.png)", "<https://pwned.example>", "https://pwned.example"),
    *("x\n# pwned", "x\n- [x] pwned", "x | pwned |\n| pwned |", "```\n# pwned\n", "~~~\npwned", "x\n\n    pwned", "$$pwned$$"),
    *('"] --> pwned["x', "end\npwned --> x", 'x"); click n0 "javascript:pwned"', "%%{init: pwned}%%", "x;pwned", "#quot;pwned"),
    *("x\n::error::pwned", "::error::pwned", "x%0A::error::pwned", "x%0D%0A::set-output name=pwned::x", "##[error]pwned"),
    *("=pwned()", "+pwned", "-pwned", "@pwned", "\tpwned", "\r=pwned()", 'x",=pwned()', "x\n=pwned()", "|pwned"),
    *("\x1b]0;pwned\x07", "\x1b[2Jpwned", "\x1b[35mpwned", "\x9b31mpwned", "\u202edenwp", "\x08\x08pwned", "\x1bP+qpwned\x1b\\"),
    *("x\nRUN pwned", "x && pwned", "x; pwned", "x;pwned", "x|pwned", "x\nUSER pwned", "x \\\nRUN pwned", "$(pwned)", "x>pwned"),
    *("x\n--- /dev/null\n+++ b/pwned\n@@ -0,0 +1 @@\n+pwned", "x\n\\ No newline at end of file", "]]>pwned<![CDATA[", "\ufffe\uffffpwned"),
)  # fmt: skip
PLAIN = "harmless"


def line(payload: str) -> str:
    """The payload where it cannot start a line of its own: further lines of a source are what it says."""
    alone = (
        len(f"{payload}.".splitlines()) == 1
        and "\x00" not in payload
        and payload.strip() == payload
    )
    return payload if alone else "x"


def script(payload: str) -> dict[str, bytes]:
    word = quote(payload.replace("\x00", ""))
    text = (
        f"# {line(payload)}\ndocker network create {word}\n"
        f"docker run -d --name {word} --hostname {word} -e A={word} -e {word}=1 --label a={word} --label {word}=b "
        f"-v {word}:/d -v /h:/{word} --user {word} --network {word} --log-opt tag={word} --frobnicate {word} "
        f"--health-cmd {word} --restart {word} -p {word} --entrypoint {word} acme/{word}:1 {word}\n"
        f"docker run -d --name b -e A={word} --label {word}=b --health-cmd {word} acme/b:1 run {word}\n"
        f"docker frobnicate {word}\ncurl {word} | sh\n. {word}\n"
    )
    return {"run.sh": text.encode("utf-8", "surrogatepass")}


def manifests(payload: str) -> dict[str, bytes]:
    pod = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "annotations": {"a": payload, payload: "b"}},
        "spec": {"serviceAccountName": payload, payload: payload, "hostname": payload, "containers": [{
            "name": payload, "image": "acme/web:1", "command": [payload, "x"], "args": [payload], payload: [payload],
            "env": [{"name": "A", "value": payload}, {"name": payload, "value": "1"}],
            "envFrom": [{"configMapRef": {"name": "c"}}],
            "volumeMounts": [{"name": "v", "mountPath": f"/{payload}"}, {"name": "c", "mountPath": "/c"}],
            "livenessProbe": {"exec": {"command": [payload]}}, "workingDir": payload}],
            "volumes": [{"name": "v", "hostPath": {"path": f"/{payload}"}}, {"name": "c", "configMap": {"name": "c"}}]},
    }  # fmt: skip
    others = (
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "c"},
            "data": {payload: "1", "B": payload},
        },
        {
            "apiVersion": "x/v1",
            "kind": payload,
            "metadata": {"name": payload},
            "spec": {payload: payload},
        },
    )
    text = "\n---\n".join(json.dumps(item) for item in (pod, *others))
    return {
        f"{'' if '/' in payload else payload[:40].replace(chr(0), '')}app.yaml": text.encode(
            "utf-8", "surrogatepass"
        )
    }


def application(payload: str) -> dict[str, bytes]:
    app = {"name": payload, "description": payload, "env": {"A": payload, payload: "1", "B": {"description": payload}},
           "addons": [payload, "heroku-postgresql"], "buildpacks": [{"url": payload}], "scripts": {payload: payload},
           payload: payload, "formation": {payload: {"quantity": payload}}, "repository": payload}  # fmt: skip
    package = {"name": payload, "engines": {"node": payload, "npm": payload}, "packageManager": f"yarn@1.{payload}",
               "scripts": {"start": payload, "build": payload, payload: "x"}, "dependencies": {payload: payload}}  # fmt: skip
    return {
        "Procfile": f"web: npm start {line(payload)}\n{line(payload)}: x\nworker: {line(payload)}\n".encode(
            "utf-8", "surrogatepass"
        ),
        "app.json": json.dumps(app).encode(),
        "package.json": json.dumps(package).encode(),
        ".env": f"A={line(payload)}\n{line(payload)}=1\n# {line(payload)}\nB=2\n".encode(
            "utf-8", "surrogatepass"
        ),
        "Aptfile": f"curl=1{line(payload)}\n{line(payload)}\n".encode(
            "utf-8", "surrogatepass"
        ),
    }


SOURCES = {"docker_run": script, "kubernetes": manifests, "procfile": application}
CASES = [(form, payload) for form in SOURCES for payload in PAYLOADS]


def outputs(form: str, payload: str) -> Iterator[tuple[str, str]]:
    """The name and text of every file and report."""
    project = Memory(SOURCES[form](payload))
    try:
        result = convert(project, Options(source=form, layout=Layout(split=True)))
    except SourceError as problem:
        yield "the error", str(problem)
        return
    told = report(result, project)
    yield from ((item.path, item.content.decode()) for item in result.files)
    yield from ((f"--format {name}", render(name, told)) for name in FORMS)
    yield "terminal", terminal(told, Style(colour=True, width=80, verbosity=1))


each = pytest.mark.parametrize(
    ("form", "payload"), CASES, ids=[f"{form}-{payload!a:.40}" for form, payload in CASES]
)


def _entries(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key of every map with its value."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, below in inner:
        yield str(key), below
        yield from _entries(below)


@pytest.mark.slow
@each
def test_every_output_keeps_its_shape(form: str, payload: str) -> None:
    """One conversion a payload, and each of its outputs judged by its kind."""
    judged = []
    for name, text in outputs(form, payload):
        if name == "the error":
            # A script with control characters is no text, and refused as such.
            _text(text)
            return
        if name in JUDGES:
            JUDGES[name](text)
            judged.append(name)
    assert len(judged) >= 11


class _Loader(yaml.SafeLoader):
    """Reads the tags of compose files, and no other."""


for tag in ("!reset", "!override"):
    _Loader.add_constructor(tag, lambda loader, node: None)


def _terminal(text: str) -> None:
    """Our own colours are all that acts."""
    _text(re.sub(r"\x1b\[[\d;]*m", "", text))
    assert "\x1b[35m" not in text


def _yaml(text: str) -> None:
    document = yaml.load(text, _Loader)
    assert not [
        value
        for key, value in _entries(document)
        if key == "pwned" and value in (True, "1", {"image": "pwned"})
    ]
    assert set(document) <= {
        "name",
        "services",
        "networks",
        "volumes",
        "configs",
        "secrets",
    } | {key for key in document if key.startswith("x-")}
    _text(text)


def _text(text: str) -> None:
    """No control or direction character but line feeds, so that neither a terminal nor an editor acts."""
    odd = {char for char in text if not char.isprintable() and char != "\n"}
    assert not odd - {"\t"}, odd


def _json(text: str) -> None:
    json.loads(text)


def _lines_of_json(text: str) -> None:
    for line in text.split("\n")[:-1]:
        json.loads(line)


def _junit(text: str) -> None:
    root = ElementTree.fromstring(text)
    names = {item.tag for item in root.iter()}
    assert names <= {
        "testsuites",
        "testsuite",
        "testcase",
        "failure",
        "properties",
        "property",
    }
    assert sum(int(item.get("tests", "0")) for item in root) == len(
        root.findall("*/testcase")
    )


def _github(text: str) -> None:
    _text(text)
    for line in text.splitlines():
        assert re.match(r"::(error|warning|notice) (file|title)=", line), line
        properties, _, message = line[2:].partition("::")
        assert "pwned=" not in properties and not re.search(r"%(?!0A|25)", message)


def _csv(text: str) -> None:
    for row in csv.reader(StringIO(text)):
        assert len(row) == 10
        assert not [
            cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        ]
    _text(text)


class Tags(HTMLParser):
    """The tags of a page with what may act in them."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.scripts = 0
        self.acting: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.scripts += tag == "script"
        self.acting += [
            (name, value)
            for name, value in attrs
            if name.startswith("on")
            or (name in ("href", "src") and "pwned" in (value or "").lower())
        ]


def _html(text: str) -> None:
    tags = Tags()
    tags.feed(text)
    assert tags.scripts == 1 and "pwned" not in tags.names and "img" not in tags.names
    assert [
        item for item in tags.acting if item[0] not in ("href",) or "pwned" in str(item)
    ] == []
    _text(text)


_MERMAID = re.compile(
    r'flowchart TD|  (?:n\d+\(\["[^"]*"\]\)|subgraph \w+\["[^"]*"\]|end|n\d+ -\.?->(?:\|"[^"]*"\|)? n\d+)'
    r'|    n\d+\[\(?"[A-Za-z0-9 ._:/,→#;<>-]*"\)?\]'
)


def _markdown(text: str) -> None:
    _text(text)
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        every = [token, *(token.children or ())]
        assert not [
            item
            for item in every
            if item.type in ("html_block", "html_inline") and "pwned" in item.content
        ]
        targets = [str(item.attrGet("href") or item.attrGet("src") or "") for item in every]
        assert not [
            target for target in targets if "pwned" in target and not target.startswith("#")
        ]
        if token.type == "fence" and token.info == "mermaid":
            assert not [
                line for line in token.content.splitlines() if not _MERMAID.fullmatch(line)
            ], token.content
    for line in text.splitlines():
        assert not re.match(r"\s*(#+ pwned|- \[[ x]\] pwned|\| pwned \|$)", line), line


def _dotenv(text: str) -> None:
    assert "PWNED" not in entries_by_name(text)
    assert "PWNED" not in {line.partition("=")[0].strip() for line in text.splitlines()}


def _dockerfile(text: str) -> None:
    _text(text)
    known = {
        "FROM",
        "RUN",
        "COPY",
        "WORKDIR",
        "ENV",
        "USER",
        "EXPOSE",
        "CMD",
        "ARG",
        "ENTRYPOINT",
        "SHELL",
        "STOPSIGNAL",
    }
    joined = re.sub(r"\\\n", " ", text)
    for line in joined.splitlines():
        instruction, _, rest = line.partition(" ")
        assert not line or line.startswith("#") or instruction in known, line
        assert (
            instruction not in ("USER", "FROM", "COPY", "ENV", "ARG", "WORKDIR", "EXPOSE")
            or "pwned" not in rest
        ), line
        if instruction == "RUN" and "pwned" in rest:
            assert "pwned" not in _commands(rest), line


def _commands(text: str) -> set[str]:
    """The programs that a line of shell runs."""
    root = Ledger().open(shell.read(Text("input", text)))
    return {
        word
        for leaf in root._leaves()
        for word in re.findall(r"(?:^|[;&|(`\n>]\s*)(\w+)", leaf.text)
    }


JUDGES = {
    "docker-compose.yml": _yaml, "docker-compose.override.yml": _yaml, "docker-compose.prod.yml": _yaml,
    "--format json": _json, "--format jsonl": _lines_of_json, "--format sarif": _json, "--format junit": _junit,
    "--format github": _github, "--format csv": _csv, "--format html": _html, "--format markdown": _markdown,
    ".env.example": _dotenv, ".env": _dotenv, "Dockerfile": _dockerfile, "terminal": _terminal,
}  # fmt: skip


@pytest.mark.parametrize("form", SOURCES)
def test_the_judges_see_every_kind_of_output(form: str) -> None:
    names = {name for name, _ in outputs(form, PLAIN)}
    assert {f"--format {name}" for name in FORMS} <= names
    assert {"docker-compose.yml", ".env.example"} <= names and ("Dockerfile" in names) is (
        form == "procfile"
    )


@pytest.mark.parametrize(
    ("judge", "text"),
    [
        (_yaml, "services: {}\npwned: true\n"),
        (_yaml, "services:\n  pwned:\n    image: pwned\n"),
        (_yaml, "services: {} # \u202e\n"),
        (_github, "::error file=a::x\n::error::pwned\n"),
        (_csv, "a,b,c,d,e,f,g,h,i,=pwned()\n"),
        (_html, "<script>1</script><img src=x>"),
        (_html, "<script>1</script><b onclick=pwned()>x</b>"),
        (_markdown, "<pwned>"),
        (_markdown, "[x](https://pwned.example)"),
        (_markdown, '```mermaid\nflowchart TD\n  click n0 "x"\n```\n'),
        (_dotenv, "A=1\nPWNED=1\n"),
        (_dockerfile, "FROM a\nRUN apt-get install curl; pwned\n"),
        (_dockerfile, "FROM a\nUSER pwned\n"),
        (_terminal, "\x1b]0;pwned\x07"),
    ],
)
def test_the_judges_find_what_has_broken_out(judge: Any, text: str) -> None:
    with pytest.raises(AssertionError):
        judge(text)


@pytest.mark.parametrize("form", SOURCES)
@pytest.mark.parametrize(
    "payload", ["\x1b]0;pwned\x07", "\u202edenwp", "\x9b31m", "x\n::error::pwned", "\x08x"]
)
def test_what_the_command_line_says_acts_nowhere(
    form: str, payload: str, tmp_path: Path
) -> None:
    for name, content in SOURCES[form](payload).items():
        (tmp_path / name).write_bytes(content)
    for command in (["convert", "-v"], ["convert", "-o", str(tmp_path / "out")], ["plan"], ["convert", "--format", "github"],
                    ["convert", "-o", str(tmp_path / "out"), "--diff", "--force"]):  # fmt: skip
        done = CliRunner().invoke(main, [*command, "--from", form, str(tmp_path)])
        _terminal(done.stdout)
        _terminal(done.stderr)
        assert "::error::pwned" not in done.output.splitlines()


@pytest.mark.parametrize(
    "name",
    [name for name in HOSTILE if name and "\x00" not in name and len(name.encode()) < 200],
    ids=ascii,
)
def test_a_file_of_any_name_is_named_harmlessly(name: str, tmp_path: Path) -> None:
    if "/" in name or name in (".", ".."):
        name = name.replace("/", "\\").replace("..", "_").strip(".") or "x"
    (tmp_path / f"{name}.sh").write_text("docker run -d --name a --frobnicate x a:1\n")
    (tmp_path / f"{name}.yaml").write_text("kind: [")
    for command in (["convert", "-v"], ["plan"], ["check"]):
        done = CliRunner().invoke(main, [*command, str(tmp_path)])
        _terminal(done.stdout)
        _terminal(done.stderr)
