"""The stack that a script's steps build up, one docker command after the other."""

from __future__ import annotations

from collections.abc import Callable

from tocompose.importers.docker_run import resources
from tocompose.importers.docker_run.containers import Container, container
from tocompose.importers.docker_run.facts import Facts, Said, read
from tocompose.importers.docker_run.folders import place
from tocompose.importers.docker_run.invocation import File, Invocation, Script, Wait, Word
from tocompose.importers.docker_run.options import flags, parse
from tocompose.importers.docker_run.probes import Probe, probe
from tocompose.model import Attachment, Build, Network, Volume
from tocompose.record import replace

# Life-cycle commands that Compose has an own command for.
_LIFE_CYCLE = {
    "pull": "docker compose pull",
    "stop": "docker compose stop",
    "kill": "docker compose kill",
    "start": "docker compose start",
    "restart": "docker compose restart",
    "rmi": "docker image rm",
    "logs": "docker compose logs",
    "ps": "docker compose ps",
    "wait": "docker compose wait",
    "attach": "docker compose attach",
    "port": "docker compose port",
    "top": "docker compose top",
    "stats": "docker compose stats",
    "events": "docker compose events",
    "images": "docker compose images",
}

# What only looks at the engine, or clears away what a run before has left.
_LOOKING = frozenset(
    {
        "df",
        "exists",
        "history",
        "info",
        "inspect",
        "list",
        "ls",
        "prune",
        "rm",
        "search",
        "version",
    }
)


class Assembly:
    """What the steps so far have made. Steps are added in order; `tocompose.importers.docker_run.stack` ties it up."""

    def __init__(self) -> None:
        self.containers: list[Container] = []
        self.networks: dict[str, Network] = {}
        self.volumes: dict[str, Volume] = {}
        self.builds: dict[str, Build] = {}
        self.pods: dict[str, tuple[Said, ...]] = {}
        self.members: dict[str, list[str]] = {}
        self.probes: list[tuple[int, Probe]] = []
        self.hooks: list[tuple[str, Word]] = []
        self.connections: list[tuple[str, Attachment, Word]] = []
        self.called: dict[str, str] = {}
        self.files: list[File] = []
        self._taken: set[str] = set()
        self._stated: Callable[[str], str] = str

    def read(self, script: Script) -> None:
        """Takes in a whole script."""
        self._stated = script.stated
        self.files += script.files
        for step in script.steps:
            self.add(step)

    def add(self, step: Invocation | Wait) -> None:
        """Takes in one step of a script."""
        if isinstance(step, Wait):
            self._wait(step.words)
            return
        for word in step.head:
            word.skip("the docker command itself")
        handlers: dict[tuple[str, ...], Callable[[Invocation], None]] = {
            ("run",): self._run,
            ("create",): self._run,
            ("network", "create"): self._network,
            ("network", "connect"): self._connect,
            ("volume", "create"): self._volume,
            ("build",): self._build,
            ("buildx", "build"): self._build,
            ("image", "build"): self._build,
            ("exec",): self._exec,
            ("cp",): self._copy,
            ("pod", "create"): self._pod,
            ("login",): self._login,
        }
        handlers.get(step.verb, self._other)(step)

    def service_of(self, name: str) -> str | None:
        """The service of a container, by container name, service name, or the shell variable that holds its id."""
        return self.called.get(name) or self.called.get(
            name.removeprefix("${").removesuffix("}")
        )

    def _run(self, step: Invocation) -> None:
        pod = _pod_of(step)
        first = bool(pod) and pod not in self.members
        found = container(
            step, self._taken, self._stated, self.pods.get(pod, ()) if first else ()
        )
        if found is None:
            return
        if step.stdin is not None:
            step.stdin.note(
                "TC109",
                subject=f"services.{found.service.name}",
                service=found.service.name,
            )
        if pod:
            self.members.setdefault(pod, []).append(found.service.name)
        name = found.service.container_name or found.service.name
        if name in self.called and found.service.container_name:
            found = self._again(found, name)
        self.containers.append(found)
        for key in (name, found.service.name, step.variable, step.unit):
            if key:
                self.called.setdefault(key, found.service.name)

    def _again(self, found: Container, name: str) -> Container:
        """A second container of one name cannot run beside the first: another branch, or a later start."""
        path = f"services.{found.service.name}"
        for word in found.invocation.head[:1]:
            word.remark(
                "TC104",
                subject=f"{path}.container_name",
                name=name,
                other=self.called[name],
                service=found.service.name,
            )
            for source in word.sources:
                source.ledger.moves[f"{path}.container_name"] = f"{path}.profiles"
        return found._replace(
            service=replace(
                found.service, container_name=None, profiles=(found.service.name,)
            ),
        )

    def _network(self, step: Invocation) -> None:
        for network in resources.networks(step):
            self.networks.setdefault(network.name, network)

    def _volume(self, step: Invocation) -> None:
        for volume in resources.volumes(step):
            self.volumes.setdefault(volume.name, volume)

    def _build(self, step: Invocation) -> None:
        for tag, build in resources.builds(step).items():
            self.builds[tag] = replace(build, context=place(build.context, step.directory))

    def _connect(self, step: Invocation) -> None:
        line = parse(step.words, flags("network_connect"), interspersed=True)
        if len(line.arguments) != 2:
            self._other(step)
            return
        network, name = line.arguments
        service = self.service_of(name.text)
        if service is None:
            self._other(step)
            return
        path = f"services.{service}.networks"
        facts = Facts(read(line.options, path, "network connect"))
        aliases = tuple(facts.all("aliases"))
        for word in line.arguments:
            word.take(path)
        self.connections.append(
            (
                service,
                Attachment(network=network.text, aliases=aliases, options=facts.rest()),
                name,
            )
        )

    def _pod(self, step: Invocation) -> None:
        line = parse(step.words, flags("pod_create"), interspersed=True)
        named = [
            o.value for o in line.options if o.row and o.row["name"] == "--name"
        ] or list(line.arguments)
        name = named[0].text if named else "pod"
        for word in line.arguments:
            word.skip("the name ties the containers of the pod together")
        # The first container of the pod owns the network namespace; its name is not known yet.
        self.pods[name] = read(line.options, "services", "pod create")

    def _wait(self, words: tuple[Word, ...]) -> None:
        found = probe(words)
        if found is None:
            for word in words[:1]:
                word.note("TC131", command=" ".join(w.text for w in words[:3]))
        else:
            self.probes.append((len(self.containers), found))
        for word in words:
            word.skip("the loop that waits is replaced by a start condition")

    def _exec(self, step: Invocation) -> None:
        line = parse(step.words, {**flags("run"), **_EXEC_FLAGS})
        for option in line.options:
            option.value.skip("an option of docker exec")
        target = line.arguments[0] if line.arguments else None
        service = self.service_of(target.text) if target else None
        if service is None or target is None:
            self._other(step)
            return
        if step.polled:
            self.probes.append(
                (
                    len(self.containers),
                    Probe(service, tuple(w.text for w in line.arguments[1:])),
                )
            )
            for word in step.words:
                word.take(f"services.{service}.healthcheck")
            return
        target.note("TC132", subject=f"services.{service}", service=service)
        for word in step.words:
            word.skip("see TC132")

    def _copy(self, step: Invocation) -> None:
        self._settle(step, "TC133")

    def _login(self, step: Invocation) -> None:
        self._settle(step, "TC134")

    def _other(self, step: Invocation) -> None:
        instead = _LIFE_CYCLE.get(step.verb[0]) if len(step.verb) == 1 else None
        if step.verb[-1:] and step.verb[-1] in _LOOKING:
            for word in (*step.head, *step.words):
                word.skip("a command that only looks, or cleans up")
        elif instead:
            for word in (*step.head, *step.words):
                word.skip(f"a life-cycle command: {instead}")
        else:
            self._settle(step, "TC135")

    def _settle(self, step: Invocation, code: str) -> None:
        for word in (*step.words, *step.head)[:1]:
            word.remark(code, command=" ".join((step.tool, *step.verb)))
        for word in step.words:
            word.skip(f"see {code}")


_EXEC_FLAGS = {"--detach-keys": {"name": "--detach-keys"}}


def _pod_of(step: Invocation) -> str:
    for index, word in enumerate(step.words):
        if word.text.startswith("--pod="):
            return word.text.removeprefix("--pod=").removeprefix("new:")
        if word.text == "--pod" and index + 1 < len(step.words):
            return step.words[index + 1].text.removeprefix("new:")
    return ""
