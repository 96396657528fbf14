"""HOST-KERNEL: a server that refuses to start as long as the kernel of the host is set to less than it needs."""

from __future__ import annotations

from tocompose.knowledge.kernel_settings import set_in_kernel
from tocompose.model import Service, Stack
from tocompose.notes import Note
from tocompose.rules import Context, Example, Outcome, Rule, remark
from tocompose.rules.programs import command_text, runs_own_server
from tocompose.rules.service_images import facts_of, settings_of


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack as it is, with a note about each kernel parameter, at the first service that needs it."""
    services: dict[str, Service] = {}
    for service in stack.services:
        if setting := _needed_setting(service):
            services.setdefault(setting, service)
    notes = (_note_need(setting, services[setting], stack) for setting in services)
    return Outcome(stack, tuple(notes))


def _note_need(needed: str, service: Service, stack: Stack) -> Note:
    """What the service needs of the kernel; of a service of the source that sets it, the number is told."""
    name = needed.partition("=")[0]
    setters = (
        (setter.name, stated)
        for setter in stack.services
        if (stated := _set_by(setter, name))
    )
    setter_name, setting = next(setters, ("", needed))
    evidence = (
        f"{setter_name} sets it at each `docker compose up`"
        if setter_name
        else "otherwise it ends when it starts"
    )
    facts = {"setting": setting, "name": name}
    return remark("TC687", service, "image", evidence=evidence, **facts)


def _needed_setting(service: Service) -> str:
    """What the server of the image needs of the kernel with the settings of this service."""
    image = facts_of(service)
    need = image.kernel if image is not None else None
    if image is None or need is None or not runs_own_server(service, image):
        return ""
    # Its options stand behind -E in the command.
    settings = {
        title.removeprefix("-E"): value for title, value in settings_of(service).items()
    }
    is_met = any(settings.get(name) == value for name, value in need.unless)
    return "" if is_met else need.setting


def _set_by(service: Service, name: str) -> str | None:
    """What the service sets a parameter of the kernel to."""
    settings = set_in_kernel(command_text(service) or "")
    return next((text for text in settings if text.startswith(f"{name}=")), None)


RULE = Rule(
    id="HOST-KERNEL",
    title="Report kernel parameters of the host that a server needs",
    summary=(
        "Reports the kernel parameters without which a server refuses to start, such as "
        "vm.max_map_count for Elasticsearch. A container shares the kernel of its host."
    ),
    severity="must",
    mend=apply,
    covers=("S-01",),
    url="https://www.elastic.co/docs/deploy-manage/deploy/self-managed/vm-max-map-count",
    examples=(
        Example(
            "services: {es: {image: 'elasticsearch:8.14.0'}}",
            "services: {es: {image: 'elasticsearch:8.14.0'}}",
        ),
    ),
)
