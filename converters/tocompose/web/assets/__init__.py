"""The page: a document, its style and its script, which need nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

PAGE = "page.html"
_TYPES: Mapping[str, str] = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "transport.js": "text/javascript",
    "zip.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
# What the document says of the way to its answers.
_TRANSPORT = 'data-transport="server"'


def asset_names() -> tuple[str, ...]:
    """The files of the page beside its document."""
    return tuple(_TYPES)


def asset_type(name: str) -> str:
    """The media type of a file of the page."""
    return _TYPES[name]


def read_asset(name: str) -> bytes:
    """The content of a file of the page."""
    return files(__package__).joinpath(name).read_bytes()


def page_html(transport: str, head: str = "") -> str:
    """The document, which asks a `server` or the `browser` itself; `head` is added to its head."""
    text = read_asset(PAGE).decode("utf-8")
    text = text.replace(_TRANSPORT, f'data-transport="{transport}"', 1)
    return text.replace("<!-- head -->", head, 1)
