"""Every string that is written comes back unchanged through docker compose, wherever in the file it stands."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from judges import compose_config, needs_compose, run_config, write
from tocompose.compose.write import compose_document
from tocompose.compose.yaml_text import MERGE, Alias, Anchored, Flow, render, scalar
from tocompose.exporters.bundle import Layout, bundle
from tocompose.model import EnvSetting, EnvVariable, Healthcheck, Service, Stack
from tocompose.syntax.interpolation import literal

PIECES = (
    *(
        "yes",
        "no",
        "on",
        "off",
        "y",
        "n",
        "true",
        "True",
        "null",
        "Null",
        "~",
        "0777",
        "08",
        "0o17",
        "0x1F",
        "1_000",
    ),
    *(
        "1e3",
        "1.0",
        "1.10",
        ".5",
        "5.",
        ".inf",
        ".nan",
        "2001-01-01",
        "2001-12-14t21:59:43.10-05:00",
        "22:22",
        "+1",
    ),
    *(
        "*x",
        "@",
        "`",
        "%",
        "[a",
        "{a",
        "'q",
        '"q',
        "|x",
        ": x",
        "? q",
        "- x",
        "a: b",
        "key: |",
        "&a b",
        "!tag x",
    ),
    *(
        "!!str 1",
        "a #b",
        "|",
        ">",
        "#c",
        "---",
        "...",
        "<<",
        "=",
        ":",
        "::",
        "a:",
        ",",
        "$",
        "$$",
        "$$$",
        "${",
        "${}",
    ),
    *(
        "${X",
        "$X",
        "${X:-y}",
        "$1",
        "$(",
        "\\",
        "\\n",
        "\\\\",
        '\\"',
        "'",
        '"',
        "''",
        "\t",
        "\n",
        "\r",
        "\r\n",
        " ",
    ),
    *(
        "é",
        "ß",
        "漢",
        "😀",
        "\u2028",
        "\u2029",
        "\ufeff",
        "\x85",
        "\xa0",
        "\x7f",
        "\x01",
        "\x1b",
        "\x0b",
        "\ue000",
    ),
    *(
        "/path",
        "./x",
        "../y",
        "~/z",
        "a=b",
        "A=B=C",
        "10s",
        "512M",
        "1k",
        "-1",
        "a,b",
        "a]",
        "it's",
        "?",
        "%s",
        "{}",
    ),
    *(
        "[]",
        "{{.Name}}",
        "$${X}",
        "\u200b",
        "\u202e",
        "\ud7ff",
        "\U0010ffff",
        "-",
        "--",
        "..",
        ".",
        "/",
        "_",
        "__",
        "$_",
    ),
)


def nasty(count: int) -> list[str]:
    """Awkward strings, the same at each run: every piece alone, then random joins of them."""
    chance = random.Random(20_261_123)
    joined = {
        "".join(chance.choices(PIECES, k=chance.randint(1, 4))) for _ in range(count * 2)
    }
    return [*PIECES, *sorted(joined - set(PIECES))][:count]


STRINGS = nasty(3_000)


def service_of(strings: list[str]) -> Service:
    """A service that holds the strings in every position that takes free text."""
    texts = tuple(literal(item) for item in strings)
    return Service(
        name="app",
        image="app:1",
        environment=tuple(
            EnvVariable(name=f"V{number}", value=item) for number, item in enumerate(texts)
        ),
        command=texts,
        labels={f"l{number}": item for number, item in enumerate(texts)},
        healthcheck=Healthcheck(test=("CMD", *texts)),
        options={"annotations": {f"a{number}": item for number, item in enumerate(texts)}},
    )


def as_read(value: Any) -> Any:
    """What docker compose read, its own escaping of `$` in the output undone."""
    return value.replace("$$", "$") if isinstance(value, str) else value


class TestDockerCompose:
    """Fuzz against the real parser."""

    pytestmark = needs_compose

    @pytest.mark.parametrize("layout", [Layout(), Layout(split=True)])
    def test_values_come_back(self, tmp_path: Path, layout: Layout) -> None:
        stack = Stack(name="fuzz", services=(service_of(STRINGS),))
        write(tmp_path, bundle(stack, layout).files)
        read = compose_config(tmp_path, "docker-compose.yml")["services"]["app"]
        for number, text in enumerate(STRINGS):
            assert as_read(read["environment"][f"V{number}"]) == text
            assert as_read(read["labels"][f"l{number}"]) == text
            assert as_read(read["annotations"][f"a{number}"]) == text
        assert [as_read(item) for item in read["command"]] == STRINGS
        assert [as_read(item) for item in read["healthcheck"]["test"][1:]] == STRINGS

    def test_words_on_one_line_come_back(self, tmp_path: Path) -> None:
        words = {
            f"s{number}": tuple(map(literal, STRINGS[number : number + 3]))
            for number in range(0, 3_000, 3)
        }
        services = tuple(
            Service(name=name, image="a:1", entrypoint=given)
            for name, given in words.items()
        )
        write(tmp_path, bundle(Stack(name="fuzz", services=services), Layout()).files)
        read = compose_config(tmp_path)["services"]
        for number in range(0, 3_000, 3):
            assert [as_read(item) for item in read[f"s{number}"]["entrypoint"]] == STRINGS[
                number : number + 3
            ]

    def test_keys_come_back(self, tmp_path: Path) -> None:
        # Compose itself refuses a key of nothing but line breaks, and reads a name up to the first `=`.
        keys = [item for item in STRINGS if item.strip("\n") and "=" not in item]
        service = Service(
            name="app",
            image="app:1",
            labels=dict.fromkeys(keys, "x"),
            environment=_named(keys),
        )
        write(tmp_path, bundle(Stack(name="fuzz", services=(service,)), Layout()).files)
        read = compose_config(tmp_path)["services"]["app"]
        assert sorted(map(as_read, read["labels"])) == sorted(keys)
        assert sorted(map(as_read, read["environment"])) == sorted(keys)

    def test_env_values_come_back(self, tmp_path: Path) -> None:
        """Through `.env`, then `${NAME}` in the compose file."""
        names = [f"V{number}" for number in range(len(STRINGS))]
        service = Service(name="app", image="app:1", environment=_referring(names))
        settings_ = tuple(
            EnvSetting(name=name, value=text)
            for name, text in zip(names, STRINGS, strict=True)
        )
        write(
            tmp_path,
            bundle(
                Stack(name="fuzz", services=(service,), settings=settings_),
                Layout(split=True),
            ).files,
        )
        read = compose_config(tmp_path)["services"]["app"]["environment"]
        wrong = {
            text: read[name]
            for name, text in zip(names, STRINGS, strict=True)
            if as_read(read[name]) != text
        }
        assert wrong == {}

    def test_settings_come_back_without_an_env_file(self, tmp_path: Path) -> None:
        names = [f"V{number}" for number in range(len(STRINGS))]
        service = Service(name="app", image="app:1", environment=_referring(names))
        settings_ = tuple(
            EnvSetting(name=name, value=text, secret=bool(number % 2))
            for number, (name, text) in enumerate(zip(names, STRINGS, strict=True))
        )
        stack = Stack(name="fuzz", services=(service,), settings=settings_)
        write(tmp_path, bundle(stack, Layout(inline_secrets=True)).files)
        read = compose_config(tmp_path)["services"]["app"]["environment"]
        assert [as_read(read[name]) for name in names] == STRINGS

    def test_inline_config_content_comes_back(self, tmp_path: Path) -> None:
        from tocompose.model import ConfigMount, FileResource

        usable = [item for item in STRINGS if item]
        configs = tuple(
            FileResource(name=f"c{number}", content=literal(text))
            for number, text in enumerate(usable)
        )
        service = Service(
            name="app",
            image="a:1",
            configs=tuple(ConfigMount(source=item.name) for item in configs),
        )
        write(
            tmp_path,
            bundle(
                Stack(name="fuzz", services=(service,), configs=configs), Layout()
            ).files,
        )
        read = compose_config(tmp_path)["configs"]
        assert [
            as_read(read[f"c{number}"]["content"]) for number in range(len(usable))
        ] == usable

    def test_a_comment_cannot_end_early(self, tmp_path: Path) -> None:
        service = Service(
            name="app",
            image="a:1",
            comments=("x\nimage: evil", "y\r\u2028\x85evil: true", "\x00"),
        )
        write(tmp_path, bundle(Stack(name="fuzz", services=(service,)), Layout()).files)
        assert run_config(tmp_path, ()).returncode == 0


def _named(keys: list[str]) -> tuple[EnvVariable, ...]:
    return tuple(EnvVariable(name=key, value="x") for key in keys)


def _referring(names: list[str]) -> tuple[EnvVariable, ...]:
    return tuple(EnvVariable(name=name, value=f"${{{name}}}") for name in names)


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_scalar_is_the_same_string_in_yaml_1_1(text: str) -> None:
    if "\x00" not in text:
        assert yaml.safe_load(f"key: {scalar(text)}\n") == {"key": text}


PLAIN = st.recursive(
    st.text(max_size=12).filter(lambda text: text.isprintable())
    | st.booleans()
    | st.integers()
    | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abcß: -#", min_size=1, max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.text("abcdef", min_size=1, max_size=4), PLAIN, min_size=1, max_size=4
    )
)
def test_documents_read_back_equal(document: dict[str, Any]) -> None:
    assert yaml.safe_load(render(document)) == document


def test_anchors_and_merge_keys_read_back() -> None:
    text = render(
        {
            "x-a": Anchored("a", {"k": "1", "<<": "literal"}),
            "one": {MERGE: Alias("a"), "own": "2"},
            "two": {MERGE: Flow([Alias("a")]), "own": "3"},
            "three": Alias("a"),
        }
    )
    assert '"<<": literal' in text
    assert text.count("<<: *a") == 1 and "<<: [*a]" in text


def test_a_service_named_like_a_boolean_keeps_its_name() -> None:
    document = compose_document(
        Stack(
            name="n",
            services=(Service(name="on", image="a:1"), Service(name="1", image="a:1")),
        )
    )
    assert list(yaml.safe_load(render(document))["services"]) == ["1", "on"]
