"""Quantities, `$(NAME)`, references to Services: the small languages inside manifests."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tocompose.importers.kubernetes.links import expand_references
from tocompose.importers.kubernetes.resources import (
    ONE,
    compose_cpus,
    compose_memory,
    parse_quantity,
)
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.syntax.interpolation import literal, plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(
            ("128Mi", 134217728),
            ("512M", 512000000),
            ("1.5Gi", 1610612736),
            ("0.5", Fraction(1, 2)),
            ("500m", Fraction(1, 2)),
        ),
        *(
            ("128974848000m", 128974848),
            ("1e3", 1000),
            ("12E6", 12000000),
            ("1E", 10**18),
            ("2Ei", 2**61),
            ("100k", 100000),
        ),
        *(
            ("5n", Fraction(5, 10**9)),
            ("7u", Fraction(7, 10**6)),
            (".5Ki", 512),
            ("+3", 3),
            ("-1", -1),
        ),
        *(
            ("", None),
            ("x", None),
            ("1MiB", None),
            ("1 Mi", None),
            ("1K", None),
            ("1e", None),
        ),
    ],
)
def test_quantities_are_exact(text: str, value: Fraction | int | None) -> None:
    assert parse_quantity(text) == (None if value is None else value * ONE)


def test_what_is_less_than_a_billionth_is_rounded_up() -> None:
    assert [
        parse_quantity(text) for text in ("0.1n", "1e-12", "1.0000000001", "0e-99")
    ] == [
        1,
        1,
        ONE + 1,
        0,
    ]


@given(
    some.fractions(min_value=Fraction(1, 10**9), max_value=10**15, max_denominator=10**9)
)
def test_a_decimal_is_the_least_number_of_billionths_that_holds_it(
    amount: Fraction,
) -> None:
    digits = ceil(amount * 10**12)
    text = f"{digits // 10**12}.{digits % 10**12:012d}"
    assert parse_quantity(text) == ceil(Fraction(text) * ONE)


@given(some.integers(min_value=1, max_value=2**62))
def test_memory_is_the_same_number_of_bytes_for_compose(size: int) -> None:
    text = compose_memory(size * ONE)
    scale = {"G": 2**30, "M": 2**20}.get(text[-1], 1)
    assert int(text.rstrip("GM")) * scale == size


@given(some.integers(min_value=1, max_value=10**13))
def test_processors_are_written_to_the_billionth(amount: int) -> None:
    assert Fraction(compose_cpus(amount)) * ONE == amount


@pytest.mark.parametrize(
    ("text", "compose"),
    [
        *(
            ("$(A)", "one"),
            ("x$(A)y$(B)", "xoney${B}"),
            ("$(C)", "$$(C)"),
            ("$$(A)", "$$(A)"),
            ("$$$(A)", "$$one"),
        ),
        *(
            ("$A", "$$A"),
            ("${A}", "$${A}"),
            ("$", "$$"),
            ("a$", "a$$"),
            ("$(A", "$$(A"),
            ("$()", "$$()"),
            ("$$", "$$"),
        ),
        *(("$(C)$(A)", "$$(C)one"), ("plain", "plain"), ("", "")),
    ],
)
def test_variables_expand_as_the_kubelet_does(text: str, compose: str) -> None:
    assert expand_references(text, {"A": "one", "B": "${B}"}) == compose


@given(some.text("$(){}AB ", max_size=20))
def test_without_variables_only_the_kubelets_dollars_are_halved(text: str) -> None:
    expected, index = "", 0
    while index < len(text):
        expected += text[index]
        index += 2 if text[index : index + 2] == "$$" else 1
    assert plain(expand_references(text, {})) == expected or "(" in text


def services(value: str, *extra: str) -> str:
    """What a variable of a client becomes beside Service `api` (80 leads to 8080, 9000 to itself)."""
    documents = [
        "apiVersion: v1\nkind: Pod\nmetadata: {name: api, labels: {a: api}}\n"
        "spec: {containers: [{name: api, image: 'x:1', ports: [{name: web, containerPort: 8080}]}]}",
        "apiVersion: v1\nkind: Service\nmetadata: {name: api}\n"
        "spec: {selector: {a: api}, ports: [{name: a, port: 80, targetPort: web}, {name: b, port: 9000}]}",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: client}\n"
        f"spec: {{containers: [{{name: c, image: 'x:1', env: [{{name: V, value: {literal(value)!r}}}]}}]}}",
        *extra,
    ]
    result = convert(
        Memory({"m.yaml": "\n---\n".join(documents).encode()}),
        Options(source="kubernetes", practices="none"),
    )
    service = result.stack.service("client")
    assert service is not None
    return plain(service.environment[0].value or "") or ""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        *(
            ("http://api/", "http://api:8080/"),
            ("http://api", "http://api:8080"),
            ("http://api?x", "http://api:8080?x"),
        ),
        *(
            ("api:80", "api:8080"),
            ("api.default:80", "api.default:8080"),
            ("u:p@api:80/x", "u:p@api:8080/x"),
        ),
        *(
            (
                "http://api.default.svc.cluster.local/",
                "http://api.default.svc.cluster.local:8080/",
            ),
        ),
        *(
            ("https://api/", "https://api/"),
            ("api:800", "api:800"),
            ("xapi:80", "xapi:80"),
            ("api-x:80", "api-x:80"),
        ),
        *(
            ("api.example.com:80", "api.example.com:80"),
            ("api:9000", "api:9000"),
            ("api", "api"),
            ("my.api:80", "my.api:80"),
        ),
        *(
            ("a=api:80,b=api:80", "a=api:8080,b=api:8080"),
            ("nc -z api 80", "nc -z api 8080"),
            ("sleep api 80", "sleep api 80"),
        ),
        *(
            ("redis+http://api/", "redis+http://api/"),
            ("http://api:80/a:80", "http://api:8080/a:80"),
        ),
    ],
)
def test_references_follow_the_containers_port(text: str, wanted: str) -> None:
    assert services(text) == wanted
