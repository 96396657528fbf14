"""Finds what AWS starts containers from, by content: JSON, templates of CloudFormation, manifests of Copilot."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from tocompose.importers.aws.cloudformation import task_properties
from tocompose.importers.aws.recognition import (
    TASK_TYPE,
    TERRAFORM_ENDING,
    YAML_ENDINGS,
    aws_files,
)
from tocompose.importers.aws.terraform import container_lists, settings_beside
from tocompose.ledger import Cursor, Ledger
from tocompose.project import Project
from tocompose.readers.json import read_json_documents
from tocompose.readers.reading import decode, encoding_oddities
from tocompose.record import NamedTuple
from tocompose.repository import note_oddities
from tocompose.source import Branch


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


def read_sources(project: Project, ledger: Ledger) -> Iterator[AwsSource]:
    """What each file describes; all leaves of it are accounted for from now on."""
    for path in aws_files(project):
        content = project.read(path) or b""
        if path.endswith(TERRAFORM_ENDING):
            yield from _terraform_sources(content, path, ledger)
        elif path.endswith(YAML_ENDINGS):
            yield from _yaml_sources(content, path, ledger)
        else:
            yield from _json_sources(content, path, ledger)


def _json_sources(content: bytes, path: str, ledger: Ledger) -> Iterator[AwsSource]:
    documents = read_json_documents(content, path)
    note_oddities(ledger, "json", documents.oddities)
    for tree in documents.trees:
        yield from _sources_of_tree(tree, path, ledger)


def _sources_of_tree(tree: Branch, path: str, ledger: Ledger) -> Iterator[AwsSource]:
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


def _terraform_sources(content: bytes, path: str, ledger: Ledger) -> Iterator[AwsSource]:
    text = decode(content)
    note_oddities(ledger, "hcl", encoding_oddities(content, path))
    settings = settings_beside(text)
    for definitions in container_lists(text):
        documents = read_json_documents(
            definitions.json.encode(), path, definitions.lines_before
        )
        note_oddities(ledger, definitions.language, documents.oddities)
        for tree in documents.trees:
            cursor = ledger.open(tree)
            yield AwsSource(AwsKind.CONTAINERS, cursor, path)
            if settings:
                cursor.annotate("TC790", object=path, fields=settings)


def _yaml_sources(content: bytes, path: str, ledger: Ledger) -> Iterator[AwsSource]:
    from tocompose.readers.yaml import read_yaml, yaml_cursors

    if TASK_TYPE in content:
        for document in read_yaml(content, path):
            if isinstance(document.root, Branch):
                yield from _templates(document.root, path, ledger)
        return
    for cursor in yaml_cursors(content, path, ledger):
        yield AwsSource(AwsKind.COPILOT, cursor, path)


def _templates(tree: Branch, path: str, ledger: Ledger) -> Iterator[AwsSource]:
    for properties in task_properties(tree):
        yield AwsSource(AwsKind.TASK, ledger.open(properties), path)
