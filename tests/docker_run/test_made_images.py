"""Images that a script builds or tags, containers that it asks about, and those that it removes again."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, convert
from tocompose.project import Memory


def converted(script: str) -> tuple[dict[str, Any], list[str]]:
    """The services of a script, and the codes of its notes."""
    project = Memory({"run.sh": script.encode()}, "shop")
    result = convert(project, Options(practices="none", layout=Layout(split=False)))
    stack = yaml.safe_load(result.files[0].content)
    return stack["services"], [note.code for note in result.notes]


_DOCKERFILE = "FROM nginx:1.27\nEXPOSE 80\n"


@pytest.mark.parametrize(
    ("build", "image", "section"),
    [
        (
            f"docker build -t app:1 - <<EOF\n{_DOCKERFILE}EOF",
            "app:1",
            {"context": ".", "dockerfile_inline": _DOCKERFILE},
        ),
        (
            f"docker build -t app:1 -f- web <<'EOF'\n{_DOCKERFILE}EOF",
            "app:1",
            {"context": "web", "dockerfile_inline": _DOCKERFILE},
        ),
        (
            "printf 'FROM nginx:1.27\\nEXPOSE 80\\n' | docker build -t app:1 -",
            "app:1",
            {"context": ".", "dockerfile_inline": _DOCKERFILE},
        ),
        (
            "docker build -t app:1 - < ops/Dockerfile",
            "app:1",
            {"context": ".", "dockerfile": "ops/Dockerfile"},
        ),
        ("docker build -t app .", "app:latest", {"context": "."}),
        ("docker build -t app .", "docker.io/library/app", {"context": "."}),
        (
            "docker build -t app . && docker tag app registry.example.com/app:2",
            "registry.example.com/app:2",
            {"context": "."},
        ),
    ],
)
def test_image_that_the_script_builds(
    build: str, image: str, section: dict[str, str]
) -> None:
    services, codes = converted(f"{build}\ndocker run -d --name web {image}\n")
    assert services["web"]["image"] == image
    assert services["web"]["build"] == section
    assert codes == []


@pytest.mark.parametrize("given", ["< context.tar.gz", "< gone.tgz"])
def test_archive_as_input_of_a_build_is_lost(given: str) -> None:
    script = f"docker build -t app:1 - {given}\ndocker run -d --name web app:1\n"
    services, codes = converted(script)
    assert "build" not in services["web"]
    assert codes == ["TC084"]


def test_image_of_a_quiet_build() -> None:
    services, codes = converted(
        "IMAGE=$(docker build -q -t shop/web ./web)\n"
        "docker run -d --name web $IMAGE serve\n"
        "docker run -d --name api $(docker build -q ./api)\n"
    )
    assert services["web"]["image"] == "shop/web"
    assert services["web"]["build"] == {"context": "./web"}
    assert services["api"]["build"] == {"context": "./api"}
    assert services["web"]["command"] == ["serve"]
    assert codes == []


def test_tag_of_a_pulled_image() -> None:
    services, codes = converted(
        "docker pull registry.example.com/api:3\ndocker tag registry.example.com/api:3 api\n"
        "docker run -d --name api api:latest\n"
    )
    assert services["api"]["image"] == "registry.example.com/api:3"
    assert codes == ["TC085"]


def test_address_of_a_container_without_a_name() -> None:
    services, _ = converted(
        "DB=$(docker run -d postgres:16)\nCACHE=$(docker run -d --name sessions redis:7)\n"
        "docker run -d --name web -e DB_HOST=$(docker inspect -f '{{.NetworkSettings.IPAddress}}' $DB) "
        "--add-host cache:$(docker inspect -f '{{.NetworkSettings.IPAddress}}' ${CACHE}) shop/web:1\n"
    )
    assert services["web"]["environment"] == {"DB_HOST": "db"}
    assert set(services) == {"db", "sessions", "web"}
    assert "extra_hosts" not in services["web"]
    assert services["sessions"]["networks"] == {"default": {"aliases": ["cache"]}}


def test_container_that_is_looked_up_by_its_name() -> None:
    services, codes = converted(
        "docker run -d --name vpn shop/vpn:1\n"
        "docker run -d --name web --network container:$(docker ps -qf name=vpn) shop/web:1\n"
    )
    assert services["web"]["network_mode"] == "service:vpn"
    assert codes == []


@pytest.mark.parametrize(
    "script",
    [
        "docker create --name helper shop/web:1\ndocker cp helper:/x ./x\ndocker rm helper\n",
        "id=$(docker create --name helper shop/web:1)\ndocker rm -v $id\n",
        "docker run -d --rm --name helper postgres:16\ndocker stop helper\n",
    ],
)
def test_helper_that_is_removed_before_others_start(script: str) -> None:
    services, codes = converted(f"{script}docker run -d --name web nginx:1.27\n")
    assert services["helper"]["profiles"] == ["helper"]
    assert "profiles" not in services["web"]
    assert "TC083" in codes


def test_container_that_takes_the_place_of_an_earlier_one() -> None:
    services, _ = converted(
        "docker run -d --name web shop/web:1\ndocker stop web && docker rm web\n"
        "docker run -d --name web shop/web:2\n"
    )
    assert services["web"]["image"] == "shop/web:2"
    assert services["web-before"]["profiles"] == ["web-before"]
    assert "container_name" not in services["web-before"]


@pytest.mark.parametrize(
    "script",
    [
        # The clean-up at the end of a trial.
        "docker run -d --name web nginx:1.27\ndocker rm -f web\n",
        # What a run before has left.
        "docker rm -f web\ndocker run -d --name web nginx:1.27\ndocker run -d --name db redis:7\n",
        # Others live on its volumes.
        "docker create --name web -v /d nginx:1.27\ndocker run -d --name db --volumes-from web redis:7\n"
        "docker rm web\ndocker run -d --name api shop/api:1\n",
        # Only on request, and never one after the other.
        "start() { docker run -d --name web nginx:1.27; }\nstop() { docker rm web; }\n"
        "more() { docker run -d --name db redis:7; }\n",
    ],
)
def test_container_that_stays(script: str) -> None:
    services, codes = converted(script)
    assert "profiles" not in services["web"]
    assert "TC083" not in codes
