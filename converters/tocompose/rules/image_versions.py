"""VERSION: in production the version of one's own images is a variable."""

from __future__ import annotations

from tocompose.knowledge.images import ImageRef, image_ref
from tocompose.model import Home, Service, Setting, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice
from tocompose.rules.services import (
    facts,
    overlay,
    remark,
    taken_variables,
    with_overlay,
    with_settings,
)
from tocompose.syntax.interpolation import plain
from tocompose.syntax.names import variable_name

_HUBS = frozenset(
    {
        "",
        "docker.io",
        "index.docker.io",
        "quay.io",
        "gcr.io",
        "registry.k8s.io",
        "k8s.gcr.io",
        "lscr.io",
    }
)
_HUBS |= frozenset({"mcr.microsoft.com", "public.ecr.aws", "docker.elastic.co"})


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with `image: registry/app:${APP_VERSION:-1.2}` in the production file for images of a registry of
    one's own, and an image name for what is built."""
    if not context.production:
        return Outcome(stack=stack)
    taken = taken_variables(stack)
    made: dict[str, Setting] = {}
    services: list[Service] = []
    notes: list[Note] = []
    for service in stack.services:
        image = _image(service, stack, taken, made)
        if image is not None:
            part = replace(overlay(service, Home.PROD), image=image)
            notes.append(remark("TC676", service, "image", image=image))
            service = with_overlay(service, Home.PROD, part)
        services.append(service)
    return Outcome(
        stack=with_settings(replace(stack, services=tuple(services)), made.values()),
        notes=tuple(notes),
    )


def _image(
    service: Service, stack: Stack, taken: set[str], made: dict[str, Setting]
) -> str | None:
    if overlay(service, Home.PROD).image is not None:
        return None
    if service.image is None:
        return _built(service, stack, taken, made) if service.build is not None else None
    ref = image_ref(service.image)
    own = ref is not None and (
        service.build is not None or (_is_own(ref) and facts(service) is None)
    )
    if plain(service.image) is None or ref is None or not own or ref.digest:
        return None
    name = f"{ref.registry}/{ref.repository}" if ref.registry else ref.repository
    setting = _setting(
        name, ref.repository.rpartition("/")[2], ref.tag or "latest", taken, made
    )
    return f"{name}:${{{setting.name}:-{ref.tag or 'latest'}}}" if setting else None


def _built(
    service: Service, stack: Stack, taken: set[str], made: dict[str, Setting]
) -> str | None:
    """The name that Compose gives a built image by itself, with a version."""
    name = f"{stack.name}-{service.name}"
    setting = _setting(name, service.name, "latest", taken, made)
    return f"{name}:${{{setting.name}:-latest}}" if setting else None


def _is_own(ref: ImageRef) -> bool:
    return ref.registry not in _HUBS


def _setting(
    image: str, word: str, tag: str, taken: set[str], made: dict[str, Setting]
) -> Setting | None:
    """The variable for the version of an image; services of the same image and tag share it."""
    name = variable_name(f"{word}_VERSION")
    known = made.get(name)
    if known is not None and known.value == tag and known.description.endswith(f" {image}"):
        return known
    if name in taken:
        return None
    taken.add(name)
    made[name] = Setting(
        name=name, value=tag, description=f"Version of the image {image}", example=tag
    )
    return made[name]


PRACTICE = Practice(
    id="VERSION",
    title="Choose the version of your own images at deployment",
    severity="may",
    apply=apply,
    covers=("E-02",),
    url="https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/",
    examples=(
        Example(
            """
            services:
              web: {image: 'registry.example.com/shop/web:1.4'}
              worker: {image: 'registry.example.com/shop/web:1.4', command: [work]}
              api: {build: ./api}
            """,
            """
            services:
              web: {image: 'registry.example.com/shop/web:1.4'}
              worker: {image: 'registry.example.com/shop/web:1.4', command: [work]}
              api: {build: {context: ./api}}
            """,
            prod="""
            services:
              web: {image: 'registry.example.com/shop/web:${WEB_VERSION:-1.4}'}
              worker: {image: 'registry.example.com/shop/web:${WEB_VERSION:-1.4}'}
              api: {image: 'app-api:${API_VERSION:-latest}'}
            """,
        ),
    ),
)
