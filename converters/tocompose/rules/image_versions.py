"""VERSION: in production the version of one's own images is a variable."""

from __future__ import annotations

from tocompose.knowledge.images import ImageRef, image_ref
from tocompose.model import ComposeFileRole, EnvSetting, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import (
    Context,
    Example,
    Outcome,
    Rule,
    overlay_of,
    remark,
    with_overlay,
)
from tocompose.rules.service_images import facts_of
from tocompose.rules.variables import taken_variables, with_settings
from tocompose.syntax.interpolation import plain
from tocompose.syntax.names import variable_name

# Registries that hold the images of others.
_HUBS = frozenset(
    (
        "docker.io index.docker.io quay.io gcr.io registry.k8s.io k8s.gcr.io lscr.io "
        "mcr.microsoft.com public.ecr.aws docker.elastic.co"
    ).split()
)


class _Versions:
    """Makes variables of versions; services of the same image and tag share one."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._taken = taken_variables(stack)
        self.settings: dict[str, EnvSetting] = {}

    def image_for(self, service: Service) -> str | None:
        """The image of one's own with a variable as its version; None for those of others, and for pinned ones."""
        if overlay_of(service, ComposeFileRole.PROD).image is not None:
            return None
        if service.image is None:
            # The name that Compose gives a built image by itself, with a version.
            name = f"{self._stack.name}-{service.name}"
            is_built = service.build is not None
            return self._versioned(name, service.name, "latest") if is_built else None
        ref = image_ref(service.image)
        if ref is None or ref.digest or plain(service.image) is None:
            return None
        if service.build is None and not _is_private(ref, service):
            return None
        name = f"{ref.registry}/{ref.repository}" if ref.registry else ref.repository
        word = ref.repository.rpartition("/")[2]
        return self._versioned(name, word, ref.tag or "latest")

    def _versioned(self, image: str, word: str, tag: str) -> str | None:
        name = variable_name(f"{word}_VERSION")
        purpose = f"Version of the image {image} in production"
        setting = EnvSetting(name=name, value=tag, description=purpose, example=tag)
        if self.settings.get(name) != setting:
            if name in self._taken:
                return None
            self._taken.add(name)
            self.settings[name] = setting
        return f"{image}:${{{name}:-{tag}}}"


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with `image: registry/app:${APP_VERSION:-1.2}` in the production file for images of a registry of
    one's own, and an image name for what is built."""
    if not context.production:
        return Outcome(stack=stack)
    versions = _Versions(stack)
    services: list[Service] = []
    notes: list[Note] = []
    for service in stack.services:
        image = versions.image_for(service)
        if image is not None:
            overlay = replace(overlay_of(service, ComposeFileRole.PROD), image=image)
            notes.append(remark("TC676", service, "image", image=image))
            service = with_overlay(service, ComposeFileRole.PROD, overlay)
        services.append(service)
    mended = replace(stack, services=tuple(services))
    return Outcome(with_settings(mended, versions.settings.values()), tuple(notes))


def _is_private(ref: ImageRef, service: Service) -> bool:
    """Whether the image comes from a registry of one's own."""
    return bool(ref.registry) and ref.registry not in _HUBS and facts_of(service) is None


RULE = Rule(
    id="VERSION",
    title="Choose the version of your own images at deployment",
    summary=(
        "Makes the tag of your own images a variable in the production file, so that .env "
        "decides which version is deployed."
    ),
    severity="may",
    mend=apply,
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
