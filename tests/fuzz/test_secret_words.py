"""Secrets that are plain words are found by the name or the place that they have, in some 1,200 of them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from fuzz.outputs import open_files
from fuzz.secret_forms import filled
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

_TABLE: Any = yaml.safe_load(
    Path(__file__).with_name("secret_words.yaml").read_text(encoding="utf-8")
)
# No word of any output, and long enough for each form.
WORD = "quietharborlanternfold"
_LOGIN = filled("@b@", WORD)[8:20]
_TOGETHER = 20

Files = dict[str, str]


def _variables(texts: Iterable[str]) -> Files:
    words = " ".join(f"-e {shlex.quote(f'T{n}={text}')}" for n, text in enumerate(texts))
    return {"run.sh": f"docker run -d --name web {words} acme/web:1\n"}


def _labels(texts: Iterable[str]) -> Files:
    words = " ".join(f"-l {shlex.quote(text)}" for text in texts)
    return {"run.sh": f"docker run -d --name web {words} acme/web:1\n"}


def _commands(texts: Iterable[str]) -> Files:
    runs = (
        f"docker run -d --name w{n} acme/web:1 {text}\n" for n, text in enumerate(texts)
    )
    return {"run.sh": "".join(runs)}


def _scripts(texts: Iterable[str]) -> Files:
    return _commands(f"sh -c {shlex.quote(text)}" for text in texts)


def _files(texts: Mapping[str, str]) -> Files:
    written = (
        f"cat > {path} <<'END_OF_FILE'\n{text}END_OF_FILE\n" for path, text in texts.items()
    )
    mounts = " ".join(f"-v ./{path}:/x/{path}" for path in texts)
    run = f"docker run -d --name web {mounts} acme/web:1\n"
    return {"run.sh": "".join(written) + run}


def _unnamed_files(texts: Iterable[str]) -> Files:
    return _files({f"f{n}.conf": text for n, text in enumerate(texts)})


class Way(NamedTuple):
    """How texts are planted in a script, and which."""

    plant: Callable[[Iterable[str]], Files]
    texts: tuple[str, ...]


WAYS = (
    Way(_variables, tuple(_TABLE["addresses"])),
    Way(_labels, tuple(_TABLE["labels"])),
    Way(_commands, tuple(_TABLE["commands"])),
    Way(_scripts, (*_TABLE["commands"], *_TABLE["scripts"])),
    Way(_unnamed_files, tuple(_TABLE["files"].values())),
)
CASES = [(way, start) for way in WAYS for start in range(0, len(way.texts), _TOGETHER)]


def _converted(files: Files) -> tuple[Result, Memory]:
    project = Memory({name: text.encode() for name, text in files.items()})
    options = Options(source="docker_run", layout=Layout(split=True))
    return convert(project, options), project


def shown(files: Files) -> Iterator[str]:
    """The lines with the word in them that anyone may read."""
    result, project = _converted(files)
    for file in open_files(result, project):
        for line in file.content.decode("utf-8", "replace").splitlines():
            if WORD in line or _LOGIN in line:
                yield f"{file.path}: {line}"


@pytest.mark.parametrize(("way", "start"), CASES)
def test_a_word_is_hidden_where_it_is_a_secret(way: Way, start: int) -> None:
    texts = (filled(text, WORD) for text in way.texts[start : start + _TOGETHER])
    assert not list(shown(way.plant(texts)))


def test_a_file_is_hidden_that_is_called_as_secrets_are() -> None:
    files = {path: filled(text, WORD) for path, text in _TABLE["named_files"].items()}
    assert not list(shown(_files(files)))


def test_a_variable_that_is_called_a_secret_is_one_whatever_word_it_is() -> None:
    variables = _TABLE["settings"]
    words = " ".join(f"-e {shlex.quote(variable)}" for variable in variables)
    script = f"docker run -d --name web {words} acme/web:1\n"
    result, _ = _converted({"run.sh": script})
    in_place = {
        f"{variable.name}={variable.value}"
        for variable in result.stack.services[0].environment
    }
    assert not in_place & set(variables)
