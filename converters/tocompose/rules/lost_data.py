"""Folders of data that nothing keeps, and the anonymous volumes that lie there."""

from __future__ import annotations

from tocompose.knowledge.images import Data, image_ref
from tocompose.model import Mount, Service
from tocompose.patterns import regex
from tocompose.rules.views import mounts_of
from tocompose.syntax.host_paths import is_below, paths_meet
from tocompose.wording import enumerated

# The lines of the checklist that are about data on named volumes.
DATA_LINES = "Q-08 Q-09 M-03 M-05 S-03"
_VERSION_BOUND = regex(r"(>=|<)(\d+)")
_BOUND_WORDS = {">=": "since", "<": "before"}
# What comes of a mount that is not where the data are; the first is what the entry script of PostgreSQL 18 does:
# https://github.com/docker-library/postgres/pull/1259
_REFUSES = "With such a mount the container refuses to start."
_NEWEST_REFUSES = "The image has no version, so the newest is pulled, which refuses to start with such a mount."
_LEFT_EMPTY = "The data go to an anonymous volume, which the next container does not have."

_REMEDY = (
    "If the volume holds data, write the version of {image} that wrote it as the tag of the"
    " image; otherwise mount it at {path}."
)
_EMPTY_REMEDY = (
    "The volume starts empty here: mount it at {path}, or write the version of {image} that the"
    " platform runs as the tag of the image."
)


def is_anonymous(mount: Mount) -> bool:
    """Whether the mount is a volume without a name."""
    return mount.kind == "volume" and mount.source is None


def mounts_around(path: str, service: Service) -> list[Mount]:
    """The mounts at the path, above it and below it: there, where the data go is the user's own choice."""
    return [mount for mount in mounts_of(service) if paths_meet(path, mount.target)]


def is_kept(path: str, service: Service) -> bool:
    """Whether what lies in the folder is on a named volume, or on the host."""
    if not all(map(is_anonymous, mounts_around(path, service))):
        return True
    # Several disks: `/data1`, `/data2` in the place of `/data`.
    return any(
        mount.target.startswith(path) and not is_anonymous(mount)
        for mount in service.mounts
    )


def lies_at(mount: Mount, path: str) -> bool:
    """Whether an anonymous volume holds the folder, or a part of it."""
    return is_anonymous(mount) and is_below(mount.target, path)


def lines_of_lost(path: str, service: Service) -> str:
    """The lines that data in the folder do not meet, where nothing keeps them."""
    is_anonymous_there = any(lies_at(mount, path) for mount in service.mounts)
    return f"{DATA_LINES} A-02" if is_anonymous_there else DATA_LINES


def missed_facts(service: Service, data: Data) -> dict[str, str]:
    """What is said of data that lie beside the mounts: since which version, what is mounted, and what comes of it."""
    targets = [mount.target for mount in mounts_around(data.path, service)]
    bound = _VERSION_BOUND.fullmatch(data.versions)
    since = f" {_BOUND_WORDS[bound[1]]} version {bound[2]}" if bound else ""
    refusal = _NEWEST_REFUSES if _is_newest(service.image or "") else _REFUSES
    refuses = data.path.endswith("/postgresql") and f"{data.path}/data" in targets
    return {
        "path": data.path,
        "image": service.image or "",
        "since": since,
        "mounted": enumerated(targets) if targets else "",
        "outcome": refusal if refuses else _LEFT_EMPTY,
    }


def _is_newest(image: str) -> bool:
    """Whether no version of the image is named: `postgres`, `postgres:latest`, `postgres:alpine`."""
    ref = image_ref(image)
    return ref is not None and not ref.digest and (not ref.tag or ref.tag.isalpha())


def remedy_for(facts: dict[str, str], *, starts_empty: bool) -> str:
    """What is done about a mount that does not hold the data."""
    return (_EMPTY_REMEDY if starts_empty else _REMEDY).format_map(facts)
