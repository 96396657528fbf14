"""Parts of objects that say nothing without others are told of as not read, never as a fault of our own."""

from __future__ import annotations

import pytest

from tocompose.pipeline import Options, convert
from tocompose.project import Memory

POD = """apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers: [{name: a, image: nginx}]
"""


@pytest.mark.parametrize(
    "text",
    [
        POD + "  hostAliases: [{ip: 1.2.3.4}]\n",
        POD + "  hostAliases: [{ip: 1.2.3.4, hostnames: [{}]}]\n",
        POD + "  hostAliases: [{hostnames: [a]}]\n",
        POD + "  dnsConfig: {options: [{value: '2'}]}\n",
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\n"
        "spec: {parallelism: 3, suspend: true, template: {spec: {containers: []}}}\n",
    ],
)
def test_half_of_a_thing_is_not_read(text: str) -> None:
    result = convert(Memory({"a.yaml": text.encode()}), Options(source="kubernetes"))
    codes = {note.code for note in result.notes}
    assert codes & {"TC001", "TC210"}
    assert not {code for code in codes if code.startswith("TC9")}
