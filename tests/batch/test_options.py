"""What is said for all repositories reaches those that it concerns, and mistakes end before anything is converted."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from batch.runs import MANIFEST, SCRIPT, batch, make


def composed(folder: Path, name: str) -> dict[str, object]:
    """The services of a repository's output."""
    text = (folder / "out" / "repositories" / name / "docker-compose.yml").read_text()
    return dict(yaml.safe_load(text)["services"])


def test_an_option_reaches_the_format_that_knows_it(tmp_path: Path) -> None:
    make(
        tmp_path / "repos" / "app",
        {"Procfile": b"web: ./web\n", "Procfile.dev": b"dev: ./dev\n"},
    )
    make(tmp_path / "repos" / "script", {"run.sh": SCRIPT})
    batch("repos", "-o", "out", "--option", "procfile=Procfile.dev", cwd=tmp_path)
    assert list(composed(tmp_path, "app")) == ["dev"]
    assert list(composed(tmp_path, "script")) == ["web"]


def test_a_namespace_is_chosen_in_all(tmp_path: Path) -> None:
    shop, blog = (
        MANIFEST.replace(
            b"{name: web}", b"{name: %s, namespace: %s}" % (b"web-" + name, name), 1
        )
        for name in (b"shop", b"blog")
    )
    make(tmp_path / "repos" / "k8s", {"k8s/a.yaml": shop, "k8s/b.yaml": blog})
    batch("repos", "-o", "out", "--namespace", "shop", cwd=tmp_path)
    assert list(composed(tmp_path, "k8s")) == ["web-shop"]


def test_a_file_outside_is_read_where_it_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "common.env").write_text("COLOUR=red\n")
    make(
        tmp_path / "repos" / "a",
        {"run.sh": b"docker run -d --name web --env-file ../../common.env nginx:1.27\n"},
    )
    done = batch("repos", "-o", "out", "--format", "jsonl", cwd=tmp_path)
    assert "TC142" in done.stdout
    done = batch(
        "repos",
        "-o",
        "out",
        "--force",
        "--format",
        "jsonl",
        "--allow-path",
        "common.env",
        cwd=tmp_path,
    )
    assert "TC142" not in done.stdout
    assert "common.env" in str(composed(tmp_path, "a")["web"])


def test_a_change_of_an_allowed_file_is_seen_by_the_next_run(tmp_path: Path) -> None:
    (tmp_path / "common.env").write_text("COLOUR=red\n")
    make(
        tmp_path / "repos" / "a",
        {"run.sh": b"docker run -d --name web --env-file ../../common.env nginx:1.27\n"},
    )
    words = ("repos", "-o", "out", "--allow-path", "common.env")
    batch(*words, cwd=tmp_path)
    (tmp_path / "common.env").unlink()
    (tmp_path / "common.env").mkdir()
    done = batch(*words, "--resume", "--format", "jsonl", cwd=tmp_path)
    assert "TC771" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--option", "profile=x"),
            "no format has an option 'profile': did you mean procfile?",
        ),
        (
            ("--from", "docker_run", "--option", "procfile=x"),
            "docker_run has no option 'procfile'",
        ),
        (("--option", "procfile"), "write NAME=VALUE"),
        (("--allow-path", "nothing"), "--allow-path nothing: no such file or folder"),
        (("--report", "summary.foo"), "the name does not tell the form"),
    ],
)
def test_a_mistake_ends_before_anything_is_converted(
    words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    make(tmp_path / "repos" / "a", {"run.sh": SCRIPT})
    done = batch("repos", "-o", "out", *words, cwd=tmp_path, code=2)
    assert said in done.stderr
    assert not (tmp_path / "out").exists()
