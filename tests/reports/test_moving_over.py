"""The way from what runs now to the stack: the client that runs it, its own names, and no data that stay behind."""

from __future__ import annotations

import json

import pytest
import yaml

from tocompose.exporters.bundle import Layout
from tocompose.model import Runtime
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.reports import render
from tocompose.reports.cutover import Cutover, cutover_of
from tocompose.reports.inventory import data_stores_of
from tocompose.reports.next_steps import later_steps
from tocompose.reports.report import report

UNRAID = """<?xml version="1.0"?>
<Container version="2">
  <Name>db</Name><Repository>postgres:16</Repository><Network>bridge</Network>
</Container>
"""
UNITS = {
    "app.container": "[Container]\nImage=nginx:1.27\nVolume=pages.volume:/usr/share/nginx/html\n",
    "db.container": "[Container]\nImage=postgres:16\nVolume=kept:/var/lib/postgresql/data\n",
    "cache.container": "[Container]\nImage=redis:7\nServiceName=shop-cache\n",
    "pages.volume": "[Volume]\n",
    "front.network": "[Network]\n",
}
PODMANS = {
    "Id": "4f1c" * 16,
    "Name": "db",
    "ImageName": "docker.io/library/postgres:16",
    "OCIRuntime": "crun",
    "State": {"Status": "running"},
    "Config": {"Image": "docker.io/library/postgres:16", "Env": ["container=podman"]},
    "HostConfig": {"NetworkMode": "bridge"},
    "Mounts": [
        {
            "Type": "volume",
            "Name": "kept",
            "Source": "/var/lib/containers/storage/volumes/kept/_data",
            "Destination": "/var/lib/postgresql/data",
            "Driver": "local",
            "RW": True,
        }
    ],
    "NetworkSettings": {"Networks": {"shop": {"NetworkID": "shop"}}},
}
# The sources whose containers keep data nobody named, by what runs them.
NAMELESS = {
    Runtime.DOCKER: {
        "run.sh": "docker run -d --name db -e POSTGRES_PASSWORD=x postgres:16\n"
    },
    Runtime.PODMAN: {
        "run.sh": "podman run -d --name db -e POSTGRES_PASSWORD=x postgres:16\n"
    },
    Runtime.PROJECT: {
        "docker-compose.yml": "version: '2'\nservices:\n  db:\n    image: postgres:16\n"
    },
}


def converted(files: dict[str, str], source: str | None = None) -> tuple[Result, Cutover]:
    project = Memory({path: text.encode() for path, text in files.items()}, "shop")
    result = convert(project, Options(source=source, layout=Layout(split=True)))
    return result, cutover_of(report(result, project))


def lines(cutover: Cutover) -> list[str]:
    return [step.line for step in cutover.steps_over]


def advice_of(result: Result, code: str) -> str:
    return " ".join(note.advice for note in result.notes if note.code == code)


@pytest.mark.parametrize("runtime", NAMELESS, ids=lambda runtime: runtime.name.lower())
def test_data_without_a_name_are_not_left_behind(runtime: Runtime) -> None:
    source = "compose" if runtime is Runtime.PROJECT else None
    result, _ = converted(NAMELESS[runtime], source)
    client = "podman" if runtime is Runtime.PODMAN else "docker"
    assert result.stack.runs_in is runtime
    advice = advice_of(result, "TC432")
    name = f"{result.stack.name}_db_data"
    labels = f"project={result.stack.name} --label com.docker.compose.volume=db_data {name}"
    assert f"{labels} && {client} cp " in advice
    assert f"docker run --rm -i -v {name}:/to " in advice


def test_the_containers_of_a_template_are_dockers() -> None:
    result, cutover = converted({"my-db.xml": UNRAID})
    assert "docker stop db" in lines(cutover)
    assert "&& docker cp db:/var/lib/postgresql/data/. - |" in advice_of(result, "TC432")


def test_podman_keeps_its_containers_beside_the_new_ones() -> None:
    script = "podman run -d --name db -v kept:/var/lib/postgresql/data postgres:16\n"
    _, cutover = converted({"run.sh": script})
    assert "podman stop db" in lines(cutover)
    assert not [line for line in lines(cutover) if "rename" in line]
    assert [step.line for step in cutover.steps_back] == [
        "docker compose down",
        "podman start db",
    ]


def test_a_script_of_both_is_dockers() -> None:
    script = "podman run -d --name a redis:7\ndocker run -d --name b redis:7\n"
    assert converted({"run.sh": script})[0].stack.runs_in is Runtime.DOCKER


@pytest.mark.parametrize(
    "files",
    [
        {
            "run.sh": "podman run -d --name db -v kept:/var/lib/postgresql/data postgres:16\n"
        },
        UNITS,
        {"inspect.json": json.dumps([PODMANS])},
    ],
    ids=["script", "units", "inspect"],
)
def test_every_volume_of_podman_is_copied_into_the_one_that_is_written(
    files: dict[str, str],
) -> None:
    result, cutover = converted(files)
    document = yaml.safe_load(result.files[0].content)
    stated = {
        name: (entry or {}).get("name", f"{document['name']}_{name}")
        for name, entry in document["volumes"].items()
        if name in ("kept", "pages")
    }
    assert stated
    for name, in_engine in stated.items():
        old = "systemd-pages" if name == "pages" else name
        unpacked = f"docker run --rm -i -v {in_engine}:/to "
        copies = [
            line for line in lines(cutover) if f"podman run --rm -v {old}:/from " in line
        ]
        assert len(copies) == 1 and unpacked in copies[0]
        assert copies[0] in advice_of(result, "TC787")
        kept = next(row.kept for row in data_stores_of(result.stack) if row.name == name)
        assert "existing" not in kept and old in kept


@pytest.mark.parametrize("client", ["docker", "podman"])
@pytest.mark.parametrize("name", ["start.sh", "README.md"])
def test_what_starts_the_old_containers_again_is_looked_for(name: str, client: str) -> None:
    """By the name of the script where it has one: cron, rc.local and units call it by that."""
    call = f"{client} run -d --name web nginx:1.27\n"
    text = f"```sh\n{call}```\n" if name.endswith("md") else call
    _, cutover = converted({name: text})
    (found,) = [step.line for step in cutover.cleaning if "crontab -l" in step.line]
    assert ("start\\.sh" in found) == (name == "start.sh")
    assert (f"{client} (run|start)" in found) == (name != "start.sh")


def test_units_are_ended_before_their_containers() -> None:
    unit = (
        "[Service]\nRestart=always\nExecStart=/usr/bin/docker run --name web nginx:1.27\n"
    )
    _, cutover = converted({"web.service": unit})
    over = lines(cutover)
    ended = "sudo systemctl disable --now web.service"
    assert over.index(ended) < next(
        number for number, line in enumerate(over) if line.startswith("docker stop")
    )
    assert cutover.steps_back[-1].line == "sudo systemctl enable --now web.service"
    assert not any("crontab" in step.line for step in cutover.cleaning)


def test_unraid_starts_the_old_container_no_more() -> None:
    _, cutover = converted({"my-db.xml": UNRAID})
    assert "'/^(db)( |$)/d' /var/lib/docker/unraid-autostart" in cutover.cleaning[0].line


def test_the_units_of_quadlet_are_deleted_where_they_were_moved_to() -> None:
    _, cutover = converted(UNITS)
    moved = next(line for line in lines(cutover) if "mkdir -p ~/units-before" in line)
    deleted = cutover.cleaning[0].line
    assert deleted.startswith("(cd ~/units-before && rm ")
    names = deleted.partition(" rm ")[2].rstrip(")").split()
    assert names and all(name in moved for name in names)


@pytest.mark.parametrize("client", ["docker", "podman"])
@pytest.mark.parametrize(
    ("mounts", "copied"),
    [
        ("-v /var/cache/web -v /srv/up -v /app/logs", ["/srv/up"]),
        ("-v /root/.cache -v /tmp -v /var/log/web/old", []),
        ("-v /var/lib/cache/items -v /logs/archive", ["/logs/archive", "/var/lib/cache/items"]),
    ],
)  # fmt: skip
def test_no_cache_is_copied(client: str, mounts: str, copied: list[str]) -> None:
    """Neither asked for nor a step: it is told as what stays."""
    script = f"{client} run -d --name web {mounts} acme/web:1\n"
    result, cutover = converted({"run.sh": script})
    asked = [note.subject[-1] for note in result.notes if note.code == "TC432"]
    left = [note.subject[-1] for note in result.notes if note.code == "TC444"]
    assert sorted(map(str, asked)) == copied
    assert len(asked) + len(left) == mounts.count("-v")
    steps = [line for line in lines(cutover) if f"{client} cp " in line]
    assert len(steps) == len(copied)


def test_a_named_cache_of_podman_is_not_copied() -> None:
    script = "podman run -d --name web -v pages:/var/cache/web -v up:/up acme/web:1\n"
    result, cutover = converted({"run.sh": script})
    assert "podman run --rm -v pages:" not in " ".join(lines(cutover))
    assert "podman run --rm -v up:" in " ".join(lines(cutover))
    assert "pages" not in " ".join(step.line for step in cutover.cleaning)
    assert "up:/from" in advice_of(result, "TC787")
    assert "pages:/from" in advice_of(result, "TC444")


def test_units_of_root_are_moved_over_in_a_root_shell() -> None:
    """Another shell would take the home of the user for that of root, in `~` and in the paths of the stack."""
    _, cutover = converted(UNITS)
    steps = (*cutover.steps_over, *cutover.steps_back, *cutover.cleaning)
    [told] = [step.warning for step in steps if "belong to root" in step.warning]
    assert cutover.steps_over[0].warning == told
    assert (
        "also those of “To go back” and “When everything works”, in a root shell (`sudo -i`"
        in told
    )
    assert "sudo podman" not in told and "sudo mv" not in told
    timer = "[Timer]\nOnCalendar=daily\nUnit=app.service\n"
    _, with_timer = converted({**UNITS, "app.timer": timer})
    first_step, *later_steps = with_timer.steps_over
    assert first_step.warning == told and "app.timer" in first_step.line
    assert told not in [step.warning for step in later_steps]


def test_units_are_stopped_taken_away_and_put_back_under_their_names() -> None:
    _, cutover = converted(UNITS)
    services = "app.service shop-cache.service db.service"
    assert f"systemctl --user stop {services}" in lines(cutover)
    away = next(line for line in lines(cutover) if " mv " in line)
    back = next(step.line for step in cutover.steps_back if " mv " in step.line)
    for name in UNITS:
        assert f" {name} " in away and f" {name} " in back
    assert cutover.steps_back[-1].line == f"systemctl --user start {services}"


def test_a_network_of_podman_is_made_by_the_stack() -> None:
    """Docker has none of that name, so that compose would refuse an external one."""
    result, _ = converted({"inspect.json": json.dumps([PODMANS])})
    document = yaml.safe_load(result.files[0].content)
    assert not (document["networks"]["shop"] or {}).get("external")


@pytest.mark.parametrize("client", ["docker", "podman"])
def test_a_value_that_is_not_in_the_source_is_read_from_its_old_container(
    client: str,
) -> None:
    """What a database was made with is wanted as long as its data live; a new one would lock the program out."""
    script = (
        f"PW=$(openssl rand -hex 16)\n{client} run -d --name db -e POSTGRES_PASSWORD=$PW -e A=1"
        f" -v kept:/var/lib/postgresql/data postgres:16\n"
        f"{client} run -d --name app -e URL=postgres://u:$PW@db/x -e PW=$PW acme/app:1\n"
    )
    steps = [line for line in lines(converted({"run.sh": script})[1]) if "inspect" in line]
    assert len(steps) == 1
    assert steps[0].startswith(f"{client} inspect ")
    assert steps[0].endswith(" db | sed -n 's/^POSTGRES_PASSWORD=//p'")


def test_images_that_podman_has_alone_are_copied_before_the_containers_are_made() -> None:
    script = "podman run -d --name web localhost/web:1\npodman run -d --name two localhost/web:1\n"
    for files in (
        {"run.sh": script},
        {"web.container": "[Container]\nImage=localhost/web:1\n"},
    ):
        result, cutover = converted(files)
        copies = [line for line in lines(cutover) if line.startswith("podman save")]
        assert copies == ["podman save localhost/web:1 | docker load"]
        making = next(line for line in lines(cutover) if "compose up" in line)
        assert lines(cutover).index(copies[0]) < lines(cutover).index(making)
        assert "TC680" in {note.code for note in result.notes}
        later = later_steps(report(result, Memory({}, "shop")))
        assert not any("--pull" in step.line for step in later)


@pytest.mark.parametrize("client", ["docker", "podman"])
def test_what_the_old_shell_gave_is_read_from_the_old_container(client: str) -> None:
    script = f"{client} run -d --name web -e TOKEN nginx:1.27\n{client} run -d --name two -e TOKEN nginx:1.27\n"
    _, cutover = converted({"run.sh": script})
    read = [line for line in lines(cutover) if "sed -n" in line]
    assert len(read) == 1 and "s/^TOKEN=//p" in read[0] and " web |" in read[0]


def test_a_network_with_a_subnet_goes_first_and_is_made_again_on_the_way_back() -> None:
    """Docker refuses a second network whose subnet overlaps with that of the first."""
    script = (
        "docker network create --internal --subnet 172.30.0.0/24 --gateway 172.30.0.1 lan\n"
        "docker network create other\n"
        "docker run -d --name a --network lan acme/a:1\n"
        "docker run -d --name b --network other acme/b:1\n"
    )
    result, cutover = converted({"run.sh": script})
    over = lines(cutover)
    assert over.index("docker network rm lan") < over.index("docker compose up -d --wait")
    options = "--internal --subnet 172.30.0.0/24 --gateway 172.30.0.1"
    assert f"docker network create {options} lan" in [
        step.line for step in cutover.steps_back
    ]
    assert cutover.cleaning[-1].line == "docker network rm other"
    said = [note.message for note in result.notes if note.code == "TC120"]
    assert said == [
        "Compose creates the network lan as shop_lan; remove the old one first: both have the same subnet",
        "Compose creates the network other as shop_other",
    ]


def test_the_way_back_gives_a_container_its_address_again() -> None:
    script = (
        "docker network create --subnet 172.31.7.0/24 yard\n"
        "docker run -d --name barn --network yard --network-alias shed --ip 172.31.7.9 acme/b:1\n"
    )
    _, cutover = converted({"run.sh": script})
    attached = "docker network connect --alias shed --ip 172.31.7.9 yard barn-before"
    assert any(step.line.endswith(attached) for step in cutover.steps_back)


def test_a_volume_that_compose_did_not_create_is_announced() -> None:
    script = "docker run -d --name a -v kept:/srv acme/a:1\n"
    _, cutover = converted({"run.sh": script})
    (created,) = [step for step in cutover.steps_over if "--no-start" in step.line]
    assert created.warning.startswith(
        "Compose warns that it did not create kept, and uses what is there"
    )


def test_a_volume_of_podman_is_new_to_compose() -> None:
    script = "podman run -d --name a -v kept:/srv acme/a:1\n"
    _, cutover = converted({"run.sh": script})
    (created,) = [step for step in cutover.steps_over if "--no-start" in step.line]
    assert created.warning == "It creates kept empty: Docker does not see podman's volumes."


def test_the_page_has_the_steps_that_it_speaks_of() -> None:
    files = {"run.sh": b"podman run -d --name a -v kept:/srv acme/a:1\n"}
    project = Memory(files, "shop")
    result = convert(project, Options(layout=Layout(split=True)))
    page = render("html", report(result, project))
    section = page.partition('<section id="move">')[2]
    assert "“Move over”" in page and '<a href="#move">' in page
    assert "podman stop a" in section and "docker compose up --no-start" in section
    assert "`" not in page.partition('<section id="next">')[2].partition("<script>")[0]


def test_which_containers_are_kept_down_is_said_where_others_are_not() -> None:
    always = "docker run -d --restart always --name one acme/one:1\n"
    other = "docker run -d --name two acme/two:1\n"
    for script, title in (
        (always, "Keep them from starting with the engine"),
        (always + other, "Keep those that always restart from starting with the engine"),
    ):
        _, cutover = converted({"run.sh": script})
        held = [step.title for step in cutover.steps_over if "--restart no" in step.line]
        assert held == [title]


def test_commands_are_shown_with_what_is_reached_from_outside() -> None:
    script = "docker run -d --name idle busybox sleep infinity\ndocker run -d --name web -p 80:80 acme/web:1\n"
    result, _ = converted({"run.sh": script})
    titles = [step.title for step in later_steps(report(result, Memory({}, "shop")))]
    assert "Follow the log of web" in titles


def test_a_version_that_a_variable_names_is_changed_there() -> None:
    result, _ = converted({"run.sh": "TAG=$(git describe)\ndocker run -d acme/api:$TAG\n"})
    titles = [step.title for step in later_steps(report(result, Memory({}, "shop")))]
    assert any("after a change of TAG in .env" in title for title in titles)
    assert not any(title.startswith("Pull") for title in titles)


def test_a_timer_is_kept_from_starting_its_unit() -> None:
    files = {
        "backup.container": "[Container]\nImage=acme/b:1\n",
        "backup.timer": "[Timer]\nOnCalendar=daily\n",
    }
    _, cutover = converted(files, "quadlet")
    assert lines(cutover)[0] == "systemctl --user disable --now backup.timer"
    assert cutover.steps_back[-1].line == "systemctl --user enable --now backup.timer"
    assert not any("mv " in line and ".timer" in line for line in lines(cutover))


def test_what_a_note_explains_is_not_left_out_on_purpose() -> None:
    script = "docker run -d --name a acme/a:1\ndocker exec a seed --all\ndocker login r.acme.example\n"
    result, _ = converted({"run.sh": script})
    told = report(result, Memory({}, "shop"))
    assert not [why for why in told.ignored_by_reason() if "note TC" in why]


REMOVED = {
    "docker": "docker run -d --rm --name db postgres:16\ndocker run -d --name web nginx\n",
    "podman": "podman run -d --rm --name db postgres:16\npodman run -d --name web nginx\n",
}


@pytest.mark.parametrize("client", REMOVED)
def test_a_container_that_goes_when_it_stops_is_copied_before_and_never_named_again(
    client: str,
) -> None:
    """`--rm`: `docker stop db` removes it, so that it can neither be renamed, started nor removed."""
    _, cutover = converted({"run.sh": REMOVED[client]})
    steps = lines(cutover)
    stopped = steps.index(f"{client} stop db web")
    copied = [index for index, line in enumerate(steps) if " cp db:" in line]
    assert copied and max(copied) < stopped
    later = steps[stopped + 1 :] + [step.line for step in cutover.steps_back]
    later += [step.line for step in cutover.cleaning]
    assert not [line for line in later if "db" in line.replace("db_data", "").split()]
    assert "removes it" in cutover.steps_over[stopped].warning
    back = cutover.steps_back[-1]
    assert back.title.startswith("Start db with its old command (run.sh:1)")
    assert not back.line


def test_an_inspected_container_that_removes_itself_is_gone_when_it_is_stopped() -> None:
    inspected = {
        "Id": "4f1c" * 16,
        "Name": "/web",
        "Image": "sha256:" + "ab" * 32,
        "State": {"Status": "running"},
        "Config": {"Image": "nginx:1.27"},
        "HostConfig": {"NetworkMode": "bridge", "AutoRemove": True},
        "Mounts": [],
        "NetworkSettings": {"Networks": {"bridge": {}}},
    }
    _, cutover = converted({"inspect.json": json.dumps([inspected])})
    assert "docker stop web" in lines(cutover)
    assert not [line for line in lines(cutover) if "rename" in line]
    assert not cutover.removes_containers


@pytest.mark.parametrize(
    ("source", "ending"), [("$DATA", ""), ("$DATA/config", " | sed 's|/config$||'")]
)
def test_a_folder_that_only_the_old_container_knows_is_asked_for_and_printed(
    source: str, ending: str
) -> None:
    script = (
        f"docker run -d --name git -v {source}:/etc/gitlab gitlab/gitlab-ce:17.0.0-ce.0\n"
    )
    result, cutover = converted({"run.sh": script})
    setting = next(setting for setting in result.stack.settings if setting.name == "DATA")
    assert setting.value is None and setting.required
    assert "/etc/gitlab" in setting.description
    mounted = yaml.safe_load(result.files[0].content)["services"]["git"]["volumes"]
    below = "/config" if ending else ""
    assert f"${{DATA:?set DATA in .env}}{below}:/etc/gitlab" in mounted
    steps = [step for step in cutover.steps_over if "set DATA to it in .env" in step.title]
    assert len(steps) == 1 and steps[0].line.endswith(f" git{ending}")


def test_a_container_that_its_unit_removes_is_named_no_more_once_the_unit_is_stopped() -> (
    None
):
    unit = (
        "[Unit]\nDescription=web\n[Service]\n"
        "ExecStart=/usr/bin/docker run --rm --name web -p 80:80 nginx:1.27\n"
        "[Install]\nWantedBy=multi-user.target\n"
    )
    _, cutover = converted({"web.service": unit})
    assert "sudo systemctl disable --now web.service" in lines(cutover)
    told = [*lines(cutover), *(step.line for step in cutover.steps_back)]
    assert not [line for line in told if line.split()[-1:] == ["web"]]
    assert not [step for step in cutover.steps_back if not step.line]


def test_a_stack_of_a_swarm_is_gone_before_its_volumes_are_used_again() -> None:
    text = (
        "version: '3'\nservices:\n  db: {image: 'postgres:15', volumes: ['kept:/var/lib/postgresql/data']}\n"
        "  cache: {image: 'redis:7'}\nvolumes: {kept: }\n"
    )
    result, cutover = converted({"docker-stack.yml": text}, "compose")
    assert result.stack.runs_in is Runtime.SWARM
    assert lines(cutover) == [
        "docker stack ps shop",
        "docker stack rm shop",
        'until [ -z "$(docker ps -q -f label=com.docker.stack.namespace=shop)" ]; do sleep 1; done',
        "docker compose up -d --wait",
        "docker compose ps --all",
    ]
    back = [step.line for step in cutover.steps_back]
    assert back == ["docker compose down", "docker stack deploy -c docker-stack.yml shop"]
    # The volume of the file is the same in both, the one that is added is not.
    assert "shop_cache_data" in cutover.steps_back[0].warning
    assert "shop_kept" not in cutover.steps_back[0].warning


@pytest.mark.parametrize(
    ("setting", "command"),
    [
        ("", "sh -c 'r=$(redis-cli SAVE); "),
        (
            " -e REDIS_PASSWORD=x",
            'sh -c \'r=$(REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli SAVE); ',
        ),
    ],
)
def test_what_a_server_holds_in_memory_is_written_before_it_is_paused(
    setting: str, command: str
) -> None:
    script = f"docker run -d --rm --name cache{setting} redis:7\n"
    result, cutover = converted({"run.sh": script})
    saved = f'docker exec cache {command}echo "$r"; test "$r" = OK\' && docker pause cache'
    assert saved in advice_of(result, "TC432")
    assert saved in " ".join(lines(cutover))


def test_containers_are_created_before_the_start_only_where_something_comes_in_between() -> (
    None
):
    for script, is_created in (
        ("docker run -d --name web acme/web:1\n", False),
        ("docker run -d --name db -e POSTGRES_PASSWORD=x postgres:16\n", True),
    ):
        _, cutover = converted({"run.sh": script})
        assert any("--no-start" in line for line in lines(cutover)) is is_created


def test_values_that_the_source_has_empty_are_not_printed() -> None:
    empty = "".join(f" -e {name}=" for name in ("DB_PASSWORD", "HOST", "PORT", "MAIL"))
    script = f"docker run -d --name web -e TOKEN{empty} shop/web:1\n"
    result, cutover = converted({"run.sh": script})
    assert "TC854" in {note.code for note in result.notes}
    printed = [step.title for step in cutover.steps_over if "Print the value" in step.title]
    assert printed == ["Print the value that web has for TOKEN, and set it in .env"]


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("version: '2'\nservices: {web: {image: acme/web:1}}\n", True),
        ("services: {web: {image: acme/web:1}}\n", False),
        (
            "version: '2'\nservices: {web: {image: acme/web:1, container_name: web}}\n",
            False,
        ),
    ],
)
def test_containers_under_the_name_of_an_older_compose_are_not_replaced(
    text: str, is_told: bool
) -> None:
    for folder in ("in-3", "shop"):
        project = Memory({"docker-compose.yml": text.encode()}, folder)
        told = cutover_of(report(convert(project, Options()), project)).text
        assert ("convert again with `--name in3`" in told) is (is_told and folder == "in-3")


def test_what_is_written_after_a_copy_in_a_swarm_is_lost() -> None:
    text = "version: '3'\nservices: {cache: {image: 'redis:7'}}\n"
    result, cutover = converted({"docker-stack.yml": text})
    assert "what is written after the copy is not moved: `" in advice_of(result, "TC432")
    assert "Copy its data on the node where it runs (" in advice_of(result, "TC432")
    (removed,) = [step for step in cutover.steps_over if "stack rm" in step.line]
    assert removed.warning.endswith("What is written after the copy is not moved.")


@pytest.mark.parametrize(
    ("file", "text", "stops"),
    [
        (
            "docker-stack.yml",
            "version: '3'\nservices: {web: {image: 'acme/web:1'}}\n",
            "docker stack rm shop",
        ),
        ("run.sh", "docker run -d --name web acme/web:1\n", "docker stop web"),
        ("Procfile", "web: ./serve\n", ""),
    ],
)
def test_programs_are_told_what_stops_the_old_containers(
    file: str, text: str, stops: str
) -> None:
    project = Memory({file: text.encode()}, "shop")
    result = convert(project, Options(layout=Layout(split=True)))
    told = json.loads(render("json", report(result, project)))
    starts = [step for step in told["next"] if " up -" in step["line"]]
    assert ("follow `move_over` instead" in starts[0]["warning"]) is bool(stops)
    over = [step["line"] for step in told["move_over"]["over"]]
    assert (stops in over) if stops else not over
    page = render("html", report(result, project))
    assert "move_over" not in page


def test_services_of_a_swarm_are_removed_as_services() -> None:
    """A container that is stopped there comes back: the swarm starts another one in its place."""
    script = (
        "docker network create --driver overlay shop\n"
        "docker service create --name db --network shop -e POSTGRES_PASSWORD=x postgres:16\n"
        "docker service create --name web --network shop -p 8080:80 acme/web:1\n"
    )
    result, cutover = converted({"run.sh": script})
    assert result.stack.runs_in is Runtime.TASKS
    assert lines(cutover) == [
        "docker service ls",
        "docker service rm db web",
        "until [ -z \"$(docker ps -q -f name='^(db|web)\\.')\" ]; do sleep 1; done",
        "docker compose up -d --wait",
        "docker compose ps --all",
    ]
    assert [step.line for step in cutover.steps_back] == ["docker compose down"]
    assert "docker service create" in cutover.steps_back[0].warning
    assert cutover.cleaning[-1].line == "docker network rm shop"
    advice = advice_of(result, "TC432")
    assert "label=com.docker.swarm.service.name=db " in advice
    assert "docker service ps db" in advice
    mixed, _ = converted({"run.sh": script + "docker run -d --name cache redis:7\n"})
    assert mixed.stack.runs_in is Runtime.DOCKER
