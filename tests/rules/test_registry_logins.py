"""Where a stack runs on another engine than its source, a private registry is named with the way in."""

from __future__ import annotations

import pytest

from tocompose.model import Runtime, Service, Stack
from tocompose.rules import Context
from tocompose.rules.registry_logins import RULE, login_at

ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"


def logins(runtime: Runtime, *images: str) -> list[str]:
    services = tuple(
        Service(name=f"s{number}", image=image) for number, image in enumerate(images)
    )
    stack = Stack(name="shop", runs_in=runtime, services=services)
    return [note.advice for note in RULE.apply(stack, Context()).notes]


@pytest.mark.parametrize(
    ("host", "words"),
    [
        (ECR, "aws ecr get-login-password --region eu-central-1"),
        (
            "123456789012.dkr-ecr.us-east-1.on.aws",
            "aws ecr get-login-password --region us-east-1",
        ),
        (
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
            "aws ecr get-login-password --region cn-north-1",
        ),
        ("shop1.azurecr.io", "az acr login --name shop1"),
        (
            "europe-west4-docker.pkg.dev",
            "gcloud auth configure-docker europe-west4-docker.pkg.dev",
        ),
        ("de.icr.io", "ibmcloud cr login"),
    ],
)
def test_each_registry_has_its_own_way_in(host: str, words: str) -> None:
    login = login_at(host)
    assert login is not None and login.command.startswith(words)


@pytest.mark.parametrize(
    "host",
    ["", "docker.io", "ghcr.io", "quay.io", "localhost:5000", "public.ecr.aws", "${REGISTRY}",
     f"{ECR}.example.com", "azurecr.io"],
)  # fmt: skip
def test_others_are_not_named(host: str) -> None:
    assert login_at(host) is None


@pytest.mark.parametrize("runtime", Runtime, ids=lambda runtime: runtime.name.lower())
def test_only_another_engine_has_to_log_in(runtime: Runtime) -> None:
    is_same_engine = runtime.name in {"DOCKER", "PROJECT", "SWARM", "TASKS"}
    assert len(logins(runtime, f"{ECR}/shop/web:1")) == (0 if is_same_engine else 1)


def test_a_registry_is_named_once() -> None:
    images = (f"{ECR}/a:1", f"{ECR}/b:1", "shop1.azurecr.io/c:1", "redis:7")
    assert len(logins(Runtime.CLUSTER, *images)) == 2


@pytest.mark.parametrize(
    ("image", "needs", "tries"),
    [
        (f"{ECR}/a:1", "requires a login", False),
        ("us-docker.pkg.dev/google-samples/a:1", "may require a login", True),
        ("shop1.azurecr.io/a:1", "may require a login", True),
    ],
)
def test_where_images_may_be_public_a_pull_is_tried_first(
    image: str, needs: str, tries: bool
) -> None:
    services = (Service(name="web", image=image),)
    stack = Stack(name="shop", runs_in=Runtime.CLUSTER, services=services)
    [told] = RULE.apply(stack, Context()).notes
    assert told.message.endswith(needs)
    assert ("docker compose pull web" in told.advice) is tries
