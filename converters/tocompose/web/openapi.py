"""The description of the API, made from the table of its fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tocompose import __version__
from tocompose.web.fields import (
    MOST_TEXTS,
    OPERATIONS,
    Operation,
    RequestField,
    RequestLimits,
)

_TEXT = {"type": "string"}
_FILE = {
    "anyOf": [
        _TEXT,
        {
            "type": "object",
            "properties": {"base64": {"type": "string", "contentEncoding": "base64"}},
            "required": ["base64"],
            "additionalProperties": False,
        },
    ]
}
_SCHEMAS: dict[str, dict[str, Any]] = {
    "text": _TEXT,
    "flag": {"type": "boolean"},
    "texts": {"type": "array", "items": _TEXT, "maxItems": MOST_TEXTS},
    "files": {"type": "object", "additionalProperties": _FILE},
    "answers": {"type": "object"},
}
_WRITTEN_FILES = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "path": _TEXT,
            "mode": {**_TEXT, "description": "As chmod takes it."},
            "secret": {"type": "boolean", "description": "Whether it holds secrets."},
            "text": _TEXT,
            "base64": {**_TEXT, "description": "The content of a file that is no text."},
        },
        "required": ["path", "mode", "secret"],
    },
}
_NOTES = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            **dict.fromkeys(("code", "kind", "title", "message", "why"), _TEXT),
            **dict.fromkeys(("advice", "url", "subject", "about"), _TEXT),
            "span": {"type": ["object", "null"], "description": "Its place in the source."},
            "lines": {
                "type": "array",
                "description": "The lines of the written files that it stands beside.",
                "items": {
                    "type": "object",
                    "properties": {"file": _TEXT, "line": {"type": "integer"}},
                },
            },
        },
    },
}
_PROBLEM = {**_TEXT, "description": "Why there is nothing, where the source is refused."}
_STACK: dict[str, Any] = {
    "converted": {"type": "boolean"},
    "problem": _PROBLEM,
    "name": _TEXT,
    "importer": _TEXT,
    "sources": {"type": "array", "items": _TEXT},
    "services": {"type": "array", "items": {"type": "object"}},
}
# What each answer holds.
_ANSWERS: dict[str, dict[str, Any]] = {
    "convert": {
        **_STACK,
        "files": _WRITTEN_FILES,
        "notes": _NOTES,
        "notes_by_kind": {"type": "object"},
        "values": {"type": "object"},
        "next": {"type": "array", "items": {"type": "object"}},
    },
    "plan": {
        **_STACK,
        "decisions": {"type": "array", "items": {"type": "object"}},
        "answers": {**_TEXT, "description": "A TOML file of all decisions to edit."},
    },
    "check": {
        "checked": {"type": "boolean"},
        "problem": _PROBLEM,
        "score": {"type": "object"},
        "notes": _NOTES,
        "repaired": _WRITTEN_FILES,
    },
    "explain": dict.fromkeys(("code", "kind", "title", "text"), _TEXT),
    "about": {
        "version": _TEXT,
        "formats": {"type": "array", "items": {"type": "object"}},
        "operations": {"type": "object"},
        "limits": {"type": "object"},
        "skipped_folders": {"type": "array", "items": _TEXT},
    },
}
_ERRORS = {
    "400": "The request is malformed, or a value of it is too long.",
    "403": "A page of another origin asks.",
    "404": "What is asked for does not exist.",
    "405": "The address takes another method.",
    "408": "The request takes too long to arrive.",
    "413": "The request, its answer or what it takes is too large.",
    "415": "The request is not JSON, or is compressed.",
    "421": "The server is asked under a name that is not its own.",
    "500": "A fault of the converter.",
    "503": "Too many requests are waiting; the header Retry-After says how long to wait.",
    "504": "The answer takes longer than it may.",
}


def openapi_document(limits: RequestLimits) -> dict[str, Any]:
    """The description in OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "tocompose",
            "version": __version__,
            "license": {"name": "Apache-2.0"},
            "description": (
                "Stateless: nothing is kept of a request. A source that cannot be converted is answered with status "
                f"200 and the reason. A request may have {limits.request_bytes} bytes, {limits.files} files, each in "
                f"at most {limits.folders_deep - 1} folders. To arrive and to be answered it may take "
                f"{limits.seconds:g} seconds each, {limits.memory_bytes} bytes of memory, and {limits.answer_bytes} "
                "bytes for the answer. A field without a value may be null. Names stand in an object once, and numbers "
                "are finite."
            ),
        },
        "paths": {
            f"/api/{name}": _described_address(name, operation, limits)
            for name, operation in OPERATIONS.items()
        },
        "components": {"schemas": {"Error": _error_schema()}},
    }


def _described_address(
    name: str, operation: Operation, limits: RequestLimits
) -> dict[str, Any]:
    """The methods of an address; what needs no request can be asked for by GET."""
    schema = _request_schema(operation, limits)
    body = {"requestBody": {"required": True, "content": _json_of(schema)}}
    described = {"post": {**_described_operation(name, operation), **body}}
    if not operation.fields:
        described["get"] = _described_operation(f"get-{name}", operation)
    return described


def _described_operation(identifier: str, operation: Operation) -> dict[str, Any]:
    name = identifier.removeprefix("get-")
    return {
        "operationId": identifier,
        "summary": operation.title,
        "responses": {
            "200": {
                "description": operation.title,
                "content": _json_of({"type": "object", "properties": _ANSWERS[name]}),
            },
            **{status: _described_error(text) for status, text in _ERRORS.items()},
        },
    }


def _json_of(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _described_error(text: str) -> dict[str, Any]:
    reference = {"$ref": "#/components/schemas/Error"}
    return {"description": text, "content": _json_of(reference)}


def _request_schema(operation: Operation, limits: RequestLimits) -> dict[str, Any]:
    properties = _properties(operation.fields)
    if "files" in properties:
        properties["files"] |= {
            "minProperties": 1,
            "maxProperties": limits.files,
            "propertyNames": {"minLength": 1, "maxLength": limits.name_length},
        }
    if operation.options:
        properties["options"] = {
            "type": "object",
            "properties": _properties(operation.options),
            "additionalProperties": False,
        }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _properties(fields: Iterable[RequestField]) -> dict[str, Any]:
    return {field.name: _field_schema(field) for field in fields}


def _field_schema(field: RequestField) -> dict[str, Any]:
    schema = {**_SCHEMAS[field.shape], "description": field.text}
    text_limit = {} if field.longest is None else {"maxLength": field.longest}
    if field.shape == "texts":
        choices = {"enum": list(field.choices)} if field.choices else {}
        schema["items"] = {**_TEXT, **text_limit, **choices}
    if field.shape == "text":
        schema |= text_limit
    return {**schema, "type": [schema["type"], "null"]}


def _error_schema() -> dict[str, Any]:
    error = {"type": "object", "properties": {"code": _TEXT, "message": _TEXT}}
    return {"type": "object", "properties": {"error": error}, "required": ["error"]}
