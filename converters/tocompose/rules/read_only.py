"""RO-ROOT: in production, on request, images are not written to."""

from __future__ import annotations

from tocompose.model import Home, Mount, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice, each
from tocompose.rules.services import (
    facts,
    overlay,
    remark,
    runs_server,
    volumes_of,
    with_overlay,
)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with `read_only` in the production file for images whose writable folders are known; only hardened."""
    inline = {config.name for config in stack.configs if config.content is not None}
    inline |= {secret.name for secret in stack.secrets if secret.environment is not None}
    wanted = context.harden and context.production
    return (
        each(stack, lambda service: _close(service, inline))
        if wanted
        else Outcome(stack=stack)
    )


def _close(service: Service, inline: set[str]) -> tuple[Service, list[Note]]:
    known = facts(service)
    part = overlay(service, Home.PROD)
    if service.security.read_only is not None or part.security.read_only is not None:
        return service, []
    # Configs and secrets that are not files cannot be put into a container that is read-only.
    granted = any(grant.source in inline for grant in (*service.configs, *service.secrets))
    if known is None or not known.tmpfs or not runs_server(service) or granted:
        return service, [remark("TC674", service)]
    mounted = {mount.target for mount in volumes_of(service)}
    scratch = tuple(
        Mount(kind="tmpfs", target=path) for path in known.tmpfs if path not in mounted
    )
    part = replace(
        part,
        mounts=(*part.mounts, *scratch),
        security=replace(part.security, read_only=True),
    )
    return with_overlay(service, Home.PROD, part), [remark("TC673", service, "read_only")]


PRACTICE = Practice(
    id="RO-ROOT",
    title="Keep the image unchanged while it runs",
    severity="may",
    apply=apply,
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
)
