"""What the reports say of each store of data and of the logs."""

from __future__ import annotations

import pytest

from tocompose.model import ComposeFileRole, Logging, Mount, Service, Stack, Volume
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.reports.inventory import data_stores_of, service_logs


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({"driver_opts": {"type": "tmpfs", "device": "tmpfs"}}, "in memory"),
        ({"driver_opts": {"type": "nfs", "device": ":/a"}}, "kept until"),
        ({}, "kept until"),
    ],
)
def test_a_volume_in_memory_is_not_kept(options: dict[str, object], kept: str) -> None:
    web = Service(name="web", mounts=(Mount(kind="volume", source="tmp", target="/tmp"),))
    stack = Stack(name="s", services=(web,), volumes=(Volume(name="tmp", options=options),))
    assert [row.kept.startswith(kept) for row in data_stores_of(stack)] == [True]


@pytest.mark.parametrize(
    ("driver", "options", "rotation"),
    [
        ("json-file", {"max-size": "50m"}, "one file of 50m"),
        ("json-file", {"max-size": "50m", "max-file": "1"}, "one file of 50m"),
        ("json-file", {"max-size": "10m", "max-file": "3"}, "3 files of 10m"),
        ("json-file", {}, "as the engine is set up; by default without limit"),
        (None, {}, "as the engine is set up; by default without limit"),
        ("local", {}, "5 files of 20m"),
        ("none", {}, "not kept"),
        ("gelf", {"gelf-address": "udp://logs:12201"}, "sent to udp://logs:12201"),
        ("awslogs", {"awslogs-group": "g"}, "where its driver sends it"),
    ],
)
def test_how_a_log_is_kept(
    driver: str | None, options: dict[str, str], rotation: str
) -> None:
    web = Service(name="web", logging=Logging(driver=driver, options=options))
    (log,) = service_logs(Stack(name="s", services=(web,)))
    assert log.rotation == rotation


def test_volumes_from_other_services_are_used_by_both() -> None:
    script = (
        "docker run -d --name cache -v kept:/data redis:7\n"
        "docker run -d --name backup --volumes-from cache:ro restic/restic:0.16.4\n"
    )
    result = convert(Memory({"run.sh": script.encode()}, "shop"), Options())
    (kept,) = [store for store in data_stores_of(result.stack) if store.name == "kept"]
    assert kept.used_by == ("cache:/data", "backup:/data (read-only)")


def test_what_only_development_mounts_is_said_to_be_for_it() -> None:
    code, data = (
        Mount(kind="bind", source=".", target="/app"),
        Mount(kind="volume", source="data", target="/data"),
    )
    overlay = Service(name="web", mounts=(code, data))
    web = Service(name="web", mounts=(data,), overlays={ComposeFileRole.DEV: overlay})
    watcher = Service(name="css", mounts=(code,))
    stack = Stack(name="s", services=(web,), development=(watcher,))
    assert {row.name: row.used_by for row in data_stores_of(stack)} == {
        "data": ("web:/data",),
        ".": ("web:/app (for development)", "css:/app (for development)"),
    }
