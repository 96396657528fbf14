"""NNP: in production no process gains rights by running a file."""

from __future__ import annotations

from tocompose.model import Home, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice, each
from tocompose.rules.services import facts, overlay, remark, with_overlay

OPTION = "no-new-privileges:true"


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with `no-new-privileges` in the production file, but where the image needs to gain rights."""
    return each(stack, _close) if context.production else Outcome(stack=stack)


def _close(service: Service) -> tuple[Service, list[Note]]:
    part = overlay(service, Home.PROD)
    options = (*service.security.security_opt, *part.security.security_opt)
    known = facts(service)
    gains = known is not None and (known.setuid or known.init == "own")
    if service.security.privileged or any(
        text.startswith("no-new-privileges") for text in options
    ):
        return service, []
    if gains:
        return service, [remark("TC671", service)]
    security = replace(part.security, security_opt=(*part.security.security_opt, OPTION))
    changed = with_overlay(service, Home.PROD, replace(part, security=security))
    return changed, [remark("TC670", service, "security_opt")]


PRACTICE = Practice(
    id="NNP",
    title="Do not let processes gain rights",
    severity="should",
    apply=apply,
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
