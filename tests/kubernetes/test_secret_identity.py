"""A value of a cluster is one by its object and key: an equal text of who is not given it is another one."""

from __future__ import annotations

from tocompose.pipeline import Options, convert
from tocompose.project import Memory

SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: queue}
stringData: {RABBITMQ_DEFAULT_PASS: password}
---
apiVersion: v1
kind: Service
metadata: {name: queue}
spec: {selector: {app: queue}, ports: [{port: 5672}]}
"""


def deployment(name: str, image: str, env: str = "", arguments: str = "") -> str:
    return f"""---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
      - {{name: {name}, image: '{image}', args: [{arguments}], {env}}}
"""


QUEUE = SECRET + deployment("queue", "rabbitmq:4", "envFrom: [{secretRef: {name: queue}}]")


def environment(text: str, service_name: str) -> dict[str, str | None]:
    """The variables of a service."""
    stack = convert(Memory({"shop.yaml": text.encode()}, "shop"), Options()).stack
    (service,) = (service for service in stack.services if service.name == service_name)
    return {variable.name: variable.value for variable in service.environment}


def test_an_equal_argument_of_another_server_has_a_variable_of_its_own() -> None:
    store = deployment("store", "corp/store:1", arguments="--password, password")
    stack = convert(
        Memory({"shop.yaml": (QUEUE + store).encode()}, "shop"), Options()
    ).stack
    (service,) = (service for service in stack.services if service.name == "store")
    assert service.command is not None
    assert "STORE_PASSWORD" in service.command[1]
    assert "RABBITMQ" not in service.command[1]


def test_a_client_shares_the_password_of_the_server_that_it_calls() -> None:
    env = "env: [{name: QUEUE_HOST, value: queue}, {name: QUEUE_PASSWORD, value: password}]"
    password = environment(QUEUE + deployment("web", "corp/web:1", env), "web")[
        "QUEUE_PASSWORD"
    ]
    assert password is not None
    assert "RABBITMQ_DEFAULT_PASS" in password
