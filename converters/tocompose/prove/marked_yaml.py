"""YAML read with a plain loader, which keeps where the values of each map begin."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any


class MarkedMap(dict[str, Any]):
    """A map with the line and column (1-based) at which each of its values begins."""

    def __init__(self) -> None:
        super().__init__()
        self.marks: dict[str, tuple[int, int]] = {}


def load_documents(text: bytes) -> Iterator[MarkedMap]:
    """The maps among the documents of a text; those before one that cannot be read."""
    import yaml

    try:
        for document in yaml.load_all(text, _loader()):
            if isinstance(document, MarkedMap):
                yield document
    except (yaml.YAMLError, ValueError):
        return


@cache
def _loader() -> Any:
    import yaml

    class MarkingLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """A safe loader whose maps are marked."""

    def construct(loader: Any, node: Any) -> Iterator[MarkedMap]:
        marked = MarkedMap()
        yield marked
        marked.update(loader.construct_mapping(node))
        for key, value in node.value:
            mark = value.start_mark
            marked.marks[str(key.value)] = (mark.line + 1, mark.column + 1)

    MarkingLoader.add_constructor("tag:yaml.org,2002:map", construct)
    # The server keeps dates and the like as the texts that they are.
    resolvers = {
        first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
        for first, pairs in MarkingLoader.yaml_implicit_resolvers.items()
    }
    MarkingLoader.yaml_implicit_resolvers = resolvers
    return MarkingLoader
