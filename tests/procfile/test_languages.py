"""What belongs to a language: one row, one module, one template; and the readers of its own files."""

from __future__ import annotations

import pytest

from tocompose.dockerfiles.rendering import TEMPLATES
from tocompose.languages import find_language, language_rows, read_libraries
from tocompose.languages.language import Language
from tocompose.languages.python_settings import is_conditional, required_values
from tocompose.ledger import Ledger
from tocompose.project import Memory
from tocompose.readers.xml import read_xml
from tocompose.repository import Repository


def repository(files: dict[str, str]) -> Repository:
    content = {path: text.encode() for path, text in files.items()}
    return Repository(Memory(content, "app"), Ledger(), None, {})


def libraries(files: dict[str, str]) -> list[str]:
    return [library.name for library in read_libraries(repository(files))]


@pytest.mark.parametrize("name", language_rows())
def test_a_row_has_a_module_and_a_template(name: str) -> None:
    assert isinstance(find_language(name), Language)
    assert (TEMPLATES / f"{name}.j2").is_file()


def test_a_module_and_a_template_have_a_row() -> None:
    shared = {"dockerignore", "macros"}
    templates = {path.stem for path in TEMPLATES.glob("*.j2")} - shared
    assert templates == set(language_rows())


@pytest.mark.parametrize(
    "path", ["requirements.txt", "requirements/base.txt", "Pipfile", "pyproject.toml"]
)
def test_each_file_that_declares_libraries_tells_of_its_language(path: str) -> None:
    text = {
        "Pipfile": '[packages]\nredis = "*"\n',
        "pyproject.toml": '[project]\ndependencies = ["redis>=5"]\n',
    }
    assert libraries({path: text.get(path, "redis==5.0\n")}) == ["redis"]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('KEY = os.environ["SECRET"]', "build"),
        ('KEY = env("SECRET")', "build"),
        ('KEY = env.int("SECRET")', "1"),
        ('KEY = config("SECRET", cast=bool)', "False"),
        ('KEY = int(os.environ["SECRET"])', "1"),
        ('KEY = env("SECRET", default="x")', None),
        ('KEY = os.environ.get("SECRET")', None),
        ('os.environ["SECRET"] = "x"', None),
        ('# os.environ["SECRET"]', None),
        ("print 'Python 2'", None),
    ],
)
def test_settings_are_read_by_their_syntax(line: str, value: str | None) -> None:
    assert required_values(line).get("SECRET") == value


@pytest.mark.parametrize(
    ("text", "line", "conditional"),
    [
        ('A = os.environ["A"]\n', 1, False),
        ('if DEBUG:\n    A = os.environ["A"]\n', 2, True),
        ('A = (\n    os.environ["A"]\n)\n', 2, False),
        ('try:\n    pass\nfinally:\n    A = os.environ["A"]\n', 4, True),
    ],
)
def test_a_line_below_a_condition_may_never_run(
    text: str, line: int, conditional: bool
) -> None:
    assert is_conditional(text, line) is conditional


def test_a_pom_names_its_libraries() -> None:
    pom = (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><dependencies>'
        "<dependency><artifactId>postgresql</artifactId></dependency>"
        "<dependency><artifactId>junit</artifactId><scope>test</scope></dependency>"
        "<!-- <dependency><artifactId>jedis</artifactId></dependency> -->"
        "</dependencies></project>"
    )
    assert libraries({"pom.xml": pom}) == ["postgresql"]


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        "<a>",
        "",
        "<a/>" + " " * 2_000_001,
    ],
)
def test_xml_that_is_refused(text: str) -> None:
    assert read_xml(text.encode()) is None
