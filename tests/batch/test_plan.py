"""What is converted in a repository, and the reason that is given."""

from __future__ import annotations

from pathlib import Path

from batch.runs import MANIFEST, SCRIPT, make
from tocompose.batch.convert import Job, run_job
from tocompose.batch.discovery import repository_at
from tocompose.batch.options import BatchOptions
from tocompose.batch.outcome import RepositoryOutcome, Status
from tocompose.batch.plan import PlanOptions

PROCFILE = {"Procfile": b"web: gunicorn app:app\n", "requirements.txt": b"gunicorn\n"}


def outcome(tmp_path: Path, files: dict[str, bytes], **wishes: object) -> RepositoryOutcome:
    folder = make(tmp_path / "app", files)
    found = run_job(
        Job(repository_at(str(folder)), BatchOptions(planning=PlanOptions(**wishes)))
    )  # type: ignore[arg-type]
    assert found is not None
    return found


def stacks(found: RepositoryOutcome) -> list[tuple[str, str]]:
    return [(item.folder, item.importer) for item in found.stacks]


def said(found: RepositoryOutcome, code: str) -> str:
    return "\n".join(item.message for item in found.notes if item.code == code)


def test_manifests_before_a_procfile_before_documentation(tmp_path: Path) -> None:
    found = outcome(
        tmp_path,
        {**PROCFILE, "k8s/web.yaml": MANIFEST, "README.md": b"```sh\n" + SCRIPT + b"```\n"},
    )
    assert stacks(found) == [("", "kubernetes")]
    assert "kubernetes (k8s/web.yaml) was converted (manifests name images" in said(
        found, "TC810"
    )
    assert "procfile (Procfile); docker_run (README.md)" in said(found, "TC810")


def test_another_format_can_be_preferred(tmp_path: Path) -> None:
    found = outcome(tmp_path, {**PROCFILE, "k8s/web.yaml": MANIFEST}, prefer=("procfile",))
    assert stacks(found) == [("", "procfile")]


def test_an_existing_compose_file_is_left_alone(tmp_path: Path) -> None:
    files = {"run.sh": SCRIPT, "docker-compose.yml": b"services: {}\n"}
    found = outcome(tmp_path, files)
    assert (found.status, found.stacks, [item.code for item in found.notes]) == (
        Status.PRESENT,
        (),
        ["TC811"],
    )
    assert "already has docker-compose.yml" in said(found, "TC811")


def test_unless_it_is_asked_for(tmp_path: Path) -> None:
    files = {"run.sh": SCRIPT, "docker-compose.yml": b"services: {}\n"}
    found = outcome(tmp_path, files, convert_existing=True)
    assert found.status is Status.CONVERTED


def test_a_compose_file_above_counts_for_the_folders_that_it_names(tmp_path: Path) -> None:
    files = {
        f"services/{part}/{name}": data
        for part in ("a", "b")
        for name, data in PROCFILE.items()
    }
    found = outcome(
        tmp_path, {**files, "compose.yaml": b"services: {a: {build: ./services/a}}\n"}
    )
    assert stacks(found) == [("services/b", "procfile")]
    assert "speaks of this folder" in said(found, "TC811")


def test_a_monorepo_gives_several_stacks(tmp_path: Path) -> None:
    files = {
        f"services/{part}/{name}": data
        for part in ("a", "b")
        for name, data in PROCFILE.items()
    }
    found = outcome(tmp_path, {**files, "deploy/run.sh": SCRIPT})
    assert stacks(found) == [
        ("", "docker_run"),
        ("services/a", "procfile"),
        ("services/b", "procfile"),
    ]
    assert "3 stacks" in said(found, "TC813")
    assert {"docker-compose.yml", "services/a/docker-compose.yml"} <= {
        item.path for item in found.files
    }


def test_places_are_those_of_the_repository(tmp_path: Path) -> None:
    found = outcome(
        tmp_path, {f"services/a/{name}": data for name, data in PROCFILE.items()}
    )
    places = {item.span.file for item in found.notes if item.span}
    assert places and all(place.startswith("services/a/") for place in places)


def test_examples_and_tests_are_left_aside_when_there_is_more(tmp_path: Path) -> None:
    found = outcome(tmp_path, {"run.sh": SCRIPT, "examples/k8s/web.yaml": MANIFEST})
    assert stacks(found) == [("", "docker_run")]
    assert "examples" in said(found, "TC816")


def test_examples_alone_are_converted(tmp_path: Path) -> None:
    assert stacks(
        outcome(tmp_path, {"README.md": b"x", "examples/web.yaml": MANIFEST})
    ) == [("examples", "kubernetes")]


def test_nothing_to_convert_is_said(tmp_path: Path) -> None:
    found = outcome(tmp_path, {"main.c": b"int main;"})
    assert (found.status, [item.code for item in found.notes]) == (Status.EMPTY, ["TC812"])


def test_a_source_that_gives_nothing_is_a_failure(tmp_path: Path) -> None:
    found = outcome(tmp_path, {"run.sh": b"docker run --name x\n"})
    assert (found.status, [item.code for item in found.notes]) == (Status.FAILED, ["TC800"])


def test_documentation_that_gives_nothing_is_none(tmp_path: Path) -> None:
    found = outcome(
        tmp_path, {"README.md": b"Type `docker run` and see.\n\n    docker run --help\n"}
    )
    assert found.status is Status.EMPTY


def test_a_missing_folder_is_one_note(tmp_path: Path) -> None:
    found = run_job(Job(repository_at(str(tmp_path / "gone")), BatchOptions()))
    assert found and [item.code for item in found.notes] == ["TC805"]


def test_a_format_of_which_no_service_comes_gives_way(tmp_path: Path) -> None:
    template = b"apiVersion: v1\nkind: Template\nmetadata: {name: web}\nobjects: []\n"
    found = outcome(tmp_path, {**PROCFILE, "openshift/web.yaml": template})
    assert stacks(found) == [("", "procfile")]
    assert "openshift/web.yaml (kubernetes) gives no services" in said(found, "TC013")
    assert not said(found, "TC810")


def test_a_chart_that_cannot_be_rendered_fails_a_repository_that_has_nothing_else(
    tmp_path: Path,
) -> None:
    chart = {
        "charts/Chart.yaml": b"apiVersion: v2\nname: app\nversion: 1.0.0\n",
        "charts/templates/web.yaml": b"{{ x }}\n",
    }
    alone, beside = (
        outcome(tmp_path / "one", chart),
        outcome(tmp_path / "two", {**chart, **PROCFILE}),
    )
    assert (alone.status, beside.status) == (Status.FAILED, Status.CONVERTED)
    assert said(alone, "TC800") == said(beside, "TC800") != ""
