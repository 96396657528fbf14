"""CronJobs: their pods stand in a profile, and a scheduler in another one runs them whole, at their hours.

The scheduler reads the project from its own container's labels, so that paths, files and names are those of the user.
https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.job_fields import CronSpec, retries_of
from tocompose.importers.kubernetes.stack_builder import StackPart
from tocompose.importers.kubernetes.workloads import ContainerRole, Pod, Workload
from tocompose.knowledge.versions import default_version
from tocompose.model import File, Healthcheck, Mount, Role, Service
from tocompose.patterns import regex
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import free_name

PROFILE = "scheduler"
_FOLDER = "config/scheduler"
_SOCKET, _ZONES = "/var/run/docker.sock", "/usr/share/zoneinfo"
# What the crond of busybox does not read. https://pkg.go.dev/github.com/robfig/cron/v3#hdr-Predefined_schedules
_NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_OVERLAPS = ("Allow", "Forbid", "Replace")
_OVERLAP = defaultdict(
    lambda: "if a run is still going, the next one is skipped",
    Replace="if a run is still going, the next one replaces it",
)
_PREFIX = regex(r"\s*(?:CRON_)?TZ=(\S+)\s+")
_EVERY = regex(r"@every (\d+)([mh])(?:0[ms])*")
_FIVE_FIELDS = regex(r"[\w*/,-]+(?: [\w*/,-]+){4}")
_START = r"""#!/bin/sh
# Runs the jobs of this project by docker compose, each at its scheduled time: crontabs/ZONE holds those of a time zone.
set -e
own() { docker inspect -f "$1" "$(hostname)"; }
label() { own "{{index .Config.Labels \"com.docker.compose.project$1\"}}"; }
export PROJECT="$(label '')" FOLDER="$(label .working_dir)" FILES="$(label .config_files)" IMAGE="$(own '{{.Image}}')"
rm -rf /tmp/locks
mkdir -p /tmp/locks
for zone in /scheduler/crontabs/*; do
  spool=/tmp/spool/$(basename "$zone")
  mkdir -p "$spool"
  cp "$zone" "$spool/root"
  TZ=$(basename "$zone" | tr + /) crond -f -l 8 -L /dev/stderr -c "$spool" &
done
wait
"""
# The cluster waits 10 s before it tries again, then twice as long each time, and six minutes at most.
# https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-backoff-failure-policy
_RUN = r"""#!/bin/sh
# run.sh POLICY RETRIES MAIN SERVICE...: starts all containers of a pod anew, waits until the main one ends, and stops
# the rest. A main one that fails is started again, RETRIES times at most.
policy=$1; retries=$2; main=$3; shift 2
# Docker compose runs in a container that has the project at its path on the host: bind mounts are resolved there.
compose() {
  docker run --rm -v /var/run/docker.sock:/var/run/docker.sock -v "$FOLDER:$FOLDER:ro" -w "$FOLDER" \
    -e COMPOSE_FILE="$(echo "$FILES" | tr , :)" "$IMAGE" docker compose -p "$PROJECT" --profile cron "$@"
}
if [ "$policy" != Replace ]; then
  mkdir "/tmp/locks/$main" 2> /dev/null || { echo "$main still runs: skipped"; exit 0; }
  trap 'rmdir "/tmp/locks/$main"' EXIT
fi
echo $$ > "/tmp/locks/$main.newest"
pause=10
while :; do
  echo "$main starts"
  compose up -d --force-recreate "$@" || echo "not every container of $main started"
  compose wait "$main"
  code=$?
  compose logs --no-log-prefix --tail 20 "$main"
  [ "$code" != 0 ] && [ "$retries" -gt 0 ] || break
  retries=$((retries - 1))
  echo "$main ended with $code: it is tried again in $pause s"
  sleep "$pause"
  pause=$((pause < 180 ? pause * 2 : 360))
  # A run that took the place of this one looks after the containers now.
  [ "$(cat "/tmp/locks/$main.newest")" = $$ ] || exit "$code"
done
compose stop "$@"
echo "$main ended with $code"
exit $code
"""


def schedule_jobs(
    model: ClusterModel, services: Mapping[str, Service]
) -> Iterator[StackPart]:
    """The scheduler and its files where the manifests hold a CronJob."""
    lines: dict[str, list[str]] = {}
    scheduler_name = free_name("scheduler", services)
    for workload in model.workloads:
        if workload.kind != "CronJob" or not workload.pods:
            continue
        zone = take_zone(workload)
        zone_lines = lines.setdefault(zone, [])
        zone_lines.extend(_crontab_line(workload, pod) for pod in workload.pods)
        _note_schedule(workload, scheduler_name)
    if not lines:
        return
    for zone, zone_lines in lines.items():
        path = f"{_FOLDER}/crontabs/{zone.replace('/', '+')}"
        content = "\n".join(zone_lines) + "\n"
        yield File(path=path, content=content.encode())
    for file_name, script in (("start.sh", _START), ("run.sh", _RUN)):
        yield File(path=f"{_FOLDER}/{file_name}", content=script.encode())
    yield _scheduler(scheduler_name, model, has_zones=set(lines) != {"UTC"})


def _note_schedule(workload: Workload, scheduler: str) -> None:
    """Says when the scheduler runs the job, and how the job runs by hand."""
    cron, cursor = workload.cron, workload.cron.schedule.cursor
    to = ModelPath.service(workload.name, "profiles")
    cursor.take(to=to)
    cron.suspended.cursor.take(to=to)
    schedule = cron.schedule.text or ""
    if not is_schedule(schedule):
        return
    when = f"at {plain_schedule(schedule)} ({zone_of(cron)})"
    if cron.suspended.flag is True:
        when = f"is suspended; once its line in config/scheduler/crontabs counts it runs {when}"
    else:
        when = f"runs {when}, started by the service {scheduler}"
    policy = cron.overlap_policy.text or "Allow"
    (cursor or workload.kube_object.cursor).annotate(
        "TC240",
        service=workload.name,
        when=when,
        overlap=_OVERLAP[policy],
        scheduler=scheduler,
        subject=to,
    )


def take_zone(workload: Workload) -> str:
    """The time zone of a CronJob; without one the cluster's own, which is mostly UTC."""
    workload.cron.time_zone.cursor.take(to=ModelPath.of("services", workload.name))
    return zone_of(workload.cron)


def zone_of(cron: CronSpec) -> str:
    """The time zone that a CronJob states, in a field of its own or before its schedule."""
    stated_zone = _PREFIX.match(cron.schedule.text or "")
    return cron.time_zone.text or (stated_zone[1] if stated_zone else "UTC")


def is_schedule(text: str) -> bool:
    """Whether crond can read a schedule, once it is plain."""
    return _FIVE_FIELDS.fullmatch(plain_schedule(text)) is not None


def _crontab_line(workload: Workload, pod: Pod) -> str:
    cron, policy_cursor = workload.cron, workload.cron.overlap_policy.cursor
    to = ModelPath.of("services", workload.name)
    policy_cursor.take(to=to)
    policy = cron.overlap_policy.text or "Allow"
    if policy not in _OVERLAPS:
        policy_cursor.annotate(
            "TC209", field="concurrencyPolicy", expected=" or ".join(_OVERLAPS)
        )
    schedule = plain_schedule(cron.schedule.text or "")
    if not is_schedule(schedule):
        cursor = cron.schedule.cursor or workload.kube_object.cursor
        cursor.annotate(
            "TC397",
            service=workload.name,
            schedule=schedule,
            subject=ModelPath.service(workload.name),
        )
        schedule = f"# unreadable: {schedule}"
    retries = retries_of(workload.job.backoff_limit.take_integer(to))
    services = " ".join(_started_services(pod))
    mark = "# suspended: " if cron.suspended.flag else ""
    command = f"sh /scheduler/run.sh {policy} {retries} {services} > /proc/1/fd/1 2>&1"
    return f"{mark}{schedule} {command}"


def _started_services(pod: Pod) -> Iterator[str]:
    """The services of a pod, the one that stands for it first; the init containers start as what it depends on."""
    yield pod.main_container.service
    for container in pod.containers:
        is_started = container.role is not ContainerRole.INIT
        if is_started and container.service != pod.main_container.service:
            yield container.service


def plain_schedule(text: str) -> str:
    """A schedule in five fields as crond reads them."""
    schedule = " ".join(_PREFIX.sub("", text).split())
    interval = _EVERY.fullmatch(schedule)
    if interval is not None:
        return _every(int(interval[1]), interval[2]) or schedule
    return _NICKNAMES.get(schedule, schedule).replace("?", "*")


def _every(count: int, unit: str) -> str | None:
    """An interval that divides the hour or the day, in five fields."""
    if unit == "m" and count and 60 % count == 0:
        return "0 * * * *" if count == 60 else f"*/{count} * * * *"
    if unit == "h" and count and 24 % count == 0:
        return "0 0 * * *" if count == 24 else f"0 */{count} * * *"
    return None


def _scheduler(name: str, model: ClusterModel, *, has_zones: bool) -> Service:
    span = next(
        workload.kube_object.span
        for workload in model.workloads
        if workload.kind == "CronJob"
    )
    mounts = [
        Mount(kind="bind", source=_SOCKET, target=_SOCKET, origin=span),
        Mount(
            kind="bind",
            source=f"./{_FOLDER}",
            target="/scheduler",
            read_only=True,
            origin=span,
        ),
    ]
    if has_zones:
        zones = Mount(kind="bind", source=_ZONES, target=_ZONES, read_only=True)
        mounts.append(zones)
    return Service(
        name=name,
        image=f"docker:{default_version('docker-cli')}",
        entrypoint=("sh", "/scheduler/start.sh"),
        mounts=tuple(mounts),
        healthcheck=Healthcheck(test=("CMD", "pgrep", "crond")),
        restart="unless-stopped",
        role=Role.INFRA,
        profiles=(PROFILE,),
        origin=span,
    )
