"""The compose file that the stack replaces: how it is used again on the way back."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.record import NamedTuple
from tocompose.reports.old_data import old_path
from tocompose.reports.report import Report
from tocompose.wording import enumerated

# What is said of data of old containers that a new volume is to take over.
_ON_OLD_DATA = ("TC432", "TC444", "TC787")


class _NewMount(NamedTuple):
    """A new volume with its full name, and the path where a service of the old file has the data."""

    service: str
    volume: str
    path: str


class OldFile:
    """The old compose file, in the format that its Compose read."""

    def __init__(self, report: Report) -> None:
        self._report = report
        paths = map(report.ledger.path, report.ledger.leaves())
        self._is_version_one = not any(path[:1] == ("services",) for path in paths)
        self._mounts = tuple(self._new_mounts())

    def way_back(self) -> str:
        """What comes after the stop of the stack: the data that were copied into new volumes are mounted, then the old
        file is started. docker compose does not read version 1.
        """
        command = "docker-compose" if self._is_version_one else "docker compose"
        or_older = (
            "" if self._is_version_one else " (with `docker-compose`, if that ran it)"
        )
        start = f"`{command} up -d` in the folder of the old file{or_older}."
        if not self._mounts:
            return f", then {start}"
        edits = enumerated([self._edit(mount) for mount in self._mounts])
        several = self._mounts[1:]
        fault = (
            "the new containers start with new, empty volumes"
            if several
            else "the new container starts with a new, empty volume"
        )
        # Version 1 has no section for volumes: a name is enough.
        pronoun = "each volume" if several else "the volume"
        declared = f" Declare {pronoun} below `volumes` with `external: true`."
        also = "" if self._is_version_one else declared
        return f". In the old file, {edits}: otherwise {fault}.{also} Then run {start}"

    def mounts_all_data(self) -> bool:
        """Whether the old file, edited so, uses all data on that the stack keeps."""
        mounted = {(mount.service, mount.path) for mount in self._mounts}
        return bool(mounted) and all(
            (note.subject.service_name, note.subject[-1]) in mounted
            for note in self._report.notes
            if note.code in _ON_OLD_DATA
        )

    def _new_mounts(self) -> Iterator[_NewMount]:
        """The volumes that have data from volumes without names, which went with their containers."""
        old_paths = {
            (note.subject.service_name, note.subject[-1])
            for note in self._report.notes
            if note.code == "TC432"
        }
        for service in self._report.stack.services:
            for mount in service.mounts:
                path = old_path(service, mount.target)
                if (service.name, path) in old_paths:
                    volume = f"{self._report.stack.name}_{mount.source}"
                    yield _NewMount(service.name, volume, path)

    def _edit(self, mount: _NewMount) -> str:
        """Two mounts at one path are refused, so that one without a name makes way."""
        entry = f"`{mount.volume}:{mount.path}`"
        if self._has_entry(mount):
            return f"replace the line `{mount.path}` of {mount.service} by {entry}"
        return f"add {entry} to the `volumes` of {mount.service}"

    def _has_entry(self, mount: _NewMount) -> bool:
        ledger = self._report.ledger
        lead = () if self._is_version_one else ("services",)
        start = (*lead, mount.service, "volumes")
        return any(
            leaf.text == mount.path and ledger.path(leaf)[: len(start)] == start
            for leaf in ledger.leaves()
        )
