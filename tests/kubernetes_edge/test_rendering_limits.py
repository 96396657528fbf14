"""A renderer that takes too much, or whose parent is killed, ends; and it reads what was checked, nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kubernetes_edge.test_rendering import CHART, ON, _gone, path, program, tree
from tocompose.importers import ImportOptions
from tocompose.rendering import confined, render_templates

__all__ = ["path"]
EMPTY = {"kustomization.yaml": "resources: []"}


def said(tmp_path: Path) -> str:
    return render_templates(tree(tmp_path / "src", EMPTY), ON).notes[-1].message


def test_a_renderer_that_takes_too_much_memory_is_ended(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confined, "MOST_MEMORY", 100 * 2**20)
    program(path, "kustomize", "x = bytearray(300 * 2**20)\ntime.sleep(60)")
    assert "it took more than 100 MB of memory" in said(tmp_path)


def test_a_renderer_that_prints_too_much_is_ended(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confined, "MOST_BYTES", 2**20)
    program(path, "kustomize", "while True: print('x' * 10000)")
    assert "it printed more than 1 MB" in said(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_a_renderer_ends_when_its_parent_is_killed(tmp_path: Path, path: Path) -> None:
    mark = tmp_path / "pid"
    program(
        path,
        "kustomize",
        f"open({str(mark)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)",
    )
    tree(tmp_path / "src", EMPTY)
    parent = subprocess.Popen(
        [sys.executable, "-m", "tocompose", "convert", str(tmp_path / "src")],
        env={**os.environ, "PATH": str(path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(600):
        if mark.exists() and mark.read_text():
            break
        time.sleep(0.05)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert _gone(int(mark.read_text()))


def test_what_was_not_checked_is_not_there(tmp_path: Path, path: Path) -> None:
    listing = "print('# ' + ' '.join(sorted(os.listdir('.'))))\nprint('# ' + open('kustomization.yaml').read())"
    program(path, "kustomize", listing)
    files = {"kustomization.yaml": "Resources: [a.yaml]\n", "a.yaml": "kind: List\n"}
    project = tree(tmp_path / "src", files)
    (tmp_path / "secret.yaml").write_text("a: private-value")
    (tmp_path / "src" / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    [stream] = render_templates(project, ON).streams
    assert (
        stream.text.decode() == '# a.yaml kustomization.yaml\n# {"resources": ["a.yaml"]}\n'
    )


LISTING = """
for parent, folders, names in sorted(os.walk('.')):
    print('#', *sorted(os.path.join(parent, name)[2:] for name in names))
"""


def test_helm_is_handed_a_copy_of_the_chart_and_of_the_values(
    tmp_path: Path, path: Path
) -> None:
    program(path, "helm", LISTING + "print('#', open('1/mine.yaml').read())")
    (tmp_path / "mine.yaml").write_text("a: 1")
    project = tree(tmp_path / "src", CHART | {"shared/x.tpl": "x", "other.yaml": "private"})
    (tmp_path / "src/chart/templates/_x.tpl").symlink_to("../../shared/x.tpl")
    (tmp_path / "src/chart/charts").symlink_to("../shared")
    (tmp_path / "src/chart/loop").symlink_to("..")
    options = {"values": (str(tmp_path / "mine.yaml"),)}
    [stream] = render_templates(
        project, ImportOptions(render=True, options=options)
    ).streams
    text = stream.text.decode()
    assert "chart/charts/x.tpl" in text and "chart/templates/_x.tpl" in text
    assert "# a: 1" in text and str(tmp_path) not in text


@pytest.mark.slow
def test_links_that_lead_to_each_other_come_to_an_end(tmp_path: Path, path: Path) -> None:
    program(path, "helm", "print('x')")
    project = tree(tmp_path / "src", CHART)
    for number in range(24):
        folder = tmp_path / "src/chart" / f"f{number}"
        folder.mkdir()
        for name in "ab":
            (folder / name).symlink_to(f"../f{number + 1}")
    [told] = render_templates(project, ON).notes
    assert "hold too much" in told.message


def test_no_name_is_an_option_of_helm(tmp_path: Path, path: Path) -> None:
    program(path, "helm", "print('#', *sys.argv[1:])")
    options = {"release": ("--post-renderer=./x",), "namespace": ("--post-renderer=./y",)}
    project = tree(tmp_path / "src", CHART)
    [stream] = render_templates(
        project, ImportOptions(render=True, options=options)
    ).streams
    assert stream.text.decode() == (
        "# template --namespace=--post-renderer=./y -- --post-renderer=./x chart\n"
    )


@pytest.mark.parametrize(
    ("template", "codes"),
    [("p: {{ randAlphaNum 9 }}", ["TC262", "TC880"]), ("p: 1", ["TC262"])],
)
def test_what_a_chart_draws_anew_is_named(
    template: str, codes: list[str], tmp_path: Path, path: Path
) -> None:
    program(path, "helm", "print('kind: List'); print(f'password: {os.getpid()}')")
    project = tree(tmp_path / "src", CHART | {"chart/templates/a.yaml": template})
    found = render_templates(project, ON)
    assert [told.code for told in found.notes] == codes
    assert "TC880" not in codes or found.notes[1].message.endswith("for: password")
