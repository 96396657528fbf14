"""What several pieces of advice have in common is said once, and nothing of them is lost."""

from __future__ import annotations

import pytest

from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.reports import render
from tocompose.reports.report import report
from tocompose.reports.shared_advice import shared_advice, with_loops

_STACK = b"services: {cache: {image: 'redis:7.4', deploy: {replicas: 1}}}\n"


def test_what_leads_to_a_command_of_each_stands_last() -> None:
    advices = [f"Stop the pod: `cp {name}: /to. x`. Set up backups." for name in "ab"]
    commands = ("`cp a: /to. x`.", "`cp b: /to. x`.")
    assert shared_advice(advices) == ("Set up backups. Stop the pod:", commands)


@pytest.mark.parametrize(
    ("advices", "parts"),
    [
        (
            [f"Copy {name}. The list of {name} is empty: add it. Set up." for name in "ab"],
            (
                "Set up.",
                (
                    "Copy a. The list of a is empty: add it.",
                    "Copy b. The list of b is empty: add it.",
                ),
            ),
        ),
        (
            ["Run: `a`. `b`.", "Run: `b`."],
            ("Run:", ("`a`. `b`.", "`b`.")),
        ),
    ],
    ids=["own lead", "shared lead"],
)
def test_what_follows_a_colon_stays_with_it(
    advices: list[str], parts: tuple[str, tuple[str, ...]]
) -> None:
    assert shared_advice(advices) == parts


def test_the_same_advice_is_all_shared() -> None:
    assert shared_advice(["Add it.", "Add it."]) == ("Add it.", ("", ""))


def test_advice_that_differs_is_each_ones_own() -> None:
    own = ("Add a.", "For this and the next one: Add b.", "")
    assert shared_advice(["Add a.", "Add b.", "Add b."]) == ("", own)


NAMES = ["a-db", "b-db", "main db", "d"]


def test_many_commands_that_differ_in_a_name_are_one_loop() -> None:
    command = "kubectl exec {0}-0 -- sh -c 'dump \"$PW\"' | docker exec -T {0} load"
    advices = [
        f"Start {name} (`up {name}`), run `{command.format(name)}`." for name in NAMES
    ]
    loops = with_loops(advices, NAMES)
    assert set(loops) == {loops[0]}
    said, up, _, copy, _ = loops[0].split("`")
    assert said == "Start each ("
    head = "for service in a-db b-db 'main db' d; do "
    assert up == f'{head}up "$service"; done'
    in_loop = command.format('"$service"')
    assert copy == f"{head}{in_loop}; done"


@pytest.mark.parametrize(
    "command",
    ["up {0}", "copy {0} | sh -c 'load {0}'", "copy \\{0}", "copy {0} 'open"],
)
def test_what_no_loop_can_say_stays_as_it_is(command: str) -> None:
    few = NAMES[:3] if command == "up {0}" else NAMES
    advices = [f"Run `{command.format(name)}`." for name in few]
    assert with_loops(advices, few) == advices


def test_a_name_within_double_quotes_stays_there() -> None:
    advices = [f'Run `exec "$(pods -l app={name})"`.' for name in NAMES]
    assert 'exec "$(pods -l app=${service})"; done' in with_loops(advices, NAMES)[0]


def test_what_differs_in_more_than_a_name_is_no_loop() -> None:
    advices = [f"Run `copy {name} /data/{index}`." for index, name in enumerate(NAMES)]
    assert with_loops(advices, NAMES) == advices


def _claimed(name: str, folder: str, is_kept: bool) -> str:
    """The rest of a pod whose container has the folder on a claim, or nowhere."""
    if not is_kept:
        return "}]}"
    mount = f"volumeMounts: [{{name: d, mountPath: /var/lib/{folder}}}]"
    claim = f"persistentVolumeClaim: {{claimName: {name}}}"
    return f", {mount}}}], volumes: [{{name: d, {claim}}}]}}"


@pytest.mark.parametrize(
    ("is_kept", "title"),
    [(True, "Move the data of"), (False, "Decide whether to move the data of")],
)
def test_databases_of_two_kinds_have_a_loop_for_those_that_are_many(
    is_kept: bool, title: str
) -> None:
    pods = "".join(
        f"---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\n"
        f"spec: {{containers: [{{name: x, image: '{image}'{_claimed(name, folder, is_kept)}\n"
        for name, image, folder in (
            *((f"db{letter}", "mysql:8.0", "mysql") for letter in "abcd"),
            ("cache", "postgres:16", "postgresql/data"),
        )
    )
    project = Memory({"all.yaml": pods.encode()}, "shop")
    text = render("markdown", report(convert(project, Options()), project))
    box = text.partition(f"- [ ] {title}")[2].partition("\n\n")[0]
    assert box.count("for service in dba dbb dbc dbd; do kubectl exec") == 1
    assert box.count("docker compose up -d --wait cache`") == 1
    assert box.count("mysqldump") == 1


def _report_on(script: str) -> str:
    project = Memory({"run.sh": script.encode()}, "shop")
    return render("markdown", report(convert(project, Options()), project))


def test_data_that_the_way_over_copies_has_its_command_there_alone() -> None:
    text = _report_on("docker run -d --name cache redis:7.4\n")
    box = text.partition("- [ ] Copy the old data of cache")[2].partition("\n\n")[0]
    assert "docker cp" not in box and "“Move over”" in box
    assert text.count("docker cp cache") == 1


def test_data_elsewhere_keep_their_command() -> None:
    project = Memory({"docker-stack.yml": _STACK}, "shop")
    text = render("markdown", report(convert(project, Options()), project))
    assert "## Move over" in text and "“Move over”" not in text
