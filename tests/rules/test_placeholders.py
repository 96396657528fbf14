"""What a source leaves to its reader is one list to fill in, each value under the name of its own key."""

from __future__ import annotations

import pytest
import yaml

from tocompose.exporters.bundle import Layout
from tocompose.knowledge.placeholders import is_placeholder, is_placeholder_path
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory


def _converted(script: str) -> Result:
    options = Options(source="docker_run", layout=Layout(split=True))
    return convert(Memory({"run.sh": script.encode()}), options)


def _file(result: Result, path: str) -> str:
    return next(file.content.decode() for file in result.files if file.path == path)


@pytest.mark.parametrize(
    "value",
    [
        *(
            "YOUR_API_KEY_HERE",
            "your-token",
            "<password>",
            "<long random token>",
            "changeme",
        ),
        *(
            "change-me",
            "CHANGE_ME!",
            "CHANGE_ME_NOW",
            "replace-with-a-key",
            "xxx",
            "xxxx-xxxx",
            "***",
            "...",
        ),
        *(
            "insert your key",
            "key-goes-here",
            "Your/Timezone",
            "Region/City",
            "[your token]",
        ),
        *("{{ token }}", "TODO", "https://YOUR_HOST/api", "yourdomain.com", "my-password"),
    ],
)
def test_placeholders_are_known(value: str) -> None:
    assert is_placeholder("KEY", value)


@pytest.mark.parametrize(
    "value",
    [
        *(
            "Europe/Berlin",
            "change",
            "hunter2",
            "mydb",
            "your",
            "here",
            "a-b",
            "xx",
            "todos",
        ),
        *("postgres", "0", "true", "/srv/data", "production", "example.com", "{}", "[]"),
    ],
)
def test_values_are_no_placeholders(value: str) -> None:
    assert not is_placeholder("KEY", value)


@pytest.mark.parametrize("name", ["DOMAIN", "VIRTUAL_HOST", "SITE_URL", "ADMIN_EMAIL"])
def test_a_domain_of_nobody_is_one_where_documentation_asks_for_a_domain(
    name: str,
) -> None:
    assert is_placeholder(name, "app.example.com", is_documented=True)
    assert not is_placeholder(name, "app.example.com")
    assert not is_placeholder("KEY", "app.example.com", is_documented=True)


@pytest.mark.parametrize(
    "host",
    [
        *(
            "vpn.domain.com",
            "domain.com",
            "mydomain.org",
            "my.domain.net",
            "app.domain.tld",
        ),
        *(
            "https://wiki.mycompany.com/start",
            "admin@your-domain.de",
            "a.domain.com,domain.com",
        ),
    ],
)
def test_a_domain_of_the_reader_is_one_in_a_script_too(host: str) -> None:
    assert is_placeholder("SERVERURL", host)


@pytest.mark.parametrize(
    "host",
    [
        *("domain.example-shop.com", "server.local", "host.lan", "subdomain.acme.com"),
        *(
            "domain.com.acme.org",
            "site-a.acme.net",
            "https://company.acme.io",
            "maindomain.com",
        ),
    ],
)
def test_a_host_of_somebody_stays(host: str) -> None:
    assert not is_placeholder("SERVERURL", host)


@pytest.mark.parametrize(
    ("file", "value"),
    [
        ("run.sh", "sso.example.org"),
        ("README.md", "${KC_HOSTNAME:?set KC_HOSTNAME in .env}"),
    ],
)
def test_a_host_that_a_script_names_is_its_own(file: str, value: str) -> None:
    """A page leaves it to its reader."""
    call = "docker run -d --name sso -e KC_HOSTNAME=sso.example.org acme/sso:1"
    text = call if file.endswith(".sh") else f"```sh\n{call}\n```\n"
    result = convert(
        Memory({file: text.encode()}),
        Options(source="docker_run", layout=Layout(split=True)),
    )
    service = yaml.safe_load(_file(result, "docker-compose.yml"))["services"]["sso"]
    assert service["environment"] == {"KC_HOSTNAME": value}


@pytest.mark.parametrize(
    "path", ["/path/to/config", "/path/on/host", "/your/folder", "<path>", "/host/path/x"]
)
def test_paths_of_nobody(path: str) -> None:
    assert is_placeholder_path(path)


@pytest.mark.parametrize("path", ["/srv/path", "./data", "/home/me/x", "/paths", "~/x"])
def test_paths_of_somebody(path: str) -> None:
    assert not is_placeholder_path(path)


def test_each_is_asked_for_by_its_own_key() -> None:
    result = _converted(
        "docker run -d --name app -v /path/to/config:/config -e TZ=Your/Timezone "
        "-e API_KEY=YOUR_KEY_HERE -e TOKEN=<my token> acme/app:1"
    )
    service = yaml.safe_load(_file(result, "docker-compose.yml"))["services"]["app"]
    assert service["environment"]["TZ"] == "${TZ:?set TZ in .env}"
    assert service["environment"]["API_KEY"] == "${API_KEY:?set API_KEY in .env}"
    assert service["environment"]["TOKEN"] == "${TOKEN:?set TOKEN in .env}"
    assert service["volumes"] == ["${CONFIG_PATH:?set CONFIG_PATH in .env}:/config"]
    env = _file(result, ".env")
    assert "YOUR_KEY_HERE" not in env and "\nAPI_KEY=\n" in env
    asked = [item for item in result.notes if item.code in ("TC852", "TC153")]
    assert len(asked) == 4


def test_who_uses_the_password_of_a_database_gets_the_same_variable() -> None:
    result = _converted(
        "docker run -d --name db -e POSTGRES_PASSWORD=changeme postgres:16\n"
        "docker run -d --name api -e URL=postgres://postgres:changeme@db/x -e PGPASSWORD=changeme acme/api:1"
    )
    services = yaml.safe_load(_file(result, "docker-compose.yml"))["services"]
    reference = services["db"]["environment"]["POSTGRES_PASSWORD"]
    assert services["api"]["environment"] == {
        "URL": f"postgres://postgres:{reference}@db/x",
        "PGPASSWORD": reference,
    }


SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {%s}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: web, image: "acme/web:1", envFrom: [{secretRef: {name: s}}]}]}
"""


@pytest.mark.parametrize(
    ("data", "asked"),
    [
        ('TOKEN: "<FILL_IN>", OTHER: "<FILL_IN>"', ["OTHER", "TOKEN"]),
        ("API_KEY: changeme, LEVEL: info", ["API_KEY"]),
        ('PASSWORD: changeme, URL: "postgres://u:changeme@db/x"', []),
    ],
)
def test_a_secret_that_was_never_filled_in_is_asked_for(
    data: str, asked: list[str]
) -> None:
    """A word that is repeated works as it stands, and would not once only one of its places is filled in."""
    options = Options(source="kubernetes", layout=Layout(split=True))
    result = convert(Memory({"m.yaml": (SECRET % data).encode()}), options)
    env = _file(result, ".env").splitlines()
    assert sorted(line[:-1] for line in env if line.endswith("=")) == asked
    noted = [note.subject[-1] for note in result.notes if note.code == "TC852"]
    assert sorted(noted) == asked
