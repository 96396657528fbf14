"""Where secrets are: Q-11, Q-12, Q-13, A-03, S-04 and the traps about secrets. No value is ever part of a note."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.compose.keys import is_extension
from tocompose.knowledge.secrets.names import secret_name
from tocompose.knowledge.secrets.texts import is_secret_under, secret_value
from tocompose.model import FileResource, Service, Stack
from tocompose.project import ignore_rules, project_path
from tocompose.rules import (
    Excuse,
    Rule,
    Startup,
    Verdict,
    View,
    judge_all,
    judge_services,
    runs_container,
    verdict,
)
from tocompose.rules.programs import runs_server
from tocompose.rules.service_images import facts_of
from tocompose.rules.views import judge_production, sees_files
from tocompose.source import Span, leaves
from tocompose.stack_texts import texts_within
from tocompose.syntax.env_lines import entries_by_name
from tocompose.syntax.interpolation import Variable, parse, plain, variable_names
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import ALWAYS_SET, variable_name


def _judge_values(startup: Startup, service: Service) -> Iterator[Verdict]:
    """Whether each secret of the service stands elsewhere."""
    for keys, name, value in _named_values(service):
        text = plain(value) or ""
        named = keys != ("labels",) and is_secret_under(name, text)
        in_clear = secret_value(value, name) or named
        if secret_name(name) or in_clear:
            span = startup.span(service, *keys, name)
            subject = ModelPath.service(service.name, *keys, name)
            facts = {"service": service.name, **_named(name)}
            lines = "Q-11 A-03 S-04"
            yield verdict(lines, not in_clear, "TC716", span, subject, **facts)


def _named(name: str) -> dict[str, str]:
    """What is called so, and the variable that can hold it: the name itself where Compose takes it for one."""
    is_variable = name.isidentifier() and name.isascii()
    return {"name": name, "variable": name if is_variable else variable_name(name)}


def _named_values(service: Service) -> Iterator[tuple[tuple[str, ...], str, str]]:
    for variable in service.environment:
        yield ("environment",), variable.name, variable.value or ""
    for name, argument in (service.build.args if service.build else {}).items():
        yield ("build", "args"), name, argument or ""
    for name, label in service.labels.items():
        yield ("labels",), name, label


def _judge_extensions(view: View) -> Iterator[Verdict]:
    """Whether each secret of the user's own sections stands elsewhere; one that a service takes in is that one's."""
    startup = view.main
    spans_of_services = {
        startup.span(service, *keys, name)
        for service in startup.stack.services
        for keys, name, _ in _named_values(service)
    }
    for path, text in _extension_texts(startup.stack):
        name = next(key for key in reversed(path) if not key.isdigit())
        is_named = is_secret_under(name, plain(text) or "")
        span = startup.places.span(*_with_numbers(path))
        if (is_named or secret_value(text, name)) and span not in spans_of_services:
            facts = {"service": path.service_name or path[0], **_named(name)}
            yield verdict("Q-11 A-03 S-04", False, "TC716", span, path, **facts)


def _extension_texts(stack: Stack) -> Iterator[tuple[ModelPath, str]]:
    """The texts of the user's own sections, and of their own keys of services."""
    for sections in stack.extensions.values():
        yield from texts_within(sections)
    for service in stack.services:
        for key, content in service.options.items():
            if is_extension(key):
                yield from texts_within(content, ("services", service.name, key))


def _with_numbers(path: ModelPath) -> tuple[str | int, ...]:
    """The path as files are walked: the entries of lists by number."""
    return tuple(int(key) if key.isdigit() else key for key in path)


def _judge_file_variables(startup: Startup, service: Service) -> Iterator[Verdict]:
    """Whether a secret that the image reads from a file is given so."""
    if not runs_server(service):
        return
    image = facts_of(service)
    names = {variable.name for variable in service.environment if variable.value}
    # One that is taken from the surroundings may name a file there.
    named_files = {
        variable.name for variable in service.environment if variable.value != ""
    }
    for name in image.secrets if image else ():
        file_variable = image.file_variable(name) if image else None
        if file_variable and names & {name, file_variable}:
            key = ("environment", name) if name in names else ""
            facts = {"name": name, "file_variable": file_variable}
            holds = file_variable in named_files
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
    """Whether the files and variables are there that a service's secrets and configs are read from."""
    startup = view.main
    sections = {"secrets": startup.stack.secrets, "configs": startup.stack.configs}
    for section, resources in sections.items():
        by_name = {resource.name: resource for resource in resources}
        for service in filter(runs_container, startup.stack.services):
            for name in dict.fromkeys(_granted_names(service, section)):
                if resource := by_name.get(name):
                    yield from _judge_source(view, service, section, resource)


def _granted_names(service: Service, section: str) -> Iterator[str]:
    grants = service.secrets if section == "secrets" else service.configs
    return (grant.source for grant in grants)


def _judge_source(
    view: View, service: Service, section: str, resource: FileResource
) -> Iterator[Verdict]:
    """The verdict on what one resource is read from, at its own place: each service that reads it fails alike."""
    span = view.main.places.span(section, resource.name)
    subject = ModelPath.service(service.name, section, resource.name)
    facts = {"service": service.name, "kind": section[:-1], "name": resource.name}
    path, variable = resource.file, resource.environment
    seen_path = project_path(path or "/") if sees_files(view) else None
    if seen_path is not None:
        holds = view.project.exists(seen_path)
        yield verdict("T7", holds, "TC729", span, subject, **facts, path=path)
    if variable and sees_files(view):
        holds = variable in view.main.values
        code, more_facts = _absence_of(view, variable)
        yield verdict("T7", holds, code, span, subject, **facts, **more_facts)


def _absence_of(view: View, variable: str) -> tuple[str, dict[str, str]]:
    """The code for a variable that `.env` lacks, with its facts: where that is still to be made, it says so."""
    documented = _names_in_file(view, ".env.example") or set()
    if variable in documented and not view.project.exists(".env"):
        how = f"Run cp .env.example .env, and set {variable}."
        return "TC524", {"path": ".env", "how": how}
    where = "is not in .env" if view.project.exists(".env") else "no file here sets"
    return "TC543", {"variable": variable, "where": where}


def _names_in_file(view: View, path: str) -> set[str] | None:
    """The variables that a file sets; None where there is no such file."""
    content = view.project.read(path)
    return (
        None
        if content is None
        else set(entries_by_name(content.decode("utf-8", "replace")))
    )


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
    title="Keep secrets in .env and in secret files",
    summary=(
        "Reports secrets in the compose file, a .env that git does not ignore, and secret "
        "files that are missing or that the image does not read."
    ),
    tells=("TC716", "TC717", "TC718", "TC719", "TC728", "TC729", "TC739", "TC543", "TC524"),
    severity="must",
    judge=judge_all(
        judge_services(_judge_values),
        judge_services(_judge_unread_files),
        judge_services(_judge_modes),
        judge_production(_judge_file_variables),
        _judge_extensions,
        _judge_sources,
        _judge_env_files,
    ),
    excuses=(
        Excuse(
            "TC543",
            "a variable that the source takes from its surroundings has no value to write to .env",
        ),
        Excuse(
            "TC719",
            "a read-only service takes no secret but from files, and a value that is no whole variable stays",
            _keeps_environment,
        ),
    ),
)
