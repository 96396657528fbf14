"""Places in a stack: which service, volume or file, and which key of it."""

from __future__ import annotations


class ModelPath(tuple[str, ...]):
    """The keys that lead to a value of the stack: `services`, a name, its keys; `files` and a path.

    It is put together from keys, never from text: a name may hold dots. As text it is for people and for JSON, where
    a name with a dot stands in quotes: `services."my.app".ports`.
    """

    __slots__ = ()

    @classmethod
    def of(cls, *keys: str) -> ModelPath:
        """The path of these keys."""
        return cls(keys)

    @classmethod
    def service(cls, name: str, *keys: str) -> ModelPath:
        """The path of a service, or of a key of it."""
        return cls(("services", name, *keys))

    def child(self, *keys: str) -> ModelPath:
        """The path of a key below this one."""
        return ModelPath((*self, *keys))

    @property
    def parent(self) -> ModelPath:
        """The path without its last key; the root's is the root."""
        return ModelPath(self[:-1])

    @property
    def service_name(self) -> str | None:
        """The service that the path lies in; None where it lies in none."""
        return self[1] if len(self) > 1 and self[0] == "services" else None

    def is_within(self, ancestor: ModelPath) -> bool:
        """Whether the path is the other one or lies below it."""
        return self[: len(ancestor)] == ancestor

    def __str__(self) -> str:
        if len(self) < 2 or "." not in self[1] or self[0] == "files":
            return ".".join(self)
        return ".".join((self[0], f'"{self[1]}"', *self[2:]))

    def __repr__(self) -> str:
        return f"ModelPath.of({', '.join(map(repr, self))})"


ROOT = ModelPath()
