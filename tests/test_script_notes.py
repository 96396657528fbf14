"""An example for each note about shell text, where it points, and that none shows a secret."""

from __future__ import annotations

import pytest

from test_script import read
from tocompose.notes import registry
from tocompose.pipeline import Options, convert
from tocompose.project import Memory

EXAMPLES: dict[str, tuple[dict[str, str], str, str]] = {
    "TC150": (
        {"a.sh": "mkdir -p /x\ndocker run a"},
        "a.sh:1:1",
        "`mkdir` is not a docker command",
    ),
    "TC080": (
        {"crontab": "@daily rsync -a /x /y\n@daily docker run a"},
        "crontab:1:8",
        "`rsync`, which cron runs at `@daily`",
    ),
    "TC082": (
        {"a.sh": "docker run -v $PWD/x:/x a\ndocker run -v $PWD/y:/y b"},
        "a.sh:1:15",
        "`$PWD` is the folder in which the script is started; the folder of a.sh was taken for it",
    ),
    "TC151": ({"a.sh": "docker run -e A=$B a"}, "a.sh:1:15", "B is not set"),
    "TC152": ({"a.sh": "docker run -e A=$(date -I) a"}, "a.sh:1:15", "`date -I`"),
    "TC153": ({"a.sh": "docker run -e A=<my key> a"}, "a.sh:1:15", "<my key>"),
    "TC154": ({"a.sh": "docker run -e A=$1 a"}, "a.sh:1:15", "variable ARG_1"),
    "TC155": ({"a.sh": 'docker run a "$@"'}, "a.sh:1:14", '"$@"'),
    "TC156": (
        {"a.sh": "A=1\nif [ -f x ]; then A=2; fi\ndocker run $A"},
        "a.sh:2:19",
        "`[ -f x ]`",
    ),
    "TC157": (
        {"a.sh": "A=1\nif [ $A = 2 ]; then docker run a; fi\ndocker run b"},
        "a.sh:2:21",
        "[ $A = 2 ]",
    ),
    "TC158": ({"a.sh": "for i in *.txt; do docker run $i; done"}, "a.sh:1:5", "*.txt"),
    "TC159": ({"a.sh": "for i in {1..60}; do docker run n$i; done"}, "a.sh:1:5", "60"),
    "TC160": ({"a.sh": "f() { docker run a; }"}, "a.sh:1:1", "f is never called"),
    "TC161": ({"a.sh": "source /etc/x.env\ndocker run a"}, "a.sh:1:1", "/etc/x.env"),
    "TC162": ({"a.sh": "docker run a ) b\ndocker run c"}, "a.sh:1:1", "left out"),
    "TC163": ({"a.sh": "docker -H tcp://x:1 run a"}, "a.sh:1:8", "-H"),
    "TC176": (
        {"a.sh": "docker run a\nssh x 'docker run b'"},
        "a.sh:2:1",
        "ssh",
    ),
    "TC164": (
        {
            "a.sh": "docker run -e H=$(docker inspect -f '{{.NetworkSettings.IPAddress}}' db) a"
        },
        "a.sh:1:15",
        "db is replaced by its name",
    ),
    "TC165": (
        {"a.sh": "docker exec -i db psql < dump.sql\ndocker run a"},
        "a.sh:1:24",
        "dump.sql",
    ),
    "TC166": ({"a.sh": "docker run \\\n  # -d \\\n  a"}, "a.sh:2:3", "a comment"),
    "TC167": ({"a.sh": "again.sh docker run a"}, "a.sh:1:1", "again.sh"),
    "TC168": ({"a.sh": "docker run ... a"}, "a.sh:1:12", "..."),
    "TC169": ({"a.sh": "docker run a", "b.sh": ""}, "b.sh:1:1", "empty"),
    "TC170": ({"a.sh": "docker run -e 'A=see <your key>' a"}, "a.sh:1:15", "<your key>"),
    "TC171": ({"a.sh": "docker run --name ${N:-web} a"}, "a.sh:1:19", "web"),
    "TC172": ({"a.sh": "docker run 'a\ndocker run b"}, "a.sh:1:12", "never closed"),
    "TC174": (
        {"a.sh": 'docker run a\n[ "$1" = all ] && docker run b'},
        "a.sh:2:19",
        "it runs only if",
    ),
    "TC175": (
        {"a.sh": "if [ -f /etc/x ]; then docker run a; fi"},
        "a.sh:1:24",
        "depends on `[ -f /etc/x ]`",
    ),
    "TC173": (
        {"a.sh": "docker run \\\n  -e A=b|c \\\n  -d \\\n  a"},
        "a.sh:2:9",
        "`|` is in a value",
    ),
}


@pytest.mark.parametrize("code", EXAMPLES)
def test_each_note_has_an_example(code: str) -> None:
    files, place, text = EXAMPLES[code]
    (found,) = [note for note in read(files).ledger.notes if note.code == code]
    assert str(found.span) == place
    assert text in found.message


@pytest.mark.parametrize(
    ("path", "text", "keeper"),
    [
        ("a.sh", "mkdir -p /x\ndocker run a", "the script"),
        ("Makefile", "up:\n\tmkdir -p x\n\tdocker run a\n", "the Makefile"),
        (
            "a.service",
            "[Service]\nExecStartPre=mkdir /x\nExecStart=docker run a",
            "the unit",
        ),
        ("README.md", "```sh\nmkdir -p /x\ndocker run a\n```\n", "the source"),
    ],
)
def test_what_another_command_stays_in(path: str, text: str, keeper: str) -> None:
    result = convert(Memory({path: text.encode()}, "app"), Options())
    (found,) = [note for note in result.notes if note.code == "TC150"]
    assert found.message.endswith(f"stays in {keeper}")


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ('docker run -v "$(pwd)"/x:/x a', True),
        ("docker run -v `pwd`:/x a", True),
        ("D=${PWD}/data\ndocker run -v $D:/x a", True),
        ("docker run -e HOME_OF=$PWD a", True),
        ('cd "$(dirname "$0")"\ndocker run -v $PWD/x:/x a', False),
        ("cd /srv/app\ndocker run -v $PWD/x:/x a", False),
        ('D=$(cd "$(dirname "$0")" && pwd)\ndocker run -v $D/x:/x a', False),
        ("docker run -v ./x:/x a", False),
        ("echo $PWD\ndocker run a", False),
    ],
)
def test_the_folder_that_a_script_is_started_in_is_assumed(
    text: str, is_told: bool
) -> None:
    assert ("TC082" in read({"a.sh": text}).codes) == is_told


def test_of_a_folder_the_script_is_taken_to_start_in_it() -> None:
    (found,) = [
        note
        for note in read({"bin/a.sh": "docker run -v $PWD/x:/x a"}).ledger.notes
        if note.code == "TC082"
    ]
    assert "the folder that was converted was taken" in found.message


def test_a_program_of_the_system_is_not_looked_for() -> None:
    asked: list[str] = []

    class Asked(Memory):
        def exists(self, path: str) -> bool:
            asked.append(path)
            return super().exists(path)

    text = "/bin/mkdir -p /x\n/usr/bin/rsync a b\n/opt/x.sh\ndocker run a"
    convert(Asked({"a.sh": text.encode()}, "app"), Options())
    assert any("opt/x.sh" in path for path in asked)
    assert not any("bin/" in path for path in asked)


def test_every_code_is_shown() -> None:
    # Who starts what is known when the stack is built: tests/examples/.
    of_stack = {"TC081", "TC177", "TC178", "TC179"}
    assert set(EXAMPLES) == set(registry("shell")) - of_stack


@pytest.mark.parametrize(
    "source",
    [
        "X=$(curl -H 'Authorization: Bearer hunter2' http://x)\ndocker run -e X=$X a",
        "X=$(mysql --password=hunter2 -e 'select 1')\ndocker run -e X=$X a",
        'if [ "$PASSWORD" = hunter2 ]; then docker run a; fi',
        'if [ "$1" = 1 ]; then DB_PASSWORD=hunter2; else DB_PASSWORD=hunter2x; fi\ndocker run -e P=$DB_PASSWORD a',
        "API_TOKEN=hunter2 mycommand\ndocker run a",
        "for TOKEN in hunter2 $B; do docker run -e T=$TOKEN a; done",
        "case $PASSWORD in hunter2) A=1;; *) A=2;; esac\ndocker run -e A=$A a",
        "cat x | mysql -phunter2 | docker run -i a",
        "docker run -e A=${TOKEN:-hunter2} $(login --token hunter2) a",
        "login hunter2 && docker run 'a\n",
        "docker -H tcp://user:hunter2@x run a",
    ],
)
def test_no_note_shows_a_secret(source: str) -> None:
    for note in read(source + "\ndocker run z").ledger.notes:
        assert "hunter2" not in note.message + note.advice, note
