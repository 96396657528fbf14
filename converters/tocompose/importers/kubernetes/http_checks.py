"""The HTTP request of a probe as a command line of the clients that images hold."""

from __future__ import annotations

from typing import NamedTuple

from tocompose.importers.kubernetes.probe_fields import ProbeAction


class HttpRequest(NamedTuple):
    """The request of a probe, whose certificate nobody checks."""

    url: str
    is_https: bool
    headers: tuple[str, ...]

    @classmethod
    def of(cls, action: ProbeAction, port: int) -> HttpRequest:
        """The request of an `httpGet`."""
        path = action.path or "/"
        slash = "" if path.startswith("/") else "/"
        scheme = action.scheme.lower()
        url = f"{scheme}://{action.host}:{port}{slash}{path}"
        return cls(url, scheme == "https", action.headers)

    def curl_command(self) -> str:
        """The request as a command line of curl."""
        insecure = "k" if self.is_https else ""
        return f"curl -fsS{insecure} -o /dev/null{self._flags('-H')} {quote_word(self.url)}"

    def wget_command(self) -> str:
        """The request as a command line of wget, that of BusyBox too."""
        insecure = " --no-check-certificate" if self.is_https else ""
        flags = self._flags("--header")
        return f"wget -q -O /dev/null{insecure}{flags} {quote_word(self.url)}"

    def with_either_client(self) -> str:
        """Whichever client the image turns out to hold; without any, the last resort that follows."""
        return (
            f"if command -v curl >/dev/null; then {self.curl_command()}; "
            f"elif command -v wget >/dev/null; then {self.wget_command()}; else "
        )

    def _flags(self, flag: str) -> str:
        return "".join(f" {flag} {quote_word(header)}" for header in self.headers)


def quote_word(text: str) -> str:
    """The text as one word of a shell."""
    safe = text.isascii() and all(char.isalnum() or char in "/:.,_-=@%+" for char in text)
    return text if safe else "'" + text.replace("'", "'\\''") + "'"
