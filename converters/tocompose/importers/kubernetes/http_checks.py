"""The HTTP request of a probe as a command line of the clients that images hold."""

from __future__ import annotations

import json

from tocompose.importers.kubernetes.probe_fields import ProbeAction
from tocompose.record import NamedTuple

# The interpreters with which a request is made where there is no client.
ASKING_INTERPRETERS = ("python3", "node")


class HttpRequest(NamedTuple):
    """The request of a probe, whose certificate nobody checks."""

    host: str
    port: int
    path: str
    is_https: bool
    headers: tuple[str, ...]

    @property
    def url(self) -> str:
        """The address that is asked."""
        scheme = "https" if self.is_https else "http"
        return f"{scheme}://{self.host}:{self.port}{self.path}"

    @classmethod
    def of(cls, action: ProbeAction, port: int) -> HttpRequest:
        """The request of an `httpGet`."""
        path = action.path or "/"
        slash = "" if path.startswith("/") else "/"
        is_https = action.scheme.lower() == "https"
        return cls(action.host, port, f"{slash}{path}", is_https, action.headers)

    def curl_command(self) -> str:
        """The request as a command line of curl."""
        insecure = "k" if self.is_https else ""
        return f"curl -fsS{insecure} -o /dev/null{self._flags('-H')} {quote_word(self.url)}"

    def wget_command(self) -> str:
        """The request as a command line of wget, that of BusyBox too."""
        insecure = " --no-check-certificate" if self.is_https else ""
        flags = self._flags("--header")
        return f"wget -q -O /dev/null{insecure}{flags} {quote_word(self.url)}"

    def command_of(self, interpreter: str | None) -> tuple[str, ...] | None:
        """The request as a health command of a language, for an image that holds no client; None where none is known.

        The kubelet counts every status from 200 to 399 as success.
        """
        headers = dict(_header_field(header) for header in self.headers)
        if interpreter == "python3":
            context = ", context=s._create_unverified_context()" if self.is_https else ""
            client = "HTTPSConnection" if self.is_https else "HTTPConnection"
            return (
                "CMD",
                "python3",
                "-c",
                f"import http.client as h, ssl as s; c = h.{client}({self.host!r}, {self.port}{context}); "
                f"c.request('GET', {self.path!r}, headers={headers!r}); exit(not 200 <= c.getresponse().status < 400)",
            )
        if interpreter == "node":
            module = "https" if self.is_https else "http"
            options = {"headers": headers, "rejectUnauthorized": False}
            return (
                "CMD",
                "node",
                "-e",
                f"require({module!r}).get({json.dumps(self.url)}, {json.dumps(options)}, "
                "r => process.exit(r.statusCode < 400 ? 0 : 1)).on('error', () => process.exit(1))",
            )
        return None

    def with_either_client(self) -> str:
        """Whichever client the image turns out to hold; without any, the last resort that follows."""
        return (
            f"if command -v curl >/dev/null; then {self.curl_command()}; "
            f"elif command -v wget >/dev/null; then {self.wget_command()}; else "
        )

    def _flags(self, flag: str) -> str:
        return "".join(f" {flag} {quote_word(header)}" for header in self.headers)


def _header_field(header: str) -> tuple[str, str]:
    name, _, value = header.partition(":")
    return name, value.strip()


def quote_word(text: str) -> str:
    """The text as one word of a shell."""
    safe = text.isascii() and all(char.isalnum() or char in "/:.,_-=@%+" for char in text)
    return text if safe else "'" + text.replace("'", "'\\''") + "'"
