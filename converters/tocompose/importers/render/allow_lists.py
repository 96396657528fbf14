"""Who may reach a part of a blueprint from outside: its `ipAllowList`, of which Compose has no equivalent.

https://render.com/docs/inbound-ip-rules
"""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.render.blueprint import Part, text_of
from tocompose.knowledge.servers import server_port
from tocompose.ledger import Cursor
from tocompose.wording import listed_names

_EVERYBODY = ("0.0.0.0/0", "::/0")
_SHOWN_SOURCES = 5


def access_step(allowed: Cursor, name: str) -> str:
    """What has to be done before the server answers from outside: an empty list lets nobody in.

    https://render.com/docs/blueprint-spec#database-access-control
    """
    if allowed.node is None or len(allowed):
        return ""
    allowed.skip("an empty list lets nobody in from outside; no port is published here")
    return f"The `ipAllowList` of {name} is empty: add your address to it at Render first. "


def _allowed_sources(allowed: Cursor) -> Iterator[str]:
    """The addresses that may connect, each with what the blueprint calls it."""
    for rule in allowed:
        if source := text_of(rule.at("source")):
            name = text_of(rule.at("description"))
            yield f"{source} ({name})" if name else source


def note_outside_access(render_part: Part, kind: str) -> None:
    """Says who reaches a server at Render and not here, where no port of it is published."""
    allowed = render_part.cursor.at("ipAllowList")
    sources = list(_allowed_sources(allowed))
    if sources:
        allowed.note(
            "TC888",
            subject=render_part.path.child("ports"),
            service=render_part.name,
            sources=listed_names(sources, _SHOWN_SOURCES),
            port=server_port(kind),
        )


def note_allowed(render_part: Part) -> None:
    """Says of a service that its list of those who may call it is lost, unless everybody may."""
    allowed = render_part.cursor.at("ipAllowList")
    sources = list(_allowed_sources(allowed))
    if any(text_of(rule.at("source")) in _EVERYBODY for rule in allowed):
        allowed.skip("everybody may call it")
    elif sources:
        allowed.note(
            "TC830",
            subject=render_part.path,
            object=render_part.name,
            fields=f"ipAllowList: {listed_names(sources, _SHOWN_SOURCES)}",
        )
