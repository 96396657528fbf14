"""Finds what AWS starts containers from, by content: JSON, templates of CloudFormation, manifests of Copilot."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from tocompose.importers.aws import cloudformation, terraform
from tocompose.importers.aws.cloudformation import TemplateText, task_properties
from tocompose.importers.aws.defaults import StatedDefault
from tocompose.importers.aws.fields import AwsVariables
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


def read_sources(
    project: Project, ledger: Ledger, variables: AwsVariables
) -> Iterator[AwsSource]:
    """What each file describes; all leaves of it are accounted for from now on, `variables` know their defaults."""
    terraform_folders: set[str] = set()
    for path in aws_files(project):
        content = project.read(path) or b""
        if path.endswith(TERRAFORM_ENDING):
            folder = path.rpartition("/")[0]
            if folder not in terraform_folders:
                terraform_folders.add(folder)
                variables.add_defaults(_terraform_defaults(project, folder))
            yield from _terraform_sources(content, path, ledger)
        elif path.endswith(YAML_ENDINGS):
            yield from _yaml_sources(content, path, ledger, variables)
        else:
            yield from _json_sources(content, path, ledger, variables)


def _json_sources(
    content: bytes, path: str, ledger: Ledger, variables: AwsVariables
) -> Iterator[AwsSource]:
    documents = read_json_documents(content, path)
    note_oddities(ledger, "json", documents.oddities)
    for tree in documents.trees:
        if tree.child("Resources") is not None:
            variables.add_defaults(cloudformation.stated_defaults(tree))
            yield from _templates(tree, TemplateText(""), path, ledger)
        else:
            yield _source_of_tree(tree, path, ledger)


def _source_of_tree(tree: Branch, path: str, ledger: Ledger) -> AwsSource:
    cursor = ledger.open(tree)
    if tree.kind == "list":
        return AwsSource(AwsKind.CONTAINERS, cursor, path)
    wrapped = cursor.at("taskDefinition")
    task = wrapped or cursor
    version = (cursor.peek("AWSEBDockerrunVersion") or "").strip()
    if wrapped:
        for child in cursor:
            if child.key != "taskDefinition":
                child.skip("it is about the definition, not about its containers")
    if version and not task.at("containerDefinitions"):
        return AwsSource(AwsKind.BEANSTALK, cursor, path)
    return AwsSource(AwsKind.TASK, task, path)


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


def _yaml_sources(
    content: bytes, path: str, ledger: Ledger, variables: AwsVariables
) -> Iterator[AwsSource]:
    from tocompose.readers.yaml import read_yaml, yaml_cursors

    if TASK_TYPE in content:
        text = TemplateText(decode(content))
        for document in read_yaml(content, path):
            if isinstance(document.root, Branch):
                variables.add_defaults(cloudformation.stated_defaults(document.root))
                yield from _templates(document.root, text, path, ledger)
        return
    for cursor in yaml_cursors(content, path, ledger):
        yield AwsSource(AwsKind.COPILOT, cursor, path)


def _templates(
    tree: Branch, text: TemplateText, path: str, ledger: Ledger
) -> Iterator[AwsSource]:
    for properties in task_properties(tree, text):
        yield AwsSource(AwsKind.TASK, ledger.open(properties), path)


def _terraform_defaults(project: Project, folder: str) -> Iterator[StatedDefault]:
    """The defaults of the variables that the files of a folder declare."""
    for path in project.files():
        if path.endswith(TERRAFORM_ENDING) and path.rpartition("/")[0] == folder:
            text = decode(project.read(path) or b"")
            yield from terraform.stated_defaults(text, path)
