"""What an image says by itself, which its containers repeat: the first of three subtractions.

The daemon merges the image's settings into the container's: moby/moby, daemon/create.go and daemon/commit.go (`merge`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tocompose.importers.engine.json_values import text_at
from tocompose.importers.engine.objects import EngineObject
from tocompose.ledger import Cursor
from tocompose.model import Healthcheck
from tocompose.record import NamedTuple
from tocompose.source import Branch, Leaf, Node


class ImageConfig(NamedTuple):
    """The settings of an image; a field that the image does not set is None or empty."""

    settings: Mapping[str, Any]
    tags: tuple[str, ...] = ()
    # Made on its machine: a digest is what an image gets when it is pulled or pushed.
    # https://docs.docker.com/reference/api/engine/version/v1.48/#tag/Image/operation/ImageInspect
    is_local: bool = False

    def text(self, key: str) -> str:
        """A text of the image's settings."""
        return str(self.settings.get(key) or "")

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, or the keys of a map."""
        texts = self.settings.get(key)
        return tuple(map(str, texts)) if isinstance(texts, list | dict) else ()

    def pairs(self, key: str) -> Mapping[str, str]:
        """A map of texts."""
        pairs = self.settings.get(key)
        return pairs if isinstance(pairs, dict) else {}

    @property
    def health_check(self) -> Healthcheck:
        """The image's own health check; switched off where it has none."""
        test = self.pairs("Healthcheck").get("Test") or ()
        is_on = isinstance(test, list) and any(test) and test[0] != "NONE"
        return Healthcheck(test=tuple(map(str, test)) if is_on else None, disable=not is_on)

    @property
    def variables(self) -> frozenset[str]:
        """The image's variables with their values, as `NAME=value`."""
        return frozenset(self.texts("Env"))


class Images:
    """The images of the input, by their ids and tags."""

    def __init__(self, objects: Iterable[EngineObject]) -> None:
        self._by_id: dict[str, ImageConfig] = {}
        self._by_tag: dict[str, ImageConfig] = {}
        for image in objects:
            config = _read_config(image)
            self._by_id[_bare_id(image.text("Id"))] = config
            for tag in config.tags:
                self._by_tag.setdefault(tag, config)
            image.cursor.skip("the image already sets it")

    def by_id(self, identity: str) -> ImageConfig | None:
        """The image of that id: the one of which the container was made."""
        return self._by_id.get(_bare_id(identity))

    def by_tag(self, reference: str) -> ImageConfig | None:
        """The image that has the tag now, which another one may have had when the container was made."""
        return self._by_tag.get(reference) or self._by_tag.get(f"{reference}:latest")


def _bare_id(identity: str) -> str:
    return identity.removeprefix("sha256:")


def _read_config(image: EngineObject) -> ImageConfig:
    config = image.cursor.at("Config")
    settings = {str(child.key): _plain_value(child.node) for child in config.children}
    settings.setdefault("Healthcheck", _plain_value(image.cursor.at("HealthCheck").node))
    digests = image.cursor.at("RepoDigests")
    tags = _names_of(image.cursor)
    is_local = bool(tags) and digests.node is not None and not list(digests)
    return ImageConfig(settings, tags, is_local)


def _names_of(cursor: Cursor) -> tuple[str, ...]:
    """The tags of the image, else its digests."""
    names = [
        text_at(name) for key in ("RepoTags", "RepoDigests") for name in cursor.at(key)
    ]
    return tuple(name for name in names if name and "<none>" not in name)


def _plain_value(node: Node | None) -> Any:
    match node:
        case None:
            return None
        case Leaf(style="null" | "{}" | "[]"):
            return None
        case Leaf(style="number"):
            return int(node.text) if node.text.lstrip("-").isdigit() else node.text
        case Leaf():
            return node.text
        case Branch(kind="list"):
            return [_plain_value(child.node) for child in node.children]
    return {str(child.key): _plain_value(child.node) for child in node.children}
