"""The full web stack of the checklist, written as manifests: the output satisfies T-01 to T-05."""

from __future__ import annotations

from pathlib import Path

import pytest

from judges import compose_config, needs_compose, write
from tocompose.check import audit
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

FIXTURE = Path(__file__).parents[2] / "fixtures/kubernetes/web-stack/stack.yaml"
STACK = FIXTURE.read_text(encoding="utf-8")
_START = STACK.index("apiVersion: networking.k8s.io/v1\nkind: Ingress")
_INGRESS = STACK[_START : STACK.index("---", _START)]
# Traefik itself and its own kind of route, as its documentation has them.
_TRAEFIK = """\
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: app}
spec:
  entryPoints: [web]
  routes:
    - kind: Rule
      match: Host(`shop.example.com`)
      services: [{name: app, port: 80}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: traefik}
spec:
  selector: {matchLabels: {app: traefik}}
  template:
    metadata: {labels: {app: traefik}}
    spec:
      serviceAccountName: traefik
      containers:
        - name: traefik
          image: traefik:v3.1
          args: [--entrypoints.web.address=:80, --providers.kubernetescrd]
          ports: [{name: web, containerPort: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: traefik}
spec:
  type: LoadBalancer
  selector: {app: traefik}
  ports: [{port: 80, targetPort: web}]
"""
SOURCES = {"ingress": STACK, "traefik": STACK.replace(_INGRESS, _TRAEFIK)}
LINES = (
    "T-01",
    "T-02",
    "T-03",
    "T-04",
    "T-05",
    "Q-02",
    "Q-03",
    "Q-04",
    "Q-05",
    "Q-06",
    "Q-08",
    "Q-11",
    "Q-13",
    "A-03",
)


def converted(text: str) -> Result:
    """The conversion of manifests into the files of a folder."""
    return convert(
        Memory({"stack.yaml": text.encode()}, "shop"), Options(layout=Layout(split=True))
    )


def states(text: str) -> dict[str, str]:
    """Which lines of the checklist the output meets."""
    found = audit(
        Memory({item.path: item.content for item in converted(text).files}, "shop")
    )
    assert found is not None
    return {line.id: line.state for line in found.lines if line.id in LINES}


@pytest.mark.parametrize("name", SOURCES)
def test_the_lines_are_met(name: str) -> None:
    assert states(SOURCES[name]) == dict.fromkeys(LINES, "passed")


def test_a_line_can_fail() -> None:
    """A cache of an unknown image keeps its data nowhere and has no healthcheck."""
    lost = STACK.replace(
        "image: redis:7-alpine", "image: registry.example.com/shop/cache:1"
    )
    assert lost != STACK
    assert states(lost)["T-04"] != "passed"


class TestDockerCompose:
    """docker compose accepts it in development and in production."""

    pytestmark = needs_compose

    @pytest.mark.parametrize("name", SOURCES)
    def test_accepted(self, tmp_path: Path, name: str) -> None:
        write(tmp_path, converted(SOURCES[name]).files)
        assert {"app", "cache", "db", "traefik"} <= set(
            compose_config(tmp_path)["services"]
        )
        production = compose_config(
            tmp_path, "docker-compose.yml", "docker-compose.prod.yml"
        )
        assert "POSTGRES_PASSWORD_FILE" in production["services"]["db"]["environment"]
