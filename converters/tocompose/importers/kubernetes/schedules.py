"""CronJobs: their pods stand in a profile, and a scheduler in another one runs them whole, at their hours.

The scheduler reads the project from its own container's labels, so that paths, files and names are those of the user.
https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
"""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.scalars import peek_bool, peek_text
from tocompose.importers.kubernetes.workloads import ContainerRole, Pod, Workload
from tocompose.knowledge.versions import default_version
from tocompose.model import File, Mount, Role, Service
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import unique_name

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
_START = r"""#!/bin/sh
# Runs the jobs of this project by docker compose, each at its hours: crontabs/ZONE holds those of a time zone.
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
_RUN = r"""#!/bin/sh
# run.sh POLICY MAIN SERVICE...: starts all containers of a pod anew, waits until the main one ends, and stops the rest.
policy=$1; main=$2; shift
# In a container that sees the project under its path on the host, which bind mounts name.
compose() {
  docker run --rm -v /var/run/docker.sock:/var/run/docker.sock -v "$FOLDER:$FOLDER:ro" -w "$FOLDER" \
    -e COMPOSE_FILE="$(echo "$FILES" | tr , :)" "$IMAGE" docker compose -p "$PROJECT" --profile cron "$@"
}
if [ "$policy" != Replace ]; then
  mkdir "/tmp/locks/$main" 2> /dev/null || { echo "$main still runs: left out this time"; exit 0; }
  trap 'rmdir "/tmp/locks/$main"' EXIT
fi
echo "$main starts"
compose up -d --force-recreate "$@" || echo "not every container of $main started"
compose wait "$main"
code=$?
compose logs --no-log-prefix --tail 20 "$main"
compose stop "$@"
echo "$main ended with $code"
exit $code
"""


def schedule_jobs(model: ClusterModel) -> None:
    """Adds the scheduler and its files where the manifests hold a CronJob."""
    lines: dict[str, list[str]] = {}
    for workload in model.workloads:
        if workload.kind == "CronJob":
            for pod in workload.pods:
                zone = take_zone(workload, model)
                lines.setdefault(zone, []).append(_crontab_line(workload, pod))
    if not lines:
        return
    for zone, zone_lines in lines.items():
        path = f"{_FOLDER}/crontabs/{zone.replace('/', '+')}"
        content = "\n".join(zone_lines) + "\n"
        model.builder.add_file(File(path=path, content=content.encode()))
    for name, script in (("start.sh", _START), ("run.sh", _RUN)):
        model.builder.add_file(File(path=f"{_FOLDER}/{name}", content=script.encode()))
    model.builder.add_service(_scheduler(model, has_zones=set(lines) != {"UTC"}))


def take_zone(workload: Workload, model: ClusterModel) -> str:
    """The time zone of a CronJob; without one the cluster's own, which is mostly UTC."""
    cursor = workload.kube_object.at("spec", "timeZone")
    cursor.take(to=ModelPath.of("services", workload.name))
    return peek_text(cursor) or "UTC"


def _crontab_line(workload: Workload, pod: Pod) -> str:
    spec = workload.kube_object.at("spec")
    policy_cursor = spec.at("concurrencyPolicy")
    policy_cursor.take(to=ModelPath.of("services", workload.name))
    policy = peek_text(policy_cursor) or "Allow"
    services = " ".join(_started_services(pod))
    mark = "# suspended: " if peek_bool(spec.at("suspend")) else ""
    command = f"sh /scheduler/run.sh {policy} {services} > /proc/1/fd/1 2>&1"
    return f"{mark}{plain_schedule(peek_text(spec.at('schedule')) or '')} {command}"


def _started_services(pod: Pod) -> Iterator[str]:
    """The services of a pod, the one that stands for it first; the init containers start as what it depends on."""
    yield pod.main_container.service
    for container in pod.containers:
        is_started = container.role is not ContainerRole.INIT
        if is_started and container.service != pod.main_container.service:
            yield container.service


def plain_schedule(text: str) -> str:
    """A schedule in five fields as crond reads them."""
    words = text.split()
    if words and words[0].startswith(("TZ=", "CRON_TZ=")):
        words = words[1:]
    schedule = " ".join(words)
    return _NICKNAMES.get(schedule, schedule).replace("?", "*")


def _scheduler(model: ClusterModel, *, has_zones: bool) -> Service:
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
        name=unique_name("scheduler", set(model.builder.services)),
        image=f"docker:{default_version('docker-cli')}",
        entrypoint=("sh", "/scheduler/start.sh"),
        mounts=tuple(mounts),
        restart="unless-stopped",
        role=Role.INFRA,
        profiles=(PROFILE,),
        origin=span,
    )
