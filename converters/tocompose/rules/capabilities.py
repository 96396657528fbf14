"""CAPDROP: in production well-known servers keep only the capabilities that they need."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.knowledge.configuration_files import looks_like_file
from tocompose.knowledge.images import ImageFacts
from tocompose.model import ComposeFileRole, Service, Stack
from tocompose.notes import Note
from tocompose.patterns import regex
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
from tocompose.rules.sensitive_mounts import is_sensitive
from tocompose.rules.service_images import facts_of

# What lets root write to what belongs to others.
_OVERRIDE = "DAC_OVERRIDE"
_ROOT_USER = regex(r"^(?:0|root)?(?::|$)")


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with `cap_drop: [ALL]` in the production file for images of which the needed rest is known."""
    return map_services(stack, _drop_all) if context.production else Outcome(stack)


def _drop_all(service: Service) -> tuple[Service, list[Note]]:
    image = facts_of(service)
    if image is None or image.caps is None or not image.sure or not runs_server(service):
        return service, []
    security, overlay = service.security, overlay_of(service, ComposeFileRole.PROD)
    if security.privileged or security.cap_drop or overlay.security.cap_drop:
        return service, []
    missing = _missing_capabilities(service, image)
    crosses = _writes_host_folder(service) and _OVERRIDE not in (*missing, *image.caps)
    needed = (*missing, _OVERRIDE) if crosses else tuple(missing)
    closed = replace(overlay.security, cap_drop=("ALL",), cap_add=needed)
    mended = with_overlay(service, ComposeFileRole.PROD, replace(overlay, security=closed))
    rest = f", and {_OVERRIDE} for folders of the host" if crosses else ""
    return mended, [remark("TC672", service, "cap_drop", rest=rest)]


def _writes_host_folder(service: Service) -> bool:
    """Whether root writes to a folder of the host, which may belong to another user."""
    return _is_root(service) and any(
        mount.kind == "bind"
        and not mount.read_only
        and "ro" not in mount.mode.split(",")
        and not looks_like_file(mount.source or "")
        and not is_sensitive(mount.source or "")
        for mount in service.mounts
    )


def _is_root(service: Service) -> bool:
    user = service.security.user
    return user is None or _ROOT_USER.match(user) is not None


def _missing_capabilities(service: Service, image: ImageFacts) -> list[str]:
    """What the image needs beside what the service adds itself."""
    added = {_plain_name(name) for name in service.security.cap_add}
    return [name for name in image.caps or () if name not in added]


def _plain_name(capability: str) -> str:
    return capability.upper().removeprefix("CAP_")


def _judge_capabilities(startup: Startup, service: Service) -> Iterator[Verdict]:
    image = facts_of(service)
    dropped = {_plain_name(name) for name in service.security.cap_drop}
    if image is None or not image.caps or "ALL" not in dropped:
        return
    missing = _missing_capabilities(service, image)
    facts = {"missing": ", ".join(missing), "image": service.image or ""}
    holds = not missing or not _is_root(service)
    yield startup.verdict(service, "cap_drop", "T23", holds, "TC742", **facts)


RULE = Rule(
    id="CAPDROP",
    title="Drop capabilities that a server does not need",
    summary=(
        "Drops all capabilities in the production file, for known images only, except those "
        "that the image needs."
    ),
    tells=("TC742",),
    severity="may",
    mend=apply,
    covers=("E-02",),
    url="https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities",
    examples=(
        Example(
            "services: {cache: {image: 'redis:7'}, web: {image: 'corp/web:1'}}",
            "services: {cache: {image: 'redis:7'}, web: {image: 'corp/web:1'}}",
            prod="""
            services: {cache: {cap_drop: [ALL], cap_add: [CHOWN, DAC_OVERRIDE, FOWNER, SETGID, SETUID]}}
            """,
        ),
    ),
    judge=judge_services(_judge_capabilities),
)
