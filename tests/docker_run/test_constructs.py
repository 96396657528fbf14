"""Whole sources of kinds that people write, and the compose file that each must give."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.reports.cutover import cutover_of
from tocompose.reports.duties import start_duties
from tocompose.reports.report import report

UNTOUCHED = "none"


def converted(
    files: dict[str, str], practices: str = "all", *, split: bool = False
) -> Result:
    """The result for sources by name, which the user names one by one."""
    project = Memory({name: text.encode() for name, text in files.items()}, "shop")
    return convert(project, Options(practices=practices, layout=Layout(split=split)))


def services(files: dict[str, str], practices: str = UNTOUCHED) -> dict[str, Any]:
    """The services of the compose file, as YAML reads them."""
    text = converted(files, practices).files[0].content.decode()
    found: dict[str, Any] = yaml.safe_load(text)["services"]
    return found


def codes(files: dict[str, str]) -> list[str]:
    return [note.code for note in converted(files).notes]


def test_powershell_script() -> None:
    found = services(
        {
            "start.ps1": '$name = "db-1"\n$env:LEVEL = "debug"\n'
            "docker run -d --name $name `\n  -e LEVEL=$env:LEVEL `\n"
            '  -v "${PWD}\\data:/data" -v ${pwd}\\init:/init:ro -v "C:\\Program Files\\x:/x" `\n'
            "  -v D:\\media:/media acme/db:1\n"
        }
    )
    assert found["db-1"]["volumes"][:2] == ["./data:/data", "./init:/init:ro"]
    assert [item["source"] for item in found["db-1"]["volumes"][2:]] == [
        "C:/Program Files/x",
        "D:/media",
    ]
    assert found["db-1"]["environment"]["LEVEL"] in ("debug", "${LEVEL:-debug}")


def test_batch_file() -> None:
    found = services(
        {
            "start.bat": '@echo off\r\nREM the shop\r\nset LEVEL=debug $ `x`\r\nset "TAG=1.2"\r\n'
            'docker run -d --name app ^\r\n  -e LEVEL="%LEVEL%" -v %cd%\\logs:/logs -v %~dp0conf:/conf ^\r\n'
            "  acme/app:%TAG%\r\n"
        }
    )
    assert found == {
        "app": {
            "image": "acme/app:1.2",
            "container_name": "app",
            "environment": {"LEVEL": "debug $$ `x`"},
            "volumes": ["./logs:/logs", "./conf:/conf"],
        }
    }


def test_a_shell_script_keeps_its_backslashes() -> None:
    found = services({"run.sh": "docker run -e P=\"%X%\\n\" -e Q='$env:A' acme/app:1\n"})
    assert found["app"]["environment"] == {"P": "%X%\\n", "Q": "$$env:A"}


@pytest.mark.parametrize("room", ["<OPTIONS>", "<options>", "[OPTIONS]", "<your flags>"])
def test_room_for_options_is_no_image(room: str) -> None:
    assert services(
        {"README.md": f"```\ndocker run {room} -d acme/app:1 serve\n```\n"}
    ) == {"app": {"image": "acme/app:1", "command": ["serve"]}}
    assert {"TC155", "TC168"} & set(
        codes({"README.md": f"```\ndocker run {room} -d acme/app:1 serve\n```\n"})
    )


def test_a_placeholder_can_be_the_image() -> None:
    assert (
        services({"README.md": "```\ndocker run -d <image> serve\n```\n"})["image"]["image"]
        == "${IMAGE:?set IMAGE in .env}"
    )


def test_an_empty_variable_is_no_image() -> None:
    assert services(
        {"run.sh": 'start() { args=; docker run -d "$args" "$1"; }\nstart acme/app:1\n'}
    ) == {"app": {"image": "acme/app:1"}}


def test_a_folder_by_default() -> None:
    found = services(
        {"run.sh": 'BASE="${BASE:-$(pwd)}"\ndocker run -v "$BASE/data:/data" acme/app:1\n'}
    )
    assert found["app"]["volumes"] == ["${BASE:-.}/data:/data"]


def test_a_default_that_must_be_computed() -> None:
    found = services(
        {"run.sh": "PORT_X=${PORT_X:-$(free-port)}\ndocker run -e P=$PORT_X acme/app:1\n"}
    )
    assert found["app"]["environment"] == {"P": "${PORT_X:?set PORT_X in .env}"}


def test_a_repository_as_build_context() -> None:
    found = services(
        {
            "run.sh": "cd sub\ndocker build -t acme/app:1 github.com/acme/app#main\ndocker run -d acme/app:1\n"
        }
    )
    assert found["app"]["build"] == {"context": "https://github.com/acme/app.git#main"}


def test_documentation_that_quotes_a_manifest() -> None:
    text = "```\ndocker run -d acme/app:1\n```\n\nor\n\n```yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n```\n"
    assert list(services({"install.md": text})) == ["app"]


def test_alternatives_of_one_name() -> None:
    result = converted(
        {
            "README.md": "```\ndocker run -d --name app x:1\n```\nor\n```\ndocker run -d --name app x:2\n```\n"
        }
    )
    said = [
        (note.code, str(note.subject))
        for note in result.notes
        if note.code in ("TC104", "TC755")
    ]
    assert said == [("TC104", "services.app-2.container_name")]
    found = yaml.safe_load(result.files[0].content.decode())["services"]
    assert (
        found["app-2"]["profiles"] == ["app-2"] and "container_name" not in found["app-2"]
    )


def test_what_a_person_runs_is_not_restarted() -> None:
    files = {
        "run.sh": "docker run -d --name db mongo:7\ndocker run -it --rm mongo:7 --help\n"
    }
    found = services(files, "all")
    assert found["mongo"]["restart"] == "no" and "healthcheck" not in found["mongo"]
    assert found["db"]["restart"] == "unless-stopped"


def test_a_container_that_is_run_for_its_output() -> None:
    files = {
        "run.sh": "KEY=$(docker run --rm acme/app:1 new-key)\ndocker run -d -e KEY_X=$KEY acme/app:1 serve\n"
    }
    found = services(files, "all")
    assert found["app"]["profiles"] == ["tools"] and found["app"]["restart"] == "no"
    assert "profiles" not in found["app-2"]


def test_an_alias_is_said_once() -> None:
    files = {
        "run.sh": "docker run -d --name pg postgres:16\n"
        "docker run -d --name a --link pg:db acme/a:1\ndocker run -d --name b --link pg:db acme/b:1\n"
    }
    assert codes(files).count("TC136") == 1


def test_code_in_html() -> None:
    text = (
        "<pre><code><strong>docker run -d --name web \\\n</strong>"
        "  -e A=&quot;b &amp;amp; c&quot; acme/web:1\n</code></pre>\n"
    )
    assert services({"README.md": text})["web"]["environment"] == {"A": "b &amp; c"}


def test_a_file_without_ending_must_exist() -> None:
    found = services(
        {"run.sh": "docker run -d -v $PWD/Caddyfile:/etc/caddy/Caddyfile caddy:2\n"}, "all"
    )
    assert found["caddy"]["volumes"][0]["bind"] == {"create_host_path": False}


@pytest.mark.parametrize(
    ("config", "secret"),
    [
        ('external_url "http://x.example"', False),
        ('gitlab_rails["smtp_password"] = "hunter2hunter2"', True),
    ],
)
def test_configuration_in_a_variable_is_a_secret_when_it_holds_one(
    config: str, secret: bool
) -> None:
    command = (
        f"docker run -d -e 'GITLAB_OMNIBUS_CONFIG={config}' gitlab/gitlab-ce:17.4.1-ce.0\n"
    )
    assert ("TC500" in codes({"run.sh": command})) is secret


def test_an_argument_with_a_computed_default() -> None:
    found = services(
        {"run.sh": 'TAG="${1:-$(git describe)}"\ndocker run -d acme/app:$TAG\n'}
    )
    assert found["app"]["image"] == "acme/app:${TAG:?set TAG in .env}"


def test_arithmetic_conditions_of_constants() -> None:
    text = "port=0\n(( port >= 0 ))\nif (( port > 0 )); then a=-P; else a=--init; fi\ndocker run -d $a acme/app:1\n"
    assert services({"run.sh": text}) == {"app": {"image": "acme/app:1", "init": True}}
    assert "TC162" not in codes({"run.sh": text})


def test_a_service_is_called_after_the_image_not_its_tag() -> None:
    text = "IMAGE ?= reg.example:5000/acme/site\nTAG := $(shell git log)\nup:\n\tdocker run -d $(IMAGE):$(TAG)\n"
    assert list(services({"Makefile": text})) == ["site"]


def test_expressions_of_github_workflows() -> None:
    text = "docker run -d -e P=${{ secrets.DB_PASSWORD }} --name app ghcr.io/${{ github.repository }}:${{github.sha}}\n"
    found = services({"steps.txt": text})["app"]
    asked = (
        f"${{{name}:?set {name} in .env}}" for name in ("GITHUB_REPOSITORY", "GITHUB_SHA")
    )
    assert found["image"] == "ghcr.io/" + ":".join(asked)
    assert found["environment"] == {"P": "${DB_PASSWORD:?set DB_PASSWORD}"}


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("foreach ($n in 1..2) { docker run -d --name web$n a:1 }", ["web1", "web2"]),
        (
            '$names = "one", "two"\nforeach ($n in $names) {\n  docker run -d --name $n `\n    a:1\n}',
            ["one", "two"],
        ),
        ("1..2 | ForEach-Object { docker run -d --name w$_ a:1 }", ["w1", "w2"]),
        ("for ($i = 0; $i -lt 2; $i++) { docker run -d --name f$i a:1 }", ["f0", "f1"]),
        ('$run = @("-d", "--name", "web", "a:1")\ndocker run @run', ["web"]),
        ("$more = @('--name','web')\ndocker run -d $more a:1", ["web"]),
        ("& docker run -d --name web a:1", ["web"]),
        ("function Start-Web { docker run -d --name web a:1 }\nStart-Web", ["web"]),
        ("$n = 3\nif ($n -gt 2) { docker run -d --name web a:1 } else { exit 1 }", ["web"]),
    ],
)
def test_blocks_and_lists_of_powershell(script: str, names: list[str]) -> None:
    found = services({"start.ps1": f"{script}\n"})
    assert sorted(found) == names
    assert not any("command" in service for service in found.values())


@pytest.mark.parametrize(
    "call",
    [
        'ssh me@host "docker run -d acme/replica:1"',
        "ssh host <<'END'\ncd /srv\ndocker run -d acme/replica:1\nEND",
    ],
)
def test_what_starts_on_another_machine_is_told(call: str) -> None:
    files = {"run.sh": f"{call}\ndocker run -d acme/app:1\n"}
    assert list(services(files)) == ["app"] and "TC176" in codes(files)


def test_what_else_docker_does_on_another_machine() -> None:
    files = {"run.sh": "ssh docker-host uptime\ndocker run -d acme/app:1\n"}
    assert not {"TC163", "TC176"} & set(codes(files))
    assert "TC163" in codes({"run.sh": f"ssh host docker pull x\n{files['run.sh']}"})


def test_what_a_container_is_given_to_read_is_said_once() -> None:
    text = "docker run -d --name db acme/db:1\ndocker exec -i db psql <<'SQL'\nselect 1;\nSQL\n"
    assert "TC132" in codes({"run.sh": text}) and "TC001" not in codes({"run.sh": text})
    (told,) = [note for note in converted({"run.sh": text}).notes if note.code == "TC132"]
    assert told.message.startswith("the script runs `psql` inside db")


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("db migrate --all", "docker compose exec db migrate --all"),
        ("-u root -w /srv db ls '/a b'", "docker compose exec --user root --workdir /srv db ls '/a b'"),
        ("-i db psql <<'E'\nselect 1;\nE", "docker compose exec -T db psql < …"),
        ("-it db sh", "docker compose exec db sh"),
        ("-e KEY=s3cr3tXy db run", "docker compose exec -e KEY=… db run"),
        ("db mysql -uroot -ps3cr3tXy", "docker compose exec db mysql -uroot -p…"),
        ("db tool --password s3cr3tXy", "docker compose exec db tool --password …"),
        ('db echo "$NAME x"', 'docker compose exec db echo "${NAME} x"'),
        ("db echo '$HOME'", "docker compose exec db echo '$HOME'"),
    ],
)  # fmt: skip
def test_what_runs_inside_a_container_has_its_command(words: str, command: str) -> None:
    """The command for docker compose; of a secret or a here-document only that something is left open."""
    text = f"docker run -d --name db acme/db:1\ndocker exec {words}\n"
    (told,) = [note for note in converted({"run.sh": text}).notes if note.code == "TC132"]
    assert f"`{command}`" in told.advice.replace("•••", "…")
    assert ("left open" in told.advice) == ("…" in command)
    assert "s3cr3tXy" not in f"{told.message}{told.advice}"


def test_a_network_that_is_connected_twice() -> None:
    text = (
        "docker network create n\ndocker run -d --name app acme/app:1\n"
        + "docker network connect n app\n" * 2
    )
    assert list(services({"run.sh": text})["app"]["networks"]) == ["default", "n"]


def test_a_job_without_a_name_is_not_called_as_the_alias_of_another_container() -> None:
    text = (
        "docker network create n\n"
        "docker run --rm --network n acme/shop:1 ./seed.sh all\n"
        "docker run -d --name shop-1 --network n --network-alias shop acme/shop:1\n"
        "docker run -d --network n --network-alias desk acme/desk:1\n"
    )
    assert sorted(services({"run.sh": text})) == ["desk", "shop-1", "shop-seed-sh"]
    linked = (
        text.replace("--network-alias desk", "--link shop-1:desk --name front")
        .replace("--network-alias shop", "--restart always")
        .replace("acme/shop:1 ./seed.sh all", "acme/desk:1 ./seed.sh all")
    )
    assert sorted(services({"run.sh": linked})) == ["desk-seed-sh", "front", "shop-1"]


def test_an_alias_on_a_network_that_is_connected() -> None:
    text = (
        "docker network create --subnet 10.1.0.0/16 n\ndocker run -d --name app acme/app:1\n"
        "docker network connect --alias web --ip 10.1.2.3 n app\n"
    )
    place = services({"run.sh": text})["app"]["networks"]["n"]
    assert place == {"aliases": ["web"], "ipv4_address": "10.1.2.3"}
    assert "TC901" not in codes({"run.sh": text})


def test_the_working_directory_after_cd_to_an_absolute_path() -> None:
    text = (
        "cd /srv/app && docker run -d --name app -v $PWD/a:/a -v $(pwd)/b:/b acme/app:1\n"
    )
    found = services({"run.sh": text})["app"]["volumes"]
    assert found == ["/srv/app/a:/a", "/srv/app/b:/b"]


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("gotify/server", "gotify"),
        ("ghcr.io/goauthentik/server:2025.1", "goauthentik"),
        ("localhost:5000/server", "server"),
        ("registry.example.com/server", "server"),
        ("acme/web:1", "web"),
        ("server", "server"),
    ],
)
def test_a_service_is_called_by_what_its_image_is(image: str, name: str) -> None:
    assert list(services({"run.sh": f"docker run -d {image}"})) == [name]


@pytest.mark.parametrize(
    ("caller", "name"),
    [
        ("docker run --net edge traefik:v3 --providers.docker.network=edge", "edge"),
        ("docker run --net edge -l traefik.docker.network=edge acme/site", "edge"),
        ("docker run --net edge -e CADDY_INGRESS_NETWORKS=edge acme/caddy", "edge"),
        ("docker run --net edge -e SITE=edge acme/site", None),
    ],
)
def test_a_network_that_is_called_by_its_name_keeps_it(
    caller: str, name: str | None
) -> None:
    script = f"docker network create edge\n{caller}\n"
    found = convert(Memory({"run.sh": script.encode()}, "shop"), Options(practices="none"))
    [network] = found.stack.networks
    assert network.engine_name == name
    assert ("TC120" in {note.code for note in found.notes}) == (name is None)


def test_a_renamed_container_is_called_by_its_last_name() -> None:
    script = (
        "docker run -d --name app acme/app:1\ndocker rename app old\n"
        "docker run -d --name app acme/app:2\ndocker run -d --network container:old acme/x:1\n"
    )
    found = services({"up.sh": script})
    assert found["old"]["container_name"] == "old"
    assert found["app"]["image"] == "acme/app:2"
    assert found["x"]["network_mode"] == "service:old"


def test_below_another_folder_only_relative_paths_move() -> None:
    script = (
        "cd app\n"
        "docker build -t me/a -f docker/Dockerfile --build-context lib=../lib --build-context "
        "base=docker-image://alpine git@github.com:acme/app.git\n"
        "docker build -t me/b --ssh default=./key --build-arg A=1 --target t .\n"
        "docker run -d --name a -v 'C:\\data:/data' -v './here:/here' me/a\n"
        "docker run -d --name b me/b\n"
    )
    made = services({"up.sh": script})
    assert made["a"]["build"] == {
        "context": "git@github.com:acme/app.git",
        "dockerfile": "docker/Dockerfile",
        "additional_contexts": {"lib": "./lib", "base": "docker-image://alpine"},
    }
    assert made["b"]["build"] == {
        "context": "./app",
        "target": "t",
        "args": {"A": "1"},
        "ssh": ["default=./app/key"],
    }
    sources = [
        mount["source"] if isinstance(mount, dict) else mount.partition(":")[0]
        for mount in made["a"]["volumes"]
    ]
    assert sources == ["C:\\data", "./app/here"]


def test_only_a_namespace_joins_a_container() -> None:
    script = (
        "docker run -d --name db acme/db:1\n"
        "docker run -d --name web --pid container:db --hostname container:db acme/web:1\n"
    )
    web = services({"up.sh": script})["web"]
    assert (web["pid"], web["hostname"]) == ("service:db", "container:db")


def test_a_container_that_leaves_its_only_network_has_none() -> None:
    script = "docker run -d --name web --network lan acme/web:1\ndocker network disconnect lan web\n"
    assert services({"up.sh": script})["web"]["network_mode"] == "none"
    assert "TC901" not in codes({"up.sh": script})


def test_what_follows_a_run_in_the_foreground_waits_for_its_end() -> None:
    script = "docker run --rm acme/job:1\ndocker run --rm acme/seed:1\ndocker run -d acme/web:1\n"
    found = services({"up.sh": script})
    done = {"condition": "service_completed_successfully"}
    assert found["seed"]["depends_on"] == {"job": done}
    assert found["web"]["depends_on"] == {"seed": done}
    assert found["job"]["restart"] == "no"
    assert codes({"up.sh": script}).count("TC050") == 2


def test_nothing_waits_for_a_run_in_the_background_or_in_documentation() -> None:
    script = "docker run --rm acme/job:1 &\ndocker run -d acme/web:1\n"
    assert "depends_on" not in services({"up.sh": script})["web"]
    page = "```sh\ndocker run --rm acme/job:1\ndocker run -d acme/web:1\n```\n"
    assert "depends_on" not in services({"README.md": page})["web"]


def test_a_function_that_starts_a_container_and_prints_gives_both() -> None:
    script = (
        'up() {\n  docker run -d --name "$1" acme/a:1 >/dev/null\n  echo "http://$1"\n}\n'
        'URL=$(up api)\ndocker run -d --name web -e "API=$URL" acme/web:1\n'
    )
    found = services({"up.sh": script})
    assert found["web"]["environment"] == {"API": "http://api"}
    assert found["api"]["image"] == "acme/a:1"


def test_files_of_the_tree_are_read_where_the_script_reads_them() -> None:
    files = {
        "up.sh": 'export $(grep -v "^#" app.env | xargs)\n'
        "while read -r n p; do\n  docker run -d --name $n -p $p:80 acme/$n:$TAG\ndone < list.txt\n",
        "app.env": "# app\nTAG=1.4\nDB_PASSWORD=hunter2-Kq9\n",
        "list.txt": "api 81\nweb 82\n",
    }
    found = services(files)
    assert list(found) == ["api", "web"] and found["web"]["ports"] == ["82:80"]
    assert found["api"]["image"] == "acme/api:${TAG:-1.4}"
    result = converted(files)
    assert all(b"hunter2" not in file.content for file in result.files if not file.secret)


def test_no_file_outside_of_the_tree_is_read() -> None:
    script = 'docker run -d --name web -e "A=$(cat ../../etc/hostname)" -e "B=$(</etc/hostname)" acme/w:1\n'
    found = services({"up.sh": script})["web"]["environment"]
    assert found["A"].startswith("${") and found["B"].startswith("${")


@pytest.mark.parametrize(
    ("script", "variables"),
    [
        ("X=$(uname -r)\ndocker run -e X=$X acme/a", {"X": "${X:?set X in .env}"}),
        ("docker run -e X=<your x> acme/a", {"X": "${X:?set X in .env}"}),
        ("docker run -e X=$X acme/a", {"X": "${X}"}),
        ("read -p 'X? ' X\ndocker run -e X=$X acme/a", {"X": "${X:?set X in .env}"}),
        (
            "docker run -e X=${Y:-$(uname -r)} acme/a",
            {"X": "${Y:-${X:?set X in .env}}"},
        ),
        ("docker run -e X=${X:?no x} acme/a", {"X": "${X:?no x}"}),
        (': "${X:?no x}"\ndocker run -e X=$X acme/a', {"X": "${X:?no x}"}),
        (
            '[ -z "$X" ] && exit 1\ndocker run -e X=$X acme/a',
            {"X": "${X:?set X in .env}"},
        ),
        (
            'if [ -z "$X" ] || [ -z "$Y" ]; then exit 1; fi\ndocker run -e X=$X -e Y=$Y acme/a',
            {"X": "${X:?set X in .env}", "Y": "${Y:?set Y in .env}"},
        ),
        (
            '[ -z "$X" ] && [ -z "$Y" ] && exit 1\ndocker run -e X=$X -e Y=$Y acme/a',
            {"X": "${X}", "Y": "${Y}"},
        ),
        (
            "[ $# -lt 2 ] && exit 1\nX=$1\ndocker run -e X=$X -e Y=$2 -e Z=$3 acme/a",
            {
                "X": "${X:?set X in .env}",
                "Y": "${ARG_2:?set ARG_2 in .env}",
                "Z": "${ARG_3}",
            },
        ),
    ],
)
def test_what_a_script_does_not_go_on_without_is_asked_for(
    script: str, variables: dict[str, str]
) -> None:
    (body,) = services({"run.sh": script}).values()
    assert body["environment"] == variables


@pytest.mark.parametrize(
    "text",
    [
        "PS C:\\shop> $env:TAG = '7'\nPS C:\\shop> docker run -d --name kv redis:$env:TAG\n",
        "PS> $tag = '7'\nPS> docker run -d --name kv redis:$tag\n",
        "C:\\shop>set TAG=7\nC:\\shop>docker run -d --name kv redis:%TAG%\n",
    ],
)
def test_variables_are_set_behind_the_prompts_of_windows(text: str) -> None:
    assert services({"notes.txt": text})["kv"]["image"] == "redis:7"


def test_a_port_stated_twice_is_published_once() -> None:
    script = "docker run -d --name web -p 81:80 -p 81:80 acme/a\n"
    assert services({"run.sh": script}, "all")["web"]["ports"] == ["81:80"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("start.sh", "nerdctl -n edge run -d --name kv redis:7\n"),
        ("notes.txt", "docker service create --name kv redis:7\n"),
    ],
)
def test_each_client_makes_a_source_of_a_file(path: str, text: str) -> None:
    project = Memory({path: text.encode()}, "shop")
    result = convert(project, Options(practices=UNTOUCHED))
    assert [service.name for service in result.stack.services] == ["kv"]


def test_documentation_that_shows_a_playbook() -> None:
    text = (
        "# Shop\n\nRun this:\n\n```yaml\n- hosts: all\n  tasks:\n    - docker_container:\n"
        "        name: kv\n        image: redis:7\n```\n"
    )
    result = converted({"README.md": text})
    (service,) = result.stack.services
    assert (service.name, service.image) == ("kv", "redis:7")
    assert str(service.origin) == "README.md:8:7"


def test_a_command_that_cannot_be_read_is_named_and_comes_first() -> None:
    script = (
        "docker run -d --name db --network shop -e TOKEN=s3cret-9Kq shop/db:16\n"
        "docker run -d --name web -e KEY=s3cret-8Lp --label rule=Host(`w.shop.io`) shop/web:1\n"
    )
    project = Memory({"run.sh": script.encode()}, "shop")
    told = report(convert(project, Options(source="docker_run")), project)
    (unread,) = (note for note in told.notes if note.code == "TC162")
    assert unread.message.startswith("`docker run` of web could not be read")
    assert [duty.code for duty in start_duties(told).named] == ["TC162", "TC141"]
    first, stop, *_ = cutover_of(told).steps_over
    assert first.title.startswith("Correct what could not be read (run.sh:2:1)")
    assert stop.line == "docker stop db"


@pytest.mark.parametrize(
    "script",
    [
        "ssh deploy@prod 'docker pull shop/web:1 && docker run -d --name web shop/web:1'\n",
        "ssh deploy@prod <<'END'\ndocker run -d --name web shop/web:1\nEND\n",
        "ssh deploy@prod docker run -d --name web shop/web:1\n",
    ],
)
def test_containers_on_another_machine_alone(script: str) -> None:
    """Nothing is started here, so the stack is that of the other machine."""
    assert services({"deploy.sh": script}) == {
        "web": {"image": "shop/web:1", "container_name": "web"}
    }
    assert codes({"deploy.sh": script}).count("TC163") == 1


@pytest.mark.parametrize(
    "script",
    [
        "sudo su - root <<EOF\ndocker run -d --name web shop/web:1\nEOF\n",
        "runuser -l app -c 'docker run -d --name web shop/web:1'\n",
        "script -qc 'docker run -d --name web shop/web:1' /dev/null\n",
        "cat <<EOF | sudo sh\ndocker run -d --name web shop/web:1\nEOF\n",
        "echo 'docker run -d --name web shop/web:1' | bash\n",
    ],
)
def test_code_that_another_shell_reads(script: str) -> None:
    """The container gets nothing of what its shell has read."""
    assert list(services({"run.sh": script})) == ["web"]
    assert not {"TC109", "TC033"} & set(codes({"run.sh": script}))


@pytest.mark.parametrize(
    "start",
    ["DOCKER_HOST=ssh://prod docker", "export DOCKER_HOST=tcp://prod:2375\ndocker"],
)
def test_engine_that_a_variable_selects(start: str) -> None:
    files = {
        "run.sh": f"{start} run -d --name web shop/web:1\ndocker run -d --name db redis:7\n"
    }
    assert codes(files).count("TC163") == 1


def test_what_is_exported_is_not_said_to_have_no_value() -> None:
    files = {
        "run.sh": "export DB_HOST=db\nA=1 docker run -d --name web -e DB_HOST -e A -e TZ shop/web:1\n"
    }
    result = converted(files, UNTOUCHED)
    assert [note.message.split()[0] for note in result.notes if note.code == "TC124"] == [
        "TZ"
    ]
    assert services(files)["web"]["environment"]["A"] == "1"


def test_overlay_of_podman_leaves_no_part_behind() -> None:
    files = {
        "run.sh": "podman run -d -v /z:/w:O,upperdir=/u,workdir=/k --name web shop/web:1\n"
    }
    assert services(files)["web"]["volumes"] == ["/z:/w"]
    assert codes(files).count("TC128") == 3


def test_printf_knows_the_escapes_of_c() -> None:
    script = "docker run -d --name web -e \"A=$(printf 'a\\vb\\tc')\" nginx:1.27\n"
    assert services({"run.sh": script})["web"]["environment"] == {"A": "a\vb\tc"}
