"""MIGRATION.md says first what a person must do; boxes are for that alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from golden import cases, inputs, outcome
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.reports import render
from tocompose.reports.duties import start_duties
from tocompose.reports.escape import escape_prose
from tocompose.reports.next_steps import next_steps
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


def test_networks_that_exist_elsewhere_are_each_told_of_in_the_singular() -> None:
    ends = {name: {"NetworkID": name} for name in ("front", "back")}
    inspected = {"Name": "/a", "Config": {"Image": "a"}, "HostConfig": {}}
    inspected["NetworkSettings"] = {"Networks": ends}
    project = Memory({"inspect.json": json.dumps([inspected]).encode()}, "shop")
    text = render("markdown", report(convert(project, Options()), project))
    box = text.partition("Create networks back, front [TC478]\n")[2].partition("\n\n")[0]
    assert box.count("create it first") == 2
    assert box.startswith("  - ")  # nothing is said of both as if they were one


def test_what_was_added_is_folded_a_line_for_each_kind() -> None:
    text = _markdown(EIGHT)
    folded = text.partition("<summary>Added")[2].partition("</details>")[0]
    assert folded.count("**TC625**") == 1
    assert (
        text.index("## How the services")
        < text.index("## Data, ")
        < text.index("<details>")
    )


def test_many_values_are_listed_by_their_services() -> None:
    script = "".join(
        f"docker run -d --name app{number} -v /path/to/app{number}:/srv corp/app:1\n"
        for number in range(12)
    )
    text = _markdown(script)
    duty = "Set 12 values in .env (listed below)"
    decisions = text.partition("## Check the decisions")[2]
    assert duty in text and "APP3" not in decisions
    assert "- `app3`\n  - `APP3_SRV_PATH`: Folder of this machine" in text


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


def test_of_a_stack_without_services_nothing_is_started() -> None:
    manifest = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {b: c}\n"
    project = Memory({"config.yaml": manifest}, "shop")
    answer = report(convert(project, Options(layout=Layout(split=True))), project)
    text = render("markdown", answer)
    assert "There is nothing to start" in text and "can be started as it is" not in text
    assert "docker compose" not in text.partition("## How the services")[0]
    assert "There is nothing to start" in render("html", answer)


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


def _app(*, database: bool) -> str:
    addons = ', "addons": ["heroku-postgresql"]' if database else ""
    keys = '{"APP_KEY": {"generator": "secret"}, "MAIL_TOKEN": {"generator": "secret"}}'
    files = {
        "Procfile": b"web: node a.js\n",
        "app.json": f'{{"env": {keys}{addons}}}'.encode(),
    }
    project = Memory(files, "shop")
    result = convert(project, Options(layout=Layout(split=True)))
    return render("markdown", report(result, project))


def test_old_data_needs_the_old_values() -> None:
    """What an app has encrypted, signed or hashed does not fit a value that was generated."""
    text = _app(database=True)
    duty = "- [ ] If you move data of the running app, copy its APP_KEY and MAIL_TOKEN to .env first"
    assert duty in text and "encrypted" in text and "Sessions, tokens and hashes" in text
    assert (
        "`heroku config:get APP_KEY -a APP` and `heroku config:get MAIL_TOKEN -a APP`"
        in text
    )
    assert "copy its APP_KEY" not in _app(database=False)


def test_a_decision_that_is_a_duty_is_said_once() -> None:
    text = _app(database=True)
    assert (
        text.count("TC400") == 1 and "[TC400]" in text.partition("## How the services")[0]
    )


def test_tables_that_nothing_makes_are_a_duty() -> None:
    files = {
        "Procfile": b"web: heroku-php-apache2 public/\n",
        "composer.json": b'{"require": {"laravel/framework": "^11"}}',
        ".env.example": b"DB_CONNECTION=mysql\nDB_HOST=127.0.0.1\n",
        "artisan": b"",
    }
    project = Memory(files, "shop")
    result = convert(project, Options(layout=Layout(split=True)))
    text = render("markdown", report(result, project)).partition("## How the services")[0]
    assert "- [ ] Create the tables of mysql:" in text
    assert "php artisan migrate --force" in text and "Nothing: the stack" not in text


def test_paths_in_reports_are_those_that_were_written() -> None:
    project = Memory({"run.sh": b"docker run -d --name a -v ./in:/in acme/a:1\n"}, "shop")
    options = Options(layout=Layout(split=True), up="../", back="out/")
    result = convert(project, options)
    text = render("markdown", report(result, project))
    assert "| `../in` | host path |" in text
    mounted = next(note for note in result.notes if note.code == "TC658")
    assert "../in" in mounted.message


def test_what_lost_its_equivalent_at_several_places_is_one_box_with_its_places() -> None:
    script = "docker run -d --name a acme/a:1\ndocker run -d --name b acme/b:1\n"
    script += "docker exec a migrate\ndocker exec b seed\ndocker exec a migrate\n"
    boxes = _markdown(script).partition("When it runs:")[2].partition("Later:")[0]
    assert "(`run.sh:3:13`, `run.sh:5:13`)" in boxes and "`run.sh:4:13`" in boxes
    assert "exec a migrate" in boxes and "exec b seed" in boxes


def test_a_value_with_a_variable_is_code() -> None:
    assert escape_prose("${DIR}/a.sock is no file") == "`${DIR}/a.sock` is no file"
    assert escape_prose("see [TC400], #2 and ~/data") == "see [TC400], \\#2 and ~/data"
    assert escape_prose("a [b](http://c) ![d](e)") == "a [b\\](http://c) !\\[d\\](e)"


def test_an_image_with_a_digest_has_no_newer_one_to_pull() -> None:
    digest = "@sha256:" + "0" * 64
    fixed = _markdown(f"docker run -d --name a acme/a:1{digest}\n")
    assert "Pull a newer image" not in fixed and "--build" not in fixed
    assert "up -d --no-deps --pull always a" in _markdown(
        "docker run -d --name a acme/a:1\n"
    )


def _steps(files: dict[str, str]) -> str:
    project = Memory({path: text.encode() for path, text in files.items()}, "shop")
    result = convert(project, Options(layout=Layout(split=True)))
    return render("markdown", report(result, project)).partition("## How the services")[0]


def test_the_first_start_builds_what_is_built() -> None:
    script = "docker build -t shop/web:1 .\ndocker run -d --name web shop/web:1\n"
    built = _steps({"run.sh": script, "Dockerfile": "FROM nginx:1.27\n"})
    pulled = _steps({"run.sh": "docker run -d --name web shop/web:1\n"})
    assert "`docker compose up -d --wait --build`" in built
    assert "Build the images" in built and "Build the images" not in pulled
    assert "`docker compose up -d --wait`" in pulled and "Pull a newer image" in pulled


def test_an_image_that_was_built_by_hand_is_not_pulled() -> None:
    text = _steps({"Procfile": "web: ./serve\n"})
    assert ":local" in text and "Pull a newer image" not in text


def test_data_for_a_server_moves_before_what_writes_to_it_starts() -> None:
    files = {
        "Procfile": "web: gunicorn app:app\n",
        "requirements.txt": "gunicorn==23.0.0\n",
        "app.json": '{"addons": ["heroku-postgresql"]}',
    }
    text = _steps(files)
    (step,) = [line for line in text.splitlines() if "up -d --wait postgres`" in line]
    assert step.index("up -d --wait postgres") < step.index("pg_dump")
    assert step.index("pg_dump") < step.index("Start the other services only after")
    assert text.index("[TC400]") < text.index("Build the images, start everything")


def test_the_old_folder_of_a_placeholder_is_printed() -> None:
    text = _markdown(EIGHT).partition("## Move over")[2]
    step = "Print the folder that files has at /srv, and set SRV_PATH to it in .env"
    assert step in text
    assert '{{range .Mounts}}{{if eq .Destination "/srv"}}' in text


def test_a_file_that_the_build_needs_is_asked_for() -> None:
    compose = "web:\n  build: app\n"
    assert "Add the Dockerfile of web" in _steps({"fig.yml": compose})


def test_what_holds_for_several_values_is_said_once() -> None:
    names = [f"NAME_{letter}" for letter in "ABCDEFGHIJ"]
    variables = "".join(f"\n      - {{key: {name}, sync: false}}" for name in names)
    blueprint = (
        "services:\n  - type: worker\n    name: web\n    runtime: image\n    image: {url: shop/web:1}\n"
        f"    envVars:{variables}\n"
    )
    text = _steps({"render.yaml": blueprint})
    assert text.count("Render's dashboard") == 1


def test_a_word_of_a_message_is_not_taken_for_a_value() -> None:
    secret = "arn:aws:secretsmanager:REGION:ACCOUNT_ID:secret:app/KEY-AbCdEf"
    task = (
        '{"family": "app", "containerDefinitions": [{"name": "web", "image":'
        ' "${ACCOUNT_ID}.dkr.ecr.${REGION}.amazonaws.com/web:1", "secrets":'
        f' [{{"name": "KEY", "valueFrom": "{secret}"}}]}}]}}'
    )
    text = _steps({"task-definition.json": task})
    assert "Set 3 values in .env: ACCOUNT_ID, REGION, KEY" in text
    assert "- KEY: Read it with" in text


def test_production_starts_with_a_password_of_its_own() -> None:
    files = {
        "Procfile": b"web: node web.js\n",
        "package.json": b'{"name": "web", "dependencies": {"pg": "8"}}',
        "app.json": b'{"addons": ["heroku-postgresql"]}',
    }
    project = Memory(files, "shop")
    answer = report(convert(project, Options(layout=Layout(split=True))), project)
    tasks = [duty.task for duty in start_duties(answer).named]
    password = (
        "set a password of your own in .env before a start on a server: POSTGRES_PASSWORD"
    )
    assert tasks.index(password) < tasks.index("move add-on data into")
    text = render("markdown", answer)
    assert text.index("POSTGRES_PASSWORD [TC411]") < text.index("up -d --wait postgres")
    assert "POSTGRES_PASSWORD" not in text.partition("## Check the decisions")[2]
    script = Memory({"run.sh": EIGHT.encode()}, "shop")
    other_duties = start_duties(report(convert(script, Options()), script)).named
    assert not any("password of your own" in duty.text for duty in other_duties)


def test_what_the_platform_keeps_beside_the_source_is_copied() -> None:
    files = {
        "Procfile": b"web: node web.js\n",
        "package.json": b"{}",
        ".env.example": b"SMTP_HOST=mail.example.org\n",
    }
    project = Memory(files, "shop")
    copy = "copy the config vars of the running app to .env"
    answer = report(convert(project, Options(layout=Layout(split=True))), project)
    duty = start_duties(answer).named[0]
    assert copy in duty.task and "`heroku config -s -a APP`" in duty.advice
    filled = Memory({**files, ".env": b"SMTP_HOST=mail.example.com\n"}, "shop")
    answer = report(convert(filled, Options(layout=Layout(split=True))), filled)
    assert not any(copy in duty.task for duty in start_duties(answer).named)


def test_the_password_of_a_new_server_is_not_to_be_copied() -> None:
    files = {
        "Procfile": b"web: node web.js\n",
        "package.json": b"{}",
        ".env.example": b"SMTP_HOST=mail.example.org\n",
    }
    addons = {"app.json": b'{"addons": ["heroku-postgresql"]}'}
    told = []
    for source in (files, {**files, **addons}):
        project = Memory(source, "shop")
        answer = report(convert(project, Options(layout=Layout(split=True))), project)
        told.append(start_duties(answer).named[0].advice)
    without, beside = told
    assert without.endswith(
        "in .env: without them mail, logins or file storage may not work."
    )
    left_out = "Do not copy POSTGRES_PASSWORD: it is for the stack's own server."
    assert beside == f"{without} {left_out}"


def test_a_move_stops_first_what_writes_on_the_platform() -> None:
    files = {
        "Procfile": b"web: node web.js\n",
        "package.json": b"{}",
        "app.json": b'{"addons": ["heroku-postgresql"]}',
    }
    project = Memory(files, "shop")
    answer = report(convert(project, Options(layout=Layout(split=True))), project)
    text = render("markdown", answer)
    assert text.index("heroku maintenance:on -a APP") < text.index("pg_dump")
    assert "what users write after the copy is not moved" in text


def test_the_start_in_production_warns_of_a_developers_values() -> None:
    files = {"Procfile": "web: node a.js\n", "package.json": "{}", ".env": "TRACE=1\n"}
    warnings = {}
    for name, text in (("kept", "TRACE=1\n"), ("none", "")):
        content = {path: body.encode() for path, body in (files | {".env": text}).items()}
        project = Memory(content, "shop")
        result = convert(project, Options(source="procfile", layout=Layout(split=True)))
        steps = next_steps(report(result, project))
        [start] = [step for step in steps if ".prod." in step.line]
        warnings[name] = start.warning
    assert "(TRACE)" in warnings["kept"] and "(TRACE)" not in warnings["none"]


def test_the_start_in_production_keeps_other_commands_there() -> None:
    project = Memory({"run.sh": EIGHT.encode()}, "shop")
    result = convert(project, Options(layout=Layout(split=True)))
    [start] = [
        step for step in next_steps(report(result, project)) if ".prod." in step.line
    ]
    files = re.findall(r"-f (\S+)", start.line)
    assert f"`COMPOSE_FILE={':'.join(files)}`" in start.warning


@pytest.mark.parametrize(
    ("variable", "is_secret"), [("-p 8080:80", False), ("-e DB_PASSWORD", True)]
)
def test_a_file_is_called_secret_where_it_has_or_awaits_one(
    variable: str, is_secret: bool
) -> None:
    script = f"docker run -d --name web {variable} -e PORT acme/web:1\n"
    project = Memory({"run.sh": script.encode()}, "shop")
    result = convert(project, Options(layout=Layout(split=True)))
    text = render("markdown", report(result, project))
    assert "`.env`" in text and ("`.env` (secret values)" in text) is is_secret


def _boxes(text: str) -> Iterator[str]:
    """Each box of a report, with what stands below it."""
    for box in re.split(r"^- \[ \] ", text, flags=re.MULTILINE)[1:]:
        task, _, below = box.partition("\n")
        yield f"{task}\n{re.split('^(?! )', below, flags=re.MULTILINE)[0]}"


@pytest.mark.parametrize(
    "case", list(cases()), ids=lambda case: f"{case.parent.name}-{case.name}"
)
def test_no_box_is_for_what_needs_nothing(case: Path) -> None:
    text = render("markdown", report(outcome(case), Memory(inputs(case), case.name)))
    assert not [box for box in _boxes(text) if "nothing to do" in box.lower()]


def _pods(*names: str) -> str:
    probes = {"readiness": "/ready", "liveness": "/live", "startup": "/start"}
    asked = ", ".join(
        f"{kind}Probe: {{httpGet: {{path: {path}, port: 80}}}}"
        for kind, path in probes.items()
    )
    manifests = [
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\n"
        f"spec: {{containers: [{{name: a, image: {image}, {asked}}}]}}\n"
        for name, image in zip(names, ("corp/app:1", "python:3.12"), strict=True)
    ]
    project = Memory({"app.yaml": "---\n".join(manifests).encode()}, "shop")
    result = convert(project, Options(layout=Layout(split=True)))
    return render("markdown", report(result, project))


def test_probes_are_one_box_with_what_to_do_about_each() -> None:
    text = _pods("shop", "cart")
    todo = text.partition("## How the services")[0]
    (box,) = [line for line in todo.splitlines() if "probe" in line and "- [ ]" in line]
    assert box == "- [ ] Replace the probe of shop, cart [TC231, TC230]"
    lines = todo.splitlines()
    advice = next(
        index for index, line in enumerate(lines) if "willfarrell/autoheal" in line
    )
    assert lines[advice - 1].startswith("  - shop: livenessProbe")
    assert "; the same for cart (line " in lines[advice - 1]
    # It restarts by default what has this label alone: https://github.com/willfarrell/docker-autoheal#how-to-use
    assert "`autoheal=true`" in lines[advice]
    assert "cart: startupProbe" not in todo and "start_period: 30s" in todo


def test_a_key_of_podman_is_told_with_the_command_that_prints_it() -> None:
    unit = "[Container]\nImage=acme/web:1\nVolume=d:/d\nSecret=app-key,type=env,target=ENCRYPTION_KEY\n"
    project = Memory({"web.container": unit.encode()}, "shop")
    result = convert(project, Options(layout=Layout(split=True)))
    text = render("markdown", report(result, project))
    assert "podman secret inspect" in text and "may be encrypted with it" in text


def test_a_file_without_a_secret_is_not_called_secret() -> None:
    text = {
        "compose.yaml": b"services: {web: {image: 'nginx:1.27', ports: ['${PORT:-80}:80']}}\n"
    }
    project = Memory(text, "shop")
    result = convert(project, Options(layout=Layout(split=True)))
    assert "- `.env`\n" in render("markdown", report(result, project))


@pytest.mark.parametrize("has_profile", [False, True])
def test_what_has_a_profile_is_taken_down_with_the_rest(has_profile: bool) -> None:
    profile = "    profiles: [tools]\n" if has_profile else ""
    text = f"services:\n  web:\n    image: corp/web:1\n  tool:\n    image: corp/tool:1\n{profile}"
    project = Memory({"docker-compose.yml": text.encode()}, "shop")
    result = convert(project, Options(layout=Layout(split=True)))
    lines = [step.line for step in next_steps(report(result, project))]
    every = "--profile '*' " if has_profile else ""
    assert f"docker compose {every}down" in lines


def test_a_long_box_says_where_all_of_it_is() -> None:
    pods = [
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: shop{number}}}\n"
        f"spec: {{containers: [{{name: a, image: 'corp/app:1', readinessProbe: {{tcpSocket: {{port: {number}}}}}}}]}}\n"
        for number in range(81, 89)
    ]
    project = Memory({"app.yaml": "---\n".join(pods).encode()}, "shop")
    text = render(
        "markdown",
        report(convert(project, Options(layout=Layout(split=True))), project),
    )
    assert "  - 2 more: see the list at the end of this file\n" in text
    assert text.partition("<details>")[2].count("was not carried over") == 8


def test_what_lies_outside_of_the_folder_is_to_be_copied_to_production() -> None:
    text = b"docker run -d --name web -v ./site:/site -v ./site/log:/log nginx:1.27"
    project = Memory({"run.sh": text}, "shop")
    result = convert(project, Options(layout=Layout(split=True), up="../", back="out/"))
    told = report(result, project)
    [start] = [step for step in next_steps(told) if "production" in step.title]
    assert "Copy `../site` to that machine too" in start.warning
    assert "outside of this folder" in render("markdown", told)


def test_an_unreadable_command_is_said_to_count_as_one_value() -> None:
    script = "docker run -d --name db acme/db:1\n"
    unread = "docker run -d --name web -e A=1 --label r=Host(`w`) acme/web:1\n"
    for text, is_told in ((script, False), (script + unread, True)):
        project = Memory({"run.sh": text.encode()}, "shop")
        told = report(convert(project), project)
        assert ("unreadable command counts as one" in render("markdown", told)) is is_told
        assert ("unreadable command counts as one" in render("text", told)) is is_told
