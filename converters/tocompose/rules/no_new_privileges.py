"""NNP: in production no process gains rights by running a file."""

from __future__ import annotations

from tocompose.knowledge.images import ImageFacts
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
from tocompose.wording import enumerated

_OPTION = "no-new-privileges:true"
# Every process in a container may bind any port, since the engine sets `net.ipv4.ip_unprivileged_port_start` to 0.
_NEEDLESS = frozenset({"NET_BIND_SERVICE", "CAP_NET_BIND_SERVICE"})
_SETUID = "programs of its image may need to gain privileges"


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
    if image is not None and image.setuid:
        return service, [remark("TC671", service, cause=_SETUID)]
    if _gains_capabilities(service, image):
        capabilities = enumerated(service.security.cap_add)
        cause = f"a process that is not root gets {capabilities} by a program's file only"
        return service, [remark("TC671", service, "cap_add", cause=cause)]
    security = replace(
        overlay.security, security_opt=(*overlay.security.security_opt, _OPTION)
    )
    mended = with_overlay(
        service, ComposeFileRole.PROD, replace(overlay, security=security)
    )
    return mended, [remark("TC670", service, "security_opt")]


def _gains_capabilities(service: Service, image: ImageFacts | None) -> bool:
    """Whether a process that is not root may need the capabilities that the source adds: a program's file gives them.

    With no-new-privileges that file gives none.
    https://docs.kernel.org/userspace-api/no_new_privs.html
    """
    if set(service.security.cap_add) <= _NEEDLESS:
        return False
    user = service.security.user or (image.user or "root" if image else "")
    return user.partition(":")[0] not in ("0", "root")


RULE = Rule(
    id="NNP",
    title="Set no-new-privileges in production",
    summary=(
        "Adds no-new-privileges to the production file, so that no process gains rights "
        "through setuid programs, except where the image or an added capability needs that."
    ),
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
