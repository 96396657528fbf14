"""Secrets in places that are read by many: defaults of variables, commands, files of variables. No value is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tocompose.knowledge.secrets.commands import service_command_secrets
from tocompose.knowledge.secrets.names import secret_name
from tocompose.knowledge.secrets.texts import may_be_secret, secret_defaults
from tocompose.model import EnvFile, Service
from tocompose.project import ignore_rules, normal_path
from tocompose.readers.dotenv import read_dotenv
from tocompose.rules import (
    Rule,
    Startup,
    Verdict,
    View,
    judge_all,
    judge_services,
    verdict,
)
from tocompose.rules.secret_holders import names_secret
from tocompose.rules.service_images import facts_of
from tocompose.rules.views import sees_files
from tocompose.source import Leaf
from tocompose.stack_texts import texts_within
from tocompose.syntax.interpolation import variables
from tocompose.syntax.model_path import ModelPath

# What people call the file that the real one is copied from.
_TEMPLATE_ENDINGS = ("example", "sample", "dist", "template", "tmpl", "default", "defaults")


def _judge_defaults(startup: Startup, service: Service) -> Iterator[Verdict]:
    """Whether each default of a variable is fit to be read by everybody."""
    image = facts_of(service)
    for path, text in texts_within(service, ("services", service.name), "$"):
        of_variable = path[2:3] == ("environment",)
        is_secret = of_variable and names_secret(path[-1], image)
        for outermost in variables(text):
            for variable, _ in secret_defaults(outermost, is_secret):
                facts = {"name": variable.name}
                yield startup.verdict_at(
                    service, path[2:], "Q-11 A-03 S-04", False, "TC521", **facts
                )


def _judge_commands(startup: Startup, service: Service) -> Iterator[Verdict]:
    """Whether the commands of the service hold no secret; a variable is none, its default may be one."""
    for keys, secret in service_command_secrets(service):
        argument_key: tuple[str | int, ...] = (*keys, secret.word)
        text = _command_words(service, keys)[secret.word][secret.start : secret.end]
        used_variables = variables(text)
        if not used_variables:
            facts = {"key": " ".join(keys), "option": secret.option}
            yield startup.verdict_at(
                service, argument_key, "Q-11 A-03 S-04", False, "TC522", **facts
            )
        for outermost in used_variables:
            for variable, _ in secret_defaults(outermost, not secret_name(outermost.name)):
                facts = {"name": variable.name}
                yield startup.verdict_at(
                    service, argument_key, "Q-11 A-03 S-04", False, "TC521", **facts
                )


def _command_words(service: Service, keys: tuple[str, ...]) -> Sequence[str]:
    """The words of the command at the keys."""
    match keys:
        case ("command",):
            return service.command or ()
        case ("entrypoint",):
            return service.entrypoint or ()
        case ("healthcheck", "test"):
            return (service.healthcheck and service.healthcheck.test) or ()
        case (hook, number, "command"):
            arguments: Sequence[str] = service.options[hook][int(number)]["command"]
            return arguments
    return ()


def _judge_env_files(view: View) -> Iterator[Verdict]:
    """Whether the files of variables are there, and those with secrets kept out of version control."""
    named: dict[str, EnvFile] = {}
    for service in view.main.stack.services:
        for number, env_file in enumerate(service.env_files):
            path = normal_path(env_file.path)
            if path is None or "$" in path or path.startswith("~") or not sees_files(view):
                continue
            named.setdefault(path, env_file)
            code, how = _absence_of(view, path, env_file)
            file_key = ("env_file", number)
            facts = {"path": env_file.path} | ({"how": how} if how else {})
            holds = code is None
            yield view.main.verdict_at(
                service, file_key, "Q-11", holds, code or "TC523", **facts
            )
    for path in named:
        yield from _judge_secrets_in(view, path)


def _absence_of(view: View, path: str, env_file: EnvFile) -> tuple[str | None, str]:
    """The code for a file of variables that is missing, and what to do; none for one that is there or need not be."""
    if view.project.exists(path) or not env_file.required:
        return None, ""
    template = _template_of(view, path)
    if template:
        return "TC524", f"Run cp {template} {path}, and fill in the values."
    if _is_ignored(view, path):
        return "TC524", f"Write the variables of the service to {path}."
    return "TC523", ""


def _template_of(view: View, path: str) -> str:
    """The file beside it that it is copied from, empty where there is none."""
    folder, slash, name = path.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    bases = dict.fromkeys((name, name.lstrip("."), ".env", "env"))
    names = [f"{base}.{template}" for base in bases for template in _TEMPLATE_ENDINGS]
    if stem and dot:
        names += [f"{stem}.{template}.{ending}" for template in _TEMPLATE_ENDINGS]
        names += [f"{stem}-{template}.{ending}" for template in _TEMPLATE_ENDINGS]
    paths = (f"{folder}{slash}{template}" for template in names)
    return next((path for path in paths if view.project.exists(path)), "")


def _is_ignored(view: View, path: str) -> bool:
    content = view.project.read(".gitignore") or b""
    lines = content.decode("utf-8", "replace").splitlines()
    return bool(lines) and ignore_rules(lines).match_file(path)


def _judge_secrets_in(view: View, path: str) -> Iterator[Verdict]:
    """Whether a file of variables other than `.env`, of which another rule tells, is kept out of version control."""
    content = view.project.read(path)
    is_template = path.endswith(_TEMPLATE_ENDINGS)
    if content is None or path == ".env" or is_template:
        return
    names = sorted(_secrets_in(content))
    holds = not names or _is_ignored(view, path)
    subject, facts = ModelPath.of("files", path), {"names": ", ".join(names)}
    yield verdict("Q-11", holds, "TC525", None, subject, path=path, **facts)


def _secrets_in(content: bytes) -> set[str]:
    """The names of the variables that the file gives a secret value."""
    return {
        str(child.key)
        for child in read_dotenv(content).tree.children
        if isinstance(child.node, Leaf)
        and "$" not in child.node.text
        and names_secret(str(child.key), None)
        and may_be_secret(child.node.text)
    }


RULE = Rule(
    id="SECRET-PLACES",
    title="Keep secrets out of defaults, commands and shared files",
    summary=(
        "Reports secrets in the defaults of variables, in commands, and in env files that git"
        " does not ignore."
    ),
    tells=("TC521", "TC522", "TC523", "TC524", "TC525"),
    severity="must",
    judge=judge_all(
        judge_services(_judge_defaults),
        judge_services(_judge_commands),
        _judge_env_files,
    ),
)
