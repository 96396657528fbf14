"""Secrets that go a way through variables and arguments come out in `.env` and `secrets/` alone, as others do."""

from __future__ import annotations

import itertools
import sys
from random import Random

import pytest

from fuzz.flow_places import FLOW_PLACES, PORT_PLACES
from fuzz.places import Place
from fuzz.test_stack_places import KINDS, leaks, outputs
from growth import grows_with_input
from tocompose.reports.secret_flows import flow_passages

CASES = [(place, kind) for place in FLOW_PLACES for kind in KINDS]


@pytest.mark.parametrize(("place", "kind"), CASES[::11])
def test_a_secret_is_hidden_on_its_way(place: Place, kind: str) -> None:
    assert not list(leaks(place, kind)), place.name


@pytest.mark.slow
@pytest.mark.parametrize("place", FLOW_PLACES, ids=lambda place: place.name)
def test_every_kind_of_secret_is_hidden_on_its_way(place: Place) -> None:
    assert not [name for kind in KINDS for name in leaks(place, kind)]


@pytest.mark.parametrize("place", PORT_PLACES, ids=lambda place: place.name)
def test_a_port_that_is_a_password_is_hidden(place: Place) -> None:
    number = str(Random(place.name).randint(48000, 64000))
    shown = [name for name, text in outputs(place, number) if number in text]
    # Without practices the port stays where it is, and is told of as a port.
    assert not [name for name in shown if not name.startswith("kept")]


def test_what_reaches_no_secret_is_shown() -> None:
    makefile = [
        "IMAGE := acme/web",
        "STAGE = production",
        "PW := quietharbor",
        "up:",
        "\t./run.sh $(STAGE) $(PW) blue",
    ]
    script = ['docker run -d --name "$1" -e DB_PASSWORD="$2" -l colour="$3" acme/web']
    texts = {"Makefile": makefile, "run.sh": script}
    passages = flow_passages(texts)
    assert set(passages) == {"Makefile"}
    assert [
        texts[one.path][one.line][slice(*one.stretch)] for one in passages["Makefile"]
    ] == ["quietharbor"]


def test_functions_are_followed_however_deep_one_stands_in_another() -> None:
    depth = sys.getrecursionlimit()
    line = f"X = {'$(if A,' * depth}quietharbor{')' * depth}"
    passages = flow_passages({"Makefile": [line, "API_TOKEN=$(X)"]})["Makefile"]
    assert "A,quietharbor" in {line[slice(*one.stretch)] for one in passages}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "path"),
    [
        ("chain", "Makefile"),
        ("many", "Makefile"),
        ("computed", "Makefile"),
        ("functions", "run.sh"),
    ],
)
def test_ways_are_followed_in_a_time_that_grows_with_them(form: str, path: str) -> None:
    # New names each time: what is known of a name is kept, and would make the second look at it cheap.
    rounds = itertools.count()

    def follow(count: int) -> object:
        r = f"{next(rounds)}_"
        lines = {
            "chain": [f"x{r}{n}=$x{r}{n + 1}" for n in range(count)],
            "many": [f"T_{r}{n}=value{r}{n}; API_TOKEN=$T_{r}{n}" for n in range(count)],
            "computed": [f"$(eval T_{r}{n} := value{n})" for n in range(count)],
            "functions": [
                f"f{r}{n}() {{ API_TOKEN=$1; }}; f{r}{n} x" for n in range(count)
            ],
        }[form]
        return flow_passages({path: [*lines, f"API_TOKEN=$x{r}0 DB_PASSWORD=$T_{r}1"]})

    assert grows_with_input(follow, 4000)
