"""A renderer that takes too much, or whose parent is killed, ends; and it reads what was checked, nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kubernetes_edge.test_rendering import ON, _gone, path, program, tree
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


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of this")
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
