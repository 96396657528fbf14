"""The registry of notes: every code is complete and used, no code is used that is not there."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from functools import cache

import pytest

import tree
from tocompose.notes import FAMILIES, Kind, explanation, families, registry

CODES = tuple((family, code) for family in families() for code in registry(family))
_CODE = re.compile(r"\bTC\d{3}\b")
_VAGUE = re.compile(r"(?i)\b(blacklist|whitelist|simply|obviously)\b")


@cache
def _named_in_code() -> set[str]:
    texts = [tree.file(module).read_text(encoding="utf-8") for module in tree.modules()]
    return set(_CODE.findall("\n".join(texts)))


@cache
def _named_in_tables() -> set[str]:
    tables = [
        path
        for path in sorted((tree.ROOT / "mappings").rglob("*.yaml"))
        if "notes" not in path.parts
    ]
    return set(
        _CODE.findall("\n".join(path.read_text(encoding="utf-8") for path in tables))
    )


@pytest.mark.parametrize(("family", "code"), CODES)
def test_the_code_is_complete(family: str, code: str) -> None:
    row = explanation(code)
    assert row in registry(family).values(), (
        f"{code} stands in {family}, but is looked for elsewhere"
    )
    assert Kind(row["kind"])
    for column in ("title", "message", "why"):
        assert str(row[column]).strip(), f"{code}: {column} is empty"
    assert len(str(row["title"])) <= 64
    assert str(row.get("url", "https://")).startswith("https://")
    if row["kind"] in ("lost", "assumed"):
        assert row.get("advice"), f"{code}: what was lost or guessed needs advice"


@pytest.mark.parametrize(("family", "code"), CODES)
def test_the_text_is_for_people(family: str, code: str) -> None:
    row = explanation(code)
    for column in ("message", "advice"):
        text = str(row.get(column, ""))
        facts = [name for _, name, _, _ in string.Formatter().parse(text) if name]
        assert all(name.isidentifier() for name in facts), f"{code}: {facts}"
        assert not _VAGUE.search(text), f"{code}: {text}"
    assert not str(row["title"]).endswith(".")
    assert "{" not in str(row["why"]), (
        f"{code}: the reason is the same for all notes of a code"
    )


# Compose refuses a key without a value, a `depends_on` of a service that a profile leaves out, and in a file for
# production a service that the base has no more.
_KEY_TOO = "(with the key if nothing is left)"


@pytest.mark.parametrize(("family", "code"), CODES)
def test_what_is_to_be_deleted_leaves_files_that_compose_takes(
    family: str, code: str
) -> None:
    advice = str(explanation(code).get("advice", ""))
    for place in re.findall(r"from (?:every|its) `depends_on`(.{0,40})", advice):
        assert place.strip(" .").startswith(_KEY_TOO), advice
    if re.search(r"\bgive (?:it|each|the service) a profile", advice):
        assert "from every `depends_on`" in advice
    if re.search(r"\b(?:remove|delete) (?:the|its|that) (?:mount|port|line)\b", advice):
        assert _KEY_TOO in advice or family not in ("practices", "environment")
    removed = re.search(
        r"\b(?:[Rr]emove|[Dd]elete)(?: the)?(?: other)? (?:services?|\{service\})", advice
    )
    if removed:
        assert "convert again" in advice or "from all compose files" in advice


@pytest.mark.parametrize(("family", "code"), CODES)
def test_the_name_of_this_machine_is_told_with_what_defines_it(
    family: str, code: str
) -> None:
    """Docker Desktop defines it by itself, an engine on Linux does not."""
    advice = str(explanation(code).get("advice", ""))
    assert "host.docker.internal" not in advice or ":host-gateway" in advice


# Traefik starts no resolver without all three: https://doc.traefik.io/traefik/https/acme/#the-different-acme-challenges
_OF_A_RESOLVER = ("email=", "storage=", "challenge")


@pytest.mark.parametrize(("family", "code"), CODES)
def test_a_resolver_of_certificates_is_told_whole(family: str, code: str) -> None:
    advice = str(explanation(code).get("advice", ""))
    stated = re.findall(r"--certificatesresolvers\.\S+?\.acme\.([\w.=]+)", advice)
    assert not stated or all(
        any(option in text for text in stated) for option in _OF_A_RESOLVER
    )


@pytest.mark.parametrize(("family", "code"), CODES)
def test_the_reason_of_a_decision_is_part_of_its_message(family: str, code: str) -> None:
    row = explanation(code)
    assert str(row.get("reason", "")) in str(row["message"])


@pytest.mark.parametrize(("family", "code"), CODES)
def test_the_code_is_used(family: str, code: str) -> None:
    assert code in _named_in_code() | _named_in_tables(), (
        f"{code} is in {family}.yaml, but nothing says it"
    )


def test_every_code_that_is_used_is_registered() -> None:
    known = {code for _, code in CODES}
    assert sorted((_named_in_code() | _named_in_tables()) - known) == []


def test_codes_stand_once() -> None:
    codes = [code for _, code in CODES]
    assert sorted(codes) == sorted(set(codes))


def test_each_family_has_its_own_codes() -> None:
    assert set(FAMILIES.values()) == set(families())


def _examples() -> Iterator[str]:
    """Everything that tests and fixtures say, in which a code may be shown at work."""
    for folder in ("tests", "fixtures"):
        for path in sorted((tree.ROOT / folder).rglob("*")):
            if (
                path.suffix in (".py", ".txt", ".yaml", ".yml", ".toml", ".json")
                and "golden" not in path.parts
            ):
                yield path.read_text(encoding="utf-8", errors="replace")


def test_every_code_has_an_example() -> None:
    shown = set(_CODE.findall("\n".join(_examples())))
    assert sorted({code for _, code in CODES} - shown) == []


def _sayings() -> Iterator[tuple[str, int, str, set[str]]]:
    """Every call that says a note by its code, with the facts that it gives; those with `**facts` are left out."""
    for module, body in tree.modules().items():
        for node in ast.walk(body):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in (
                "note",
                "annotate",
                "add_note",
                "remark",
            ):
                codes = [item.value for item in node.args if isinstance(item, ast.Constant)]
                names = {keyword.arg for keyword in node.keywords}
                if None not in names and any(
                    isinstance(code, str) and _CODE.fullmatch(code) for code in codes
                ):
                    code = next(
                        code
                        for code in codes
                        if isinstance(code, str) and _CODE.fullmatch(code)
                    )
                    yield module, node.lineno, code, {str(name) for name in names}


def _facts(code: str) -> set[str]:
    row = explanation(code)
    texts = [str(row["message"]), str(row.get("advice", ""))]
    return {
        name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name
    }


_COMMAND = re.compile(
    r"docker (?:compose )?(?:up|down|build|config|run|exec|pull|logs|login|network|volume|inspect|cp|--profile|-f)\b"
    r"|kubectl |heroku c|openssl |pack build|tocompose (?:convert|env|batch|plan)|\$\(|\$\{|\{(?:command|move)\}"
)


@pytest.mark.parametrize("family", families())
def test_commands_are_code(family: str) -> None:
    """What a reader may copy stands between backticks, so that Markdown leaves it as it is."""
    plain_texts = {
        code: "".join(
            "".join(str(row.get(column, "")).split("`")[::2])
            for column in ("message", "advice")
        )
        for code, row in registry(family).items()
    }
    assert {code: text for code, text in plain_texts.items() if _COMMAND.search(text)} == {}


def test_every_saying_gives_the_facts_of_its_text() -> None:
    """A missing fact is a KeyError in front of a user; `service` comes from the practices' own `remark`."""
    given = {"service"}
    wrong = [
        f"{tree.file(module)}:{line} {code}: {sorted(_facts(code) - names - given)}"
        for module, line, code, names in _sayings()
        if _facts(code) - names - (given if ".rules." in module else set())
    ]
    assert wrong == []


def test_what_is_for_information_leaves_nothing_to_do() -> None:
    asking = [
        code
        for _, code in CODES
        if explanation(code)["kind"] == "info" and explanation(code).get("todo")
    ]
    assert asking == []


def test_codes_with_a_nine_are_faults_of_our_own() -> None:
    """Who converts many sources looks for them by that digit."""
    codes = {code for family in families() for code in registry(family)}
    nines = {code for code in codes if code.startswith("TC9")}
    assert nines == set(registry("internal"))
