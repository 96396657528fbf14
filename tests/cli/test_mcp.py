"""`tocompose mcp`: a client of the official SDK lists and calls the tools, and nothing of the machine is read."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from mcp import Client, StdioServerParameters, stdio_client

import tree
from tocompose.mcp_server import mcp_server

SECRET = "hunter2-Kq9wX"
SCRIPT = f"docker run -d --name db -e POSTGRES_PASSWORD={SECRET} --frob postgres:16\n"
COMPOSE = "services:\n  web:\n    image: nginx:1.27\n    privileged: true\n"
# Watches what the program opens while it answers: only its own code, tables and the libraries.
WATCH = """
import os, sys
from pathlib import Path
roots = tuple(os.path.realpath(p) for p in (sys.prefix, sys.base_prefix, os.environ["PACKAGE"]))
log = os.open(os.environ["OPENED"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def watch(event, arguments):
    if event in ("open", "os.scandir", "subprocess.Popen", "os.exec", "socket.connect"):
        place = arguments[0] if isinstance(arguments[0], (str, bytes)) else ""
        path = os.path.realpath(os.fsdecode(place)) if place else ""
        if event == "os.scandir" and path in map(os.path.realpath, sys.path):
            # Which packages are installed.
            return
        if event not in ("open", "os.scandir") or path and not path.startswith(roots):
            os.write(log, f"{event} {path}\\n".encode())
sys.addaudithook(watch)
"""


def _call(
    calls: list[tuple[str, dict[str, Any]]], folder: Path
) -> tuple[list[Any], list[Any], str]:
    """The tools, the answers, and what the program opened beyond its own."""
    (folder / "sitecustomize.py").write_text(WATCH)
    opened = folder / "opened"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(folder), str(tree.PACKAGE.parent)]),
        "PACKAGE": str(tree.ROOT),
        "OPENED": str(opened),
    }
    parameters = StdioServerParameters(
        command=sys.executable,
        args=["-m", "tocompose", "mcp"],
        env=environment,
        cwd=str(folder),
    )

    async def talk() -> tuple[list[Any], list[Any]]:
        async with Client(stdio_client(parameters)) as client:
            tools = (await client.list_tools()).tools
            answers = [await client.call_tool(name, given) for name, given in calls]
            return tools, answers

    tools, answers = asyncio.run(asyncio.wait_for(talk(), 120))
    return tools, answers, opened.read_text() if opened.exists() else ""


def test_a_client_lists_and_calls_the_tools(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text("services: {mine: {image: here}}\n")
    calls = [
        ("convert", {"text": SCRIPT}),
        ("convert", {"files": {"run.sh": SCRIPT}, "split": True, "practices": "none"}),
        ("check", {"files": {"compose.yaml": COMPOSE}}),
        ("explain", {"code": "TC001"}),
        ("plan", {"text": SCRIPT}),
        # What asks for files of the machine, or is no request.
        ("convert", {"files": {"../../etc/passwd": "x"}}),
        (
            "convert",
            {"text": "docker run --env-file /etc/passwd -v /etc:/e nginx\n. /etc/profile"},
        ),
        (
            "check",
            {
                "text": "include: [/etc/passwd]\nservices:\n  a: {extends: {file: /etc/group, service: x}}\n"
            },
        ),
        ("convert", {}),
        ("explain", {"code": "nonsense"}),
        ("convert", {"text": 7}),
    ]
    tools, answers, opened = _call(calls, tmp_path)
    assert {tool.name for tool in tools} == {"convert", "check", "explain", "plan"}
    for tool in tools:
        assert tool.description and tool.output_schema and tool.input_schema["properties"]
        assert tool.annotations.read_only_hint is True
    contents = [answer.structured_content for answer in answers]
    converted, folder, audit, explained, decisions, *hostile = contents
    service = yaml.safe_load(converted["files"][0]["text"])["services"]["db"]
    assert service["image"] == "postgres:16"
    assert ("TC101", "lost") in [
        (note["code"], note["kind"]) for note in converted["notes"]
    ]
    assert ".env" in folder["withheld"]
    assert "docker-compose.yml" in [file["path"] for file in folder["files"]]
    assert "privileged" in json.dumps(audit["findings"]) and audit["applicable"] > 10
    assert explained["text"].startswith("TC001")
    assert "role.db" in [one["id"] for one in decisions["decisions"]]
    assert SECRET not in json.dumps(contents)
    name, reach, included, nothing, unknown, malformed = hostile
    assert "segment" in name["problem"] and "text or files" in nothing["problem"]
    assert "nonsense" in unknown["problem"].lower()
    assert malformed is None and answers[-1].is_error
    assert "root:" not in json.dumps([reach, included])
    assert [line for line in opened.splitlines() if "/etc/passwd" in line] == []
    assert _beyond(opened, tmp_path) == []


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        (
            "convert",
            {"text": SCRIPT, "practises": "none"},
            "convert has no argument 'practises'; did you mean practices?",
        ),
        ("check", {"text": COMPOSE, "fix": True}, "check has no argument 'fix'"),
        ("explain", {"code": "TC001", "x" * 5000: 1}, "explain has no argument 'xxx"),
        ("convert", {"text": 7}, "convert: text: Input should be a valid string"),
        ("check", {"text": COMPOSE, "select": SECRET}, "check: select: Input should be"),
        ("plan", {"files": {"run.sh": None}}, "plan: files.run.sh: Input should be"),
        ("explain", {}, "explain: code: Field required"),
    ],
)
def test_arguments_that_a_tool_does_not_have_are_refused(
    tool: str, arguments: dict[str, Any], message: str
) -> None:
    async def talk() -> Any:
        async with Client(mcp_server()) as client:
            tools = {one.name: one for one in (await client.list_tools()).tools}
            return tools[tool], await client.call_tool(tool, arguments)

    described, answer = asyncio.run(talk())
    assert described.input_schema["additionalProperties"] is False
    (block,) = answer.content
    assert answer.is_error and block.text.startswith(message), block.text
    assert len(block.text) < 300 and SECRET not in block.text


def _beyond(opened: str, folder: Path) -> list[str]:
    """What was opened outside of the program, but for what Python and its libraries look at themselves."""
    usual = (
        "/proc/",
        "/dev/",
        "/usr/",
        "/etc/localtime",
        str(folder / "sitecustomize.py"),
        str(folder / "__pycache__"),
    )
    return [
        line
        for line in dict.fromkeys(opened.splitlines())
        if not line.partition(" ")[2].startswith(usual)
    ]


def test_without_the_sdk_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "mcp.py").write_text("raise ModuleNotFoundError('no', name='mcp')\n")
    ran = subprocess.run(
        [sys.executable, "-m", "tocompose", "mcp"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{tree.PACKAGE.parent}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert (
        ran.stderr
        == "tocompose: mcp needs mcp, which is not installed: pip install 'tocompose[mcp]'\n"
    )
