"""List calls to a Kubernetes API server: pages, time limits, and each failure in words."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from tocompose.cluster.kubeconfig import Connection
from tocompose.importers import SourceError
from tocompose.record import NamedTuple
from tocompose.wording import one_line

PAGE = 500
_CONNECT = 5.0
_BUSY, _REDIRECTS = 429, (301, 302, 303, 307, 308)
_ATTEMPTS, _LONGEST_PAUSE = 3, 10
_SAID = {
    401: "not authorised (401): the credentials are not accepted, perhaps they have expired",
    403: "forbidden (403)",
    404: "not found (404)",
}


class ListAnswer(NamedTuple):
    """The objects of a list, or the problem in words (then with the objects of the pages before it)."""

    items: tuple[dict[str, Any], ...]
    problem: str = ""


class RequestRefused(Exception):
    """A request that was not answered with what was asked; the text says why, `status` is 0 without an answer."""

    def __init__(self, problem: str, status: int = 0) -> None:
        super().__init__(problem)
        self.status = status


class ApiServer:
    """Read-only access to one API server."""

    def __init__(self, connection: Connection, timeout: float) -> None:
        self._connection = connection
        self._timeout = timeout

    def list(self, path: str) -> ListAnswer:
        """Every object of a list, page by page."""
        objects: list[dict[str, Any]] = []
        token, size, again = "", PAGE, True
        while True:
            try:
                page = self.get(
                    path, {"limit": str(size), "continue": token} if size else {}
                )
            except RequestRefused as refusal:
                if refusal.status == 410 and again:
                    # The token of a long list expired: once more, in one piece.
                    objects, token, size, again = [], "", 0, False
                    continue
                return ListAnswer(tuple(objects), str(refusal))
            objects += _page_objects(page)
            token = str((page.get("metadata") or {}).get("continue") or "")
            if not token:
                return ListAnswer(tuple(objects))

    def first(self, path: str, accept: str) -> dict[str, Any]:
        """The answer to the first request of all.

        Raises SourceError when the server cannot be reached or does not accept who asks; Refusal for other problems.
        """
        try:
            return self.get(path, {}, accept)
        except RequestRefused as refusal:
            if refusal.status in (0, 200, 401, _BUSY, *_REDIRECTS):
                name = f"the cluster {self._connection.name} ({self._connection.address})"
                raise SourceError(f"{name} cannot be read: {refusal}") from refusal
            raise

    def get(
        self, path: str, query: dict[str, str], accept: str = "application/json"
    ) -> dict[str, Any]:
        """The JSON that stands at a path. Raises Refusal when there is none."""
        import urllib3

        parameters = {key: value for key, value in query.items() if value}
        url = f"{self._connection.host}{path}" + (
            f"?{urlencode(parameters)}" if parameters else ""
        )
        headers = urllib3.HTTPHeaderDict()
        own_headers = [("Accept", accept), ("User-Agent", "tocompose")]
        for name, text in (*own_headers, *self._connection.headers()):
            headers.add(name, text)
        limits = urllib3.Timeout(connect=min(_CONNECT, self._timeout), read=self._timeout)
        for attempt in range(_ATTEMPTS):
            try:
                answer = self._connection.pool.request(
                    "GET", url, headers=headers, retries=False, timeout=limits
                )
            except urllib3.exceptions.HTTPError as error:
                raise RequestRefused(self._describe_failure(error)) from error
            # A busy server says when to ask again; anything else is told at once.
            if answer.status != _BUSY or attempt == _ATTEMPTS - 1:
                break
            time.sleep(_pause(answer.headers.get("Retry-After")))
        if answer.status in _REDIRECTS:
            raise RequestRefused(_describe_redirect(answer), answer.status)
        return _parse_answer(answer.status, answer.data)

    def _describe_failure(self, error: Exception) -> str:
        """Why no answer came; on the way through a proxy it may be the proxy's fault."""
        import urllib3

        proxy = self._connection.proxy
        reason = getattr(error, "reason", None) or error
        if not proxy:
            return _describe_reason(reason, self._timeout)
        if isinstance(reason, urllib3.exceptions.ProxyError):
            reason = reason.original_error
        return f"through the proxy {proxy}: {_describe_reason(reason, self._timeout)}"


def _pause(retry_after: str | None) -> float:
    """How long to wait before asking again: as the server says, but no longer than somebody would wait for it.

    Raises RequestRefused for a longer time.
    """
    seconds = int(retry_after) if retry_after and retry_after.isdecimal() else 1
    if seconds > _LONGEST_PAUSE:
        raise RequestRefused(f"it is busy (429) and asks to wait {seconds} seconds", _BUSY)
    return float(seconds)


def _describe_redirect(answer: Any) -> str:
    address = urlsplit(answer.headers.get("Location") or "")
    server = f"{address.scheme}://{address.hostname}" if address.hostname else "elsewhere"
    sent_on = f"it sends requests on to {server} ({answer.status}), as a login page does"
    return f"{sent_on}; the kubeconfig must name the API server itself"


def _parse_answer(status: int, data: bytes) -> dict[str, Any]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        body = None
    if status == 200 and isinstance(body, dict):
        return body
    if status == 200:
        raise RequestRefused("it does not answer like a Kubernetes API server", status)
    message = str(body.get("message") or "") if isinstance(body, dict) else ""
    problem = _SAID.get(status, f"the server answered {status}")
    raise RequestRefused(
        f"{problem}: {one_line(message)}" if message and status != 401 else problem, status
    )


def _page_objects(page: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects of a page, with the kind and version that only the list itself names."""
    kind = str(page.get("kind") or "").removesuffix("List")
    raw_objects = page.get("items") or []
    type_of_list = {"apiVersion": page.get("apiVersion"), "kind": kind}
    return [
        type_of_list | raw_object
        for raw_object in raw_objects
        if isinstance(raw_object, dict)
    ]


def _describe_reason(reason: Exception, timeout: float) -> str:
    """Why no answer came."""
    import urllib3

    if isinstance(reason, urllib3.exceptions.SSLError):
        return f"the TLS connection failed ({one_line(str(reason.args[0] if reason.args else reason))})"
    if isinstance(
        reason,
        urllib3.exceptions.NewConnectionError | urllib3.exceptions.NameResolutionError,
    ):
        return f"no connection ({_plain_cause(reason)})"
    if isinstance(reason, urllib3.exceptions.ConnectTimeoutError):
        return "nothing answers at that address"
    if isinstance(reason, urllib3.exceptions.TimeoutError):
        return f"no answer within {timeout:g} seconds"
    return f"the connection broke ({_plain_cause(reason)})"


def _plain_cause(reason: Exception) -> str:
    """What the system says, without the object and the number that a library puts before it."""
    text = str(reason.args[-1] if reason.args else reason)
    return one_line(text.rpartition(": ")[2].rpartition("] ")[2].strip("'\")("))
