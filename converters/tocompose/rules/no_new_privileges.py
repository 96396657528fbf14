"""NNP: in production no process gains rights by running a file."""

from __future__ import annotations

from tocompose.model import ComposeFileRole, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import (
    Context,
    Example,
    Outcome,
    Rule,
    map_services,
    overlay_of,
    remark,
    with_overlay,
)
from tocompose.rules.service_images import facts_of

_OPTION = "no-new-privileges:true"


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with `no-new-privileges` in the production file, but where the image needs to gain rights."""
    return map_services(stack, _forbid_gains) if context.production else Outcome(stack)


def _forbid_gains(service: Service) -> tuple[Service, list[Note]]:
    overlay = overlay_of(service, ComposeFileRole.PROD)
    options = (*service.security.security_opt, *overlay.security.security_opt)
    is_set = any(option.startswith("no-new-privileges") for option in options)
    if service.security.privileged or is_set:
        return service, []
    image = facts_of(service)
    if image is not None and (image.setuid or image.init == "own"):
        return service, [remark("TC671", service)]
    security = replace(
        overlay.security, security_opt=(*overlay.security.security_opt, _OPTION)
    )
    mended = with_overlay(
        service, ComposeFileRole.PROD, replace(overlay, security=security)
    )
    return mended, [remark("TC670", service, "security_opt")]


RULE = Rule(
    id="NNP",
    title="Do not let processes gain rights",
    severity="should",
    mend=apply,
    covers=("E-02",),
    url="https://cheatsheetseries.owasp.org/cheatsheets/Docker_Security_Cheat_Sheet.html#rule-4-prevent-in-container-privilege-escalation",
    examples=(
        Example(
            "services: {web: {image: 'corp/web:1'}, vpn: {image: 'corp/vpn:1', privileged: true}}",
            "services: {web: {image: 'corp/web:1'}, vpn: {image: 'corp/vpn:1', privileged: true}}",
            prod="services: {web: {security_opt: ['no-new-privileges:true']}}",
        ),
    ),
)
