"""RO-ROOT: in production, on request, images are not written to."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.model import ComposeFileRole, Mount, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import (
    Context,
    Example,
    Outcome,
    Rule,
    Startup,
    Verdict,
    judge_services,
    map_services,
    overlay_of,
    remark,
    with_overlay,
)
from tocompose.rules.programs import runs_server
from tocompose.rules.service_images import facts_of
from tocompose.rules.views import at_later, mounts_of


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with `read_only` in the production file for images whose writable folders are known."""
    if not context.production:
        return Outcome(stack=stack)
    return map_services(stack, lambda service: _close_root(service, stack))


def _close_root(service: Service, stack: Stack) -> tuple[Service, list[Note]]:
    image = facts_of(service)
    overlay = overlay_of(service, ComposeFileRole.PROD)
    if service.security.read_only is not None or overlay.security.read_only is not None:
        return service, []
    if image is None or not image.tmpfs or not runs_server(service):
        return service, [remark("TC674", service)]
    if any(_granted_without_file(service, stack)):
        return service, [remark("TC674", service)]
    mounted = {mount.target for mount in mounts_of(service)}
    scratch = tuple(
        Mount(kind="tmpfs", target=path) for path in image.tmpfs if path not in mounted
    )
    security = replace(overlay.security, read_only=True)
    overlay = replace(overlay, mounts=(*overlay.mounts, *scratch), security=security)
    return with_overlay(service, ComposeFileRole.PROD, overlay), [
        remark("TC673", service, "read_only")
    ]


def _granted_without_file(service: Service, stack: Stack) -> Iterator[tuple[str, str]]:
    """The section and name of each config and secret that cannot be put into a container that is read-only."""
    for section, grants, resources in (
        ("secrets", service.secrets, stack.secrets),
        ("configs", service.configs, stack.configs),
    ):
        no_files = {
            resource.name
            for resource in resources
            if not resource.file and not resource.external
        }
        for grant in grants:
            if grant.source in no_files:
                yield section, grant.source


def _judge_grants(startup: Startup, service: Service) -> Iterator[Verdict]:
    if not service.security.read_only:
        return
    shut_out = set(_granted_without_file(service, startup.stack))
    for section, grants in (("secrets", service.secrets), ("configs", service.configs)):
        for grant in grants:
            holds = (section, grant.source) not in shut_out
            facts = {"kind": section[:-1], "name": grant.source}
            judged = startup.verdict(service, section, "T5", holds, "TC727", **facts)
            spans = (
                startup.span(service, section),
                startup.span(service, "read_only"),
                startup.places.span(section, grant.source),
            )
            yield at_later(judged, startup, spans)


RULE = Rule(
    id="RO-ROOT",
    title="Make the root file system read-only in production (with --harden)",
    summary=(
        "With `--harden`, makes the root file system of known images read-only in the "
        "production file, with a tmpfs for each folder that they write to."
    ),
    tells=("TC727",),
    severity="may",
    hardens=True,
    mend=apply,
    covers=("E-02", "S-03"),
    url="https://cheatsheetseries.owasp.org/cheatsheets/Docker_Security_Cheat_Sheet.html#rule-8-set-filesystem-and-volumes-to-read-only",
    examples=(
        Example(
            "services: {proxy: {image: 'nginx:1.27'}}",
            "services: {proxy: {image: 'nginx:1.27'}}",
            prod="services: {proxy: {read_only: true, tmpfs: [/var/cache/nginx, /run, /tmp]}}",
            context=Context(harden=True),
        ),
        Example(
            "services: {proxy: {image: 'nginx:1.27'}}",
            "services: {proxy: {image: 'nginx:1.27'}}",
        ),
    ),
    judge=judge_services(_judge_grants),
)
