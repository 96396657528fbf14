"""Whatever starts a container is a source: one small input for each way in which a command is written down."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import yaml

from tocompose.notes import Kind
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory


class SourceCase(NamedTuple):
    """A file, the services that must come of it with some of their keys, and the notes that must be said."""

    file: str
    text: str
    services: dict[str, dict[str, Any]]
    codes: tuple[str, ...] = ()


PROMPTS = {
    "cmd": (r"C:\>docker run --name one a:1" + "\n" + r"D:\my work> docker run --name two b:1"),
    "PowerShell": r"PS C:\Users\me> docker run --name one a:1" + "\n7f2c\nPS>docker run --name two b:1",
    "a word": "unix> cd /srv\nunix> docker run --name one a:1\nunix> docker run --name two b:1",
    "root": "root@host:~# docker run --name one a:1\n9af3\nroot@host:~# docker run --name two b:1",
    "brackets": "[me@host app]$ docker run --name one a:1\n[me@host app]$ docker run --name two b:1",
    "a theme": "❯ docker run --name one a:1\n~/app ❯ docker run --name two b:1",
    "a branch": "➜  app git:(main) docker run --name one a:1\n➜  app git:(main) ✗ docker run --name two b:1",
    "fish": "me@host ~/app> docker run --name one a:1\nme@host ~/app> docker run --name two b:1",
    "an environment": "(venv) me@host ~ % docker run --name one a:1\n(venv) me@host ~ % docker run --name two b:1",
    "a container's": "/ # docker run --name one a:1\n/srv # docker run --name two b:1",
    "a version": "bash-5.2# docker run --name one a:1\nbash-5.2# docker run --name two b:1",
    "only a bracket": "> docker run --name one a:1\n> docker run --name two b:1",
}  # fmt: skip


def converted(files: dict[str, str], **options: Any) -> Result:
    """The conversion of files, without rules."""
    project = Memory({name: text.encode() for name, text in files.items()}, "shop")
    return convert(project, Options(practices="none", **options))


def services_of(result: Result) -> dict[str, dict[str, Any]]:
    """The services of the compose file that was made."""
    document = yaml.safe_load(result.files[0].content)
    return dict(document.get("services") or {})


def check(case: SourceCase) -> None:
    """Asserts the services, their keys and the notes of a case; what is lost must have been asked for."""
    result = converted({case.file: case.text})
    services = services_of(result)
    assert list(services) == list(case.services), [note.message for note in result.notes]
    for name, keys in case.services.items():
        assert {key: services[name].get(key) for key in keys} == keys
    said = {note.code for note in result.notes}
    lost = {note.code for note in result.notes if note.kind is Kind.LOST}
    assert set(case.codes) <= said
    assert lost <= set(case.codes), [note.message for note in result.notes]


@pytest.mark.parametrize("file", ["run.sh", "commands.txt", "block.md"])
@pytest.mark.parametrize("prompt", PROMPTS)
def test_any_prompt_is_left_aside(prompt: str, file: str) -> None:
    text = PROMPTS[prompt]
    if file.endswith(".md"):
        text = f"```console\n{text}\n```\n"
    images = {"one": {"image": "a:1"}, "two": {"image": "b:1"}}
    check(SourceCase(file, text, images))


@pytest.mark.parametrize(
    "line",
    [
        "# docker run --name one a:1",
        "echo hi > /dev/null",
        "true # docker run --name one a:1",
    ],
)
def test_what_looks_like_a_prompt_stays(line: str) -> None:
    check(SourceCase("run.sh", f"{line}\ndocker run --name two b:1", {"two": {}}))


WINDOWS = [
    SourceCase(
        "run.ps1",
        r"docker run -d --name app -v C:\data:C:\app\data -v C:\logs:C:\app\logs acme/app:1",
        {"app": {"volumes": [
            {"type": "bind", "source": "C:/data", "target": "C:/app/data"},
            {"type": "bind", "source": "C:/logs", "target": "C:/app/logs"},
        ]}},
    ),
    SourceCase(
        "run.ps1",
        "docker run -d `\n  --name app `\n  -v ${PWD}\\conf:/conf:ro `\n  -v .\\data:/data acme/app:1",
        {"app": {"volumes": ["./conf:/conf:ro", "./data:/data"]}},
    ),
    SourceCase(
        "run.cmd",
        "docker run -d ^\r\n  --name app ^\r\n  -v %cd%\\data:/data ^\r\n  acme/app:1\r\n",
        {"app": {"volumes": ["./data:/data"]}},
    ),
    SourceCase(
        "run.bat",
        "set TAG=2\r\ndocker run -d --name app --mount type=bind,source=C:\\in,target=C:\\out acme/app:%TAG%\r\n",
        {"app": {"image": "acme/app:2", "volumes": [{
            "type": "bind", "source": "C:/in", "target": "C:/out", "bind": {"create_host_path": False}}]}},
    ),
    SourceCase(
        "run.ps1",
        'docker run -d --name app -v "$($PWD.Path):/src" -v store:C:\\store acme/app:1',
        {"app": {"volumes": [".:/src", {"type": "volume", "source": "store", "target": "C:/store"}]}},
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", WINDOWS, ids=lambda case: case.file)
def test_windows_paths(case: SourceCase) -> None:
    check(case)


def test_a_placeholder_may_hold_a_bar() -> None:
    text = "$ docker run -d --name node -e HUB=<hub_ip|hub_name> \\\n    acme/node:4\n"
    environment = {"environment": {"HUB": "${HUB_IP_HUB_NAME}"}}
    check(SourceCase("run.sh", text, {"node": environment}, ("TC153",)))
