"""Finds what AWS starts containers from, by content: JSON, templates of CloudFormation, manifests of Copilot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from tocompose.importers.aws.cloudformation import task_properties
from tocompose.ledger import Cursor, Ledger
from tocompose.patterns import regex
from tocompose.project import Project
from tocompose.readers.json import read_json
from tocompose.source import Branch

_CONTAINERS = regex(rb'["\']?\b[cC]ontainerDefinitions["\']?\s*:')
_BARE_LIST = regex(
    rb'\A\s*\[\s*\{(?=[^\[\]]*"image"\s*:)(?=[\s\S]*"(?:essential|portMappings)"\s*:)'
)
_TASK_TYPE = b"AWS::ECS::TaskDefinition"
_BEANSTALK = b"AWSEBDockerrunVersion"
_COPILOT_TYPE = regex(
    rb"^type:\s*['\"]?(?:Load Balanced Web Service|Request-Driven Web Service|Backend Service|Worker Service"
    rb"|Scheduled Job|Static Site)\b",
    re.MULTILINE,
)
_JSON = (".json", ".json.tpl", ".json.tftpl", ".jsonc")
_YAML = (".yml", ".yaml", ".template")
_MANIFESTS = ("manifest.yml", "manifest.yaml")


class AwsKind(Enum):
    """What a part of a file describes."""

    TASK = "task"
    CONTAINERS = "containers"
    BEANSTALK = "beanstalk"
    COPILOT = "copilot"


class AwsSource(NamedTuple):
    """One description, with the file that it stands in."""

    kind: AwsKind
    cursor: Cursor
    path: str


def aws_files(project: Project) -> tuple[str, ...]:
    """The files that describe containers to AWS."""
    return tuple(path for path in project.files() if _describes(project, path))


def _describes(project: Project, path: str) -> bool:
    is_named = path in project.named
    if path.rpartition("/")[2] in _MANIFESTS or (is_named and path.endswith(_YAML)):
        content = project.read(path) or b""
        if _COPILOT_TYPE.search(content):
            return True
    if not path.endswith((*_JSON, *_YAML)) and not is_named:
        return False
    content = project.read(path) or b""
    if path.endswith(_YAML):
        return _TASK_TYPE in content
    is_task = _CONTAINERS.search(content) is not None and b'"image"' in content.lower()
    return is_task or _BEANSTALK in content or _BARE_LIST.match(content) is not None


def read_sources(project: Project, ledger: Ledger) -> Iterator[AwsSource]:
    """What each file describes; all leaves of it are accounted for from now on."""
    for path in aws_files(project):
        content = project.read(path) or b""
        if path.endswith(_YAML):
            yield from _yaml_sources(content, path, ledger)
        else:
            yield from _json_sources(content, path, ledger)


def _json_sources(content: bytes, path: str, ledger: Ledger) -> Iterator[AwsSource]:
    tree = read_json(content, path).tree
    if tree.child("Resources") is not None:
        yield from _templates(tree, path, ledger)
        return
    cursor = ledger.open(tree)
    if tree.kind == "list":
        yield AwsSource(AwsKind.CONTAINERS, cursor, path)
        return
    wrapped = cursor.at("taskDefinition")
    task = wrapped or cursor
    version = (cursor.peek("AWSEBDockerrunVersion") or "").strip()
    if version and not task.at("containerDefinitions"):
        yield AwsSource(AwsKind.BEANSTALK, cursor, path)
    else:
        yield AwsSource(AwsKind.TASK, task, path)
    if wrapped:
        cursor.skip("it is about the definition, not about its containers")


def _yaml_sources(content: bytes, path: str, ledger: Ledger) -> Iterator[AwsSource]:
    from tocompose.readers.yaml import read_yaml, yaml_cursors

    if _TASK_TYPE in content:
        for document in read_yaml(content, path):
            if isinstance(document.root, Branch):
                yield from _templates(document.root, path, ledger)
        return
    for cursor in yaml_cursors(content, path, ledger):
        yield AwsSource(AwsKind.COPILOT, cursor, path)


def _templates(tree: Branch, path: str, ledger: Ledger) -> Iterator[AwsSource]:
    for properties in task_properties(tree):
        yield AwsSource(AwsKind.TASK, ledger.open(properties), path)
