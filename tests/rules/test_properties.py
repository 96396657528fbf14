"""What holds for all practices together, whatever the stack: once is enough, and the source's word stands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import HealthCheck, given, settings

from rules.stacks import stacks
from tocompose.knowledge.images import image_facts
from tocompose.knowledge.placeholders import is_placeholder
from tocompose.model import ComposeFileRole, Dependency, Port, Service, Stack
from tocompose.rules import Context, Outcome, apply_all, registry
from tocompose.rules.roles import DATA_ROLES
from tocompose.stack_texts import stack_texts, texts_within
from tocompose.syntax.interpolation import plain, substitute, variable_names

CONTEXTS = (
    Context(split=True),
    Context(),
    Context(split=True, harden=True),
    Context(keep_ports=True),
)
ALL = registry()
slow = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def made(stack: Stack, context: Context = CONTEXTS[0]) -> Outcome:
    return apply_all(stack, ALL, context)


@pytest.mark.parametrize(
    "context", CONTEXTS, ids=("split", "one file", "harden", "keep ports")
)
@slow
@given(stack=stacks())
def test_twice_is_once(stack: Stack, context: Context) -> None:
    once = made(stack, context).stack
    assert made(once, context).stack == once


@slow
@given(stack=stacks())
def test_same_input_same_output(stack: Stack) -> None:
    assert made(stack) == made(stack)


def pairs(before: Stack, after: Stack) -> Iterable[tuple[Service, Service]]:
    assert [service.name for service in before.services] == [
        service.name for service in after.services
    ]
    return zip(before.services, after.services, strict=True)


def read(text: str | None, stack: Stack) -> str | None:
    """The text as a container sees it."""
    if text is None:
        return None
    return substitute(
        text, {setting.name: setting.value or "" for setting in stack.settings}
    )


def dev(service: Service) -> Service | None:
    return service.overlays.get(ComposeFileRole.DEV)


@slow
@given(stack=stacks())
def test_what_the_source_said_stands(stack: Stack) -> None:
    after = made(stack).stack
    for old, new in pairs(stack, after):
        assert (new.image, new.build, new.network_mode, new.replicas) == (
            *(old.image, old.build, old.network_mode, old.replicas),
        )
        assert (new.security, new.resources) == (old.security, old.resources)
        for name in ("restart", "init"):
            assert getattr(old, name) in (None, getattr(new, name))
        assert old.stop.grace_period in (None, new.stop.grace_period)
        assert old.profiles in ((), new.profiles)
        assert words(old.command, stack) == words(new.command, after)
        assert words(old.entrypoint, stack) == words(new.entrypoint, after)
        # What the source leaves to its reader is asked for: it has no value to stand.
        stated = {
            item.name: read(item.value, stack)
            for item in old.environment
            if not is_placeholder(item.name, item.value or "")
        }
        assert stated == {
            item.name: read(item.value, after)
            for item in new.environment
            if item.name in stated
        }
        assert [item.name for item in old.environment] == [
            item.name for item in new.environment
        ]
        assert old.labels.keys() <= new.labels.keys()
        assert all(
            read(old.labels[key], stack) == read(new.labels[key], after)
            for key in old.labels
        )


def words(given: tuple[str, ...] | None, stack: Stack) -> list[str | None] | None:
    return None if given is None else [read(word, stack) for word in given]


@slow
@given(stack=stacks())
def test_checks_and_logs_of_the_source_stand(stack: Stack) -> None:
    after = made(stack).stack
    for old, new in pairs(stack, after):
        if old.healthcheck is not None:
            assert new.healthcheck is not None
            assert words(old.healthcheck.test, stack) == words(new.healthcheck.test, after)
            assert old.healthcheck.disable == new.healthcheck.disable
            for key in ("interval", "timeout", "retries", "start_period"):
                assert getattr(old.healthcheck, key) in (
                    None,
                    getattr(new.healthcheck, key),
                )
        if old.logging is not None:
            assert new.logging is not None
            assert new.logging.driver == old.logging.driver
            assert old.logging.options.items() <= new.logging.options.items()


@slow
@given(stack=stacks())
def test_mounts_stay_in_base_or_dev(stack: Stack) -> None:
    for old, new in pairs(stack, made(stack).stack):
        part = dev(new)
        found = {
            item.target: item for item in (*new.mounts, *(part.mounts if part else ()))
        }
        assert len(found) == len(new.mounts) + (len(part.mounts) if part else 0), (
            "a target is mounted twice"
        )
        for item in old.mounts:
            kept = found[item.target]
            assert (kept.kind, kept.read_only, kept.mode) == (
                item.kind,
                item.read_only,
                item.mode,
            )
            assert item.source in (None, kept.source)


@slow
@given(stack=stacks())
def test_ports_stay_in_base_or_dev(stack: Stack) -> None:
    """Only the host port of the second of two, and the address of a data service, may change."""
    after = made(stack).stack
    for old, new in pairs(stack, after):
        part = dev(new)
        ports = (*new.ports, *(part.ports if part else ()))
        assert Counter((item.target, item.protocol) for item in old.ports) == Counter(
            (item.target, item.protocol) for item in ports
        )
        if new.role not in DATA_ROLES:
            assert [item.host_ip for item in old.ports] == [
                item.host_ip for item in new.ports
            ]


@slow
@given(stack=stacks())
def test_no_port_has_two_bindings(stack: Stack) -> None:
    """T15: a later file adds a port of another address instead of replacing it."""
    for service in made(stack).stack.services:
        part = dev(service)
        if part is not None:
            assert not {key(item) for item in service.ports} & {
                key(item) for item in part.ports
            }


def key(port: Port) -> tuple[str | None, str, str]:
    return port.published, port.target, port.protocol


@slow
@given(stack=stacks())
def test_networks_of_the_source_stand(stack: Stack) -> None:
    after = made(stack).stack
    if stack.networks:
        assert [item.name for item in after.networks] == [
            item.name for item in stack.networks
        ]
        assert all(old.networks == new.networks for old, new in pairs(stack, after))


@slow
@given(stack=stacks())
def test_published_ports_are_reachable(stack: Stack) -> None:
    """T1: a port of a service that is on internal networks only is published nowhere."""
    after = made(stack).stack
    internal = {item.name for item in after.networks if item.internal}
    for service in after.services:
        part = dev(service)
        for ports, networks in (
            (service.ports, service.networks),
            (
                part.ports if part else (),
                (*service.networks, *(part.networks if part else ())),
            ),
        ):
            names = {item.network for item in networks}
            assert not ports or not names or names - internal


@slow
@given(stack=stacks())
def test_dependencies_are_sound(stack: Stack) -> None:
    """T8, T10, T26: only known services, no circle, and no waiting for what never comes."""
    after = made(stack).stack
    known = {service.name: service for service in after.services}
    for old, new in pairs(stack, after):
        assert {item.service for item in old.depends_on} <= {
            item.service for item in new.depends_on
        }
        for item in new.depends_on:
            assert comes(item, known[item.service])
            hidden = set(known[item.service].profiles) - set(new.profiles)
            assert not hidden or not item.required or not item.evidence
    assert not circles(known)


def comes(item: Dependency, target: Service) -> bool:
    if item.condition == "service_healthy":
        check = target.healthcheck
        own = image_facts(target.image or "")
        return (
            (check.test is not None and not check.disable)
            if check and check.test
            else bool(own and own.has_healthcheck)
        )
    if item.condition == "service_completed_successfully":
        return target.restart not in ("always", "unless-stopped")
    return True


def circles(known: Mapping[str, Service]) -> bool:
    left = dict(known)
    while left:
        free = [
            name
            for name, service in left.items()
            if not {item.service for item in service.depends_on} & left.keys()
        ]
        if not free:
            return True
        for name in free:
            del left[name]
    return False


@slow
@given(stack=stacks())
def test_secrets_stand_in_settings_only(stack: Stack) -> None:
    outcome = made(stack)
    after = outcome.stack
    secrets = [
        item.value
        for item in after.settings
        if item.secret and item.value and len(item.value) >= 8
    ]
    secrets = [value for value in secrets if not (value.isalpha() and value.islower())]
    plain_texts = [plain(text) or text for _, text in stack_texts(after)]
    for value in secrets:
        assert not any(value in text for text in plain_texts)
        assert not any(
            value in (item.message + item.advice + str(item.subject))
            for item in outcome.notes
        )


@slow
@given(stack=stacks())
def test_every_new_variable_has_its_setting(stack: Stack) -> None:
    """Q-12: whatever a practice asks of `.env` is in `.env`."""
    after = made(stack).stack
    before = {
        name for _, text in texts_within(stack.services) for name in variable_names(text)
    }
    names = (
        {name for _, text in texts_within(after.services) for name in variable_names(text)}
        - before
        - {"COMPOSE_PROJECT_NAME"}
    )
    assert names <= {setting.name for setting in after.settings}
    assert all(re.fullmatch(r"[A-Za-z_]\w*", setting.name) for setting in after.settings)
    assert len({setting.name for setting in after.settings}) == len(after.settings)


@slow
@given(stack=stacks())
def test_each_change_of_a_service_is_declared(stack: Stack) -> None:
    """Promise 3: no addition without a note at its place."""
    outcome = made(stack)
    places = [
        str(item.subject)
        for item in outcome.notes
        if item.kind.value in ("added", "changed") or item.code == "TC503"
    ]
    for old, new in pairs(stack, outcome.stack):
        for name, key_name in FIELDS.items():
            if getattr(old, name) != getattr(new, name):
                place = f"services.{new.name}.{key_name}"
                assert any(
                    item == place or item.startswith(f"{place}.") for item in places
                ), place


FIELDS = {
    "environment": "environment",
    "ports": "ports",
    "mounts": "volumes",
    "networks": "networks",
    "depends_on": "depends_on",
    "healthcheck": "healthcheck",
    "restart": "restart",
    "logging": "logging",
    "profiles": "profiles",
    "stop": "stop_grace_period",
    "init": "init",
    "labels": "labels",
}
