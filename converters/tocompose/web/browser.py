"""Answers in a browser, where Pyodide runs Python: the same as those of the server."""

from __future__ import annotations

from tocompose.web.fields import RequestLimits
from tocompose.web.requests import answer_request


def answer(operation: str, request: str) -> list[object]:
    """The status and the body of the answer."""
    reply = answer_request(
        operation, request.encode("utf-8", "backslashreplace"), RequestLimits()
    )
    return [reply.status, reply.body.decode()]
