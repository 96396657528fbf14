"""From a request in JSON to its answer in JSON: pure, the same in a server and in a browser."""

from __future__ import annotations

import json
from base64 import b64decode
from collections import Counter
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any, NoReturn

from tocompose.project import PRUNED, Memory
from tocompose.record import NamedTuple
from tocompose.reports.escape import describe_fault
from tocompose.reports.json import dump_json
from tocompose.web.fields import (
    OPERATIONS,
    BadRequest,
    ConversionRequest,
    RequestLimits,
    check_fields,
)
from tocompose.web.operations import ANSWERS
from tocompose.wording import one_line, spelling_hint


class Reply(NamedTuple):
    """An HTTP status and a JSON document."""

    status: int
    body: bytes


def answer_request(operation: str, body: bytes, limits: RequestLimits) -> Reply:
    """The answer to a request; never an exception.

    What cannot be converted is an answer too, with status 200. What is no request has a status from 400 on.
    """
    try:
        return _answer(operation, body, limits)
    except BadRequest as problem:
        return error_reply(problem)
    except RecursionError:
        return error_reply(BadRequest(400, "too-deep", "the request is nested too deep"))
    except MemoryError:
        return error_reply(_out_of_memory())
    except Exception as fault:
        message = f"{describe_fault(fault)}; please report it with the input"
        return error_reply(BadRequest(500, "fault", message))


def _out_of_memory() -> BadRequest:
    return BadRequest(413, "too-large", "the request takes more memory than it may")


def error_reply(problem: BadRequest) -> Reply:
    """The answer to a request that is refused."""
    error = {"code": problem.code, "message": one_line(str(problem))}
    return Reply(problem.status, dump_json({"error": error}).encode())


def _answer(operation: str, body: bytes, limits: RequestLimits) -> Reply:
    if operation not in OPERATIONS:
        hint = spelling_hint(operation, OPERATIONS)
        raise BadRequest(404, "unknown", f"there is no /api/{operation}{hint}")
    request = read_request(operation, body, limits)
    content = dump_json(ANSWERS[operation](request)).encode()
    if len(content) > limits.answer_bytes:
        raise BadRequest(413, "too-large", "the answer is larger than it may be")
    return Reply(200, content)


def read_request(operation: str, body: bytes, limits: RequestLimits) -> ConversionRequest:
    """What a request asks for. Raises BadRequest for one that is malformed or asks too much."""
    if len(body) > limits.request_bytes:
        raise too_large(limits)
    described = OPERATIONS[operation]
    values = _parse_json(body)
    if not isinstance(values, dict):
        raise BadRequest(400, "malformed", "the request must be an object")
    options = values.pop("options", None)
    fields = check_fields(values, described.fields, "the request")
    checked_options = check_fields(
        {} if options is None else options, described.options, "options"
    )
    project = (
        _read_project(fields, limits)
        if any(field.shape == "files" for field in described.fields)
        else Memory({})
    )
    return ConversionRequest(project, checked_options, fields, limits)


def too_large(limits: RequestLimits) -> BadRequest:
    """What to say of a request with too many bytes."""
    return BadRequest(
        413, "too-large", f"the request has more than {limits.request_bytes} bytes"
    )


def _parse_json(body: bytes) -> Any:
    try:
        text = body.decode("utf-8")
        values = json.loads(
            text,
            object_pairs_hook=_unique_keys,
            parse_constant=_refuse_constant,
            parse_float=_finite_number,
        )
        if "\\u" in text:
            # An escape may be half of a pair, which no file can hold.
            json.dumps(values, ensure_ascii=False).encode("utf-8")
    except ValueError as problem:
        message = f"the request is no JSON in UTF-8: {_json_problem(problem)}"
        raise BadRequest(400, "malformed", message) from None
    return values


def _json_problem(problem: ValueError) -> str:
    """What the text has wrong."""
    if isinstance(problem, UnicodeError):
        return "it is no Unicode"
    is_syntax = isinstance(problem, json.JSONDecodeError)
    return str(problem) if is_syntax else "a number has too many digits"


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object; of two values of one name one would be lost without a word."""
    values = dict(pairs)
    if len(values) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise BadRequest(400, "malformed", f"{twice[:100]!r} stands twice in an object")
    return values


def _finite_number(text: str) -> float:
    """The number; one that is too large for a program would become an infinite one, which JSON does not have."""
    number = float(text)
    if not isfinite(number):
        raise BadRequest(400, "malformed", f"{text[:100]} is too large a number")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise BadRequest(400, "malformed", f"{name} is no JSON")


def _read_project(fields: Mapping[str, Any], limits: RequestLimits) -> Memory:
    """The files of the request; several are a folder, of which none was named by itself."""
    text, files = fields.get("text"), fields.get("files")
    if (text is None) == (files is None):
        raise BadRequest(
            400, "malformed", "the request needs text or files, and not both of them"
        )
    if files is None:
        return Memory({"<stdin>": str(text).encode()})
    _check_names(files, limits)
    contents = {name: _content(name, files[name]) for name in sorted(files)}
    folder = _segment_of(fields.get("folder", "app"))
    if len(contents) == 1:
        return Memory(contents, folder)
    project = Memory(
        {path: data for path, data in contents.items() if _is_looked_at(path)}, folder
    )
    project.named = ()
    return project


def _segment_of(name: str) -> str:
    if not name or "/" in name or not name.isprintable():
        raise BadRequest(400, "bad-name", f"folder: {name!r} is no name of a folder")
    return name


def _is_looked_at(path: str) -> bool:
    """Whether a file lies in a folder that is read: not among what was installed or built."""
    return PRUNED.isdisjoint(path.split("/")[:-1])


def _check_names(files: Mapping[str, Any], limits: RequestLimits) -> None:
    if not files:
        raise BadRequest(400, "malformed", "files holds no file")
    if len(files) > limits.files:
        raise BadRequest(
            413, "too-many-files", f"the request has more than {limits.files} files"
        )
    for name in files:
        if (problem := _name_problem(name, limits)) is not None:
            raise BadRequest(400, "bad-name", f"files: {name[:100]!r} {problem}")
    folders = {folder for name in files for folder in _folders_of(name)}
    for name in files:
        if name in folders:
            raise BadRequest(
                400, "bad-name", f"files: {name[:100]!r} is a file and a folder"
            )


def _name_problem(name: str, limits: RequestLimits) -> str | None:
    segments = name.split("/")
    if name.startswith("/") or (len(segments[0]) == 2 and segments[0][1] == ":"):
        return "is absolute"
    if not {"", ".", ".."}.isdisjoint(segments):
        return "has a segment that is empty, . or .."
    if not name.isprintable() or "\\" in name:
        return "has a character that no name has"
    if len(name) > limits.name_length or len(segments) > limits.folders_deep:
        return "is too long, or lies too deep"
    return None


def _folders_of(name: str) -> Iterable[str]:
    position = name.find("/")
    while position != -1:
        yield name[:position]
        position = name.find("/", position + 1)


def _content(name: str, value: Any) -> bytes:
    """The bytes of a file, which is a text or an object with `base64`."""
    if isinstance(value, str):
        return value.encode()
    encoded = value.get("base64") if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(encoded, str):
        raise BadRequest(
            400, "malformed", f'files: {name!r} must be a text or {{"base64": "…"}}'
        )
    try:
        return b64decode(encoded, validate=True)
    except ValueError:
        raise BadRequest(400, "malformed", f"files: {name!r} is no base64") from None
