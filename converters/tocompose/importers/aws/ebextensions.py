"""`.ebextensions/*.config` beside a Dockerrun file: variables of all containers, and what else Elastic Beanstalk does.

https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/ebextensions-optionsettings.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers.docker_run.invocation import Argument, Invocation
from tocompose.ledger import Cursor, Ledger
from tocompose.project import Project
from tocompose.readers.yaml import yaml_cursors
from tocompose.syntax.interpolation import literal

_FOLDER = ".ebextensions/"
_VARIABLES = "aws:elasticbeanstalk:application:environment"


def with_environment_of_beanstalk(
    steps: Iterable[Invocation], path: str, project: Project, ledger: Ledger
) -> list[Invocation]:
    """The commands with the variables of the environment, which each container is given; its own stand behind them."""
    folder = path.rpartition("/")[0]
    shared = tuple(_environment(f"{folder}/" if folder else "", project, ledger))
    return [
        step._replace(arguments=(*shared, *step.arguments))
        if step.verb[-1] in ("run", "create") and step.verb[0] != "volume"
        else step
        for step in steps
    ]


def _environment(folder: str, project: Project, ledger: Ledger) -> Iterator[Argument]:
    for path in project.files():
        if not (path.startswith(folder + _FOLDER) and path.endswith(".config")):
            continue
        for cursor in yaml_cursors(project.read(path) or b"", path, ledger):
            for name, value in _variables(cursor.at("option_settings")):
                text = f"--env={literal(name)}={literal(value.peek() or '')}"
                yield Argument(text, value.value_span, (value,))
            _tell_rest(cursor, path)


def _variables(settings: Cursor) -> Iterator[tuple[str, Cursor]]:
    """The variables by their names, of a map by namespaces or a list of settings."""
    if settings.kind != "list":
        for setting in settings.at(_VARIABLES):
            yield setting.key, setting
        return
    for entry in settings:
        # A setting without a namespace is one of the environment.
        if (entry.peek("namespace") or _VARIABLES) == _VARIABLES:
            for key in ("namespace", "option_name"):
                entry.at(key).skip("it is the name of the variable")
            yield entry.peek("option_name") or "", entry.at("value")


def _tell_rest(cursor: Cursor, path: str) -> None:
    """Says in one note a file what Elastic Beanstalk does on its machines beside."""
    machine_settings = {
        field.key: field for field in cursor if field.key != "option_settings"
    }
    settings = cursor.at("option_settings")
    for setting in settings:
        is_entry = settings.kind == "list"
        namespace = setting.peek("namespace") or _VARIABLES if is_entry else setting.key
        if namespace != _VARIABLES:
            machine_settings.setdefault(namespace, setting)
            setting.mark_noted("TC790")
    for field in machine_settings.values():
        field.mark_noted("TC790")
    if machine_settings:
        cursor.annotate("TC790", object=path, fields=", ".join(machine_settings))
