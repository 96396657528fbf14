"""How the files are divided and what stands behind profiles: M-01, M-07, S-05, E-01."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.check.networking import own_ports
from tocompose.check.scene import Scene, Verdict, View, judge, of_service
from tocompose.knowledge.images import image_facts, similar_facts
from tocompose.model import Amounts, Role, Service
from tocompose.rules.services import is_data
from tocompose.syntax.model_path import ModelPath


def rules(scene: Scene) -> Iterator[Verdict]:
    """The verdicts on the set of files."""
    for service in scene.main.stack.services:
        if service.image and service.build is None:
            known = image_facts(service.image) or similar_facts(service.image)
            yield of_service(
                scene.main,
                service,
                "image",
                "M-01",
                known is not None or service.role is not Role.APP,
                "TC747",
                what="the class of the service is not known from its image, so it counts as an application",
                how="Nothing needs to be done when it is one.",
            )
        if service.role is Role.TOOL:
            yield of_service(
                scene.main,
                service,
                "",
                "S-05",
                bool(service.profiles),
                "TC747",
                what="a tool for developers starts with everything else",
                how="Give it profiles: [tools], and start it with docker compose --profile tools up.",
            )
    if scene.found is not None:
        yield from _files(scene)


def _files(scene: Scene) -> Iterator[Verdict]:
    found = scene.found
    assert found is not None
    span = scene.main.places.span("services")
    subject = ModelPath.of("files", found.base)
    services = scene.main.stack.services
    divided = bool(found.override) or not any(
        _only_for_development(scene.main, item) for item in services
    )
    purpose = "what only development needs (Docker Compose loads it by itself)"
    yield judge(
        "M-07",
        divided,
        "TC748",
        span,
        subject,
        file="docker-compose.override.yml",
        purpose=purpose,
    )
    divided = bool(found.production) or all(
        item.resources.limits != Amounts() for item in services
    )
    purpose = "what only production needs (limits, secrets, replicas)"
    yield judge(
        "M-07",
        divided,
        "TC748",
        span,
        subject,
        file="docker-compose.prod.yml",
        purpose=purpose,
    )
    built = [service for service in scene.main.stack.services if service.build is not None]
    for service in built:
        yield of_service(
            scene.main,
            service,
            "build",
            "E-01",
            _for_development(service),
            "TC747",
            what="nothing of it is made for development",
            how="Mount the source over the image's copy, or use develop.watch, in docker-compose.override.yml.",
        )


def _only_for_development(view: View, service: Service) -> bool:
    """Whether a part of the service is for development only: mounted code, a database's open port."""
    context = service.build.context.rstrip("/") if service.build else "."
    code = any(
        item.kind == "bind" and (item.source or "").rstrip("/") in (".", context)
        for item in service.mounts
    )
    return code or (is_data(service) and bool(own_ports(view, service)))


def _for_development(service: Service) -> bool:
    mounts = any(
        item.kind == "bind" and (item.source or "").startswith(".")
        for item in service.mounts
    )
    return (
        mounts
        or "develop" in service.options
        or bool(service.build and service.build.target)
    )
