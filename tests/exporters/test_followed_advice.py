"""Advice that is followed to the letter leaves files that docker compose takes, and that hold what it promised."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from golden import cases, inputs, outcome
from judges import needs_compose, run_config, write
from tocompose.exporters.bundle import Layout
from tocompose.importers import ImportOptions
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.reports.duties import duties
from tocompose.reports.report import report

CASES = tuple(cases())
BASE, PROD = "docker-compose.yml", "docker-compose.prod.yml"
_SERVER = (
    "docker run -d --name db -e MYSQL_ROOT_PASSWORD=ROOT_ACCESS_PASSWORD -e MYSQL_PASSWORD=DATABASE_PASSWORD"
    " -v /path/to/config:/config lscr.io/linuxserver/mariadb:latest\n"
)
SCRIPTS = {
    "secrets": _SERVER,
    "only_secrets": "docker run -d --name db -e POSTGRES_PASSWORD=YOUR_PASSWORD postgres:17\n",
    "only_values": "docker run -d --name web -e API_KEY=YOUR_KEY_HERE -v /path/to/files:/srv shop/web:1\n",
    "folder": "docker run -d --name web -v /path/to/files:/srv shop/web:1\n",
    "env_file": "docker run -d --name web --env-file web.env -e API_KEY=YOUR_KEY_HERE shop/web:1\n",
    "shared": "".join(
        f"docker run -d --name {name} -e API_KEY=YOUR_KEY_HERE -e APP_ID=YOUR_APP_ID -e MODE=a -e LEVEL=b acme/x:1\n"
        for name in ("web", "job", "mail")
    ),
    "in_address": "docker run -d --name db -e POSTGRES_PASSWORD=YOUR_PASSWORD postgres:17\n"
    "docker run -d --name web -e DATABASE_URL=postgres://postgres:YOUR_PASSWORD@db/a shop/web:1\n",
}


def name_of(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


def converted(files: dict[str, bytes], **options: tuple[str, ...]) -> Result:
    settings = ImportOptions(options=options)
    return convert(
        Memory(files, "shop"), Options(layout=Layout(split=True), settings=settings)
    )


def scripted(name: str) -> tuple[dict[str, bytes], Result]:
    files = {"run.sh": SCRIPTS[name].encode(), "web.env": b"A=1\n"}
    return files, converted(files)


def deletable_names(files: dict[str, bytes], result: Result) -> tuple[str, list[str]]:
    """What is said of the lines to delete, and the variables that it names."""
    for duty in duties(report(result, Memory(files, "shop"))):
        told = re.search(r"If a service does not need (.+?), delete .*", duty.advice)
        if told:
            return told[0], re.split(r", | or ", told[1])
    return "", []


def without_lines(result: Result, told: str, names: Sequence[str]) -> dict[str, str]:
    """The compose files without the lines that the advice calls needless."""
    texts = {
        file.path: file.content.decode()
        for file in result.files
        if file.path.startswith("docker-compose")
    }
    secrets = [secret for secret in result.stack.secrets if secret.environment in names]
    words = [*names, *(secret.name for secret in secrets)]
    for path in texts:
        if path == BASE or path in told:
            named = rf"(?m)^.*(?<!\w)(?:{'|'.join(words)})(?!\w).*\n"
            texts[path] = re.sub(named, "", texts[path])
    for key in re.findall(r"`(\w+:)`", told):
        for path, text in texts.items():
            texts[path] = re.sub(rf"(?m)^( *){key}\n(?!\1 )(?!\1- )", "", text)
    return texts


def is_valid(folder: Path, result: Result, texts: dict[str, str]) -> Iterator[str]:
    """What docker compose says against the files, each combination by itself."""
    write(folder, result.files)
    for path, text in texts.items():
        (folder / path).write_text(text, encoding="utf-8")
    asked = re.findall(r"\$\{(\w+):?\?", "".join(texts.values()))
    env = dict.fromkeys(asked, "/srv/1")
    for overlay in ("", "docker-compose.override.yml", PROD):
        names = [name for name in (BASE, overlay) if name in texts]
        done = run_config(folder, names, env=env)
        if done.returncode:
            yield f"{names}: {done.stderr}"


def _named_sources() -> Iterator[Any]:
    for case in CASES:
        yield pytest.param(
            lambda case=case: (inputs(case), outcome(case)), id=name_of(case)
        )
    for name in SCRIPTS:
        yield pytest.param(lambda name=name: scripted(name), id=name)


@needs_compose[0]
@needs_compose[1]
@pytest.mark.parametrize("source", list(_named_sources()))
def test_a_needless_line_can_be_deleted(source: Any, tmp_path: Path) -> None:
    files, result = source()
    told, names = deletable_names(files, result)
    if names:
        texts = without_lines(result, told, names)
        for path in set(files) - set(texts):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(files[path])
        assert not any(
            re.search(rf"(?<!\w){name}(?!\w)", text)
            for name in names
            for text in texts.values()
        )
        assert list(is_valid(tmp_path, result, texts)) == []


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("secrets", ["MYSQL_ROOT_PASSWORD", "MYSQL_PASSWORD"]),
        ("only_values", ["API_KEY"]),
        ("folder", []),
        ("in_address", []),
        ("env_file", ["API_KEY"]),
        ("shared", ["API_KEY", "APP_ID"]),
    ],
)
def test_only_what_has_a_line_of_its_own_is_called_needless(
    name: str, names: list[str]
) -> None:
    assert deletable_names(*scripted(name))[1] == names


def keys_with_number(body: Any, number: str) -> set[str]:
    """The keys of a service below which a number stands."""
    if not isinstance(body, dict):
        return set()
    is_number = re.compile(rf"(?<!\d){number}(?!\d)")
    return {key for key, value in body.items() if is_number.search(str(value))}


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_port_is_changed_wherever_it_stands(case: Path) -> None:
    result = outcome(case)
    for note in result.notes:
        if note.code == "TC320":
            service, number = re.findall(r"^(\S+): port (\d+)", note.message)[0]
            for file in result.files:
                if file.path.startswith("docker-compose"):
                    body = yaml.load(file.content, tolerant_loader())["services"]
                    keys = keys_with_number(body.get(service), number)
                    named = set(re.findall(r"`(\w+)`", note.advice))
                    assert keys <= named, file.path


def tolerant_loader() -> Any:
    """Reads Compose's own tags as what they stand before."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("!", lambda loader, suffix, node: None)
    return Loader


def _evident_servers() -> Iterator[Any]:
    for case in CASES:
        for note in outcome(case).notes:
            if note.code == "TC401":
                yield pytest.param(case, note, id=f"{name_of(case)}-{note.subject[1]}")


@pytest.mark.parametrize(("case", "note"), list(_evident_servers()))
def test_a_server_elsewhere_takes_the_place_of_the_stacks_own(
    case: Path, note: Any
) -> None:
    """Of an evident server; the advice is followed with an address on the internet and with one of the own network."""
    option = re.search(r"`--option servers=(\w+)`", note.advice)
    variable = re.search(r"set (\w+) to its address in \.env", note.advice)
    assert option and variable, note.advice
    kind = str(note.subject[1])
    is_url = "HOST" not in variable[1]
    for host in ("db.cloud.acme.io", "10.0.0.5"):
        address = f"{kind}://u:p-9Kq2vT@{host}:4321/d" if is_url else host
        files = {**inputs(case)}
        line = f"\n{variable[1]}={address}\n".encode()
        files[".env"] = files.get(".env", b"") + line
        result = converted(files, servers=(option[1],))
        assert result.stack.service(kind) is None, host
        assert any(
            setting.name == variable[1] and setting.value == address
            for setting in result.stack.settings
        )


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_release_is_said_to_run_before_those_that_wait_for_it(case: Path) -> None:
    result = outcome(case)
    for note in result.notes:
        if note.code == "TC322":
            release = str(note.subject[1])
            waiting = {
                service.name
                for service in result.stack.services
                if not service.profiles
                and release in {dependency.service for dependency in service.depends_on}
            }
            told = note.message.partition(", before ")[2]
            named = set(re.split(r", | and ", told.rpartition(" start")[0])) - {""}
            assert waiting <= named
            assert named <= {service.name for service in result.stack.services}


RELEASES = tuple(
    case for case in CASES if any(note.code == "TC322" for note in outcome(case).notes)
)


@needs_compose[0]
@needs_compose[1]
@pytest.mark.parametrize("case", RELEASES, ids=name_of)
def test_a_release_can_be_run_by_hand(case: Path, tmp_path: Path) -> None:
    """With a profile alone compose would refuse what waits for it."""
    result = outcome(case)
    [note] = [note for note in result.notes if note.code == "TC322"]
    assert "from every `depends_on` (with the key if nothing is left)" in note.advice
    release = str(note.subject[1])
    [base] = [file for file in result.files if file.path == BASE]
    document = yaml.safe_load(base.content)
    bodies = document["services"]
    bodies[release]["profiles"] = [release]
    for body in bodies.values():
        others = {
            name: how for name, how in body.pop("depends_on", {}).items() if name != release
        }
        body |= {"depends_on": others} if others else {}
    texts = {BASE: yaml.safe_dump(document)}
    assert list(is_valid(tmp_path, result, texts)) == []
