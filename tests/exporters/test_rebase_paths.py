"""Paths of the source lead there from the output folder; what leads elsewhere stays."""

from __future__ import annotations

import pytest

from tocompose.exporters.rebase_paths import rebase_paths
from tocompose.model import (
    Build,
    ComposeFileRole,
    EnvFile,
    File,
    FileResource,
    Mount,
    Service,
    Stack,
)


def rebased(stack: Stack) -> Stack:
    return rebase_paths(stack, "../", "deploy/")


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("./data", "../data"),
        ("data/x", "../data/x"),
        (".", ".."),
        ("./", ".."),
        ("../data", "../../data"),
        ("./config/web.conf", "./config/web.conf"),
        ("./config", "./config"),
        ("./configuration", "../configuration"),
        *((path, path) for path in ("/data", "~/data", "$HOME/x", "${DATA}", "C:\\data")),
    ],
)
def test_paths_of_every_kind(path: str, seen: str) -> None:
    layer = Service(
        name="web",
        mounts=(
            Mount(kind="bind", target="/x", source=path),
            Mount(kind="volume", target="/y", source="data"),
        ),
        env_files=(EnvFile(path=path),),
        options={"label_file": [path]},
    )
    service = Service(
        name="web", mounts=layer.mounts, overlays={ComposeFileRole.DEV: layer}
    )
    resource = FileResource(name="c", file=path)
    file = File(path="config/web.conf", content=b"x")
    stack = rebased(
        Stack(
            name="x",
            services=(service,),
            configs=(resource,),
            secrets=(resource,),
            files=(file,),
        )
    )
    (service,) = stack.services
    overlay = service.overlays[ComposeFileRole.DEV]
    for mounts in (service.mounts, overlay.mounts):
        assert [mount.source for mount in mounts] == [seen, "data"]
    assert [env_file.path for env_file in overlay.env_files] == [seen]
    assert overlay.options["label_file"] == [seen]
    assert [held.file for held in (*stack.configs, *stack.secrets)] == [seen, seen]
    assert stack.files == (file,)


@pytest.mark.parametrize(
    ("context", "dockerfile", "seen"),
    [
        (".", None, ("..", "deploy/Dockerfile")),
        ("./api", None, ("../api", None)),
        (".", "Other", ("..", "Other")),
        ("https://example.org/a.git", None, ("https://example.org/a.git", None)),
    ],
)
def test_a_build_finds_its_context_and_a_generated_dockerfile(
    context: str, dockerfile: str | None, seen: tuple[str, str | None]
) -> None:
    build = Build(context=context, dockerfile=dockerfile)
    files = (
        File(path="Dockerfile", content=b"FROM x"),
        File(path=".dockerignore", content=b"x"),
    )
    stack = rebased(
        Stack(name="x", services=(Service(name="web", build=build),), files=files)
    )
    made = stack.services[0].build
    assert made is not None
    assert (made.context, made.dockerfile) == seen
    assert [file.path for file in stack.files] == ["Dockerfile", "Dockerfile.dockerignore"]
