"""What AWS starts containers from: every field of a task definition, a Dockerrun file and a manifest of Copilot."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ablation import codes_of, compose_of, converted, losses, silent_paths
from tocompose.importers import SourceError
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.reports.duties import start_duties
from tocompose.reports.report import report

CONTAINER: dict[str, Any] = {
    "name": "web",
    "image": "shop/web:1",
    "command": ["serve", "$PORT"],
    "cpu": 300,
    "credentialSpecs": ["credentialspec:a"],
    "dependsOn": [
        {"containerName": "db", "condition": "HEALTHY"},
        {"containerName": "init", "condition": "SUCCESS"},
    ],
    "dnsSearchDomains": ["example"],
    "dnsServers": ["10.0.0.2"],
    "dockerLabels": {"team": "shop"},
    "dockerSecurityOptions": ["no-new-privileges"],
    "entryPoint": ["/init", "--"],
    "environment": [{"name": "COLOR", "value": "blue$"}],
    "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::bucket/dir/web.env"}],
    "extraHosts": [{"hostname": "old", "ipAddress": "10.0.0.3"}],
    "firelensConfiguration": {"type": "fluentbit", "options": {"a": "b"}},
    "healthCheck": {
        "command": ["CMD-SHELL", "curl -f x"],
        "interval": 11,
        "retries": 4,
        "startPeriod": 12,
        "timeout": 6,
    },
    "hostname": "web.example",
    "interactive": True,
    "links": ["db:database"],
    "linuxParameters": {
        "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]},
        "devices": [{"hostPath": "/dev/fuse", "containerPath": "/dev/f", "permissions": ["read"]}],
        "initProcessEnabled": True,
        "maxSwap": 64,
        "sharedMemorySize": 32,
        "swappiness": 60,
        "tmpfs": [{"containerPath": "/scratch", "size": 9, "mountOptions": ["noexec"]}],
    },
    "logConfiguration": {
        "logDriver": "syslog",
        "options": {"tag": "web"},
        "secretOptions": [{"name": "t", "valueFrom": "p"}],
    },
    "memory": 512,
    "memoryReservation": 128,
    "mountPoints": [{"sourceVolume": "data", "containerPath": "/data", "readOnly": True}],
    "portMappings": [{"containerPort": 80, "hostPort": 8080, "protocol": "udp"}],
    "privileged": True,
    "pseudoTerminal": True,
    "readonlyRootFilesystem": True,
    "repositoryCredentials": {"credentialsParameter": "arn:x"},
    "resourceRequirements": [
        {"type": "GPU", "value": "2"},
        {"type": "InferenceAccelerator", "value": "d"},
    ],
    "restartPolicy": {"enabled": True, "ignoredExitCodes": [3], "restartAttemptPeriod": 60},
    "secrets": [{"name": "TOKEN", "valueFrom": "/shop/token"}],
    "startTimeout": 33,
    "stopTimeout": 44,
    "systemControls": [{"namespace": "net.core.somaxconn", "value": "999"}],
    "ulimits": [{"name": "nofile", "softLimit": 10, "hardLimit": 20}],
    "user": "1000",
    "volumesFrom": [{"sourceContainer": "init", "readOnly": True}],
    "workingDirectory": "/srv",
}  # fmt: skip
TASK: dict[str, Any] = {
    "family": "shop",
    "cpu": "1024",
    "enableFaultInjection": True,
    "ephemeralStorage": {"sizeInGiB": 30},
    "executionRoleArn": "arn:aws:iam::1:role/e",
    "inferenceAccelerators": [{"deviceName": "d", "deviceType": "t"}],
    "ipcMode": "task",
    "memory": "2048",
    "pidMode": "task",
    "placementConstraints": [{"type": "memberOf", "expression": "x"}],
    "proxyConfiguration": {"type": "APPMESH", "containerName": "e"},
    "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "OTHER"},
    "tags": [{"key": "a", "value": "b"}],
    "taskRoleArn": "arn:aws:iam::1:role/t",
    "volumes": [
        {"name": "data", "host": {"sourcePath": "/srv/data"}},
        {"name": "cache", "dockerVolumeConfiguration": {
            "driver": "local", "driverOpts": {"type": "t"}, "labels": {"x": "y"}}},
        {"name": "share", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}},
    ],
    "containerDefinitions": [
        CONTAINER,
        {"name": "db", "image": "postgres:16", "healthCheck": {"command": ["CMD-SHELL", "x"]},
         "mountPoints": [{"sourceVolume": "cache", "containerPath": "/c"}]},
        {"name": "init", "image": "busybox:1", "essential": False, "disableNetworking": True},
    ],
}  # fmt: skip
DOCKERRUN: dict[str, Any] = {
    "AWSEBDockerrunVersion": "1",
    "Authentication": {"Bucket": "b", "Key": "k"},
    "Command": "serve --port 80",
    "Entrypoint": "/init",
    "Image": {"Name": "shop/web:1", "Update": "true"},
    "Logging": "/var/log",
    "Ports": [{"ContainerPort": "8000", "HostPort": "8080"}, {"ContainerPort": "9"}],
    "Volumes": [{"HostDirectory": "/var/app/current/conf", "ContainerDirectory": "/conf"}],
}
COPILOT: dict[str, Any] = {
    "name": "api",
    "type": "Load Balanced Web Service",
    "count": 3,
    "cpu": 512,
    "memory": 1024,
    "command": "serve --all",
    "entrypoint": "/init",
    "env_file": "api.env",
    "exec": True,
    "http": {"path": "/"},
    "image": {
        "location": "shop/api:1",
        "port": 8080,
        "labels": {"a": "b"},
        "credentials": "arn:x",
        "depends_on": {"agent": "start"},
        "healthcheck": {
            "command": ["CMD-SHELL", "curl -f x"],
            "interval": "11s",
            "retries": 4,
            "start_period": "12s",
            "timeout": "6s",
        },
    },
    "network": {"connect": True},
    "platform": "linux/arm64",
    "secrets": {"TOKEN": "/shop/token", "CERT": {"secretsmanager": "shop/cert"}},
    "storage": {
        "readonly_fs": True,
        "ephemeral": 30,
        "volumes": {"data": {"path": "/data", "efs": True, "read_only": True}},
    },
    "variables": {"LEVEL": "info"},
    "environments": {"prod": {"count": 9}},
    "sidecars": {
        "agent": {"image": "agent:1", "variables": {"X": 1}, "secrets": {"K": "/k"}},
    },
}


def task_files(task: Any) -> dict[str, str]:
    return {"task-definition.json": json.dumps(task, indent=1)}


def task(*containers: dict[str, Any], **fields: Any) -> Result:
    return converted(
        task_files({"containerDefinitions": list(containers), **fields}), "aws"
    )


def web(**fields: Any) -> dict[str, Any]:
    return {"name": "web", "image": "web:1", **fields}


def services(result: Result) -> Any:
    return compose_of(result)["services"]


FORMS = {
    "task": (TASK, task_files),
    "dockerrun": (DOCKERRUN, lambda value: {"Dockerrun.aws.json": json.dumps(value)}),
    "copilot": (COPILOT, lambda value: {"copilot/api/manifest.yml": yaml.safe_dump(value), "api.env": ""}),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_no_field_is_left_unread_or_unwritten(form: str) -> None:
    document, files_of = FORMS[form]
    assert losses(converted(files_of(document), "aws")) == []


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_removing_any_value_shows(form: str) -> None:
    document, files_of = FORMS[form]
    assert list(silent_paths(document, files_of, "aws")) == []


@pytest.mark.parametrize(
    ("fields", "key", "value"),
    [
        ({"command": ["sh", "-c", "echo $X"]}, "command", ["sh", "-c", "echo $$X"]),
        ({"entryPoint": ["/a", "b c"]}, "entrypoint", ["/a", "b c"]),
        ({"memory": "256", "cpu": 100}, "cpu_shares", 100),
        ({"memory": "256"}, "deploy", {"resources": {"limits": {"memory": "256m"}}}),
        ({"healthCheck": {"command": ["curl", "x"], "interval": 9}}, "healthcheck",
         {"test": ["CMD", "curl", "x"], "interval": "9s", "timeout": "5s"}),
        ({"portMappings": [{"containerPort": 80}]}, "ports", ["80"]),
        ({"portMappings": [{"containerPort": 80, "hostPort": 0}]}, "ports", ["80"]),
        ({"portMappings": [{"containerPort": 80, "hostPort": 8080}]}, "ports", ["8080:80"]),
        ({"readonlyRootFilesystem": True}, "read_only", True),
        ({"secrets": [{"name": "A", "valueFrom": "/a"}]}, "environment", {"A": "${A:?set A in .env}"}),
        ({"environment": [{"name": "A", "value": "{{B}}"}]}, "environment", {"A": "${B:?set B in .env}"}),
        ({"restartPolicy": {"enabled": True}}, "restart", "on-failure"),
    ],
)  # fmt: skip
def test_a_field_becomes_a_key(fields: dict[str, Any], key: str, value: Any) -> None:
    assert services(task(web(**fields), networkMode="bridge"))["web"][key] == value


def test_fargate_publishes_the_port_of_the_container_and_limits_by_the_task() -> None:
    container = web(portMappings=[{"containerPort": 80}], cpu=128)
    result = task(
        container, requiresCompatibilities=["FARGATE"], cpu=".25 vCPU", memory="0.5 GB"
    )
    service = services(result)["web"]
    assert service["ports"] == ["80:80"] and "cpu_shares" not in service
    assert service["deploy"]["resources"]["limits"] == {"cpus": "0.25", "memory": "512m"}


def test_containers_that_talk_over_localhost_share_a_network() -> None:
    app = web(
        environment=[{"name": "CACHE", "value": "redis://localhost:6379"}],
        portMappings=[{"containerPort": 80}],
    )
    cache = {"name": "cache", "image": "redis:7", "portMappings": [{"containerPort": 6379}]}
    stack = services(task(cache, app, networkMode="awsvpc"))
    modes = [service.get("network_mode") for service in stack.values()]
    assert modes.count("service:cache") == 1
    apart = services(task(cache, web(), networkMode="awsvpc"))
    assert all("network_mode" not in service for service in apart.values())


def test_conditions_and_jobs() -> None:
    init = {"name": "init", "image": "busybox:1", "essential": False}
    waits = [{"containerName": "init", "condition": "COMPLETE"}]
    result = task(init, web(dependsOn=waits))
    stack = services(result)
    condition = stack["web"]["depends_on"]["init"]["condition"]
    assert (
        condition == "service_completed_successfully" and stack["init"]["restart"] == "no"
    )
    assert "TC790" in codes_of(result)


def test_links_become_names_on_the_network() -> None:
    stack = services(
        task({"name": "db", "image": "postgres:16"}, web(links=["db:database"]))
    )
    assert stack["db"]["networks"] == {"default": {"aliases": ["database"]}}
    assert stack["web"]["depends_on"] == {"db": {"condition": "service_started"}} or stack[
        "web"
    ]["depends_on"] == ["db"]


def test_a_link_makes_the_host_name_known_too() -> None:
    server = {"name": "server", "image": "s:1", "hostname": "api"}
    stack = services(task(server, web(links=["server"])))
    assert stack["server"]["networks"] == {"default": {"aliases": ["api"]}}
    assert "server" in stack["web"]["depends_on"]


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        (
            "db/pass",
            "aws ssm get-parameter --with-decryption --name db/pass --query Parameter.Value",
        ),
        ("arn:aws:secretsmanager:r:1:secret:s:a-b::", """--output text | jq -r '."a-b"'"""),
        (
            "arn:aws:secretsmanager:r:1:secret:s::AWSPREVIOUS:",
            " --version-stage AWSPREVIOUS ",
        ),
        ("arn:aws:secretsmanager:r:1:secret:s:::9f", " --version-id 9f "),
    ],
)
def test_the_command_prints_the_value_of_a_secret_alone(origin: str, command: str) -> None:
    result = task(web(secrets=[{"name": "A_PASSWORD", "valueFrom": origin}]))
    assert command in next(item.advice for item in result.notes if item.code == "TC799")


def _sidecar() -> dict[str, Any]:
    port = [{"containerPort": 2000, "protocol": "udp"}]
    return {
        "name": "xray",
        "image": "x:1",
        "essential": False,
        "portMappings": port,
    }


def test_an_essential_container_owns_the_network_of_the_task() -> None:
    """A sidecar may end while the others run, which are without a network then."""
    cache = {"name": "cache", "image": "redis:7"}
    app = web(
        environment=[{"name": "REDIS_URL", "value": "redis://localhost"}],
        dependsOn=[{"containerName": "cache", "condition": "START"}],
        portMappings=[{"containerPort": 8080}],
    )
    result = task(_sidecar(), app, cache, networkMode="awsvpc")
    stack = services(result)
    modes = {name: service.get("network_mode") for name, service in stack.items()}
    assert modes == {"web": "service:cache", "xray": "service:cache", "cache": None}
    assert stack["cache"]["ports"] == ["8080:8080"]
    assert "TC891" in codes_of(result)


def test_the_port_of_a_sidecar_is_not_published() -> None:
    """In awsvpc mode only the load balancer and the security group open a port."""
    stack = services(task(web(), _sidecar(), networkMode="awsvpc"))
    assert "ports" not in stack["xray"]


def test_each_container_may_use_the_limits_of_the_task() -> None:
    """What a container reserves is no limit: at its reservation it would be killed."""
    app, helper = web(memoryReservation=512), {"name": "h", "image": "h:1", "memory": 64}
    result = task(
        app, helper, cpu="1024", memory="2048", requiresCompatibilities=["FARGATE"]
    )
    limits = {
        name: service["deploy"]["resources"]["limits"]
        for name, service in services(result).items()
    }
    assert limits["web"] == {"cpus": "1", "memory": "2048m"}
    assert limits["h"] == {"cpus": "1", "memory": "64m"}
    assert "TC892" in codes_of(result)


def test_secrets_are_asked_for_and_where_they_lie_is_said() -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:1:secret:shop/db-AbC:password::"
    result = task(web(secrets=[{"name": "DB_PASSWORD", "valueFrom": arn}]))
    advice = next(item.advice for item in result.notes if item.code == "TC799")
    command = (
        "get-secret-value --secret-id arn:aws:secretsmanager:eu-west-1:1:secret:shop/db-AbC"
        " --query SecretString --output text | jq -r .password`"
    )
    assert command in advice
    env = {file.path: file.content.decode() for file in result.files}[".env"]
    assert "DB_PASSWORD=" in env


def test_one_name_for_two_secrets_becomes_two_variables() -> None:
    other = {"name": "job", "image": "j:1", "secrets": [{"name": "KEY", "valueFrom": "/b"}]}
    stack = services(task(web(secrets=[{"name": "KEY", "valueFrom": "/a"}]), other))
    assert stack["web"]["environment"]["KEY"] != stack["job"]["environment"]["KEY"]


@pytest.mark.parametrize(
    ("image", "written"),
    [
        ("<IMAGE1_NAME>", "${IMAGE1_NAME"),
        ("ACCOUNT_ID.dkr.ecr.eu-west-1.amazonaws.com/a:1", "${ACCOUNT_ID"),
        ("${image}", "${image"),
        ("{{ REPO }}:latest", "${REPO"),
    ],
)
def test_a_placeholder_for_the_image_is_a_variable(image: str, written: str) -> None:
    assert services(task(web() | {"image": image}))["web"]["image"].startswith(written)


def test_dockerrun_of_one_container() -> None:
    service = next(
        iter(
            services(
                converted({"Dockerrun.aws.json": json.dumps(DOCKERRUN)}, "aws")
            ).values()
        )
    )
    assert service["ports"] == ["8080:8000"] and service["command"] == [
        "serve",
        "--port",
        "80",
    ]
    assert service["volumes"][0] in ("./conf:/conf",)


def test_dockerrun_without_an_image_builds_the_folder() -> None:
    files = {
        "Dockerrun.aws.json": '{"AWSEBDockerrunVersion": "1", "Ports": [{"ContainerPort": "80"}]}',
        "Dockerfile": "FROM busybox\n",
    }
    service = next(iter(services(converted(files, "aws")).values()))
    assert service["build"] == "." or service["build"]["context"] == "."
    assert service["ports"] == ["80:80"]


def test_copilot_reads_an_environment_that_is_asked_for() -> None:
    manifest = {
        "name": "api",
        "type": "Backend Service",
        "image": {"location": "a:1"},
        "variables": {"L": "a"},
        "environments": {"prod": {"variables": {"L": "b"}}},
    }
    files = {"copilot/api/manifest.yml": yaml.safe_dump(manifest)}
    assert services(converted(files, "aws"))["api"]["environment"] == {"L": "a"}
    chosen = converted(files, "aws", environment=("prod",))
    assert services(chosen)["api"]["environment"] == {"L": "b"}


def test_copilot_builds_and_publishes_and_puts_a_sidecar_beside() -> None:
    manifest = {
        "name": "api",
        "type": "Load Balanced Web Service",
        "image": {"build": {"dockerfile": "svc/Dockerfile", "context": "svc", "args": {"V": 1}}, "port": 80},
        "sidecars": {"proxy": {"image": "envoy:1", "port": 8443}},
    }  # fmt: skip
    files = {
        "copilot/api/manifest.yml": yaml.safe_dump(manifest),
        "svc/Dockerfile": "FROM busybox\n",
    }
    stack = services(converted(files, "aws"))
    assert stack["api"]["build"]["context"] == "svc" and stack["api"]["ports"] == ["80:80"]
    assert stack["api"]["build"]["args"] == {"V": "1"}
    assert stack["proxy"]["network_mode"] == "service:api"


def test_a_template_of_cloudformation() -> None:
    template = """\
Resources:
  Bucket: {Type: "AWS::S3::Bucket"}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      NetworkMode: awsvpc
      ContainerDefinitions:
        - Name: web
          Image: !Sub "${Account}.dkr.ecr.eu-west-1.amazonaws.com/web:1"
          Environment: [{Name: STAGE, Value: !Ref Stage}]
          PortMappings: [{ContainerPort: 80}]
          DockerLabels: {Team: shop}
"""
    service = services(converted({"template.yaml": template}, "aws"))["web"]
    assert service["ports"] == ["80:80"] and service["labels"] == {"Team": "shop"}
    assert service["environment"] == {"STAGE": "${STAGE:?set STAGE in .env}"}
    assert service["image"].startswith("${ACCOUNT")


_TEMPLATE = """\
Parameters:
  Tag: {Type: String, Default: "3"}
  Stage: {Type: String}
  Password: {Type: String, NoEcho: true, Default: x7GvLq92}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: web
          Image: !Join [":", [acme/web, !Ref Tag]]
          Environment: [{Name: V, Value: VALUE}]
"""


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ('!Join ["", ["http://", !GetAtt Lb.DNSName, /x]]', "http://${LB_DNSNAME:?set LB_DNSNAME in .env}/x"),
        ('{"Fn::Join": ["-", [a, {Ref: Stage}]]}', "a-${STAGE:?set STAGE in .env}"),
        ('!Join [",", !Ref Subnets]', "${SUBNETS:?set SUBNETS in .env}"),
        ('!Sub ["http://${h}/${Stage}", {h: !Ref Tag}]', "http://${TAG}/${STAGE:?set STAGE in .env}"),
        ('!Sub "${!Kept}"', "$${Kept}"),
        ("!If [IsLive, a, b]", "${ISLIVE_A_B:?set ISLIVE_A_B in .env}"),
        ("!Select [0, [x, y]]", "${_0:?set _0 in .env}"),
    ],
)  # fmt: skip
def test_functions_of_a_template_give_their_texts_or_a_variable(
    function: str, value: str
) -> None:
    files = {"template.yaml": _TEMPLATE.replace("VALUE", function)}
    service = services(converted(files, "aws"))["web"]
    assert service["environment"] == {"V": value}
    assert service["image"] == "acme/web:${TAG}"


_TERRAFORM = {
    "main.tf": """\
resource "aws_ecs_task_definition" "app" {
  container_definitions = jsonencode([{
    name = "web", image = "acme/web:${var.tag}"
    environment = [{ name = "V", value = "u:${var.password}" }, { name = "S", value = var.stage }]
  }])
}
""",
    "variables.tf": """\
variable "tag" { default = "3" }
variable "password" {
  sensitive = true
  default   = "x7GvLq92"
}
variable "stage" {
  type = string
}
variable "unused" { default = "1" }
""",
}


@pytest.mark.parametrize(
    ("files", "file"),
    [
        ({"template.yaml": _TEMPLATE.replace("VALUE", '!Sub "u:${Password}"')}, "template.yaml"),
        (_TERRAFORM, "variables.tf"),
    ],
)  # fmt: skip
def test_the_defaults_of_parameters_are_values_of_the_stack(
    files: dict[str, str], file: str
) -> None:
    result = converted(files, "aws")
    service = services(result)["web"]
    assert service["image"] == "acme/web:${TAG}"
    (told,) = [note for note in result.notes if note.code == "TC092"]
    assert told.message.startswith(f"{file} states the default values of ")
    assert "TAG" in told.message and "UNUSED" not in told.message
    values = {setting.name: setting for setting in result.stack.settings}
    assert values["TAG"].value == "3" and values["PASSWORD"].value == "x7GvLq92"
    assert values["PASSWORD"].secret and not values["TAG"].secret
    assert not any(
        b"x7GvLq92" in written.content for written in result.files if written.path != ".env"
    )


@pytest.mark.parametrize("mode", ["pidMode", "awsvpc"])
def test_nothing_is_shared_with_a_container_that_ends(mode: str) -> None:
    init = {"name": "init", "image": "busybox", "essential": False}
    app = web(
        dependsOn=[{"containerName": "init", "condition": "SUCCESS"}],
        environment=[{"name": "A", "value": "http://localhost:81"}],
    )
    wait = {"containerName": "web", "condition": "START"}
    side = {"name": "side", "image": "acme/side:1", "dependsOn": [wait]}
    definition = {"containerDefinitions": [init, app, side], "networkMode": "awsvpc"}
    if mode == "pidMode":
        definition |= {"pidMode": "task", "networkMode": "bridge"}
    found = services(converted({"task.json": json.dumps(definition)}, "aws"))
    shared = [
        service.get("pid") or service.get("network_mode") for service in found.values()
    ]
    assert set(shared) - {None} and "service:init" not in shared


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"logConfiguration": {"logDriver": "awslogs"}}, "TC792"),
        ({"logConfiguration": {"logDriver": "awsfirelens"}}, "TC795"),
        ({"repositoryCredentials": {"credentialsParameter": "x"}}, "TC793"),
        ({"startTimeout": 3}, "TC790"),
        ({"unheardOf": 3}, "TC001"),
    ],
)
def test_what_is_lost_is_said(fields: dict[str, Any], code: str) -> None:
    assert code in codes_of(task(web(**fields)))


def test_a_log_folder_is_no_log_of_the_engine() -> None:
    run = {"AWSEBDockerrunVersion": "1", "Image": {"Name": "a/b:1"}, "Logging": "/logs"}
    result = converted({"Dockerrun.aws.json": json.dumps(run)}, "aws")
    assert "TC890" in codes_of(result) and "TC792" not in codes_of(result)


def test_what_a_manifest_of_copilot_loses_is_said() -> None:
    manifest = {
        "name": "j",
        "type": "Scheduled Job",
        "on": {"schedule": "@daily"},
        "count": 2,
        "image": {"location": "a:1"},
        "environments": {"p": {"count": 1}},
    }
    result = converted({"copilot/j/manifest.yml": yaml.safe_dump(manifest)}, "aws")
    assert {"TC796", "TC797", "TC798"} <= codes_of(result)
    assert services(result)["j"]["profiles"] == ["scheduled"]
    asked = [item.advice for item in result.notes if item.code == "TC798"]
    assert asked and all("run --rm j`" in text for text in asked)
    efs = task(
        web(),
        volumes=[{"name": "s", "efsVolumeConfiguration": {"fileSystemId": "f"}}],
        taskRoleArn="a",
    )
    assert {"TC791", "TC794"} <= codes_of(efs)
    said = next(item.message for item in efs.notes if item.code == "TC794")
    assert said.startswith("volume s is the EFS file system f on AWS;")


@pytest.mark.parametrize(
    ("image", "path", "volume", "codes"),
    [
        ("postgres:17", "/var/lib/postgresql/data", {"host": {"sourcePath": "pg"}}, {"TC458"}),
        ("postgres:17", "/var/lib/postgresql", {"host": {"sourcePath": "/srv/pg"}}, {"TC458"}),
        ("corp/files:1", "/files", {"dockerVolumeConfiguration": {"scope": "shared"}}, {"TC459"}),
        ("corp/files:1", "/files", {"dockerVolumeConfiguration": {"scope": "task"}}, set()),
        ("corp/agent:1", "/proc", {"host": {"sourcePath": "/proc"}}, set()),
        ("corp/files:1", "/files", {"host": {}}, set()),
    ],
)  # fmt: skip
def test_data_on_a_host_at_aws_is_to_be_moved(
    image: str, path: str, volume: dict[str, Any], codes: set[str]
) -> None:
    mounts = [{"sourceVolume": "store", "containerPath": path}]
    container = web(name="db", image=image, mountPoints=mounts)
    result = task(container, volumes=[{"name": "store", **volume}])
    assert codes_of(result) & {"TC458", "TC459"} == codes
    if "TC458" in codes:
        [told] = [note for note in result.notes if note.code == "TC458"]
        search = 'exec "$(docker ps -q -f label=com.amazonaws.ecs.container-name=db)" sh -c'
        assert search in told.advice


@pytest.mark.parametrize(
    "files",
    [
        {"package.json": '{"name": "x", "image": "y"}'},
        {"manifest.yml": "applications:\n- name: x\n"},
        {"template.yaml": "Resources:\n  B: {Type: 'AWS::S3::Bucket'}\n"},
    ],
)
def test_what_is_none_is_left_alone(files: dict[str, str]) -> None:
    with pytest.raises(SourceError):
        converted(files, "aws")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(sorted(CONTAINER)), below, max_size=4),
    max_leaves=8,
)  # fmt: skip


@given(_JSON)
def test_any_value_is_read_or_refused(value: Any) -> None:
    for document in (
        {"containerDefinitions": value},
        {"containerDefinitions": [web() | value] if isinstance(value, dict) else [value]},
    ):
        try:
            converted(task_files(document), "aws")
        except SourceError:
            continue


EXTENSIONS = {
    ".ebextensions/01.config": (
        "option_settings:\n  aws:elasticbeanstalk:application:environment:\n"
        "    MODE: shared\n    PRICE: '5$'\n  aws:autoscaling:asg: {MinSize: 2}\n"
        "container_commands: {01_migrate: {command: rake db:migrate}}\n"
    ),
    ".ebextensions/02.config": (
        "option_settings:\n  - {option_name: ZONE, value: north}\n"
        "  - {namespace: aws:elb:listener, option_name: P, value: '1'}\n"
    ),
}


@pytest.mark.parametrize(
    "dockerrun",
    [
        {"AWSEBDockerrunVersion": "1", "Image": {"Name": "acme/web:1"}},
        {
            "AWSEBDockerrunVersion": 2,
            "containerDefinitions": [{"name": "web", "image": "acme/web:1"}],
        },
    ],
)
def test_variables_of_an_environment_of_beanstalk(dockerrun: dict[str, Any]) -> None:
    files = {"Dockerrun.aws.json": json.dumps(dockerrun), **EXTENSIONS}
    result = converted(files, "aws")
    service = next(iter(services(result).values()))
    assert service["environment"] == {"MODE": "shared", "PRICE": "5$$", "ZONE": "north"}
    told = [one.message for one in result.notes if one.code == "TC790"]
    assert ["container_commands, aws:autoscaling:asg" in told[0], "aws:elb" in told[1]] == [
        True,
        True,
    ]
    assert "TC001" not in codes_of(result)


def test_what_a_container_says_itself_stands_behind_its_environment() -> None:
    container = {
        "name": "web",
        "image": "acme/web:1",
        "environment": [{"name": "MODE", "value": "own"}],
    }
    dockerrun = {"AWSEBDockerrunVersion": 2, "containerDefinitions": [container]}
    files = {"Dockerrun.aws.json": json.dumps(dockerrun), **EXTENSIONS}
    assert services(converted(files, "aws"))["web"]["environment"]["MODE"] == "own"


TERRAFORM = """
resource "aws_ecs_task_definition" "shop" {
  family       = "shop"
  network_mode = "bridge"
  container_definitions = jsonencode([
    {
      name  = "web"
      image = "${var.repository}/web:${var.tag}" # built elsewhere
      cpu   = var.cpu
      portMappings = [{ containerPort = 80, hostPort = 8080 }]
      environment = [
        { name = "MODE", value = "a = {b}, c" },
        { "name" : "COUNT", "value" : tostring(var.count) },
        { name = "URL", value = format("%s/x", aws_db.main.endpoint) },
      ]
    },
    { name = "cache", image = "redis:7", essential = false }
  ])
}
"""


def test_container_definitions_of_terraform() -> None:
    result = converted({"main.tf": TERRAFORM}, "aws")
    found = services(result)
    names = re.findall(r"\$\{(\w+)", found["web"]["image"])
    assert names == ["REPOSITORY", "TAG"]
    assert found["web"]["ports"] == ["8080:80"]
    environment = found["web"]["environment"]
    assert environment["MODE"] == "a = {b}, c" and environment["COUNT"] == "${COUNT}"
    assert environment["URL"].startswith("${") and found["cache"] == {"image": "redis:7"}
    told = [one.message for one in result.notes if one.code == "TC790"]
    assert any("network_mode" in message for message in told)
    assert any("cpu: ${CPU}" in message for message in told)
    assert "TC001" not in codes_of(result)
    places = [
        one.span.line for one in result.notes if "cpu: ${CPU}" in one.message and one.span
    ]
    assert places == [9]


def test_a_here_document_of_terraform() -> None:
    text = (
        'resource "aws_ecs_task_definition" "a" {\n  container_definitions = <<-END\n'
        '  [{"name": "a", "image": "${var.image}", "memory": 64}]\n  END\n}\n'
    )
    image = services(converted({"a.tf": text}, "aws"))["a"]["image"]
    assert image.startswith("${IMAGE")


@pytest.mark.parametrize("number", ["1e400", "-1e400", "NaN", '"inf"'])
def test_a_number_without_end_is_said_to_be_none(number: str) -> None:
    container = f'{{"name": "a", "image": "a:1", "memory": {number}, "cpu": {number}}}'
    text = f'{{"family": "x", "containerDefinitions": [{container}]}}'
    result = converted({"task-definition.json": text}, "aws")
    assert services(result)["a"] == {"image": "a:1"}
    assert codes_of(result) & {"TC790", "TC771", "TC001"}


def test_a_container_that_waits_for_itself() -> None:
    waits = '"dependsOn": [{"containerName": "a", "condition": "START"}]'
    text = f'{{"family": "x", "containerDefinitions": [{{"name": "a", "image": "a:1", {waits}}}]}}'
    result = converted({"task-definition.json": text}, "aws")
    assert services(result)["a"] == {"image": "a:1"}
    assert "TC790" in codes_of(result) and "TC901" not in codes_of(result)


def test_a_dollar_sign_of_terraform_is_text_without_a_brace() -> None:
    text = """resource "aws_ecs_task_definition" "a" {
  container_definitions = jsonencode([{
    name = "a", image = "acme/a:1", command = ["echo", "$HOME costs $5", "$${HOME}", "${var.home}"]
    environment = [{ name = "HASH", value = "$2y$10$XlaSZ0TWyckAbrbmq302uN" }]
  }])
}
"""
    result = converted({"main.tf": text}, "aws")
    service = services(result)["a"]
    assert service["command"] == ["echo", "$$HOME costs $$5", "$${HOME}", "${HOME}"]
    assert service["environment"] == {"HASH": "$$2y$$10$$XlaSZ0TWyckAbrbmq302uN"}
    container = (
        '{"name": "a", "image": "a:1", "command": ["$HOME", "$aB", "${HOME}", "$5"]}'
    )
    template = f'{{"containerDefinitions": [{container}]}}'
    shared = services(converted({"task.json.tpl": template}, "aws"))["a"]
    assert shared["command"] == ["$HOME", "$$aB", "${HOME}", "$$5"]


@given(st.text(alphabet='[]{}()="\\n,:a1.$#/ ', max_size=40))
def test_any_text_of_terraform_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(SourceError):
        converted({"a.tf": f"container_definitions = jsonencode({text}"}, "aws")


@pytest.mark.parametrize(
    ("text", "code", "column"),
    [
        (
            '{"containerDefinitions": [{"name": "a", "name": "w", "image": "x:1"}]}',
            "TC313",
            28,
        ),
        ('{"containerDefinitions": [{"name": "w", "image": "x:1"}]', "TC314", 56),
        ('{"containerDefinitions": [{"name": "w", "image": "x:1"},]}', "TC312", 56),
    ],
)
def test_faults_of_json_are_told_with_their_places(
    text: str, code: str, column: int
) -> None:
    result = converted({"task-definition.json": text}, "aws")
    assert [service.name for service in result.stack.services] == ["w"]
    (told,) = (note for note in result.notes if note.code in ("TC312", "TC313", "TC314"))
    assert told.code == code and told.span and told.span.column == column


def test_the_last_word_of_a_variable_waits_for_its_value() -> None:
    environment = [{"name": "AWS_REGION", "value": "REGION"}]
    web = {"name": "web", "image": "shop/web:1", "environment": environment}
    task = {"family": "shop", "containerDefinitions": [web]}
    files = {"task.json": json.dumps(task)}
    result = converted(files, "aws", "FILL-IN")
    told = [note.subject[-1] for note in result.notes if note.code == "TC852"]
    assert told == ["AWS_REGION"]


def test_containers_that_nothing_joins_are_told_to_be_apart() -> None:
    """In awsvpc mode they shared localhost, which a program may use without a word in the source."""
    cache = {"name": "cache", "image": "redis:7"}
    apart = task(web(), cache, networkMode="awsvpc")
    assert "TC893" in codes_of(apart) and "TC891" not in codes_of(apart)
    assert "TC893" not in codes_of(task(web(), networkMode="awsvpc"))
    assert "TC893" not in codes_of(task(web(), cache, networkMode="bridge"))


def test_a_memory_limit_below_dockers_least_is_said_as_such() -> None:
    result = task(web(memory=4))
    assert "deploy" not in services(result)["web"]
    [told] = [item for item in result.notes if item.code == "TC894"]
    assert "4 MB" in told.message and "no key" not in told.message
    assert "TC790" not in codes_of(result)


def test_the_mount_of_a_server_is_corrected_before_its_data_are_moved() -> None:
    mounts = [{"sourceVolume": "pg", "containerPath": "/var/lib/postgresql/data"}]
    database = {"name": "db", "image": "postgres", "mountPoints": mounts}
    volumes = [{"name": "pg", "host": {"sourcePath": "pg"}}]
    source = {"AWSEBDockerrunVersion": 2, "containerDefinitions": [database]}
    text = json.dumps({**source, "volumes": volumes}).encode()
    project = Memory({"Dockerrun.aws.json": text}, "shop")
    told = report(convert(project, Options()), project)
    assert [duty.code for duty in start_duties(told).named] == ["TC652", "TC458"]
    advice = start_duties(told).named[0].advice
    assert "starts empty here" in advice and "If the volume holds data" not in advice


def test_no_limit_is_told_of_a_container_that_becomes_no_service() -> None:
    imageless = {key: value for key, value in web(memory=4).items() if key != "image"}
    codes = codes_of(task({**imageless, "name": "app"}, web()))
    assert "TC002" in codes and "TC894" not in codes


def test_what_is_left_out_with_a_container_without_an_image_is_counted() -> None:
    definition = {
        "AWSEBDockerrunVersion": "2",
        "containerDefinitions": [
            {"name": "db", "image": "postgres:16", "memory": 512},
            {
                "name": "web",
                "memory": 512,
                "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                "portMappings": [{"containerPort": 80, "hostPort": 80}],
            },
            {"name": "bare", "memory": 512},
        ],
    }
    files = {"Dockerrun.aws.json": json.dumps(definition).encode()}
    result = convert(Memory(files, "shop"))
    told = [note.message for note in result.notes if note.code == "TC002"]
    assert told == [
        "web names no image, so no service was written for it; left out with it: 2 variables and 1 port",
        "bare names no image, so no service was written for it",
    ]


@pytest.mark.parametrize(
    ("states", "reason"),
    [
        ([True], "the only container of its task"),
        ([True, False], "Compose too keeps the other containers running when this one ends"),
        ([True, False], "ECS ends the whole task when an essential container ends; Compose keeps the others running"),
    ],
)  # fmt: skip
def test_what_ends_a_task_is_left_out_for_the_reason_that_holds(
    states: list[bool], reason: str
) -> None:
    containers = [
        {"name": f"c{number}", "image": "shop/web:1", "essential": state}
        for number, state in enumerate(states)
    ]
    task = {"family": "shop", "containerDefinitions": containers}
    ledger = converted({"task.json": json.dumps(task)}, "aws").ledger
    reasons = [text for leaf in ledger.leaves() for text in ledger.fate(leaf).detail]
    assert reason in reasons
