"""A format from another package is found through its entry point, once it is installed, with no edit of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

import oracles
import tree

EXAMPLE = tree.ROOT / "tests" / "plugin_example"
CONFIG = """[supervisord]
nodaemon=true
[program:web]
command=gunicorn shop:app --bind 0.0.0.0:8000 ; the site
environment=MODE="live",PRICE="5$"
autorestart=true
stopsignal=QUIT
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
    ]
    subprocess.run([*pip, "--target", str(folder), str(EXAMPLE)], check=True, timeout=120)
    return folder


def _run(installed: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(installed), str(tree.PACKAGE.parent)])
    return subprocess.run(
        [sys.executable, "-m", "tocompose", *arguments],
        env={**os.environ, "PYTHONPATH": path},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_is_listed(installed: Path, tmp_path: Path) -> None:
    rows = json.loads(_run(installed, "formats", "--format", "json", cwd=tmp_path).stdout)
    assert {
        "name": "supervisor",
        "title": "supervisord.conf programs",
        "package": "tocompose_supervisor",
    } in rows


def test_it_is_found_by_its_files_and_accounted_for(
    installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "supervisord.conf").write_text(CONFIG)
    ran = _run(installed, "convert", ".", "--format", "json", cwd=tmp_path)
    web = yaml.safe_load(ran.stdout)["services"]["web"]
    assert web["command"] == ["sh", "-c", "gunicorn shop:app --bind 0.0.0.0:8000"]
    assert web["environment"] == {"MODE": "live", "PRICE": "5$$", "PYTHONUNBUFFERED": "1"}
    assert web["restart"] == "always"
    lost = [item for item in json.loads(ran.stderr)["notes"] if item["kind"] == "lost"]
    assert [(item["code"], item["span"]["line"]) for item in lost] == [
        ("TC001", 2),
        ("TC001", 7),
    ]


def test_its_own_tests_pass_with_the_kit(installed: Path, tmp_path: Path) -> None:
    """The format, the notes, the rule, the image and the server of the package, by `tocompose.testing`."""
    path = os.pathsep.join([str(installed), str(tree.PACKAGE.parent)])
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            str(EXAMPLE / "tests"),
        ],
        env={
            **os.environ,
            "PYTHONPATH": path,
            "PATH": oracles.FOLDER or os.environ["PATH"],
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert " passed" in ran.stdout and "skipped" not in ran.stdout


def test_its_rule_and_notes_are_those_of_the_command_line(
    installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "supervisord.conf").write_text(CONFIG)
    explained = _run(installed, "explain", "SUP010", cwd=tmp_path)
    assert explained.stdout.startswith("SUP010: Output of Python at once (added)")
    assert "SUP002" in _run(installed, "explain", "--all", cwd=tmp_path).stdout
    ran = _run(installed, "convert", ".", "--report", "found.sarif", cwd=tmp_path)
    assert (
        yaml.safe_load(ran.stdout)["services"]["web"]["environment"]["PYTHONUNBUFFERED"]
        == "1"
    )
    assert "SUP010" in (tmp_path / "found.sarif").read_text()
    ran = _run(installed, "convert", ".", "--practices", "all,-PY-LOG", cwd=tmp_path)
    assert "PYTHONUNBUFFERED" not in ran.stdout
    assert _run(installed, "check", "--ignore", "SUP", cwd=tmp_path).returncode == 2


# What is wrong with a package: the group, the object in it, its code, its table of that name, and what is said.
BROKEN = {
    "a rule of ours": (
        "rules",
        "from tocompose.rules.restart import RULE as IT\n",
        "the rule RESTART is there already",
    ),
    "a module that fails": (
        "rules",
        "raise KeyError('x')\n",
        "cannot be loaded: KeyError: 'x'",
    ),
    "a module of another version": (
        "rules",
        "from tocompose.rules import Nothing\n",
        "cannot import name 'Nothing'",
    ),
    "a module that interrupts": (
        "rules",
        "class Stop(BaseException): pass\nraise Stop\n",
        "cannot be loaded: Stop",
    ),
    "no rule": ("rules", "IT = 5\n", "has no id, title, mend"),
    "a rule without an id": (
        "rules",
        "from tocompose.rules import Rule\nIT = Rule(None, 'a', 'may')\n",
        "it.id is None, not str",
    ),
    **{
        f"a rule that ends by {end}": (
            "rules",
            "from tocompose.rules import Rule\n"
            f"def mend(stack, context):\n    {end}\n"
            "IT = Rule('ZZ-A', 'a', 'may', mend=mend)\n",
            said,
        )
        for end, said in {
            "raise RuntimeError('hunter2')": "(RuntimeError in __init__.py:3)",
            "raise SystemExit(0)": "mend of the rule ZZ-A failed (SystemExit in",
            "raise GeneratorExit": "mend of the rule ZZ-A failed (GeneratorExit in",
            "raise MemoryError": "mend of the rule ZZ-A failed (MemoryError in",
            "mend(stack, context)": "mend of the rule ZZ-A failed (RecursionError in",
            "return None": "the rule ZZ-A: what mend gives is None, not Outcome",
            "return __import__('tocompose.rules').rules.Outcome(5)": (
                "what mend gives.stack is of the type int, not Stack"
            ),
            "__import__('tocompose.notes').notes.note('ABC009')": (
                "(UnregisteredCode in __init__.py:3)"
            ),
        }.items()
    },
    "a table of no package": ("tables", "IT = 5\n", "has no __file__"),
}
# The same for a row of a table: the table, its text, and what is said.
BROKEN_ROWS = {
    "no YAML": ("notes", "ABC001: [\n", "notes.yaml:2 cannot be read as YAML"),
    "no map": ("notes", "- a\n", "notes.yaml must be a map"),
    "a code of ours": (
        "notes",
        "TC001: {}\n",
        "TC001 is no code for the notes of a plug-in",
    ),
    "a note without a reason": (
        "notes",
        "ABC001: {kind: lost}\n",
        "ABC001 has no message, title, why",
    ),
    "a note that is none": ("notes", "ABC001: 5\n", "ABC001 is of the type int, not a map"),
    "an unknown kind": (
        "notes",
        "ABC001: {kind: bad, title: A, message: b, why: c}\n",
        "ABC001.kind is none of lost, changed, assumed, added, info",
    ),
    "an empty text": (
        "notes",
        "ABC001: {kind: lost, title: ' ', message: b, why: c}\n",
        "ABC001.title is empty",
    ),
    "a text that is a number": (
        "notes",
        "ABC001: {kind: lost, title: A, message: 5, why: c}\n",
        "ABC001.message is of the type int, not str",
    ),
    "an unknown column": (
        "notes",
        "ABC001: {kind: lost, title: A, message: b, why: c, hint: d}\n",
        "ABC001 has an unknown column hint",
    ),
    "a brace that stays open": (
        "notes",
        "ABC001: {kind: lost, title: A, message: 'b {c', why: d}\n",
        "ABC001.message is no text with facts in braces",
    ),
    "an image of no class": (
        "images",
        "---\nid: a\nmatch: [a]\nclass: big\nkind: db\nconfidence: high\n",
        "images.yaml: a.class is none of app, data, infra",
    ),
    "an image with a port as a number": (
        "images",
        "---\nid: a\nmatch: [a]\nclass: data\nkind: db\nconfidence: high\nports: [80]\n",
        "images.yaml: a.ports[0] is of the type int, not str",
    ),
    "an image whose data have no path": (
        "images",
        "---\nid: a\nmatch: [a]\nclass: data\nkind: db\nconfidence: high\ndata: [{}]\n",
        "images.yaml: a.data has a part without path",
    ),
    "a condition that compares no version": (
        "images",
        "---\nid: a\nmatch: [a]\nclass: data\nkind: db\nconfidence: high\nonly: '>=x'\n",
        "images.yaml: a: a condition compares versions",
    ),
    "an image that is a list": (
        "images",
        "---\n- a\n",
        "images.yaml, row 1.yaml must be a map",
    ),
    "a server of ours": (
        "servers",
        "postgres: {image: a}\n",
        "postgres is a server of tocompose already",
    ),
    "a server without an image": (
        "servers",
        "zz-server: {title: A}\n",
        "zz-server has no image",
    ),
    "a server whose image nobody knows": (
        "servers",
        "zz-server: {image: nobody/knows, schemes: [ab]}\n",
        "no row with ports for its image nobody/knows",
    ),
    "a server with a broken pattern": (
        "servers",
        "zz-server: {image: 'redis:7', title: A, url: b, addon: c, sets: D, variables: ['(']}\n",
        "servers.yaml: zz-server: '(' is no regular expression",
    ),
    "a server that is found and has no address": (
        "servers",
        "zz-server: {image: 'redis:7', variables: [AB_URL]}\n",
        "zz-server has variables but no addon, sets, title, url",
    ),
}


def _with_names_of_its_own(text: str, number: int) -> str:
    """The text, whose rule, note or server no other package has."""
    for name, own_name in (
        ("ZZ-A", f"ZZ-{number}"),
        ("ABC001", f"ABC{number:03}"),
        ("zz-server", f"server{number}"),
    ):
        text = text.replace(name, own_name)
    return text


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with a package for each thing that can be wrong, named after its number."""
    folder = tmp_path_factory.mktemp("faulty")
    for number, (group, code, _) in enumerate(BROKEN.values()):
        code = _with_names_of_its_own(code, number)
        _install_package(folder, group, f"faulty{number}:IT", code, {}, f"faulty{number}")
    for number, (table, text, _) in enumerate(BROKEN_ROWS.values(), len(BROKEN)):
        name, text = f"faulty{number}", _with_names_of_its_own(text, number)
        _install_package(folder, "tables", name, "", {table: text}, name)
    return folder


def test_what_is_wrong_with_a_package_is_a_note(faulty: Path) -> None:
    """The note names the package and what is wrong with it, once; all else is converted."""
    ran = _run(faulty / "site", "docker", "run", "nginx", cwd=faulty)
    assert ran.returncode == 0, ran.stderr
    assert yaml.safe_load(ran.stdout)["services"]["nginx"]["restart"] == "unless-stopped"
    assert "hunter2" not in ran.stderr and "fault of tocompose" not in ran.stderr
    ran = _run(faulty / "site", "--format", "json", "docker", "run", "nginx", cwd=faulty)
    notes = [note for note in json.loads(ran.stderr)["notes"] if note["code"] == "TC902"]
    for number, (_, _, message) in enumerate([*BROKEN.values(), *BROKEN_ROWS.values()]):
        told = [note for note in notes if f"plug-in faulty{number} " in note["message"]]
        message = _with_names_of_its_own(message, number)
        assert len(told) == 1 and message in told[0]["message"], (message, told)
        assert told[0]["kind"] == "lost" and f"Upgrade faulty{number}" in told[0]["advice"]


def test_what_is_wrong_with_a_package_is_found_by_check(faulty: Path) -> None:
    (faulty / "compose.yaml").write_text("services: {a: {image: 'nginx:1.27'}}\n")
    ran = _run(
        *(faulty / "site", "check", "--select", "TC902", "--format", "json"), cwd=faulty
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    told = [note["message"] for note in json.loads(ran.stdout)["notes"]]
    for number, (_, code, message) in enumerate([*BROKEN.values(), *BROKEN_ROWS.values()]):
        if "def mend" not in code:
            message = _with_names_of_its_own(message, number)
            assert sum(message in text for text in told) == 1, (message, told)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"notes": "ABC001: {kind: lost}\n"}, "ABC001 has no message"),
        ({"notes": "ABC001: [\n"}, "cannot be read as YAML"),
    ],
)
def test_a_code_that_cannot_be_explained_has_its_reason(
    tables: dict[str, str], message: str, tmp_path: Path
) -> None:
    _install_package(tmp_path, "tables", "twice", "", tables)
    ran = _run(tmp_path / "site", "explain", "ABC001", cwd=tmp_path)
    assert ran.returncode == 2, ran.stdout
    assert "there is no note 'ABC001'" in ran.stderr and message in ran.stderr
    assert "Upgrade or uninstall broken" in ran.stderr


def test_a_format_that_uses_up_the_memory_is_told_so(tmp_path: Path) -> None:
    code = FORMAT.replace("NAME", "'greedy'").replace("SNIFF", SNIFF)
    code = code.replace("READ", "raise MemoryError")
    _install_package(tmp_path, "importers", "twice:IMPORTER", code, {})
    source = tmp_path / "source"
    source.mkdir()
    (source / "images.txt").write_text("redis:7\n")
    ran = _run(tmp_path / "site", "convert", ".", cwd=source)
    assert ran.returncode == 2 and "MB of memory. Nothing was written." in ran.stderr


def test_an_interruption_in_a_plugin_is_one_of_the_user(tmp_path: Path) -> None:
    code = (
        "from tocompose.rules import Rule\n"
        "def mend(stack, context):\n    raise KeyboardInterrupt\n"
        "IT = Rule('ZZ-A', 'a', 'may', mend=mend)\n"
    )
    _install_package(tmp_path, "rules", "twice:IT", code, {})
    ran = _run(tmp_path / "site", "docker", "run", "nginx", cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (130, "tocompose: interrupted\n")


FORMAT = """class Format:
    name, title = NAME, "a list of images"
    def sniff(self, project):
        SNIFF
    def read(self, project, ledger, settings):
        READ
IMPORTER = Format()
"""
SNIFF = 'return tuple(path for path in project.files() if path == "images.txt")'
MODEL = "__import__('tocompose.model').model"


@pytest.mark.parametrize(
    ("name", "sniff", "read", "message"),
    [
        (
            "'images'",
            SNIFF,
            "raise RuntimeError('hunter2')",
            "(RuntimeError in __init__.py:6)",
        ),
        (
            "'images'",
            SNIFF,
            "raise SystemExit",
            "read of the format images failed (SystemExit",
        ),
        (
            "'images'",
            SNIFF,
            "return self.read(project, ledger, 1)",
            "failed (RecursionError",
        ),
        ("'images'", SNIFF, "return None", "the format images: what read gives is None"),
        (
            "'images'",
            SNIFF,
            f"return {MODEL}.Stack(name='a', services=({MODEL}.Service(name=5),))",
            "what read gives.services[0].name is of the type int, not str",
        ),
        ("'images'", "return None", "", "what sniff gives is None, not tuple"),
        ("'images'", "return 'images.txt'", "", "what sniff gives is of the type str"),
        ("'images'", "raise GeneratorExit", "", "sniff of the format images failed"),
        (
            "'docker_run'",
            SNIFF,
            "",
            "its format docker_run is brought by tocompose already",
        ),
        ("None", SNIFF, "", "name is None"),
        ("5", SNIFF, "", "name is of the type int, not str"),
    ],
)
def test_a_format_that_cannot_be_used_is_named(
    name: str, sniff: str, read: str, message: str, tmp_path: Path
) -> None:
    """Alone it ends the run; what another format reads beside it is converted with a note."""
    code = FORMAT.replace("NAME", name).replace("SNIFF", sniff)
    code = code.replace("READ", read or "return None")
    _install_package(tmp_path, "importers", "twice:IMPORTER", code, {})
    source = tmp_path / "source"
    source.mkdir()
    (source / "images.txt").write_text("redis:7\n")
    site = tmp_path / "site"
    ran = _run(site, "convert", ".", cwd=source)
    said = " ".join(ran.stderr.split())
    assert ran.returncode == 2 and message in said, ran.stderr
    assert "the plug-in broken: " in said and "Upgrade or uninstall broken" in said
    (source / "run.sh").write_text("docker run -d --name cache redis:7\n")
    ran = _run(site, "convert", ".", cwd=source)
    said = " ".join(ran.stderr.split())
    assert ran.returncode == 0 and list(yaml.safe_load(ran.stdout)["services"]) == ["cache"]
    assert said.count("[TC902]") == 1 and message in said, ran.stderr
    assert "hunter2" not in said
    ran = _run(site, "batch", ".", "--dry-run", "--format", "jsonl", cwd=tmp_path)
    assert message in ran.stdout, ran.stdout + ran.stderr


def test_of_two_plugins_with_one_format_the_first_stays(tmp_path: Path) -> None:
    good = f"return {MODEL}.Stack(name='a', services=({MODEL}.Service(name='b', image='c:1'),))"
    code = FORMAT.replace("NAME", "'images'").replace("SNIFF", SNIFF).replace("READ", good)
    _install_package(tmp_path, "importers", "twice:IMPORTER", code, {})
    _register(tmp_path, "other", "[tocompose.importers]\nit = twice:IMPORTER\n")
    (tmp_path / "images.txt").write_text("redis:7\n")
    ran = _run(tmp_path / "site", "convert", ".", cwd=tmp_path)
    said = " ".join(ran.stderr.split())
    assert ran.returncode == 0 and list(yaml.safe_load(ran.stdout)["services"]) == ["b"]
    assert "plug-in other" in said and "images is brought by broken already" in said
    listed = _run(tmp_path / "site", "formats", cwd=tmp_path)
    assert listed.stdout.count("(from twice)") == 1
    assert (
        "the plug-in other: its format images is brought by broken already" in listed.stderr
    )


def test_the_versions_that_a_plugin_asks_for_are_told(tmp_path: Path) -> None:
    _install_package(tmp_path, "rules", "twice:IT", "import tocompose.nothing\n", {})
    with (tmp_path / "site" / "broken-1.dist-info" / "METADATA").open("a") as file:
        file.write("Requires-Dist: tocompose-extra\nRequires-Dist: tocompose (<0.2)\n")
    ran = _run(tmp_path / "site", "docker", "run", "nginx", cwd=tmp_path)
    assert "(it asks for tocompose (<0.2), and " in " ".join(ran.stderr.split())


def _install_package(
    tmp_path: Path,
    group: str,
    value: str,
    code: str,
    tables: Mapping[str, str],
    name: str = "broken",
) -> None:
    package = tmp_path / "site" / value.partition(":")[0]
    (package / "mappings").mkdir(parents=True)
    (package / "__init__.py").write_text(code)
    for table, text in tables.items():
        (package / "mappings" / f"{table}.yaml").write_text(text)
    _register(tmp_path, name, f"[tocompose.{group}]\nit = {value}\n")


def _register(tmp_path: Path, name: str, entry_points: str) -> None:
    metadata = tmp_path / "site" / f"{name}-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(entry_points)


JUDGE = """from tocompose.rules import Rule
def judge(view):
    for service in view.main.stack.services:
        holds = (service.image or "").startswith("mirror.example/")
        yield view.main.verdict(service, "image", "X-01", holds, "ABC001")
RULE = Rule("MIRROR", "Images of the mirror", "should", judge=judge)
"""
MIRROR_NOTE = (
    "ABC001: {kind: lost, title: Foreign image, message: '{service} has a foreign image', "
    "why: The mirror is scanned., advice: Take the image of the mirror.}\n"
)


def test_a_rule_that_only_judges_finds_in_check(tmp_path: Path) -> None:
    _install_package(tmp_path, "rules", "twice:RULE", JUDGE, {"notes": MIRROR_NOTE})
    with (tmp_path / "site" / "broken-1.dist-info" / "entry_points.txt").open("a") as file:
        file.write("[tocompose.tables]\nthese = twice\n")
    (tmp_path / "compose.yaml").write_text(
        "services:\n  a:\n    image: mirror.example/x:1\n  b:\n    image: nginx:1.27\n"
        "  c:\n    image: redis:7 # tocompose: ignore[ABC001] not there yet\n"
    )
    site = tmp_path / "site"
    ran = _run(site, "check", "--select", "ABC", "--format", "json", cwd=tmp_path)
    notes = json.loads(ran.stdout)["notes"]
    places = [(note["code"], note["level"], note["span"]["line"]) for note in notes]
    assert places == [("ABC001", "error", 5)], ran.stdout + ran.stderr
    assert ran.returncode == 1
    assert "b has a foreign image" in _run(site, "check", cwd=tmp_path).stdout
    assert "ABC001" not in _run(site, "check", "--ignore", "ABC", cwd=tmp_path).stdout
    converted = _run(site, "docker", "run", "nginx", cwd=tmp_path)
    assert converted.returncode == 0, "what only judges takes no part in a conversion"
