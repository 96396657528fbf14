"""Which files describe containers to AWS, by content: JSON, templates of CloudFormation, manifests of Copilot."""

from __future__ import annotations

import re
from collections.abc import Callable

from tocompose.patterns import regex
from tocompose.project import Project
from tocompose.readers.reading import in_utf8

_CONTAINERS = regex(rb'["\']?\b[cC]ontainerDefinitions["\']?\s*:')
_BARE_LIST = regex(
    rb'\A\s*\[\s*\{(?=[\s\S]*"image"\s*:)(?=[\s\S]*"(?:essential|portMappings)"\s*:)'
)
TASK_TYPE = b"AWS::ECS::TaskDefinition"
_BEANSTALK = b"AWSEBDockerrunVersion"
_COPILOT_TYPE = regex(
    rb"^type:\s*['\"]?(?:Load Balanced Web Service|Request-Driven Web Service|Backend Service|Worker Service"
    rb"|Scheduled Job|Static Site)\b",
    re.MULTILINE,
)
JSON_ENDINGS = (".json", ".json.tpl", ".json.tftpl", ".jsonc")
TERRAFORM_ENDING = ".tf"
_TERRAFORM = regex(rb"\bcontainer_definitions\s*=\s*(?:jsonencode\s*\(|<<)")
YAML_ENDINGS = (".yml", ".yaml", ".template")
_MANIFESTS = ("manifest.yml", "manifest.yaml")


def aws_files(project: Project) -> tuple[str, ...]:
    """The files that describe containers to AWS."""
    return tuple(path for path in project.files() if _describes(project, path))


def _describes(project: Project, path: str) -> bool:
    holds_containers = _judge_of(path, is_named=path in project.named)
    if holds_containers is None:
        return False
    return holds_containers(in_utf8(project.read(path) or b""))


def _judge_of(path: str, *, is_named: bool) -> Callable[[bytes], bool] | None:
    """What tells of a file by its content whether it describes containers; None for one that is not looked into."""
    if path.endswith(TERRAFORM_ENDING):
        return _holds_definitions
    if path.endswith(YAML_ENDINGS):
        is_manifest = is_named or path.rpartition("/")[2] in _MANIFESTS
        return _is_manifest_or_task if is_manifest else _is_task
    return _is_json_of_containers if is_named or path.endswith(JSON_ENDINGS) else None


def _holds_definitions(content: bytes) -> bool:
    return _TERRAFORM.search(content) is not None


def _is_manifest_or_task(content: bytes) -> bool:
    return _COPILOT_TYPE.search(content) is not None or _is_task(content)


def _is_task(content: bytes) -> bool:
    return TASK_TYPE in content


def _is_json_of_containers(content: bytes) -> bool:
    is_task = _CONTAINERS.search(content) is not None and b'"image"' in content.lower()
    return is_task or _BEANSTALK in content or _BARE_LIST.match(content) is not None
