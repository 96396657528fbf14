"""Jobs that run once, and CronJobs that a scheduler runs whole."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tocompose.exporters.bundle import Layout
from tocompose.importers.kubernetes.schedules import plain_schedule
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory


def converted(*objects: dict[str, Any]) -> Result:
    options = Options(source="kubernetes", practices="none", layout=Layout(split=True))
    text = yaml.safe_dump_all(objects)
    return convert(Memory({"m.yaml": text.encode()}, name="shop"), options)


def services(result: Result) -> dict[str, Any]:
    files = {file.path: file.content for file in result.files}
    parsed: dict[str, Any] = yaml.safe_load(files["docker-compose.yml"])["services"]
    return parsed


def job(annotations: dict[str, str] | None = None, **container: Any) -> dict[str, Any]:
    pod = {
        "restartPolicy": "Never",
        "containers": [{"name": "seed", "image": "example/seed:1", **container}],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "seed", "annotations": annotations or {}},
        "spec": {"template": {"spec": pod}},
    }


def codes(result: Result) -> set[str]:
    return {note.code for note in result.notes}


SEED = {"command": ["sh", "-c", "echo $0 > /out"], "args": ["a b"]}


def test_a_job_whose_command_is_known_leaves_a_marker() -> None:
    result = converted(job(**SEED))
    seed = services(result)["seed"]
    assert seed["entrypoint"][-3:] == ["sh", "-c", "echo $$0 > /out"]
    assert seed["command"] == ["a b"]
    assert seed["depends_on"] == {
        "seed-once": {"condition": "service_completed_successfully"}
    }
    assert seed["volumes"] == services(result)["seed-once"]["volumes"]
    assert "TC394" in codes(result) and not codes(result) & {"TC001", "TC901"}


def test_the_marker_keeps_a_command_from_running_twice(tmp_path: Any) -> None:
    """The words of the entrypoint, run by a real shell; a command that fails leaves no marker."""
    words = services(converted(job(**SEED)))["seed"]["entrypoint"]
    script = words[3].replace("$$", "$")
    marker, log = tmp_path / "done", tmp_path / "log"
    for command, count in (("false", 0), ("true", 1), ("true", 1)):
        shown = ["sh", "-c", f"{command} && echo run >> {log}"]
        subprocess.run(["sh", "-c", script, str(marker), *shown], check=False)
        assert (log.read_text().count("run") if log.exists() else 0) == count


@pytest.mark.parametrize(
    ("annotations", "container", "expected"),
    [
        ({}, {}, {"TC395"}),
        ({"helm.sh/hook": "pre-install"}, SEED, {"TC394"}),
        ({"helm.sh/hook": "pre-install,pre-upgrade"}, SEED, set()),
        ({"helm.sh/hook": "test"}, SEED, set()),
    ],
)
def test_what_a_release_runs_each_time_has_no_marker(
    annotations: dict[str, str], container: dict[str, Any], expected: set[str]
) -> None:
    result = converted(job(annotations, **container))
    assert codes(result) & {"TC394", "TC395"} == expected


def release(**annotations: str) -> dict[str, str]:
    return {f"argocd.argoproj.io/{key}": text for key, text in annotations.items()}


def named(name: str, annotations: dict[str, str], kind: str = "Job") -> dict[str, Any]:
    pod = {"containers": [{"name": name, "image": "example/a:1", "command": ["run"]}]}
    return {
        "apiVersion": "batch/v1" if kind == "Job" else "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"template": {"spec": pod}},
    }


def waits(*objects: dict[str, Any]) -> dict[str, set[str]]:
    made = services(converted(*objects))
    return {name: set(service.get("depends_on") or ()) for name, service in made.items()}


def test_waves_and_hooks_of_argo_cd_are_an_order() -> None:
    made = waits(
        named("schema", release(hook="PreSync")),
        named("api", {}, "Deployment"),
        named("page-up", release(hook="Sync", **{"sync-wave": "1"})),
        named("web", release(**{"sync-wave": "2"}), "Deployment"),
        named("page-down", release(hook="Sync", **{"sync-wave": "3"})),
        named("report", release(hook="PostSync")),
    )
    assert made["schema"] == set()
    assert made["api"] == {"schema"}
    assert made["page-up"] == {"api"}
    assert made["web"] == {"schema", "page-up"}
    assert made["page-down"] == {"api", "web", "page-up"}
    assert made["report"] == {"api", "web", "page-down"}


def test_hooks_of_helm_run_one_by_one_by_weight_and_name() -> None:
    hook, weight = "helm.sh/hook", "helm.sh/hook-weight"
    made = waits(
        named("b", {hook: "pre-upgrade", weight: "5"}),
        named("a", {hook: "pre-upgrade", weight: "5"}),
        named("c", {hook: "pre-upgrade", weight: "-1"}),
    )
    assert made == {"c": set(), "a": {"c"}, "b": {"a", "c"}}


def test_what_a_removal_runs_does_not_run_at_the_start() -> None:
    made = services(converted(named("wipe", {"helm.sh/hook": "pre-delete"})))
    assert made["wipe"]["profiles"] == ["pre-delete"]


def cron_job(**spec: Any) -> dict[str, Any]:
    pod = {
        "restartPolicy": "OnFailure",
        "initContainers": [{"name": "fetch", "image": "example/a:1"}],
        "containers": [
            {"name": "report", "image": "example/a:1"},
            {"name": "proxy", "image": "example/b:1"},
        ],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "report"},
        "spec": {
            "schedule": "15 3 * * 1-5",
            "jobTemplate": {"spec": {"template": {"spec": pod}}},
            **spec,
        },
    }


def crontab(result: Result) -> dict[str, str]:
    return {
        file.path.rpartition("/")[2]: file.content.decode()
        for file in result.files
        if "/crontabs/" in file.path
    }


def test_a_scheduler_runs_all_containers_of_the_pod() -> None:
    result = converted(cron_job(timeZone="Europe/Paris", concurrencyPolicy="Forbid"))
    lines = crontab(result)
    assert list(lines) == ["Europe+Paris"]
    expected = "15 3 * * 1-5 sh /scheduler/run.sh Forbid 6 report report-proxy "
    assert lines["Europe+Paris"].startswith(expected)
    scheduler = services(result)["scheduler"]
    assert scheduler["profiles"] == ["scheduler"]
    assert "/usr/share/zoneinfo:/usr/share/zoneinfo:ro" in scheduler["volumes"]
    assert services(result)["report"]["profiles"] == ["cron"]
    [message] = [note.message for note in result.notes if note.code == "TC240"]
    assert not any(
        "zoneinfo" in note.message for note in result.notes if note.code == "TC683"
    )
    assert "15 3 * * 1-5 (Europe/Paris)" in message and "the next one is skipped" in message
    assert not codes(result) & {"TC001", "TC241", "TC901"}


def test_a_suspended_job_keeps_its_line_as_a_comment() -> None:
    [line] = crontab(converted(cron_job(suspend=True))).values()
    assert line.startswith("# suspended: 15 3")


def test_the_scripts_are_those_of_a_shell() -> None:
    for file in converted(cron_job()).files:
        if file.path.endswith(".sh"):
            subprocess.run(["sh", "-n"], input=file.content, check=True)


# Stands for docker: says what it is asked for, and that the job fails as often as the file `failures` has lines.
_DOCKER = """#!/bin/sh
shift 17
echo "$@" >> FOLDER/calls
case $1 in
  wait) [ -s FOLDER/failures ] || exit 0; sed -i 1d FOLDER/failures; exit 3;;
esac
"""
_SLEEP = """#!/bin/sh
echo "sleep $1" >> FOLDER/calls
"""


def calls_of_run(
    tmp_path: Path, script: str, retries: int, failures: int
) -> tuple[int, list[str]]:
    """What the script of a run that fails so often asks for, and how it ends."""
    (tmp_path / "locks").mkdir()
    (tmp_path / "failures").write_text("failed\n" * failures)
    for name, text in (("docker", _DOCKER), ("sleep", _SLEEP)):
        program = tmp_path / name
        program.write_text(text.replace("FOLDER", str(tmp_path)))
        program.chmod(0o755)
    run = subprocess.run(
        ["sh", "-s", "Forbid", str(retries), "report", "report-proxy"],
        input=script.replace("/tmp/locks", str(tmp_path / "locks")).encode(),
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "FOLDER": "/f", "IMAGE": "i"},
        check=False,
        capture_output=True,
    )
    return run.returncode, (tmp_path / "calls").read_text().splitlines()


@pytest.mark.parametrize(
    ("retries", "failures", "starts", "code"),
    [(0, 0, 1, 0), (2, 1, 2, 0), (2, 2, 3, 0), (2, 5, 3, 3), (0, 1, 1, 3), (7, 9, 8, 3)],
)
def test_a_run_that_fails_is_tried_as_often_as_the_cluster_does(
    tmp_path: Path, retries: int, failures: int, starts: int, code: int
) -> None:
    [script] = [
        file.content.decode()
        for file in converted(cron_job()).files
        if file.path.endswith("run.sh")
    ]
    ended, calls = calls_of_run(tmp_path, script, retries, failures)
    assert ended == code
    assert (
        sum("up -d --force-recreate report report-proxy" in call for call in calls)
        == starts
    )
    pauses = [call for call in calls if call.startswith("sleep")]
    expected = ["sleep 10", "sleep 20", "sleep 40", "sleep 80", "sleep 160", "sleep 320"]
    assert pauses == [*expected, "sleep 360"][: starts - 1]
    assert calls[-1].endswith("stop report report-proxy")
    assert not list((tmp_path / "locks").glob("report"))


@pytest.mark.parametrize(("stated_limit", "retries"), [(None, "6"), (0, "0"), (2, "2")])
def test_the_line_of_a_job_says_how_often_it_is_tried(
    stated_limit: int | None, retries: str
) -> None:
    manifest = cron_job()
    if stated_limit is not None:
        manifest["spec"]["jobTemplate"]["spec"]["backoffLimit"] = stated_limit
    [line] = crontab(converted(manifest)).values()
    assert line.split()[7:9] == ["Allow", retries]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("@hourly", "0 * * * *"),
        ("*/5 * * * ?", "*/5 * * * *"),
        ("TZ=UTC 0 1 * * *", "0 1 * * *"),
        ("0  2 * * MON", "0 2 * * MON"),
        ("@every 15m", "*/15 * * * *"),
        ("@every 6h0m", "0 */6 * * *"),
        ("@every 7m", "@every 7m"),
    ],
)
def test_a_schedule_is_written_as_crond_reads_it(text: str, plain: str) -> None:
    assert plain_schedule(text) == plain


@pytest.mark.parametrize("schedule", ["@every 7m", "0 3 * *", ""])
def test_a_schedule_that_crond_cannot_read_is_said_and_stands_as_a_comment(
    schedule: str,
) -> None:
    result = converted(cron_job(schedule=schedule))
    assert {"TC397"} == codes(result) & {"TC397", "TC240"}
    [line] = crontab(result).values()
    assert line.startswith("# unreadable:")


def test_the_zone_before_a_schedule_counts() -> None:
    result = converted(cron_job(schedule="CRON_TZ=Asia/Tokyo 0 1 * * *", timeZone=None))
    assert list(crontab(result)) == ["Asia+Tokyo"]


@pytest.mark.parametrize("kind", ["CronJob", "Job"])
def test_a_job_without_containers_is_not_said_to_run(kind: str) -> None:
    spec = {"schedule": "* * * * *", "suspend": True, "jobTemplate": {"spec": {}}}
    empty = {
        "apiVersion": "batch/v1",
        "kind": kind,
        "metadata": {"name": "empty"},
        "spec": spec,
    }
    result = converted(empty, job(**SEED))
    assert not codes(result) & {"TC240", "TC901"}
    assert "TC210" in codes(result)


INDEXED = """\
apiVersion: batch/v1
kind: Job
metadata: {name: shards}
spec:
  completions: 3
  parallelism: PARALLEL
  completionMode: Indexed
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: main
          image: example/shard:1
          command: [shard]
          args: ["--index=$(JOB_COMPLETION_INDEX)"]
          env:
            - name: INDEX
              valueFrom: {fieldRef: {fieldPath: "metadata.annotations['batch.kubernetes.io/job-completion-index']"}}
"""


@pytest.mark.parametrize(("parallelism", "is_told"), [("3", False), ("1", True)])
def test_each_pod_of_an_indexed_job_knows_its_number(
    parallelism: str, *, is_told: bool
) -> None:
    """https://kubernetes.io/docs/tasks/job/indexed-parallel-processing-static/"""
    result = converted(yaml.safe_load(INDEXED.replace("PARALLEL", parallelism)))
    shards = {
        service.name: service
        for service in result.stack.services
        if service.image == "example/shard:1"
    }
    assert list(shards) == ["shards-0", "shards-1", "shards-2"]
    for number, (name, shard) in enumerate(shards.items()):
        variables = {variable.name: variable.value for variable in shard.environment}
        assert variables == {"INDEX": str(number), "JOB_COMPLETION_INDEX": str(number)}
        assert shard.command == (f"--index={number}",)
        assert shard.options["hostname"] == name
    assert ("TC693" in codes(result)) is is_told
    assert not codes(result) & {"TC001", "TC241", "TC901"}
