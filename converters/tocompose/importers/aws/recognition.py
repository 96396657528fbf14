"""Which files describe containers to AWS, by content: JSON, templates of CloudFormation, manifests of Copilot."""

from __future__ import annotations

import re

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
    if path.endswith(TERRAFORM_ENDING):
        return _TERRAFORM.search(in_utf8(project.read(path) or b"")) is not None
    is_named = path in project.named
    is_yaml = path.endswith(YAML_ENDINGS)
    if not is_yaml and not path.endswith(JSON_ENDINGS) and not is_named:
        return False
    content = in_utf8(project.read(path) or b"")
    if is_yaml:
        is_manifest = path.rpartition("/")[2] in _MANIFESTS or is_named
        is_copilot = is_manifest and _COPILOT_TYPE.search(content) is not None
        return is_copilot or TASK_TYPE in content
    is_task = _CONTAINERS.search(content) is not None and b'"image"' in content.lower()
    return is_task or _BEANSTALK in content or _BARE_LIST.match(content) is not None
