"""Which repositories and sources are found, and which are left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch.runs import SCRIPT, make
from tocompose.batch.discovery import (
    DiscoveryError,
    Search,
    discover,
    list_entry,
    read_list,
)
from tocompose.batch.scan import scan_repository


def ids(root: Path, **wishes: object) -> list[str]:
    return [item.id for item in discover([str(root)], Search(**wishes))]  # type: ignore[arg-type]


def test_repositories_below_a_root(tmp_path: Path) -> None:
    make(tmp_path / "b" / "two", {})
    make(tmp_path / "a" / "one", {"run.sh": SCRIPT})
    make(tmp_path / "plain", {"deploy/Procfile": b"web: x\n"}, git=False)
    make(tmp_path / "nothing", {"photo.jpg": b""}, git=False)
    assert ids(tmp_path) == ["a/one", "b/two", "plain/deploy"]


def test_a_root_that_is_a_repository_is_one(tmp_path: Path) -> None:
    make(tmp_path / "app", {"services/a/Procfile": b"web: x\n"})
    assert ids(tmp_path / "app") == ["app"]


def test_a_repository_inside_another_is_one_of_its_own(tmp_path: Path) -> None:
    make(tmp_path / "outer", {"run.sh": SCRIPT})
    make(tmp_path / "outer" / "inner", {"run.sh": SCRIPT})
    make(
        tmp_path / "outer" / "sub",
        {".git": b"gitdir: ../.git/modules/sub\n", "run.sh": SCRIPT},
        git=False,
    )
    assert ids(tmp_path) == ["outer", "outer/inner"]
    found = scan_repository(tmp_path / "outer")
    assert found.files == ("run.sh",)
    assert [item.code for item in found.notes] == ["TC817"]
    assert "inner, sub" in found.notes[0].message


def test_ignore_files_are_obeyed(tmp_path: Path) -> None:
    make(
        tmp_path / "app",
        {
            "run.sh": SCRIPT,
            "build/run.sh": SCRIPT,
            "a/x.log": b"",
            "a/keep.log": b"",
            "a/y.sh": SCRIPT,
        },
    )
    (tmp_path / "app" / ".gitignore").write_text("build/\n*.log\n")
    (tmp_path / "app" / "a" / ".tocomposeignore").write_text("!keep.log\ny.sh\n")
    assert set(scan_repository(tmp_path / "app").files) == {
        ".gitignore",
        "a/.tocomposeignore",
        "a/keep.log",
        "run.sh",
    }
    make(tmp_path / "other", {})
    (tmp_path / ".tocomposeignore").write_text("/other\n")
    assert ids(tmp_path) == ["app"]


def test_pruned_folders_are_not_entered(tmp_path: Path) -> None:
    make(
        tmp_path / "app",
        {"node_modules/x/run.sh": SCRIPT, "vendor/run.sh": SCRIPT, "run.sh": SCRIPT},
    )
    assert scan_repository(tmp_path / "app").files == ("run.sh",)


def test_links_stay_inside(tmp_path: Path) -> None:
    outside = make(tmp_path / "secret", {"run.sh": SCRIPT}, git=False)
    app = make(tmp_path / "app", {"run.sh": SCRIPT})
    (app / "inner.sh").symlink_to("run.sh")
    (app / "file.sh").symlink_to(outside / "run.sh")
    (app / "folder").symlink_to(outside)
    (app / "loop").symlink_to("loop")
    (app / "self").symlink_to(".")
    found = scan_repository(app)
    assert found.files == ("inner.sh", "run.sh")
    assert [item.message for item in found.notes] == [
        "not followed, because they point outside of the repository: file.sh, folder"
    ]


def test_include_exclude_and_depth(tmp_path: Path) -> None:
    for name in ("a/one", "a/two", "b/one", "c/d/deep"):
        make(tmp_path / name, {})
    assert ids(tmp_path, include=("a/", "/b/*")) == ["a/one", "a/two", "b/one"]
    assert ids(tmp_path, exclude=("one", "c/")) == ["a/two"]
    assert ids(tmp_path, max_depth=2) == ["a/one", "a/two", "b/one"]


def test_several_roots_have_names_of_their_own(tmp_path: Path) -> None:
    for name in ("x/app", "y/app", "z/x/app"):
        make(tmp_path / name, {})
    roots = [str(tmp_path / name) for name in ("x", "y", "z/x", "x")]
    assert [item.id for item in discover(roots, Search())] == ["x/app", "y/app", "x/app-2"]


def test_a_bad_root_is_said(tmp_path: Path) -> None:
    with pytest.raises(DiscoveryError, match="no such folder"):
        ids(tmp_path / "missing")


def test_a_list_names_repositories() -> None:
    text = '# left out: x\n\na/b\nroot/./c\n"odd\\nname"\n/abs/./team/app\r\na/b\n'
    assert [(item.id, item.path) for item in read_list(text, "list")] == [
        ("a/b", "a/b"),
        ("c", "root/c"),
        ("odd\nname", "odd\nname"),
        ("team/app", "/abs/team/app"),
    ]
    with pytest.raises(DiscoveryError, match="list:1"):
        read_list('"open', "list")


@pytest.mark.parametrize(
    "name", ["plain", "two words", "a\nb", "#x", '"q"', " lead", "é", "tab\t"]
)
def test_a_name_survives_the_list(name: str) -> None:
    assert [item.path for item in read_list(list_entry(name) + "\n", "list")] == [name]


def test_a_folder_with_too_many_files_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocompose.batch.scan.MOST_FILES", 3)
    make(tmp_path / "app", {f"{number}.txt": b"" for number in range(5)})
    found = scan_repository(tmp_path / "app")
    assert len(found.files) == 3 and [item.code for item in found.notes] == ["TC809"]
