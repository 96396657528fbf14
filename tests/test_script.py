"""Each construct of the shell, and the docker calls that it must give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pytest

from tocompose.importers.docker_run.invocation import Invocation, Script, WaitLoop
from tocompose.importers.docker_run.shell.script import read_scripts
from tocompose.ledger import Ledger, audit_unread
from tocompose.project import Memory


class Read(NamedTuple):
    """The scripts of a test, and the ledger they were read with."""

    scripts: tuple[Script, ...]
    ledger: Ledger

    @property
    def steps(self) -> list[Invocation | WaitLoop]:
        return [step for script in self.scripts for step in script.steps]

    @property
    def calls(self) -> list[Invocation]:
        return [step for step in self.steps if isinstance(step, Invocation)]

    @property
    def codes(self) -> list[str]:
        return [note.code for note in self.ledger.notes]

    @property
    def variables(self) -> dict[str, str | None]:
        return {
            name: value
            for script in self.scripts
            for name, value in script.variables.items()
        }


def read(files: Mapping[str, str] | str, path: str = "run.sh") -> Read:
    """Reads sources, settles every word that they give, and demands that nothing is left unread."""
    given = {path: files} if isinstance(files, str) else files
    ledger = Ledger()
    found = read_scripts(
        Memory({name: text.encode() for name, text in given.items()}), ledger
    )
    for script in found:
        for step in script.steps:
            _settle(step)
        for file in script.files:
            file.path.take("files.x")
            file.body.take("files.x")
    assert audit_unread(ledger) == []
    return Read(found, ledger)


def _settle(step: Invocation | WaitLoop) -> None:
    for word in step.arguments:
        word.take("services.x")
    if isinstance(step, Invocation):
        for _, word in step.environment:
            word.take("services.x")
        if step.stdin is not None:
            step.stdin.take("services.x")


def commands(source: str, path: str = "run.sh") -> list[str]:
    """Each docker call as one line, its words as Compose reads them."""
    return [
        " ".join((*call.verb, *(_shown(word.text) for word in call.arguments)))
        for call in read(source, path).calls
    ]


def _shown(text: str) -> str:
    return f"[{text}]" if " " in text or not text or "\n" in text else text


CONSTRUCTS: list[tuple[str, str, list[str]]] = [
    (
        "plain",
        "docker run -d --name web -p 80:80 nginx",
        ["run -d --name web -p 80:80 nginx"],
    ),
    ("literal", "TAG=1.2\ndocker run img:$TAG", ["run img:1.2"]),
    ("literal in braces", "TAG=1.2\ndocker run img:${TAG}-alpine", ["run img:1.2-alpine"]),
    ("chain of literals", "A=1\nB=x$A\nC=$B.y\ndocker run $C", ["run x1.y"]),
    ("set again", "A=1\ndocker run $A\nA=2\ndocker run $A", ["run 1", "run 2"]),
    (
        "secret stays open",
        "DB_PASSWORD=hunter2\ndocker run -e P=$DB_PASSWORD img",
        ["run -e P=${DB_PASSWORD} img"],
    ),
    (
        "two secrets of one name",
        "T_KEY=a\ndocker run -e K=$T_KEY i\nT_KEY=b\ndocker run -e K=$T_KEY i",
        ["run -e K=${T_KEY} i", "run -e K=${T_KEY_2} i"],
    ),
    ("exported setting", "export TAG=3\ndocker run img:$TAG", ["run img:${TAG:-3}"]),
    ("exported later", "TAG=3\nexport TAG\ndocker run img:$TAG", ["run img:${TAG:-3}"]),
    (
        "set -a",
        "set -a\nTAG=3\nset +a\nX=4\ndocker run img:$TAG-$X",
        ["run img:${TAG:-3}-4"],
    ),
    ("unset", "docker run -e A=$A img", ["run -e A=${A} img"]),
    ("default", "docker run -e A=${A:-b} img", ["run -e A=${A:-b} img"]),
    ("default of a known value", "A=x\ndocker run ${A:-b}", ["run x"]),
    ("default of an empty value", "A=\ndocker run ${A:-b}", ["run b"]),
    ("required", "docker run -e A=${A:?set A} img", ["run -e [A=${A:?set A}] img"]),
    ("assigned default", "A=${A:-b}\ndocker run img:$A", ["run img:${A:-b}"]),
    ("colon default", ": ${A:=b}\ndocker run img:$A", ["run img:${A:-b}"]),
    ("alternative", "docker run -e X=${A:+yes} img", ["run -e X=${A:+yes} img"]),
    ("nested default", "docker run -e X=${A:-${B:-c}} img", ["run -e X=${A:-${B:-c}} img"]),
    (
        "suffix",
        "F=a/b.tar.gz\ndocker run ${F%.*} ${F%%.*} ${F#*/} ${F##*.}",
        ["run a/b.tar a/b b.tar.gz gz"],
    ),
    ("replacement", "F=a-b-c\ndocker run ${F/-/_} ${F//-/_}", ["run a_b-c a_b_c"]),
    (
        "case and slices",
        "F=abc\ndocker run ${F^^} ${F^} ${F:1} ${F:0:2} ${#F}",
        ["run ABC Abc bc ab 3"],
    ),
    ("indirect", "N=F\nF=abc\ndocker run ${!N}", ["run abc"]),
    (
        "folder",
        'docker run -v $(pwd)/a:/a -v "$PWD":/b -v `pwd`/c:/c img',
        ["run -v ./a:/a -v .:/b -v ./c:/c img"],
    ),
    (
        "folder where it must be absolute",
        'docker run -v $PWD:$PWD -w "$PWD" -e D=$PWD i',
        ["run -v .:${PWD} -w ${PWD} -e D=${PWD} i"],
    ),
    (
        "folder in long flags",
        'docker run --volume="$PWD/a:/a" --mount type=bind,src=$PWD/b,dst=/b i',
        ["run --volume=./a:/a --mount type=bind,src=./b,dst=/b i"],
    ),
    (
        "folder of the script",
        'D="$(cd "$(dirname "$0")" && pwd)"\ndocker run -v $D/a:/a img',
        ["run -v ./a:/a img"],
    ),
    (
        "real folder",
        'D=$(realpath "$(dirname "$(readlink -f "$0")")"/x)\ndocker run -v $D:/a i',
        ["run -v ./x:/a i"],
    ),
    ("sudo in a variable", "$SUDO docker run a", ["run a"]),
    ("cd", "cd sub\ndocker run -v $(pwd)/a:/a img", ["run -v ./sub/a:/a img"]),
    (
        "cd in a subshell",
        "(cd sub && docker build .)\ndocker run -v $PWD:/a img",
        ["build .", "run -v .:/a img"],
    ),
    (
        "home",
        "docker run -v ~/a:/a -v $HOME/b:/b img",
        ["run -v ${HOME}/a:/a -v ${HOME}/b:/b img"],
    ),
    ("no home inside a word", "docker run --env=B=~/a img", ["run --env=B=~/a img"]),
    ("home in an assignment", "docker run -e A=~/a img", ["run -e A=${HOME}/a img"]),
    ("user", "docker run -u $(id -u):$(id -g) img", ["run -u ${UID_}:${GID_} img"]),
    ("user by variable", "docker run -u $UID img", ["run -u ${UID_} img"]),
    ("other command", "docker run -e TZ=$(cat /etc/timezone) img", ["run -e TZ=${TZ} img"]),
    (
        "other command, assigned",
        "SHA=$(git rev-parse HEAD)\ndocker run img:$SHA",
        ["run img:${SHA}"],
    ),
    (
        "known command",
        "F=/a/b.c\ndocker run $(basename $F) $(dirname $F) $(echo x y)",
        ["run b.c /a x y"],
    ),
    (
        "loop",
        "for i in 1 2; do docker run --name n$i img; done",
        ["run --name n1 img", "run --name n2 img"],
    ),
    (
        "loop over braces",
        "for i in {1..3}; do docker run n$i; done",
        ["run n1", "run n2", "run n3"],
    ),
    ("loop over seq", "for i in $(seq 1 2); do docker run n$i; done", ["run n1", "run n2"]),
    (
        "loop over an array",
        'A=(a "b c")\nfor i in "${A[@]}"; do docker run "$i"; done',
        ["run a", "run [b c]"],
    ),
    (
        "loop over a list",
        'L="a b"\nfor i in $L; do docker run $i; done',
        ["run a", "run b"],
    ),
    (
        "loop that counts",
        "for ((i=1; i<=2; i++)); do docker run n$i; done",
        ["run n1", "run n2"],
    ),
    (
        "loops in loops",
        "for a in x y; do for b in 1 2; do docker run $a$b; done; done",
        ["run x1", "run x2", "run y1", "run y2"],
    ),
    (
        "loop over open values",
        "for i in $HOSTS; do docker run --name $i img; done",
        ["run --name ${I} img"],
    ),
    (
        "loop over lines",
        "while read n; do docker run --name $n img; done < list",
        ["run --name ${N} img"],
    ),
    (
        "function",
        "f() { docker run --name $1 img; }\nf a\nf b",
        ["run --name a img", "run --name b img"],
    ),
    (
        "function with local variables",
        'f() { local n="$1" t=${2:-1}; docker run $n:$t; }\nf a\nf b 2',
        ["run a:1", "run b:2"],
    ),
    (
        "function with all arguments",
        'f() { docker run "$@"; }\nf -e "A=1 2" img',
        ["run -e [A=1 2] img"],
    ),
    (
        "function that shifts",
        'f() { n=$1; shift; docker run --name $n "$@"; }\nf a -d img',
        ["run --name a -d img"],
    ),
    ("function that calls itself", "f() { docker run $1; f $1; }\nf a", ["run a"]),
    (
        "function that nothing calls",
        "f() { docker run --name $1 img; }",
        ["run --name ${ARG_1} img"],
    ),
    (
        "option that only an argument gives",
        '[ "$1" = gpu ] && GPU="--gpus all"\ndocker run $GPU img',
        ["run img"],
    ),
    (
        "open word in front of the image",
        "docker run -d $GPU $IMAGE",
        ["run -d ${IMAGE}"],
    ),
    (
        "function that prints",
        'image() { echo "corp/$1:${2:-latest}"; }\ndocker run $(image web 2)',
        ["run corp/web:2"],
    ),
    (
        "expression that would take long",
        "A=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n[[ $A =~ ^(a+)+x$ ]] && docker run a\ndocker run b",
        ["run a", "run b"],
    ),
    (
        "loop that never ends",
        "while true; do docker run a; sleep 1; done",
        ["run a"],
    ),
    ("function keyword", "function f { docker run $1; }\nf a", ["run a"]),
    ("wrapper function", 'run() { echo "$@"; "$@"; }\nrun docker run img', ["run img"]),
    ("argument of the script", "docker run $1 img", ["run ${ARG_1} img"]),
    (
        "argument with a name",
        "HOST=$1\nPORT=${2:-80}\ndocker run -p $PORT:80 $HOST",
        ["run -p ${PORT:-80}:80 ${HOST}"],
    ),
    (
        "array",
        'A=(-e "X=1 2")\nA+=(-p 80:80)\ndocker run "${A[@]}" img',
        ["run -e [X=1 2] -p 80:80 img"],
    ),
    (
        "item of an array",
        "A=(x y)\nA[2]=z\ndocker run ${A[1]} ${A[2]} ${#A[@]}",
        ["run y z 3"],
    ),
    ("named items", "declare -A A=([k]=v)\ndocker run ${A[k]}", ["run v"]),
    (
        "keys of an array",
        'declare -A P=([a]=1 [b]=2)\nfor s in "${!P[@]}"; do docker run $s:${P[$s]}; done',
        ["run a:1", "run b:2"],
    ),
    (
        "indices of an array",
        "A=(x y)\nfor ((i=0; i<${#A[@]}; i++)); do docker run ${A[$i]}$i; done",
        ["run x0", "run y1"],
    ),
    (
        "slices",
        'A=(a b c)\nf() { docker run "${@:2}"; }\nf x ${A[@]:1}\nf x y ${A[@]:0:1}',
        ["run b c", "run y a"],
    ),
    (
        "unknown part of a word",
        'docker run -p "$*:80" i "${@:2}"',
        ["run -p ${ARGUMENTS}:80 i"],
    ),
    (
        "options by a command",
        'docker run $(test -n "$G" && echo "--gpus all") $(get_args) i',
        ["run i"],
    ),
    (
        "splitting",
        'OPTS="-e A=1 -e B=2"\ndocker run $OPTS "$OPTS"',
        ["run -e A=1 -e B=2 [-e A=1 -e B=2]"],
    ),
    (
        "growing text",
        'O="-d"\nO="$O -e A=1"\nO+=" -p 1:1"\ndocker run $O img',
        ["run -d -e A=1 -p 1:1 img"],
    ),
    ("nothing", "E=\ndocker run $E -d img", ["run -d img"]),
    ("empty argument", 'docker run --entrypoint "" img', ["run --entrypoint [] img"]),
    ("unknown options", "docker run -d $DOCKER_OPTS img", ["run -d img"]),
    ("optional flag", "docker run ${DEBUG:+-e DEBUG=1} img", ["run img"]),
    ("braces", "docker run -v /{a,b}:/x img", ["run -v /a:/x /b:/x img"]),
    (
        "arithmetic",
        "N=2\ndocker run -p $((8000 + N)):80 -e A=$(($N*3)) img",
        ["run -p 8002:80 -e A=6 img"],
    ),
    (
        "dollars",
        "docker run -e 'A=$x' -e \"B=\\$y\" -e C=\\$z img '$$'",
        ["run -e A=$$x -e B=$$y -e C=$$z img $$$$"],
    ),
    (
        "quotes",
        "docker run -e 'A=\"b\"' -e \"C='d'\" -e $'E=\\tf' img",
        ["run -e A=\"b\" -e C='d' -e E=\tf img"],
    ),
    ("sudo", "sudo -E -u root docker run img", ["run img"]),
    ("prefixes", "time nohup env X=1 exec /usr/bin/docker run img", ["run img"]),
    ("global options", "docker --log-level debug -D run img", ["run img"]),
    ("tool in a variable", "DOCKER='sudo docker'\n$DOCKER run img", ["run img"]),
    (
        "tool with a default",
        "${DOCKER:-docker} run img\n$DOCKER_BIN run b",
        ["run img", "run b"],
    ),
    ("podman", "podman container run img", ["run img"]),
    (
        "container verbs",
        "docker container create img\ndocker image build .",
        ["create img", "build ."],
    ),
    (
        "and, or, semicolon",
        "docker pull a && docker run a || exit 1; docker run b",
        ["pull a", "run a", "run b"],
    ),
    ("background", "docker run a &\nwait", ["run a"]),
    ("pipeline", "docker run a | tee log", ["run a"]),
    (
        "assigned output",
        "ID=$(docker run -d a)\ndocker exec $ID ls",
        ["run -d a", "exec ${ID} ls"],
    ),
    (
        "network by its id",
        "N=$(docker network create --driver bridge foo)\ndocker run --network $N a",
        ["network create --driver bridge foo", "run --network foo a"],
    ),
    (
        "address of a container",
        "IP=$(docker inspect --format '{{.NetworkSettings.IPAddress}}' db)\ndocker run -e H=$IP a",
        ["inspect --format {{.NetworkSettings.IPAddress}} db", "run -e H=db a"],
    ),
    (
        "guarded network",
        "docker network ls | grep -q n || docker network create n",
        ["network ls", "network create n"],
    ),
    ("code in a string", "bash -c 'docker run -e A=1 img'", ["run -e A=1 img"]),
    ("eval", 'C="docker run -d"\neval "$C img"', ["run -d img"]),
    ("xargs", "echo a | xargs docker rm -f", ["rm -f a"]),
    ("wrapper", "retry.py 3 docker run img", ["run img"]),
    (
        "placeholder",
        "docker run --name <my name> -e K=<key> img",
        ["run --name ${MY_NAME} -e K=${K} img"],
    ),
    ("placeholder like PATH", "docker run -v <path>:/x img", ["run -v ${PATH_}:/x img"]),
    (
        "default empty by a test",
        'if [ -z "$V" ]; then V=7; fi\ndocker run img:$V',
        ["run img:${V:-7}"],
    ),
    (
        "default by a short test",
        '[ -z "$V" ] && V=7\ndocker run img:$V',
        ["run img:${V:-7}"],
    ),
    (
        "constant condition",
        "D=no\nif [ $D = yes ]; then docker run a; else docker run b; fi",
        ["run b"],
    ),
    (
        "constant case",
        "f() { case $1 in x) docker run a;; *) docker run b;; esac; }\nf x\nf y",
        ["run a", "run b"],
    ),
    (
        "option by condition",
        'A=(-d)\n[ -n "$V" ] && A+=(-e V)\ndocker run "${A[@]}" img',
        ["run -d -e V img"],
    ),
    ("value by condition", "T=a\nif test -f x; then T=b; fi\ndocker run $T", ["run a"]),
    (
        "name with a default",
        "docker run --name ${N:-web} --network ${M:-net} -v ${V:-data}:/d i",
        ["run --name web --network net -v data:/d i"],
    ),
    (
        "path with a default",
        "docker run -v ${D:-/srv}:/d -v ${E:-./x}:/e i",
        ["run -v ${D:-/srv}:/d -v ${E:-./x}:/e i"],
    ),
    ("here-string", "docker exec -i db psql <<< 'select 1'", ["exec -i db psql"]),
    ("comment", "docker run a # docker run b\n# docker run c", ["run a"]),
    ("windows", "docker run \\\r\n  -e A=1 \\\r\n  img\r\n", ["run -e A=1 img"]),
]


@pytest.mark.parametrize(
    ("source", "found"),
    [case[1:] for case in CONSTRUCTS],
    ids=[case[0] for case in CONSTRUCTS],
)
def test_constructs(source: str, found: list[str]) -> None:
    assert commands(source) == found


def test_open_variables_and_what_the_script_says_of_them() -> None:
    found = read(
        "DB_PASSWORD=p\nexport TAG=3\nA=${A:-x}\ndocker run -e P=$DB_PASSWORD -e B=$B -e A=$A -e H=$HOME i:$TAG"
    )
    assert found.variables == {"DB_PASSWORD": "p", "B": None, "A": "x", "TAG": "3"}


def test_variables_of_commands_that_make_nothing_are_not_asked_for() -> None:
    found = read("docker rm -f $OLD\ndocker run img")
    assert found.variables == {}
    assert found.codes == []


def test_variables_that_hold_a_secret_are_named() -> None:
    (script,) = read("docker run -e A=$A_TOKEN -e B=$B -e C=$API_KEY_FILE img").scripts
    assert script.secrets == ("A_TOKEN",)


def test_names_can_be_stated() -> None:
    (script,) = read("export NET=n\ndocker run -e X=$Y -e N=$NET img").scripts
    assert script.fill_values("a-${NET:-z}-${Y}-${Q:-r}-$$") == "a-n-${Y}-r-$$"


def test_exported_variables_that_are_passed_on_by_name() -> None:
    (call,) = read("export A=1 B=2\nC=3 docker run -e A -e C --env=D img").calls
    assert [(name, word.text) for name, word in call.environment] == [
        ("A", "${A:-1}"),
        ("C", "3"),
    ]


@pytest.mark.parametrize(
    ("source", "image"),
    [
        ("[ x = x ] && A=1", "i:1"),
        ("[ x = y ] || A=1", "i:1"),
        ("[ x = y ] && A=2 || A=1", "i:1"),
        ("[ x = x ] && A=1 || A=2", "i:1"),
        ("docker inspect x || A=1", "i:${A}"),
    ],
)
def test_a_test_of_constants_leaves_what_it_chooses(source: str, image: str) -> None:
    (call,) = read(f"{source}\ndocker run i:$A").calls[-1:]
    assert call.arguments[0].text == image


def test_the_branch_that_never_runs_is_noted() -> None:
    found = read("D=no\nif [ $D = yes ]; then docker run a; fi\ndocker run b")
    assert found.codes == ["TC157"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("until nc -z db 5432; do sleep 1; done", ["nc", "-z", "db", "5432"]),
        ("while ! curl -f http://x/; do sleep 1; done", ["curl", "-f", "http://x/"]),
        (
            "for i in $(seq 9); do nc -z db 1 && break; sleep 1; done",
            ["nc", "-z", "db", "1"],
        ),
        (
            "for i in 1 2; do if pg_isready -h db; then break; fi; done",
            ["pg_isready", "-h", "db"],
        ),
        ("while true; do mysqladmin ping && break; sleep 1; done", ["mysqladmin", "ping"]),
        (
            "timeout 30 bash -c 'x'; until [ \"$(redis-cli ping)\" = PONG ]; do sleep 1; done",
            ["redis-cli", "ping"],
        ),
    ],
)
def test_loops_that_wait(source: str, words: list[str]) -> None:
    waits = [
        step
        for step in read(f"docker run -d db\n{source}\ndocker run web").steps
        if isinstance(step, WaitLoop)
    ]
    assert [[word.text for word in wait.arguments] for wait in waits] == [words]


def test_loops_that_ask_docker_are_polled() -> None:
    calls = read(
        "docker run -d --name db x\nuntil docker exec db pg_isready; do sleep 1; done\ndocker run web"
    ).calls
    assert [call.polled for call in calls] == [False, True, False]


def test_output_that_a_variable_takes() -> None:
    calls = read(
        'ID=$(docker run -d a)\nJ="`docker create b`"\ndocker stop $(docker run c)'
    ).calls
    assert [call.variable for call in calls] == ["ID", "J", "CONTAINER_3", ""]
    assert calls[-1].arguments[0].text == "${CONTAINER_3}"


def test_files_that_the_script_writes() -> None:
    source = "cat > a.conf <<EOF\nx $A\nEOF\ncat <<'E' >> b\n$x\nE\necho hi > c\n"
    source += "tee d <<EOF >/dev/null\ny\nEOF\ndocker run i"
    (script,) = read(source).scripts
    assert [(file.path.text, file.body.text, file.append) for file in script.files] == [
        ("a.conf", "x ${A}\n", False),
        ("b", "$$x\n", True),
        ("c", "hi\n", False),
        ("d", "y\n", False),
    ]


def test_what_a_command_reads() -> None:
    calls = read(
        "docker exec -i db psql <<EOF\nselect $1;\nEOF\necho x | docker exec -i db cat"
    ).calls
    assert [call.stdin.text if call.stdin else None for call in calls] == [
        "select ${ARG_1};\n",
        "x\n",
    ]


def test_where_a_command_runs() -> None:
    calls = read(
        "cd a\ndocker run x\ncd b/..\ndocker run y\n(cd c; docker run z)\ndocker run q"
    ).calls
    assert [call.directory for call in calls] == ["a", "a", "a/c", "a"]


def test_other_files_are_read_in_place() -> None:
    files = {
        "run.sh": ". ./lib/env.sh\nsource missing\nstart web",
        "lib/env.sh": "T=7\nstart() { docker run $1:$T; }",
    }
    found = read(files)
    assert [call.arguments[0].text for call in found.calls] == ["web:7"]
    assert found.codes == ["TC161"]


def test_scripts_that_a_script_starts_are_read_once() -> None:
    files = {
        "db.sh": "docker run --name $1 db",
        "run.sh": "./db.sh main\nbash web.sh",
        "web.sh": "docker run web",
    }
    found = read(files)
    assert [(script.path, len(script.steps)) for script in found.scripts] == [("run.sh", 2)]
    assert [call.arguments[-1].text for call in found.calls] == ["db", "web"]


def test_a_script_that_only_speaks_of_another_does_not_hide_it() -> None:
    found = read(
        {
            "a.sh": "echo then run\n# ./b.sh\nhelp() { :; }\ndocker run a",
            "b.sh": "docker run b",
        }
    )
    assert [call.arguments[-1].text for call in found.calls] == ["a", "b"]


def test_one_name_never_stands_for_two_secrets_of_two_scripts() -> None:
    found = read(
        {
            "a.sh": "A_TOKEN=1\ndocker run -e T=$A_TOKEN a",
            "b.sh": "A_TOKEN=2\ndocker run -e T=$A_TOKEN b",
        }
    )
    assert found.variables == {"A_TOKEN": "1", "A_TOKEN_2": "2"}


def test_positions_are_those_of_the_source() -> None:
    source = "# ünï\n\tdocker run \\\r\n\t  -e Ä=1 \\\r\n  img\r\n"
    (call,) = read(source).calls
    assert [(word.span.line, word.span.column) for word in call.arguments] == [
        (3, 4),
        (3, 7),
        (4, 3),
    ]


def test_positions_inside_a_substitution() -> None:
    call = read("ID=$(docker run -d img)").calls[0]
    assert [(word.span.line, word.span.column) for word in call.arguments] == [
        (1, 17),
        (1, 20),
    ]


def test_a_word_knows_the_assignment_it_uses() -> None:
    (call,) = read("T=1\ndocker run img:$T").calls
    assert [source.span.line for source in call.arguments[0].sources] == [2, 1]


def test_a_long_loop_without_docker_says_nothing() -> None:
    assert read("for i in {1..60}; do echo $i; done\ndocker run a").codes == []
