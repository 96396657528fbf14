"""A container that is joined by its name starts before the service that joins it."""

from __future__ import annotations

import pytest

from rules.snippets import stack
from tocompose.rules import apply_all, select

PRACTICES = select("JOIN-SERVICE")
SERVICES = """services:
  vpn: {{image: 'corp/vpn:1', container_name: gluetun}}
  app: {{image: 'corp/app:1', {setting}}}
"""


@pytest.mark.parametrize(
    ("setting", "key", "wanted"),
    [
        ("network_mode: 'container:gluetun'", "network_mode", "service:vpn"),
        ("network_mode: 'container:another'", "network_mode", "container:another"),
        ("network_mode: 'container:vpn'", "network_mode", "container:vpn"),
        ("network_mode: host", "network_mode", "host"),
        ("pid: 'container:gluetun'", "pid", "service:vpn"),
        ("ipc: 'container:gluetun'", "ipc", "service:vpn"),
        ("ipc: shareable", "ipc", "shareable"),
        ("volumes_from: ['container:gluetun:ro']", "volumes_from", ["vpn:ro"]),
        ("volumes_from: [vpn, 'container:x']", "volumes_from", ["vpn", "container:x"]),
    ],
)
def test_only_a_container_of_the_stack_becomes_its_service(
    setting: str, key: str, wanted: object
) -> None:
    outcome = apply_all(stack(SERVICES.format(setting=setting)), PRACTICES)
    app = outcome.stack.services[1]
    held = app.network_mode if key == "network_mode" else app.options[key]
    assert held == wanted
    assert [note.code for note in outcome.notes] == ["TC608"] * ("gluetun" in setting)
