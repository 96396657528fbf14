"""The tools of `tocompose mcp`, for editors and assistants (https://modelcontextprotocol.io).

Each answers from what stands in its request alone: no file of the machine is read, none is written, nothing is run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeAlias

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field, ValidationError

from tocompose import __version__
from tocompose.source import shown_place
from tocompose.web.fields import RequestLimits
from tocompose.web.requests import answer_request
from tocompose.wording import spelling_hint

Text: TypeAlias = Annotated[
    str, Field(description="What is pasted: a docker run command, a script, a manifest.")
]
Files: TypeAlias = Annotated[
    dict[str, str],
    Field(description="The texts of the files by their relative names, instead of text."),
]
Format: TypeAlias = Annotated[
    str, Field(description="The format, such as docker_run; without it, it is detected.")
]
Practices: TypeAlias = Annotated[
    str, Field(description="Good practice to add: all, none, or a list such as all,-LOG.")
]
Codes: TypeAlias = Annotated[
    list[str],
    Field(description="Only rules whose codes begin so, such as TC51,TC712."),
]


class ToolFinding(BaseModel, frozen=True):
    """A note: what was lost, changed, assumed or added, or a finding of check; where, and what to do."""

    code: str
    kind: str
    message: str
    advice: str
    place: str


class ToolFile(BaseModel, frozen=True):
    """A file that the conversion makes."""

    path: str
    text: str


class ConvertAnswer(BaseModel, frozen=True):
    """The compose files with their notes; `problem` says why there are none. `withheld` hold secret values."""

    problem: str
    format: str
    files: list[ToolFile]
    withheld: list[str]
    notes: list[ToolFinding]


class PlannedDecision(BaseModel, frozen=True):
    """One decision: its id, the answer that is taken, the others, and the evidence."""

    id: str
    question: str
    answer: str
    choices: list[str]
    evidence: str


class PlanAnswer(BaseModel, frozen=True):
    """What a conversion decides, and the same as an answers file for `--answers`."""

    problem: str
    decisions: list[PlannedDecision]
    answers: str


class CheckAnswer(BaseModel, frozen=True):
    """The findings in compose files, the gravest first, and how many lines of the checklist are met."""

    problem: str
    findings: list[ToolFinding]
    met: int
    applicable: int


class ExplainAnswer(BaseModel, frozen=True):
    """What a note means, why it is said and what to do about it; or what a practice does."""

    problem: str
    text: str


def convert(
    text: Text = "",
    files: Files | None = None,
    format: Format = "",
    practices: Practices = "all",
    split: Annotated[
        bool, Field(description="Base, overlays and reports as -o writes them.")
    ] = False,
) -> ConvertAnswer:
    """Turn docker run commands, scripts, Kubernetes manifests, Procfiles and others into compose files.

    Everything that could not be carried over is named in a note. Values of secrets are not in the answer.
    """
    options = {
        "from": format or None,
        # Whatever is left out: values that are secret stand in no answer.
        "practices": f"{practices},+{_SECRETS_RULE}",
        "one-file": not split,
    }
    answer = _ask("convert", _source(text, files), options)
    written = answer.get("files", [])
    return ConvertAnswer(
        problem=_problem_of(answer),
        format=answer.get("importer", ""),
        files=[
            ToolFile(path=file["path"], text=file["text"])
            for file in written
            if not file["secret"] and "text" in file
        ],
        withheld=[file["path"] for file in written if file["secret"] or "text" not in file],
        notes=_findings(answer),
    )


def plan(
    text: Text = "",
    files: Files | None = None,
    format: Format = "",
    practices: Practices = "all",
) -> PlanAnswer:
    """List each decision of a conversion with its default and the evidence. Nothing is converted."""
    options = {"from": format or None, "practices": practices}
    answer = _ask("plan", _source(text, files), options)
    decisions = [
        PlannedDecision(**{name: decision[name] for name in PlannedDecision.model_fields})
        for decision in answer.get("decisions", [])
    ]
    return PlanAnswer(
        problem=_problem_of(answer), decisions=decisions, answers=answer.get("answers", "")
    )


def check(
    text: Text = "", files: Files | None = None, select: Codes | None = None
) -> CheckAnswer:
    """Lint compose files: what docker compose refuses, what fails at up, what is a risk."""
    answer = _ask("check", _source(text, files), {"select": select})
    score = answer.get("score", {}).get("score", {})
    return CheckAnswer(
        problem=_problem_of(answer),
        findings=_findings(answer),
        met=score.get("passed", 0),
        applicable=score.get("applicable", 0),
    )


def explain(
    code: Annotated[
        str,
        Field(description="The code of a note, such as TC132, or a practice, such as LOG."),
    ],
) -> ExplainAnswer:
    """Explain a note by its code, or a practice by its id."""
    answer = _ask("explain", {"code": code}, {})
    return ExplainAnswer(problem=_problem_of(answer), text=answer.get("text", ""))


_SECRETS_RULE = "SEC-OUT"
TOOLS = (convert, check, explain, plan)


def _source(text: str, files: Mapping[str, str] | None) -> dict[str, Any]:
    return {"text": text or None, "files": files or None}


def _ask(
    operation: str, fields: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    """The answer of the API, which holds the limits and refuses what is no request."""
    request = {name: value for name, value in fields.items() if value is not None}
    if chosen := {name: value for name, value in options.items() if value is not None}:
        request["options"] = chosen
    body = json.dumps(request).encode()
    answer: dict[str, Any] = json.loads(
        answer_request(operation, body, RequestLimits()).body
    )
    return answer


def _problem_of(answer: Mapping[str, Any]) -> str:
    """Why there is no answer; empty where there is one."""
    error = answer.get("error") or {}
    return str(error.get("message") or answer.get("problem") or "")


def _findings(answer: Mapping[str, Any]) -> list[ToolFinding]:
    return [
        ToolFinding(
            code=note["code"],
            kind=note.get("level") or note["kind"],
            message=note["message"],
            advice=note["advice"],
            place=_place_of(note["span"]),
        )
        for note in answer.get("notes", [])
    ]


def _place_of(span: Mapping[str, Any] | None) -> str:
    return shown_place(span["file"], span["line"], span["column"]) if span else ""


class StrictTool(Tool):
    """A tool that refuses arguments which it does not have: one that is misspelt would be without effect."""

    async def run(
        self,
        arguments: dict[str, Any],
        context: Context[Any, Any],
        convert_result: bool = False,
    ) -> Any:
        """The answer. Raises ToolError for arguments that are unknown or not as they are described."""
        if (problem := self._argument_problem(arguments)) is not None:
            raise ToolError(problem)
        return await super().run(arguments, context, convert_result)

    def _argument_problem(self, arguments: Mapping[str, Any]) -> str | None:
        names = self.parameters["properties"]
        for name in arguments:
            if name not in names:
                # To compare the names takes long where one is long.
                short_name = name[:100]
                hint = spelling_hint(short_name, names)
                return f"{self.name} has no argument {short_name!r}{hint}"
        try:
            self.fn_metadata.validate_arguments(dict(arguments))
        except ValidationError as problem:
            # The values may be secrets.
            fault = problem.errors(include_input=False, include_url=False)[0]
            argument_path = ".".join(map(str, fault["loc"]))
            return f"{self.name}: {argument_path[:100]}: {fault['msg']}"
        return None


def mcp_server() -> MCPServer[Any]:
    """The server with its tools; who runs it chooses the way to it."""
    return MCPServer[Any](
        "tocompose",
        version=__version__,
        instructions="Converts what already runs to Docker Compose files, and lints compose files. Show the notes of "
        "kind lost and assumed to the user: they say what the files do not hold.",
        tools=[_strict_tool(function) for function in TOOLS],
        log_level="WARNING",
    )


def _strict_tool(function: Callable[..., BaseModel]) -> Tool:
    hints = ToolAnnotations(
        read_only_hint=True, idempotent_hint=True, open_world_hint=False
    )
    tool = StrictTool.from_function(function, annotations=hints)
    parameters = {**tool.parameters, "additionalProperties": False}
    return tool.model_copy(update={"parameters": parameters})
