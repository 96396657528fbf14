"""Where secrets are: Q-11, Q-12, Q-13, A-03, S-04 and the traps about secrets. No value is ever part of a note."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from tocompose.exporters.existing import names_in
from tocompose.knowledge.secrets.names import secret_name
from tocompose.knowledge.secrets.texts import may_be_secret, secret_value
from tocompose.model import FileResource, Service, Stack
from tocompose.project import ignore_rules
from tocompose.rules import (
    Excuse,
    Rule,
    Startup,
    Verdict,
    View,
    judge_all,
    judge_production,
    judge_services,
    verdict,
)
from tocompose.rules.programs import runs_server
from tocompose.rules.service_images import facts_of
from tocompose.source import Span, leaves
from tocompose.syntax.interpolation import Variable, parse, plain, variable_names
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import ALWAYS_SET


def _judge_values(startup: Startup, service: Service) -> Iterator[Verdict]:
    """Whether each secret of the service stands elsewhere."""
    for keys, name, value in _named_values(service):
        text = plain(value) or ""
        named = keys != ("labels",) and may_be_secret(text)
        in_clear = secret_value(value) or (secret_name(name) and named and bool(text))
        if secret_name(name) or in_clear:
            span = startup.span(service, *keys, name)
            subject = ModelPath.service(service.name, *keys, name)
            facts = {"service": service.name, "name": name}
            lines = "Q-11 A-03 S-04"
            yield verdict(lines, not in_clear, "TC716", span, subject, **facts)


def _named_values(service: Service) -> Iterator[tuple[tuple[str, ...], str, str]]:
    for variable in service.environment:
        yield ("environment",), variable.name, variable.value or ""
    for name, argument in (service.build.args if service.build else {}).items():
        yield ("build", "args"), name, argument or ""
    for name, label in service.labels.items():
        yield ("labels",), name, label


def _judge_file_variables(startup: Startup, service: Service) -> Iterator[Verdict]:
    """Whether a secret that the image reads from a file is given so."""
    if not runs_server(service):
        return
    image = facts_of(service)
    names = {variable.name for variable in service.environment if variable.value}
    for name in image.secrets if image else ():
        file_variable = image.file_variable(name) if image else None
        if file_variable and names & {name, file_variable}:
            key = ("environment", name) if name in names else ""
            facts = {"name": name, "file_variable": file_variable}
            holds = file_variable in names
            yield startup.verdict(service, key, "Q-13", holds, "TC719", **facts)


def _judge_unread_files(startup: Startup, service: Service) -> Iterator[Verdict]:
    """Whether the image reads each `_FILE` variable."""
    image = facts_of(service)
    if image is None or not image.sure:
        return
    for variable in service.environment:
        name = variable.name.removesuffix("_FILE")
        if name != variable.name and image.is_secret(name):
            is_read = image.file_variable(name) == variable.name
            key = ("environment", variable.name)
            facts = {"name": variable.name, "image": service.image or ""}
            yield startup.verdict(service, key, "T20", is_read, "TC739", **facts)


def _judge_modes(startup: Startup, service: Service) -> Iterator[Verdict]:
    """Whether owners and modes are of use: those of files are ignored."""
    for section, grants, resources in (
        ("secrets", service.secrets, startup.stack.secrets),
        ("configs", service.configs, startup.stack.configs),
    ):
        files = {resource.name for resource in resources if resource.file}
        for grant in grants:
            is_set = bool(grant.mode or grant.uid or grant.gid)
            holds = not (is_set and grant.source in files)
            facts = {"kind": section[:-1], "name": grant.source}
            yield startup.verdict(service, section, "T6", holds, "TC728", **facts)


def _judge_sources(view: View) -> Iterator[Verdict]:
    """Whether the files and variables that secrets and configs are read from are there."""
    stack = view.main.stack
    env_names = _names_in_file(view, ".env")
    for section, resources in (("secrets", stack.secrets), ("configs", stack.configs)):
        for resource in resources:
            for problem, holds in _source_problems(view, resource, env_names).items():
                span = view.main.places.span(section, resource.name)
                subject = ModelPath.of(section, resource.name)
                facts = {"kind": section[:-1], "name": resource.name, "what": problem}
                yield verdict("T7", holds, "TC729", span, subject, **facts)


def _source_problems(
    view: View, resource: FileResource, env_names: set[str] | None
) -> Mapping[str, bool]:
    """What may be missing, and whether it is there."""
    problems: dict[str, bool] = {}
    file, variable = resource.file, resource.environment
    if file and not file.startswith(("/", "~", "../")) and "$" not in file:
        present = view.project.exists(posixpath.normpath(file))
        problems[f"the file {file} is missing"] = present
    if variable and env_names is not None:
        problems[f"{variable} is not in .env"] = variable in env_names
    return problems


def _names_in_file(view: View, path: str) -> set[str] | None:
    """The variables that a file sets; None where there is no such file."""
    content = view.project.read(path)
    return None if content is None else set(names_in(content.decode("utf-8", "replace")))


def _judge_env_files(view: View) -> Iterator[Verdict]:
    """Whether `.env` is kept out of version control, and `.env.example` has every variable."""
    if view.project.exists(".env"):
        yield verdict("Q-11", _is_ignored(view), "TC717", None, ModelPath())
    if view.names is None:
        return
    uses = {
        name: span for name, span in _first_uses(view).items() if name not in ALWAYS_SET
    }
    documented = _names_in_file(view, ".env.example") or set()
    missing = ", ".join(name for name in sorted(uses) if name not in documented)
    for name in sorted(uses):
        facts = {"name": name, "missing": missing}
        subject = ModelPath.of("settings", name)
        yield verdict("Q-12", name in documented, "TC718", uses[name], subject, **facts)


def _first_uses(view: View) -> dict[str, Span]:
    """Every variable in the files, with the place where it first stands."""
    uses: dict[str, Span] = {}
    for file in view.files:
        for root in file.roots:
            for leaf in leaves(root):
                for name in variable_names(leaf.text) if "$" in leaf.text else ():
                    uses.setdefault(name, leaf.span)
    return uses


def _is_ignored(view: View) -> bool:
    content = view.project.read(".gitignore")
    if content is None:
        return False
    lines = content.decode("utf-8", "replace").splitlines()
    return ignore_rules(lines).match_file(".env")


def _keeps_environment(service: Service | None, stack: Stack) -> bool:
    if service is None or service.security.read_only:
        return True
    secrets = {setting.name for setting in stack.settings if setting.secret}
    named = (
        variable.value or ""
        for variable in service.environment
        if secret_name(variable.name)
    )
    return any(_only_variable(value) not in secrets for value in named)


def _only_variable(text: str) -> str | None:
    """The variable that the whole text is."""
    match parse(text):
        case (Variable(name=name),):
            return name
    return None


RULE = Rule(
    id="SECRET-FILES",
    title="Keep secrets out of what is read by many",
    severity="must",
    judge=judge_all(
        judge_services(_judge_values),
        judge_services(_judge_unread_files),
        judge_services(_judge_modes),
        judge_production(_judge_file_variables),
        _judge_sources,
        _judge_env_files,
    ),
    excuses=(
        Excuse(
            "TC729",
            "a variable that the source takes from its surroundings has no value to write to .env",
        ),
        Excuse(
            "TC719",
            "a read-only service takes no secret but from files, and a value that is no whole variable stays",
            _keeps_environment,
        ),
    ),
)
