"""The rules of good practice: each judges the files of others and mends what is made here, on the same conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from tocompose.model import ComposeFileRole, EnvSetting, Service, Stack
from tocompose.notes import Note, note
from tocompose.record import NamedTuple, replace
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.wording import did_you_mean

if TYPE_CHECKING:
    from tocompose.compose.documents import ComposeFile, Places
    from tocompose.compose.loading import ComposeFiles
    from tocompose.project import Project

# A key below a service, or the keys on the way to it; a key may hold dots, and "" is the service itself.
KeyPlace: TypeAlias = str | tuple[str, ...]
_NOTHING: Mapping[str, Any] = {}
_NO_MOVES: Mapping[ModelPath, ModelPath] = {}


class Outcome(NamedTuple):
    """What mending made of a stack; `moves` says which model path a value went to, from its old one."""

    stack: Stack
    notes: tuple[Note, ...] = ()
    moves: Mapping[ModelPath, ModelPath] = _NO_MOVES


class Context(NamedTuple):
    """What the user said about the rules, and ways to look at files of the source.

    `harden` adds what can break an application, `keep_ports` leaves ports of data services, `inline_secrets` secrets in
    the compose file. `split` says that a `.env` is written, `production` that a production file is, `develops` that
    nothing else settled development. `joins` is what services are added to. `read` gives a source file; of a seen
    folder `below` gives files, `exists` says what stands there, `namesake` gives the only file called so.
    """

    harden: bool = False
    keep_ports: bool = False
    inline_secrets: bool = False
    split: bool = False
    production: bool = True
    develops: bool = False
    joins: Startup | None = None
    read: Callable[[str], bytes | None] | None = None
    below: Callable[[str], tuple[str, ...]] | None = None
    exists: Callable[[str], bool] | None = None
    namesake: Callable[[str], str | None] | None = None


class Verdict(NamedTuple):
    """Whether one thing meets the lines of the checklist named by `ids`; the note says what does not."""

    ids: tuple[str, ...]
    note: Note | None = None

    @property
    def holds(self) -> bool:
        """Whether the thing is as it should be."""
        return self.note is None


class Startup(NamedTuple):
    """What one `docker compose up` starts: the merged document, its stack with roles, and where each thing stands.

    `values` are those of the `.env` that is read with it, `included_values` what env files set for included files.
    """

    document: dict[str, Any]
    stack: Stack
    places: Places
    context: Context
    values: Mapping[str, str] = _NOTHING
    included_values: Mapping[str, Mapping[str, str]] = _NOTHING

    def values_at(self, span: Span | None) -> Mapping[str, str]:
        """The values that variables have at that place."""
        included = self.included_values.get(span.file) if span is not None else None
        return {**included, **self.values} if included else self.values

    def span(self, service: Service, *path: str | int) -> Span | None:
        """The place of a key of the service; without one, where the service first stands."""
        if not path:
            return self.places.first("services", service.name)
        return self.places.span("services", service.name, *path)

    def verdict_at(
        self,
        service: Service,
        path: tuple[str | int, ...],
        ids: str,
        holds: bool,
        code: str,
        /,
        **facts: Any,
    ) -> Verdict:
        """The verdict on what stands at the path below a service, which may lead into lists."""
        subject = ModelPath.service(service.name, *map(str, path))
        span = self.span(service, *path)
        return verdict(ids, holds, code, span, subject, service=service.name, **facts)

    def verdict(
        self,
        service: Service,
        key: KeyPlace,
        ids: str,
        holds: bool,
        code: str,
        /,
        **facts: Any,
    ) -> Verdict:
        """The verdict on a service, or on what stands at `key` below it."""
        return self.verdict_at(service, _path_of(key), ids, holds, code, **facts)


class View(NamedTuple):
    """What a judge sees: the files, what `docker compose up` starts of them, and what production starts.

    Without a production file both are the same; `names` is None where the user named the files. `together` is the view
    of base and production alone, as `-f` puts them together.
    """

    project: Project
    files: tuple[ComposeFile, ...]
    names: ComposeFiles | None
    main: Startup
    production: Startup
    notes: tuple[Note, ...]
    together: View | None = None


def verdict(
    ids: str,
    holds: bool,
    code: str,
    span: Span | None,
    subject: ModelPath,
    /,
    **facts: Any,
) -> Verdict:
    """The verdict on one thing, with the note of that code unless it holds; `ids` are separated by blanks."""
    fault = None if holds else note(code, span, subject=subject, **facts)
    return Verdict(tuple(ids.split()), fault)


Mend: TypeAlias = Callable[[Stack, Context], Outcome]
Judge: TypeAlias = Callable[[View], Iterable[Verdict]]
ServiceJudge: TypeAlias = Callable[[Startup, Service], Iterable[Verdict]]


class Example(NamedTuple):
    """A compose file before and after mending, and the other files that are written; `settings` are there before."""

    before: str
    after: str
    override: str = ""
    prod: str = ""
    context: Context = Context()
    settings: tuple[EnvSetting, ...] = ()


class Excuse(NamedTuple):
    """Why what is mended may still be judged with that code, and for which services (all, unless `applies` asks)."""

    code: str
    why: str
    applies: Callable[[Service | None, Stack], bool] | None = None


class Rule(NamedTuple):
    """One rule of good practice: how `convert` follows it, and how `check` judges it.

    `summary` says what it does and why. `mend` makes a stack follow the rule, with `--harden` only if it `hardens`;
    `judge` says where a stack does not. `severity` is must, should or may. `covers` are the lines of the checklist that
    it meets, `tells` the codes of `judge`. `check --fix` writes what `mend` changes at a service's keys in `edit`.

    `said_by` gives, for a code of `judge`, the codes of the notes that `convert` has instead where `mend` leaves
    something as it is. What the codes in `stated` report a source may want: a comment in the written file says so.
    """

    id: str
    title: str
    severity: str
    mend: Mend | None = None
    covers: tuple[str, ...] = ()
    url: str = ""
    examples: tuple[Example, ...] = ()
    judge: Judge | None = None
    tells: tuple[str, ...] = ()
    edit: tuple[str, ...] = ()
    said_by: Mapping[str, tuple[str, ...]] = _NOTHING
    stated: frozenset[str] = frozenset()
    excuses: tuple[Excuse, ...] = ()
    summary: str = ""
    hardens: bool = False

    def apply(self, stack: Stack, context: Context) -> Outcome:
        """What `mend` makes of the stack; the stack itself if it has none, or hardens and nobody asked for that."""
        if self.mend is None or (self.hardens and not context.harden):
            return Outcome(stack)
        return self.mend(stack, context)


Practice = Rule  # its earlier name, which goes with the next release


class UnknownPractice(ValueError):
    """A selection that names no practice; the text says which one may have been meant."""


# In the order in which they mend: what a later one asks (roles, checks, dependencies) an earlier one answers.
MENDING = (
    "roles",
    "placeholders",
    "joined_containers",
    "healthchecks",
    "health_numbers",
    "health_tests",
    "dependencies",
    "conditions",
    "restart",
    "stop",
    "init",
    "named_volumes",
    "bind_mounts",
    "sensitive_mounts",
    "hostnames",
    "profiles",
    "host_network",
    "secret_ports",
    "port_conflicts",
    "data_ports",
    "open_ports",
    "port_variables",
    "networks",
    "internal_network",
    "simulated_up",
    "privileges",
    "open_settings",
    "logging",
    "limits",
    "no_new_privileges",
    "capabilities",
    "read_only",
    "image_tags",
    "registry_logins",
    "local_images",
    "kernel_settings",
    "image_versions",
    "development",
    "documented_variables",
    "secrets",
    "docker_secrets",
)
# What nothing can be done about but say so.
JUDGING = tuple(
    "compose_form creation references secret_findings secret_places file_layout web_stack".split()
)


@cache
def registry() -> tuple[Rule, ...]:
    """All rules that mend, in the order in which they are applied; of plug-ins before what settles variables."""
    from tocompose.rules.brought_rules import with_brought_rules

    settling = MENDING.index("documented_variables")
    return with_brought_rules(map(load_rule, MENDING), settling)


@cache
def judging_rules() -> tuple[Rule, ...]:
    """All rules that judge: those that mend, and those that can only say what is wrong."""
    from tocompose.rules.brought_rules import brought_judges

    rules = (*registry(), *map(load_rule, JUDGING), *brought_judges())
    return tuple(rule for rule in rules if rule.judge is not None)


def load_rule(module: str) -> Rule:
    """The rule of a module of this package."""
    rule: Rule = import_module(f"{__name__}.{module}").RULE
    return rule


def select(spec: str) -> tuple[Rule, ...]:
    """The practices that `all`, `none`, `HC-EVERY,LOG` or `all,-LOG,+RO-ROOT` names, in the registry's order.

    Raises UnknownPractice.
    """
    ids = {rule.id for rule in registry()}
    words = [word.strip() for word in spec.split(",") if word.strip()]
    selected = set(ids) if not words or words[0][0] in "+-" else set()
    for word in words:
        named_ids = _ids_named(word.lstrip("+-"), ids)
        selected = selected - named_ids if word[0] == "-" else selected | named_ids
    return tuple(rule for rule in registry() if rule.id in selected)


def _ids_named(word: str, ids: set[str]) -> set[str]:
    name = word.upper()
    if name in ("ALL", "NONE"):
        return ids if name == "ALL" else set()
    if name in ids:
        return {name}
    ordered = [rule.id for rule in registry()]
    fallback = f"known are all, none, {', '.join(ordered)}"
    hint = did_you_mean(name, ordered, fallback, cutoff=0.5)
    raise UnknownPractice(f"there is no practice {word!r}: {hint}")


def apply_all(
    stack: Stack, rules: Iterable[Rule], context: Context | None = None
) -> Outcome:
    """The stack after all rules, in the order given, with their notes and moves."""
    notes: list[Note] = []
    moves: dict[ModelPath, ModelPath] = {}
    for rule in rules:
        outcome = rule.apply(stack, context or Context())
        stack = outcome.stack
        notes.extend(outcome.notes)
        moves |= outcome.moves
    return Outcome(stack=stack, notes=tuple(notes), moves=moves)


def map_services(
    stack: Stack, mend_service: Callable[[Service], tuple[Service, Iterable[Note]]]
) -> Outcome:
    """What mending makes of every service of the stack."""
    services: list[Service] = []
    notes: list[Note] = []
    for service in stack.services:
        mended, service_notes = mend_service(service)
        services.append(mended)
        notes.extend(service_notes)
    return Outcome(with_services(stack, services), tuple(notes))


def with_services(stack: Stack, services: Iterable[Service]) -> Stack:
    """The stack with these services; itself where they are the same."""
    mended = tuple(services)
    return stack if mended == stack.services else replace(stack, services=mended)


def judge_services(judge_service: ServiceJudge) -> Judge:
    """A judge that asks about every service that `docker compose up` starts."""

    def judge(view: View) -> Iterator[Verdict]:
        for service in view.main.stack.services:
            if runs_container(service):
                yield from judge_service(view.main, service)

    return judge


def runs_container(service: Service) -> bool:
    """Whether the engine runs the service; a provider's is run by another program."""
    # https://docs.docker.com/compose/how-tos/provider-services/
    return "provider" not in service.options


def judge_all(*judges: Judge) -> Judge:
    """One judge of several."""
    return lambda view: (verdict for judge in judges for verdict in judge(view))


def remark(
    code: str,
    service: Service,
    key: KeyPlace = "",
    span: Span | None = None,
    /,
    **facts: Any,
) -> Note:
    """A note about the service, or about what stands at `key` below it."""
    subject = ModelPath.service(service.name, *_path_of(key))
    span = span or service.origin
    return note(code, span, subject=subject, service=service.name, **facts)


def _path_of(key_place: KeyPlace) -> tuple[str, ...]:
    keys = key_place if isinstance(key_place, tuple) else (key_place,)
    return tuple(filter(None, keys))


def overlay_of(service: Service, home: ComposeFileRole) -> Service:
    """What the service adds in that file so far."""
    return service.overlays.get(home) or Service(name=service.name, role=service.role)


def with_overlay(service: Service, home: ComposeFileRole, overlay: Service) -> Service:
    """The service with its part of that file replaced."""
    return replace(service, overlays={**service.overlays, home: overlay})
