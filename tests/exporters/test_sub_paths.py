"""A sub-path of a volume asks for an engine that knows it, whatever the source; said once for each stack."""

from __future__ import annotations

import pytest

from tocompose.check import audit
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, convert
from tocompose.project import Memory

OPTION = "type=volume,source=data,destination={target},volume-subpath=web"
RUN = f"docker run -d --name NAME --mount {OPTION.format(target='/d')} shop/web:1\n"
UNIT = f"[Container]\nImage=shop/web:1\nMount={OPTION.format(target='/d')}\n"
MOUNT = "{type: volume, source: data, target: TARGET, volume: {subpath: web}}"
COMPOSE = (
    "services:\n"
    f"  web: {{image: 'shop/web:1', volumes: [{MOUNT}, {MOUNT.replace('TARGET', '/e')}]}}\n"
    f"  api: {{image: 'shop/api:1', volumes: [{MOUNT}]}}\n"
    "volumes: {data: }\n"
).replace("TARGET", "/d")
SOURCES = {
    "docker_run": {"run.sh": RUN.replace("NAME", "web") + RUN.replace("NAME", "api")},
    "quadlet": {"web.container": UNIT, "data.volume": "[Volume]\nVolumeName=data\n"},
    "compose": {"docker-compose.yml": COMPOSE},
}


@pytest.mark.parametrize("practices", ["all", "none"])
@pytest.mark.parametrize("source", SOURCES)
def test_the_engine_that_a_sub_path_needs_is_told_once(source: str, practices: str) -> None:
    files = {path: text.encode() for path, text in SOURCES[source].items()}
    options = Options(source=source, practices=practices, layout=Layout(split=True))
    result = convert(Memory(files, "shop"), options)
    [told] = [note for note in result.notes if note.code == "TC882"]
    assert told.message == (
        "web: mounting only web of the volume data needs Docker Engine 26"
    )
    written = b"".join(file.content for file in result.files)
    assert b"subpath: web" in written


def test_the_check_finds_it_once() -> None:
    report = audit(Memory({"compose.yaml": COMPOSE.encode()}))
    assert report is not None
    [told] = [note for note in report.notes if note.code == "TC882"]
    assert told.span is not None and told.span.line == 2


@pytest.mark.parametrize(
    "mount",
    [
        "{type: volume, source: data, target: /d}",
        "{type: image, source: 'shop/web:1', target: /d, image: {subpath: web}}",
        "{type: volume, source: data, target: /d, volume: {nocopy: true}}",
    ],
)
def test_other_mounts_need_no_newer_engine_for_it(mount: str) -> None:
    source = f"services:\n  web: {{image: 'shop/web:1', volumes: [{mount}]}}\nvolumes: {{data: }}\n"
    project = Memory({"docker-compose.yml": source.encode()}, "shop")
    result = convert(project, Options(source="compose"))
    assert "TC882" not in {note.code for note in result.notes}
