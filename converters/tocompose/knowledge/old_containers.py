"""Commands that get at what containers keep that ran before the stack."""

from __future__ import annotations

import json
import shlex

from tocompose.knowledge.dumps import dump_of_service
from tocompose.knowledge.images import ImageRef, image_ref
from tocompose.knowledge.versions import default_version
from tocompose.model import Network, Runtime, Service, Stack, Volume
from tocompose.syntax.interpolation import plain

# Where a swarm runs the source, so that each container is a task of one of its services.
IN_SWARM = (Runtime.SWARM, Runtime.TASKS)
# Where containers run on a machine of the user: they call each other by name, and mount folders of that machine.
AS_CONTAINERS = (
    *(Runtime.DOCKER, Runtime.PODMAN, Runtime.UNITS, Runtime.PROJECT),
    *IN_SWARM,
)
# Who holds data that have to be copied, where it is the service's own container.
OWN_CONTAINER = "its old container"


def old_container(service: Service, project: str = "", client: str = "docker") -> str:
    """The container that ran before, as a shell names it; `project` is that of Compose, where this made it."""
    if service.container_name:
        return service.container_name
    if project:
        return container_of_project(project, service.name)
    return f"$({client} ps -aqf ancestor={service.image} | head -n 1)"


def container_of_project(project: str, service_name: str, older_project: str = "") -> str:
    """The first container of a service, as a shell finds it, where Compose made it.

    Both Compose 1.3 and later and Compose 2 write these labels, whatever they name the container. Where the project may
    have had an older name too, the container is looked for by its own, which begins with that of the project.
    """
    of_service = f"-f label=com.docker.compose.service={service_name}"
    of_project = f"-f label=com.docker.compose.project={project}"
    if older_project not in ("", project):
        of_project = f"-f name='^({project}|{older_project})[-_]'"
    return f"$(docker ps -aq {of_project} {of_service} | head -n 1)"


def name_in_swarm(service: Service, stack: Stack) -> str:
    """What a swarm calls a service that runs there.

    https://github.com/docker/cli/blob/master/cli/compose/convert/service.go calls one of a stack STACK_SERVICE;
    `docker service create` takes the name as it is.
    """
    of_stack = stack.runs_in is Runtime.SWARM
    return f"{stack.name}_{service.name}" if of_stack else service.name


def container_of_swarm(name: str) -> str:
    """The first running container of a service of a swarm on this machine, as a shell finds it.

    The engine labels its containers with that name; `container_name` has no effect there.
    """
    label = f"com.docker.swarm.service.name={name}"
    return f"$(docker ps -q -f label={label} | head -n 1)"


def volume_copy_command(volume: Volume, project: str) -> str:
    """The command that copies a volume of podman's into one of Docker's, owners and rights included.

    Without the user namespace of its container the files of a volume show other owners, such as root for `keep-id`.
    """
    image = f"busybox:{default_version('busybox')}"
    namespace = (
        f"--userns={shlex.quote(volume.filled_in)} -u 0 " if volume.filled_in else ""
    )
    old_volume = f"-v {shlex.quote(volume.filled_from or '')}:/from"
    packed = f"podman run --rm {namespace}{old_volume} docker.io/library/{image} tar -cpf - -C /from ."
    return f"{packed} | {_unpacked(volume.name_in_engine(project))}"


def printed_source(target: str) -> str:
    """The template, as a word of a shell, with which the engine prints the folder that is mounted there."""
    is_meant = f"eq .Destination {json.dumps(target, ensure_ascii=False)}"
    return shlex.quote(
        f"{{{{range .Mounts}}}}{{{{if {is_meant}}}}}{{{{println .Source}}}}{{{{end}}}}{{{{end}}}}"
    )


def name_in_shell(network: Network) -> str:
    """The network's name in a command line: the engine takes any text as one."""
    name = network.engine_name or network.name
    return shlex.quote(plain(name) or name)


def copy_command(container: str, path: str, volume: str, client: str = "docker") -> str:
    """The command that copies what a container has at a path into a volume, owners and rights included."""
    source = shlex.quote(f"{path}/.")
    return f"{client} cp {container}:{source} - | {_unpacked(volume)}"


def first_copy_command(
    container: str, path: str, volume: str, project: str, client: str = "docker"
) -> str:
    """The same into a volume of the stack that is not there yet, which Compose then takes for one of its own.

    https://github.com/docker/compose/blob/main/pkg/compose/create.go, ensureVolume, asks for these labels.
    """
    labels = {"project": project, "volume": volume}
    options = " ".join(
        f"--label com.docker.compose.{name}={shlex.quote(value)}"
        for name, value in labels.items()
    )
    name = f"{project}_{volume}"
    copied = copy_command(container, path, name, client)
    return f"docker volume create {options} {shlex.quote(name)} && {copied}"


def copied_before_it_stops(service: Service, stack: Stack) -> str:
    """How the data are copied of a container that nothing is left of when it stops; empty where it stays."""
    if stack.runs_in in IN_SWARM:
        task_name = shlex.quote(name_in_swarm(service, stack))
        removed = "stack" if stack.runs_in is Runtime.SWARM else "services"
        return (
            "Do not stop the container, as the swarm would start an empty one in its place. Copy its data on the node"
            f" where it runs (`docker service ps {task_name}` shows it), just before you remove the old {removed}, as"
            " what is written after the copy is not moved"
        )
    if service.was_removed:
        return "If the container runs on this machine, copy its data before you stop it, which removes it (`--rm`)"
    return ""


def command_that_saves(service: Service) -> str:
    """What has a server write to its files what it holds in memory alone, as a shell in its container runs it.

    A container that is paused gets no signal to do so, as one gets that is stopped.
    """
    dump = dump_of_service(service)
    return dump.flush if dump else ""


def first_copy_while_paused(
    container: str,
    path: str,
    volume: str,
    project: str,
    client: str = "docker",
    saving: str = "",
) -> str:
    """The same from a container which is gone, or replaced by an empty one, as soon as it stops."""
    is_name = not container.startswith("$(")
    name = container if is_name else "$OLD"
    remembered = "" if is_name else f"OLD={container}; "
    saved = f"{client} exec {name} sh -c {shlex.quote(saving)} && " if saving else ""
    copied = first_copy_command(name, path, volume, project, client)
    return f"{remembered}{saved}{client} pause {name} && {copied}; {client} unpause {name}"


def _unpacked(volume: str) -> str:
    image = f"busybox:{default_version('busybox')}"
    return f"docker run --rm -i -v {shlex.quote(volume)}:/to {image} tar -xpf - -C /to"


def image_copy_command(service: Service, runs_in: Runtime) -> str:
    """The command that brings an image here which no registry has; empty where one may, or where it is built.

    Podman puts what it builds under the host `localhost` (podman-build(1)); what a cluster never pulls, its nodes have.
    """
    image = plain(service.image or "")
    ref = image_ref(image) if image else None
    if ref is None or image is None or service.build is not None:
        return ""
    if runs_in in (Runtime.PODMAN, Runtime.UNITS) and ref.registry == "localhost":
        return f"podman save {shlex.quote(image)} | docker load"
    if runs_in is Runtime.CLUSTER and service.options.get("pull_policy") == "never":
        node_name = shlex.quote(_name_on_node(ref))
        return f"sudo ctr -n k8s.io images export - {node_name} | docker load"
    return ""


def _name_on_node(ref: ImageRef) -> str:
    """The name under which containerd keeps an image: registry, `library` and `latest` put in where not written."""
    home = "" if ref.registry or "/" in ref.repository else "library/"
    tag = ref.tag or ("" if ref.digest else "latest")
    version = f"{tag and f':{tag}'}{ref.digest and f'@{ref.digest}'}"
    return f"{ref.registry or 'docker.io'}/{home}{ref.repository}{version}"
