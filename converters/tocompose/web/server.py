"""The server: the page, the API, and what it refuses before anything is converted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tocompose.record import NamedTuple
from tocompose.reports.escape import describe_fault
from tocompose.web.assets import asset_names, asset_type, page_html, read_asset
from tocompose.web.fields import OPERATIONS, BadRequest, RequestLimits
from tocompose.web.openapi import openapi_document
from tocompose.web.requests import (
    Reply,
    answer_request,
    error_reply,
    read_request,
    too_large,
)
from tocompose.web.workers import Workers

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class ServerSettings(NamedTuple):
    """Whom the server answers, and within which limits."""

    limits: RequestLimits = RequestLimits()
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    processes: int | None = None


def application(settings: ServerSettings) -> ASGIApp:
    """The server as an ASGI application."""
    workers = Workers(settings.limits, settings.processes)
    document = json.dumps(openapi_document(settings.limits), indent=2).encode()

    async def answer(request: Request) -> Response:
        try:
            reply = await _answer(request, workers)
        except BadRequest as problem:
            reply = error_reply(problem)
        return _json_response(reply)

    @cache
    def about_reply() -> Reply:
        return answer_request("about", b"{}", settings.limits)

    async def about(request: Request) -> Response:
        # It depends on nothing that is sent, and the page asks for it first: no process of its own answers.
        try:
            _refuse_parameters(request)
            if request.method == "POST":
                read_request("about", await _receive(request, workers), settings.limits)
        except BadRequest as problem:
            return _json_response(error_reply(problem))
        return _json_response(await asyncio.to_thread(about_reply))

    async def describe(request: Request) -> Response:
        return _json_response(Reply(200, document))

    async def show_page(request: Request) -> Response:
        return Response(page_html("server"), media_type="text/html")

    async def show_asset(request: Request) -> Response:
        name = request.url.path.removeprefix("/")
        return Response(read_asset(name), media_type=asset_type(name))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        warming = [
            asyncio.ensure_future(asyncio.to_thread(about_reply)),
            asyncio.ensure_future(workers.warm_up()),
        ]
        yield
        for task in warming:
            task.cancel()
        workers.close()

    routes = [
        Route("/", show_page),
        Route("/api/about", about, methods=["GET", "POST"]),
        Route("/api/openapi.json", describe),
        Route("/api/{operation}", answer, methods=["POST"]),
        *(Route(f"/{name}", show_asset) for name in asset_names()),
    ]
    handlers = {HTTPException: _refused_route, Exception: _failed_answer}
    starlette = Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)
    starlette.router.redirect_slashes = False
    return Gate(starlette, settings)


async def _refused_route(request: Request, problem: Exception) -> Response:
    status = problem.status_code if isinstance(problem, HTTPException) else 500
    headers = dict(getattr(problem, "headers", None) or {})
    methods = " or ".join(sorted(headers.get("Allow", "no method").split(", ")))
    operation = request.path_params.get("operation")
    if operation is not None and operation not in OPERATIONS:
        status, headers = 404, {}
    text = "there is no such page" if status == 404 else f"this address takes {methods}"
    response = _json_response(error_reply(BadRequest(status, "unknown", text)))
    response.headers.update(headers)
    return response


async def _failed_answer(request: Request, fault: Exception) -> Response:
    return _json_response(error_reply(BadRequest(500, "fault", describe_fault(fault))))


def _json_response(reply: Reply) -> Response:
    headers = {"Retry-After": "2"} if reply.status == 503 else None
    return Response(reply.body, reply.status, headers, "application/json")


async def _answer(request: Request, workers: Workers) -> Reply:
    operation = request.path_params["operation"]
    async with _received(request, workers) as body:
        return await workers.answer(operation, body, _disconnected(request))


async def _receive(request: Request, workers: Workers) -> bytes:
    async with _received(request, workers) as body:
        return body


@asynccontextmanager
async def _received(request: Request, workers: Workers) -> AsyncIterator[bytes]:
    """The body of a request, which counts as one that waits as long as it is held."""
    _refuse_parameters(request)
    content_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if content_type.lower() != "application/json":
        # A form of another page cannot send this type without asking first.
        raise BadRequest(415, "not-json", "the request must be application/json")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise BadRequest(415, "encoded", "the request must not be compressed")
    workers.enter()
    body = bytearray()
    try:
        async with asyncio.timeout(workers.limits.seconds):
            await _read_body(request, workers, body)
        yield bytes(body)
    except TimeoutError:
        raise BadRequest(408, "too-slow", "the request takes too long to arrive") from None
    except ClientDisconnect:
        raise BadRequest(400, "cancelled", "the request was cancelled") from None
    finally:
        workers.leave(len(body))


def _refuse_parameters(request: Request) -> None:
    if request.url.query:
        text = "the address takes no parameters: fields stand in the JSON of the request"
        raise BadRequest(400, "unknown-field", text)


async def _read_body(request: Request, workers: Workers, body: bytearray) -> None:
    """Reads the request into `body`, as far as it may be long."""
    most = workers.limits.request_bytes
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:20]) > most:
        raise too_large(workers.limits)
    async for chunk in request.stream():
        body += chunk
        workers.hold(len(chunk))
        if len(body) > most:
            raise too_large(workers.limits)


async def _disconnected(request: Request) -> None:
    """Waits until the client has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        continue


class Gate:
    """Stands before the application: whom it answers, and the headers of every answer."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        foreign_origin = origin if self._is_foreign(origin, headers) else None

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer_headers = MutableHeaders(scope=message)
                answer_headers.update(_HEADERS)
                if foreign_origin in self._settings.origins:
                    answer_headers.update(_cors_headers(str(foreign_origin)))
            await send(message)

        response = self._refusal(scope["method"], headers, foreign_origin)
        await (response or self._app)(scope, receive, send_with_headers)

    def _refusal(
        self, method: str, headers: Headers, foreign_origin: str | None
    ) -> Response | None:
        """What to answer to a request that goes no further; None for one that does."""
        if not _is_own_host(headers.getlist("host"), self._settings.hosts):
            # A name of somebody else that leads here: https://en.wikipedia.org/wiki/DNS_rebinding
            text = "this server does not answer under that name; --allow-host NAME adds it"
            return _json_response(error_reply(BadRequest(421, "unknown-host", text)))
        if foreign_origin is None:
            return None
        if foreign_origin not in self._settings.origins:
            text = "pages of other origins are not answered; --allow-origin adds one"
            return _json_response(error_reply(BadRequest(403, "foreign-origin", text)))
        return Response(status_code=204) if method == "OPTIONS" else None

    def _is_foreign(self, origin: str | None, headers: Headers) -> bool:
        if origin is None:
            return False
        try:
            return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
        except ValueError:
            # Such as `http://[`: no page has it.
            return True


def _cors_headers(origin: str) -> dict[str, str]:
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Headers": "content-type",
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Max-Age": "600",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Vary": "Origin",
    }


def _is_own_host(hosts: list[str], allowed: Iterable[str]) -> bool:
    """Whether the request names this server: by an address, as localhost, or by a name that is allowed."""
    if len(hosts) != 1:
        return False
    try:
        name = urlsplit(f"//{hosts[0]}").hostname or ""
    except ValueError:
        return False
    if name == "localhost" or name.endswith(".localhost") or name in allowed:
        return True
    try:
        return bool(ip_address(name))
    except ValueError:
        return False
