"""The amounts of a whole pod: those of its only container, and said to be lost where several share them."""

from __future__ import annotations

from tocompose.model import Service
from tocompose.notes import Note
from tocompose.pipeline import Options, convert
from tocompose.project import Memory


def converted(resources: str, *containers: str) -> tuple[Service, list[Note]]:
    """The first service, and the notes on amounts that are lost."""
    text = f"""
apiVersion: v1
kind: Pod
metadata: {{name: one}}
spec:
  resources: {resources}
  containers: [{", ".join(containers)}]
"""
    result = convert(Memory({"pod.yaml": text.encode()}, "pod"), Options(practices="none"))
    notes = [note for note in result.notes if note.code in ("TC252", "TC001")]
    return result.stack.services[0], notes


ONE, TWO = "{name: one, image: 'corp/one:1'}", "{name: two, image: 'corp/two:1'}"
LIMITED = "{name: one, image: 'corp/one:1', resources: {limits: {memory: 50Mi}}}"


def test_the_only_container_has_what_its_pod_may_use() -> None:
    service, notes = converted("{limits: {cpu: 500m, memory: 100Mi}}", ONE)
    limits = service.resources.limits
    assert (limits.cpus, limits.memory, notes) == ("0.5", "100M", [])


def test_its_own_amount_counts() -> None:
    service, notes = converted("{limits: {cpu: 500m, memory: 100Mi}}", LIMITED)
    limits = service.resources.limits
    assert (limits.cpus, limits.memory, notes) == ("0.5", "50M", [])


def test_what_several_share_is_lost() -> None:
    service, (note,) = converted("{limits: {memory: 100Mi}}", ONE, TWO)
    assert service.resources.limits.memory is None
    assert "2 containers" in note.message
