"""Secrets planted in the files of platforms: Quadlet, task definitions and templates of AWS, Terraform, Render, Unraid,
services of a swarm."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

import yaml

Texts = Iterable[str]
Files = dict[str, str]


def quadlet_variables(texts: Texts) -> Files:
    """A line of `Environment=` each, in a unit of its own."""
    lines = (f'Environment="THING_{n}={_in_unit(text)}"' for n, text in enumerate(texts))
    return {"web.container": _container(lines)}


def quadlet_labels(texts: Texts) -> Files:
    """A label and an annotation each."""
    lines = (
        f'Label="a.b{n}={_in_unit(text)}"\nAnnotation="c.d{n}={_in_unit(text)}"'
        for n, text in enumerate(texts)
    )
    return {"web.container": _container(lines)}


def quadlet_commands(texts: Texts) -> Files:
    """What each container runs."""
    return {
        f"w{n}.container": _container([f"Exec={text.replace('%', '%%')}"])
        for n, text in enumerate(texts)
    }


def quadlet_checks(texts: Texts) -> Files:
    """What asks each container whether it is well."""
    return {
        f"w{n}.container": _container([f"HealthCmd={text.replace('%', '%%')}"])
        for n, text in enumerate(texts)
    }


def _container(lines: Iterable[str]) -> str:
    return "\n".join(["[Container]", "Image=docker.io/acme/web:1", *lines, ""])


def _in_unit(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")


def task_variables(texts: Texts) -> Files:
    """A variable of a container of ECS each."""
    env = [{"name": f"THING_{n}", "value": text} for n, text in enumerate(texts)]
    return {"task-definition.json": json.dumps(_task([{"environment": env}]))}


def task_commands(texts: Texts) -> Files:
    """What each container of a task runs."""
    parts = [{"command": shlex.split(text)} for text in texts]
    return {"task-definition.json": json.dumps(_task(parts))}


def task_checks(texts: Texts) -> Files:
    """What asks each container of a task, and its options of logging."""
    parts = [
        {
            "healthCheck": {"command": ["CMD-SHELL", text]},
            "dockerLabels": {"a.b": text},
        }
        for text in texts
    ]
    return {"task-definition.json": json.dumps(_task(parts))}


def _task(parts: Iterable[dict[str, object]]) -> dict[str, object]:
    containers = [
        {"name": f"w{n}", "image": "acme/web:1", "essential": True, **part}
        for n, part in enumerate(parts)
    ]
    return {"family": "web", "containerDefinitions": containers}


def template_variables(texts: Texts) -> Files:
    """A variable of a container of a task in a CloudFormation template each."""
    env = [{"Name": f"THING_{n}", "Value": text} for n, text in enumerate(texts)]
    container = {"Name": "web", "Image": "acme/web:1", "Environment": env}
    properties = {"Family": "web", "ContainerDefinitions": [container]}
    task = {"Type": "AWS::ECS::TaskDefinition", "Properties": properties}
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Task": task}}
    return {"template.yaml": yaml.safe_dump(template)}


def terraform_variables(texts: Texts) -> Files:
    """A variable of a container in a file of Terraform each, and a label of it."""
    env = ",\n".join(
        f'{{ name = "THING_{n}", value = {_in_terraform(text)} }}'
        for n, text in enumerate(texts)
    )
    return _terraform(f'{{ name = "web", image = "acme/web:1", environment = [{env}] }}')


def terraform_commands(texts: Texts) -> Files:
    """What each container in a file of Terraform runs, and what asks it."""
    containers = (
        f'{{ name = "w{n}", image = "acme/web:1", command = ["sh", "-c", {_in_terraform(text)}],\n'
        f'healthCheck = {{ command = ["CMD-SHELL", {_in_terraform(text)}] }} }}'
        for n, text in enumerate(texts)
    )
    return _terraform(",\n".join(containers))


def _in_terraform(text: str) -> str:
    """The text as a quoted one of Terraform, without expressions."""
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted.replace("${", "$${").replace("%{", "%%{")


def _terraform(containers: str) -> Files:
    task = f'family = "web"\ncontainer_definitions = jsonencode([\n{containers}\n])'
    return {"main.tf": f'resource "aws_ecs_task_definition" "web" {{\n{task}\n}}\n'}


def copilot_variables(texts: Texts) -> Files:
    """A variable of a service of Copilot each."""
    service = {
        "name": "web",
        "type": "Backend Service",
        "image": {"location": "acme/web:1"},
        "variables": {f"THING_{n}": text for n, text in enumerate(texts)},
    }
    return {"copilot/web/manifest.yml": yaml.safe_dump(service)}


def render_variables(texts: Texts) -> Files:
    """A variable of a service of Render each."""
    env = [{"key": f"THING_{n}", "value": text} for n, text in enumerate(texts)]
    return _blueprint([{"envVars": env}])


def render_commands(texts: Texts) -> Files:
    """What each service of Render runs."""
    return _blueprint({"dockerCommand": text} for text in texts)


def _blueprint(parts: Iterable[dict[str, object]]) -> Files:
    services = [
        {
            "type": "pserv",
            "name": f"w{n}",
            "runtime": "image",
            "image": {"url": "docker.io/acme/web:1"},
            **part,
        }
        for n, part in enumerate(parts)
    ]
    return {"render.yaml": yaml.safe_dump({"services": services})}


def unraid_variables(texts: Texts) -> Files:
    """A variable of a template of Unraid each, by turns masked and not, the value in the text or the default."""
    settings = (
        f'<Config Name="T{n}" Target="THING_{n}" Default={_default(text, n)} Mode="" Description="" '
        f'Type="Variable" Mask="{("true", "false")[n % 2]}">{escape(text) if n % 3 else ""}</Config>'
        for n, text in enumerate(texts)
    )
    return {"my-web.xml": _unraid("\n".join(settings))}


def _default(text: str, number: int) -> str:
    return '""' if number % 3 else quoteattr(text)


def unraid_parameters(texts: Texts) -> Files:
    """The parameters of a container of Unraid: variables and labels."""
    words = " ".join(
        f"-e {shlex.quote(f'THING_{n}={text}')} -l {shlex.quote(f'a.b{n}={text}')}"
        for n, text in enumerate(texts)
    )
    return {"my-web.xml": _unraid(f"<ExtraParams>{escape(words)}</ExtraParams>")}


def unraid_commands(texts: Texts) -> Files:
    """What each container of Unraid runs."""
    return {
        f"my-w{n}.xml": _unraid(f"<PostArgs>{escape(text)}</PostArgs>", f"w{n}")
        for n, text in enumerate(texts)
    }


def _unraid(content: str, name: str = "web") -> str:
    head = f"<Name>{name}</Name><Repository>acme/web:1</Repository>"
    return (
        f'<?xml version="1.0"?>\n<Container version="2">\n{head}\n{content}\n</Container>\n'
    )


def swarm_variables(texts: Texts) -> Files:
    """A variable of a service of a swarm each, as the engine tells it."""
    env = [f"THING_{n}={text}" for n, text in enumerate(texts)]
    return _swarm([{"Env": env}])


def swarm_commands(texts: Texts) -> Files:
    """What each service of a swarm runs, and its labels."""
    return _swarm({"Args": ["sh", "-c", text], "Labels": {"a.b": text}} for text in texts)


def _swarm(parts: Iterable[dict[str, object]]) -> Files:
    services = [
        {
            "ID": f"{n:025d}",
            "Spec": {
                "Name": f"w{n}",
                "TaskTemplate": {"ContainerSpec": {"Image": "acme/web:1", **part}},
                "Mode": {"Replicated": {"Replicas": 1}},
            },
        }
        for n, part in enumerate(parts)
    ]
    return {"services.json": json.dumps(services)}


def pod_commands(texts: Texts) -> Files:
    """What the containers of a pod run before they stop, once they have started, and to be asked."""
    containers: list[dict[str, object]] = [
        {
            "name": f"w{n}",
            "image": "acme/web:1",
            "livenessProbe": {"exec": {"command": ["sh", "-c", text]}},
            "lifecycle": {"preStop": {"exec": {"command": ["sh", "-c", text]}}},
        }
        for n, text in enumerate(texts)
    ]
    return {"a.yaml": yaml.safe_dump(pod(containers))}


def pod(containers: list[dict[str, object]]) -> dict[str, dict[str, object]]:
    """A Pod of these containers."""
    described: dict[str, dict[str, object]] = {
        "metadata": {"name": "web"},
        "spec": {"containers": containers},
    }
    return {"apiVersion": "v1", "kind": "Pod", **described}  # type: ignore[dict-item]


def recipe_commands(texts: Texts) -> Files:
    """What a Makefile runs."""
    lines = (
        f"w{n}:\n\tdocker run -d --name w{n} acme/web:1 {text.replace('$', '$$')}"
        for n, text in enumerate(texts)
    )
    return {"Makefile": "\n".join(lines) + "\n"}


def unit_commands(texts: Texts) -> Files:
    """What services of systemd run."""
    return {
        f"w{n}.service": f"[Service]\nExecStart=docker run --name w{n} acme/web:1 {text.replace('%', '%%')}\n"
        for n, text in enumerate(texts)
    }
