"""Routes lead where Kubernetes says: the documentation's own examples, and random Ingresses against its rules."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubernetes_edge.stacks import answers, app, backend, codes, converted, ingress, rule
from tocompose.prove.traefik_rules import Request

# https://kubernetes.io/docs/concepts/services-networking/ingress/#examples
DOCUMENTED = [
    ("Prefix", ["/"], "/any/path", True),
    ("Exact", ["/foo"], "/foo", True),
    ("Exact", ["/foo"], "/bar", False),
    ("Exact", ["/foo"], "/foo/", False),
    ("Exact", ["/foo/"], "/foo", False),
    ("Prefix", ["/foo"], "/foo", True),
    ("Prefix", ["/foo"], "/foo/", True),
    ("Prefix", ["/foo/"], "/foo", True),
    ("Prefix", ["/foo/"], "/foo/", True),
    ("Prefix", ["/aaa/bb"], "/aaa/bbb", False),
    ("Prefix", ["/aaa/bbb"], "/aaa/bbb", True),
    ("Prefix", ["/aaa/bbb/"], "/aaa/bbb", True),
    ("Prefix", ["/aaa/bbb"], "/aaa/bbb/", True),
    ("Prefix", ["/aaa/bbb"], "/aaa/bbb/ccc", True),
    ("Prefix", ["/aaa/bbb"], "/aaa/bbbxyz", False),
    ("Prefix", ["/", "/aaa"], "/aaa/ccc", True),
    ("Prefix", ["/aaa"], "/ccc", False),
]


@pytest.mark.parametrize(("kind", "paths", "request_path", "expected"), DOCUMENTED)
def test_documented_paths(
    kind: str, paths: list[str], request_path: str, expected: bool
) -> None:
    result = converted(
        app("web"), ingress("i", [rule("", *((path, kind, "web") for path in paths))])
    )
    assert (answers(result, Request(path=request_path)) == "web") is expected


# https://kubernetes.io/docs/concepts/services-networking/ingress/#hostname-wildcards
@pytest.mark.parametrize(
    ("host", "asked", "expected"),
    [
        ("*.foo.com", "bar.foo.com", True),
        ("*.foo.com", "baz.bar.foo.com", False),
        ("*.foo.com", "foo.com", False),
        ("*.foo.com", "barxfoo.com", False),
        ("bar.foo.com", "BAR.foo.com:8080", True),
        ("bar.foo.com", "bar.foo.com.evil.org", False),
        ("*.foo.com", "bar.foo.com.evil.org", False),
        ("", "anything.at.all", True),
    ],
)
def test_documented_hosts(host: str, asked: str, expected: bool) -> None:
    result = converted(app("web"), ingress("i", [rule(host, ("/", "Prefix", "web"))]))
    assert (answers(result, Request(host=asked)) == "web") is expected


def test_longest_and_exact_paths_come_first_whatever_the_host_is_called() -> None:
    paths = [
        ("/", "Prefix", "a"),
        ("/foo", "Prefix", "b"),
        ("/foo/bar", "Prefix", "c"),
        ("/foo", "Exact", "d"),
    ]
    rules = [
        rule("a.very.long.host.name.example.com", *paths),
        rule("", ("/foo/bar/baz", "Exact", "e")),
    ]
    result = converted(*map(app, "abcde"), ingress("i", rules))
    host = "a.very.long.host.name.example.com"
    found = [
        answers(result, Request(host, path))
        for path in ("/x", "/foo/x", "/foo/bar/x", "/foo")
    ]
    assert found == ["a", "b", "c", "d"]
    assert answers(result, Request("other", "/foo/bar/baz")) == "e"


def test_default_backend_takes_the_rest() -> None:
    rules = [rule("a.com", ("/x", "Prefix", "a"))]
    result = converted(*map(app, "ab"), ingress("i", rules, defaultBackend=backend("b")))
    assert answers(result, Request("a.com", "/x/1")) == "a"
    assert answers(result, Request("a.com", "/y")) == "b"
    assert answers(result, Request("b.com", "/x")) == "b"


WORDS = st.sampled_from(["a", "ab", "b", "a-b", "a.b"])
PATHS = st.lists(WORDS, max_size=3).map(lambda parts: "/" + "/".join(parts))
HOSTS = st.sampled_from(["", "a.com", "b.a.com", "*.a.com", "c.org"])
RULES = st.lists(
    st.tuples(HOSTS, PATHS, st.sampled_from(["Exact", "Prefix"])),
    min_size=1,
    max_size=6,
    unique=True,
)
ASKED = st.sampled_from(["a.com", "b.a.com", "x.a.com", "x.y.a.com", "c.org", "d.net"])
NAMES = tuple(f"s{number}" for number in range(6))


def documented(rules: list[tuple[str, str, str]], host: str, path: str) -> str | None:
    """The backend by the words of the documentation: elements of the path compared one by one."""
    found = []
    for number, (name, wanted, kind) in enumerate(rules):
        label, _, rest = host.partition(".")
        if name not in ("", host) and not (
            name.startswith("*.") and rest == name[2:] and label
        ):
            continue
        elements = [part for part in wanted.split("/") if part]
        given = [part for part in path.split("/") if part]
        if path == wanted if kind == "Exact" else given[: len(elements)] == elements:
            rank = 0 if not name else 1 if name.startswith("*.") else 2
            found.append((rank, kind == "Exact", len(wanted), -number, NAMES[number]))
    return max(found)[-1] if found else None


@settings(max_examples=60, deadline=None)
@given(RULES, st.lists(st.tuples(ASKED, PATHS), min_size=1, max_size=12))
def test_random_ingresses_lead_where_the_documentation_says(
    rules: list[tuple[str, str, str]], requests: list[tuple[str, str]]
) -> None:
    entries = [
        rule(host, (path, kind, NAMES[number]))
        for number, (host, path, kind) in enumerate(rules)
    ]
    result = converted(*map(app, NAMES[: len(rules)]), ingress("i", entries))
    assert codes(result) == ["TC280"]
    for host, path in requests:
        assert answers(result, Request(host, path)) == documented(rules, host, path), (
            host,
            path,
        )


def test_of_two_ingresses_with_one_host_and_path_the_first_by_name_answers() -> None:
    result = converted(
        app("a"),
        app("b"),
        ingress("z", [rule("x.com", ("/", "Prefix", "a"))]),
        ingress("m", [rule("x.com", ("/", "Prefix", "b"))]),
    )
    assert answers(result, Request("x.com")) == "b"
