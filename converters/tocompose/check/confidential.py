"""Where secrets are: Q-11, Q-12, Q-13, A-03, S-04 and the traps about secrets. No value is ever part of a note."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.check.scene import Scene, Verdict, View, judge, of_service
from tocompose.exporters.existing import names_in
from tocompose.ignores import ignore_rules
from tocompose.knowledge.secrets.names import secret_name
from tocompose.knowledge.secrets.texts import may_be_secret, secret_value
from tocompose.model import Resource, Service
from tocompose.rules.services import facts
from tocompose.source import Leaf, Span, leaves
from tocompose.syntax.interpolation import plain, variable_names
from tocompose.syntax.model_path import ROOT, ModelPath
from tocompose.syntax.names import ALWAYS_SET


def rules(scene: Scene) -> Iterator[Verdict]:
    """The verdicts on every secret, and on the files that hold them."""
    for service in scene.main.stack.services:
        yield from _in_clear(scene.main, service)
        yield from _read_only(scene.main, service)
        yield from _granted(scene.main, service)
        yield from _unread_files(scene.main, service)
    for service in scene.production.stack.services:
        yield from _from_files(scene.production, service)
    yield from _sources(scene)
    yield from _env_files(scene)


def _in_clear(view: View, service: Service) -> Iterator[Verdict]:
    build = service.build.args if service.build else {}
    given = [("environment", item.name, item.value) for item in service.environment]
    given += [("build.args", name, value) for name, value in build.items()]
    given += [("labels", name, value) for name, value in service.labels.items()]
    for key, name, value in given:
        text = plain(value) if value else None
        named = key != "labels" and secret_name(name) and may_be_secret(text or "")
        if not (secret_name(name) or named or (value and secret_value(value))):
            continue
        clear = bool(named and text) or bool(value and secret_value(value))
        span = view.span(service, *key.split("."), name)
        subject = ModelPath.service(service.name, *key.split("."), name)
        yield judge(
            "Q-11 A-03 S-04",
            not clear,
            "TC716",
            span,
            subject,
            service=service.name,
            name=name,
        )


def _from_files(view: View, service: Service) -> Iterator[Verdict]:
    known = facts(service)
    names = {item.name for item in service.environment if item.value}
    for name in known.secrets if known else ():
        file_variable = known.file_variable(name) if known else None
        if file_variable and names & {name, file_variable}:
            key = f"environment.{name}" if name in names else ""
            told = {"name": name, "file_variable": file_variable}
            yield of_service(
                view, service, key, "Q-13", file_variable in names, "TC719", **told
            )


def _unread_files(view: View, service: Service) -> Iterator[Verdict]:
    """`_FILE` variables that the image does not read."""
    known = facts(service)
    if known is None or not known.sure:
        return
    for item in service.environment:
        name = item.name.removesuffix("_FILE")
        if name != item.name and known.is_secret(name):
            read = known.file_variable(name) == item.name
            told = {"name": item.name, "image": service.image or ""}
            yield of_service(
                view, service, f"environment.{item.name}", "T20", read, "TC739", **told
            )


def _read_only(view: View, service: Service) -> Iterator[Verdict]:
    if not service.security.read_only:
        return
    resources = _resources(view)
    for key, grants in (("secrets", service.secrets), ("configs", service.configs)):
        for item in grants:
            source = resources.get((key, item.source))
            inline = source is not None and not source.file and not source.external
            yield of_service(
                view,
                service,
                key,
                "T5",
                not inline,
                "TC727",
                kind=key[:-1],
                name=item.source,
            )


def _granted(view: View, service: Service) -> Iterator[Verdict]:
    resources = _resources(view)
    for key, grants in (("secrets", service.secrets), ("configs", service.configs)):
        for item in grants:
            source = resources.get((key, item.source))
            ignored = bool(source and source.file and (item.mode or item.uid or item.gid))
            yield of_service(
                view,
                service,
                key,
                "T6",
                not ignored,
                "TC728",
                kind=key[:-1],
                name=item.source,
            )


def _resources(view: View) -> Mapping[tuple[str, str], Resource]:
    return {("secrets", item.name): item for item in view.stack.secrets} | {
        ("configs", item.name): item for item in view.stack.configs
    }


def _sources(scene: Scene) -> Iterator[Verdict]:
    """Files that secrets and configs are read from, and variables of the `.env` that is there."""
    text = scene.project.read(".env")
    known = names_in(text.decode("utf-8", "replace")) if text is not None else None
    for key, items in (
        ("secrets", scene.main.stack.secrets),
        ("configs", scene.main.stack.configs),
    ):
        for item in items:
            path = posixpath.normpath(item.file or "")
            if (
                item.file
                and not item.file.startswith(("/", "~", "../"))
                and "$" not in item.file
            ):
                there = scene.project.exists(path)
                facts_: dict[str, Any] = {
                    "kind": key[:-1],
                    "name": item.name,
                    "what": f"the file {item.file} is missing",
                }
                yield judge(
                    "T7",
                    there,
                    "TC729",
                    scene.main.places.span(key, item.name),
                    ModelPath.of(key, item.name),
                    **facts_,
                )
            if item.environment and known is not None:
                facts_ = {
                    "kind": key[:-1],
                    "name": item.name,
                    "what": f"{item.environment} is not in .env",
                }
                span = scene.main.places.span(key, item.name)
                yield judge(
                    "T7",
                    item.environment in known,
                    "TC729",
                    span,
                    ModelPath.of(key, item.name),
                    **facts_,
                )


def _env_files(scene: Scene) -> Iterator[Verdict]:
    """`.env` kept out of version control, `.env.example` with every variable."""
    used = sorted(used_variables(scene) - ALWAYS_SET)
    if scene.project.exists(".env"):
        yield judge("Q-11", _is_ignored(scene), "TC717", None, ROOT)
    if used and scene.found is not None:
        example = scene.project.read(".env.example")
        documented = (
            names_in(example.decode("utf-8", "replace")) if example is not None else set()
        )
        missing = [name for name in used if name not in documented]
        for name in used:
            span = _first_use(scene, name)
            one = ", ".join(missing)
            yield judge(
                "Q-12",
                name in documented,
                "TC718",
                span,
                ModelPath.of("settings", name),
                name=name,
                missing=one,
            )


def _first_use(scene: Scene, name: str) -> Span | None:
    return next(
        (
            leaf.span
            for leaf in _leaves(scene)
            if "$" in leaf.text and name in variable_names(leaf.text)
        ),
        None,
    )


def used_variables(scene: Scene) -> set[str]:
    """The names of every variable in the files."""
    return {
        name
        for leaf in _leaves(scene)
        if "$" in leaf.text
        for name in variable_names(leaf.text)
    }


def _leaves(scene: Scene) -> Iterator[Leaf]:
    return (leaf for file in scene.files for root in file.roots for leaf in leaves(root))


def _is_ignored(scene: Scene) -> bool:
    text = scene.project.read(".gitignore")
    return text is not None and ignore_rules(
        text.decode("utf-8", "replace").splitlines()
    ).match_file(".env")
