"""MIGRATION.md says first what a person must do; boxes are for that alone."""

from __future__ import annotations

import re

from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.reports import render
from tocompose.reports.report import report

EIGHT = """docker network create shop
docker run -d --name db --network shop -e POSTGRES_PASSWORD=s3cret-9Kq -v pg:/var/lib/postgresql/data postgres:16
docker run -d --name cache --network shop redis:7
docker run -d --name queue --network shop --hostname queue rabbitmq:3.13-management
docker exec db createdb -U postgres shop
docker run -d --name web --network shop -p 8080:8000 -e DATABASE_URL=postgres://postgres:s3cret-9Kq@db/shop shop/web:1
docker run -d --name worker --network shop -e DATABASE_URL=postgres://postgres:s3cret-9Kq@db/shop shop/web:1 work
docker run -d --name mail --network shop --cgroup-parent /x -e SMTP_KEY=YOUR_KEY_HERE shop/mail:2
docker run -d --name files --network shop -v /path/to/files:/srv shop/files:1
docker run -d --name proxy --network shop -p 80:80 nginx:1.27
docker update --memory 1g web
"""


def _markdown(script: str) -> str:
    project = Memory({"run.sh": script.encode()}, "shop")
    result = convert(project, Options(layout=Layout(split=True)))
    return render("markdown", report(result, project))


def test_eight_containers_leave_few_boxes() -> None:
    text = _markdown(EIGHT)
    assert 1 <= text.count("- [ ]") <= 12
    first_screen = "\n".join(text.splitlines()[:25])
    assert "## What to do" in first_screen
    assert "Set 2 values in .env: SMTP_KEY, SRV_PATH" in first_screen
    assert "docker compose up -d --wait" in first_screen


def test_what_was_added_is_folded_a_line_for_each_kind() -> None:
    text = _markdown(EIGHT)
    folded = text.partition("<summary>Added")[2].partition("</details>")[0]
    assert folded.count("**TC625**") == 1
    assert text.index("## Topology") < text.index("## Data") < text.index("<details>")


def test_many_values_are_one_table() -> None:
    script = "".join(
        f"docker run -d --name app{number} -v /path/to/app{number}:/srv corp/app:1\n"
        for number in range(12)
    )
    text = _markdown(script)
    duty = "Set 12 values in .env (listed below)"
    decisions = text.partition("## Decisions")[2]
    assert duty in text and "APP3" not in decisions
    assert "| `APP3_SRV_PATH` | `app3` |" in text
    assert "Set the 12 missing values: `$EDITOR .env`" in text


def test_a_port_that_docker_refuses_asks_for_no_value() -> None:
    script = "docker run -d --name vpn corp/vpn:1\n"
    script += "docker run -d --network container:vpn --name web -p 8080:80 nginx:1.27\n"
    project = Memory({"run.sh": script.encode()}, "shop")
    result = convert(project, Options(layout=Layout(split=True)))
    assert not any("WEB_PORT" in file.content.decode() for file in result.files)
    assert not any("WEB_PORT" in note.message for note in result.notes)
    assert "WEB_PORT" not in render("json", report(result, project))


def test_where_nothing_is_to_do_nothing_is_asked() -> None:
    text = _markdown("docker run -d --name web nginx:1.27\n")
    assert "- [ ]" not in text and "Nothing: the stack can be started as it is." in text


def test_what_docker_refuses_is_not_counted_as_carried_over() -> None:
    script = "docker run -d --name vpn corp/vpn:1\n"
    script += "docker run -d --network container:vpn --name web -p 8080:80 nginx:1.27\n"
    project = Memory({"run.sh": script.encode()}, "shop")
    result = convert(project, Options(layout=Layout(split=True)))
    written = render("text", report(result, project)).splitlines()
    values = next(line for line in written if " values: " in line)
    total, carried, *others = map(int, re.findall(r"\d+", values))
    assert total == carried + sum(others) and "1 explained in notes" in values
    notes = next(line for line in written if " notes: " in line)
    total, *numbers = map(int, re.findall(r"\d+", notes))
    assert total == sum(numbers) == len(result.notes)


def test_a_generated_secret_is_no_value_to_set() -> None:
    files = {
        "Procfile": b"web: node a.js\n",
        "app.json": b'{"env": {"SESSION_SECRET": {"generator": "secret"}, "PAY_KEY": {"required": true}}}',
    }
    project = Memory(files, "shop")
    result = convert(project, Options(layout=Layout(split=True)))
    assert "Set one value in .env: PAY_KEY" in render("markdown", report(result, project))
