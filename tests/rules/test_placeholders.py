"""What a source leaves to its reader is one list to fill in, each value under the name of its own key."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from tocompose.exporters.bundle import Layout
from tocompose.knowledge.placeholders import is_placeholder, is_placeholder_path
from tocompose.patterns import HintedPattern
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.reports import render
from tocompose.reports.duties import duties
from tocompose.reports.note_lines import Style
from tocompose.reports.report import report
from tocompose.reports.text import render as render_text
from tocompose.tables import load


def _converted(script: str) -> Result:
    options = Options(source="docker_run", layout=Layout(split=True))
    return convert(Memory({"run.sh": script.encode()}), options)


def _file(result: Result, path: str) -> str:
    return next(file.content.decode() for file in result.files if file.path == path)


@pytest.mark.parametrize(
    ("name", "value", "waits"),
    [
        ("AWS_REGION", "REGION", True),
        ("aws.region", "REGION", False),
        ("S3_BUCKET", "BUCKET", True),
        ("AWS_ACCOUNT_ID", "ID", True),
        ("REGION", "REGION", False),
        ("AWS_REGION", "region", False),
        ("DB_PASSWORD", "PASSWORD", False),
        ("LOG_LEVEL_DEBUG", "DEBUG", False),
        ("SUBREGION", "REGION", False),
    ],
)
def test_the_last_word_of_its_own_name_is_no_value(
    name: str, value: str, waits: bool
) -> None:
    assert is_placeholder(name, value) is waits


# A variable that asks for what a form is for.
ASKED = {"secret": "APP_SECRET", "login": "ADMIN", "issued": "API_TOKEN", "user": "USER"}
FORMS = load("placeholders")["forms"]


def _is_of_form(form: dict[str, object], text: str) -> bool:
    """Whether a row of the table takes a text, told without the code that reads the table."""
    pattern = re.compile(str(form["pattern"]), re.IGNORECASE)
    if not form.get("inside"):
        return pattern.fullmatch(text) is not None
    return " " not in pattern.sub("", text) and pattern.search(text) is not None


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form["like"][0])
def test_a_form_takes_what_it_is_like_and_leaves_what_is_none(
    form: dict[str, object],
) -> None:
    assert form["like"] and form["left"]
    name = ASKED.get(str(form.get("asks")), "SETTING")
    for text in form["like"]:
        assert _is_of_form(form, text), text
        assert is_placeholder(name, text, is_documented=True), text
        hinted = HintedPattern(f"(?i){form['pattern']}", 0, [form["hints"]])
        assert hinted.may_match(text), text
    assert not [text for text in form["left"] if _is_of_form(form, text)]


@pytest.mark.parametrize("form", [form for form in FORMS if form.get("documented")])
def test_what_somebody_runs_keeps_what_only_documentation_leaves(
    form: dict[str, object],
) -> None:
    name = ASKED.get(str(form.get("asks")), "SETTING")
    assert not any(is_placeholder(name, text) for text in form["like"])


@pytest.mark.parametrize(
    ("name", "value", "waits"),
    [
        ("MYSQL_PASSWORD", "DATABASE_PASSWORD", "always"),
        ("MYSQL_ROOT_PASSWORD", "ROOT_ACCESS_PASSWORD", "always"),
        ("MYSQL_USER", "MYSQL_USER", "always"),
        ("MYSQL_DATABASE", "USER_DB_NAME", "documented"),
        ("DB_USER", "APP_USER", "documented"),
        ("AUTH_TYPE", "API_KEY", "never"),
        ("DB_PASSWORD", "MySecureLoginPassword", "always"),
        ("SECRET_KEY", "long-and-random-alphanumeric-string", "always"),
        ("REFRESH_TOKEN_SECRET", "refresh_token_secret", "documented"),
        ("DB_PASSWORD", "example-password", "documented"),
        ("DB_PASSWORD", "password", "never"),
        ("DB_PASSWORD", "postgres", "never"),
        ("DB_PASSWORD", "correct-horse-battery", "never"),
        ("TITLE", "My secret key", "never"),
        ("DB_NAME", "yourls", "never"),
        ("ISSUER", "https://sso.example.org/o/app/", "documented"),
        ("ALLOWED_HOSTS", "localhost,app.example.com", "documented"),
    ],
)
def test_a_value_that_says_what_it_should_be_is_none(
    name: str, value: str, waits: str
) -> None:
    assert is_placeholder(name, value, is_documented=True) is (waits != "never")
    assert is_placeholder(name, value) is (waits == "always")


@pytest.mark.parametrize(
    ("setting", "is_shown"),
    [("SITE_URL=https://<your-domain>/shop", True), ("API_TOKEN=<your-token>", False)],
)
def test_what_is_to_fill_in_is_described_by_its_placeholder(
    setting: str, *, is_shown: bool
) -> None:
    name, _, text = setting.partition("=")
    example = _file(
        _converted(f"docker run -d --name web -e '{setting}' acme/web:1"), ".env.example"
    )
    assert f'{name}=""' in example
    said = " ".join(example.replace("#", " ").split())
    assert (f"Used by web; a placeholder in the source ({text})" in said) is is_shown


def test_equal_placeholders_stay_equal() -> None:
    """What is one value in the source is asked for once."""
    result = _converted(
        "docker run -d --name a -e TOKEN=YOUR_TOKEN acme/a:1\n"
        "docker run -d --name b -e TOKEN=YOUR_TOKEN -e URL=https://your-host/x acme/b:1"
    )
    services = yaml.safe_load(_file(result, "docker-compose.yml"))["services"]
    token = services["a"]["environment"]["TOKEN"]
    assert services["b"]["environment"] == {
        "TOKEN": token,
        "URL": "${URL:?set URL in .env}",
    }


@pytest.mark.parametrize("password", ["your_password", "DB_PASSWORD", "changeme"])
def test_a_placeholder_in_an_address_is_that_of_its_server(password: str) -> None:
    result = _converted(
        f"docker run -d --name db -e POSTGRES_PASSWORD={password} postgres:16\n"
        f"docker run -d --name api -e URL=postgres://postgres:{password}@db/x acme/api:1"
    )
    api = yaml.safe_load(_file(result, "docker-compose.yml"))["services"]["api"]
    reference = "${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD in .env}"
    assert api["environment"]["URL"] == f"postgres://postgres:{reference}@db/x"


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


@pytest.mark.parametrize("folder", ["{{FILM_DIR}}", "%FILMS%", "__FILMS__"])
def test_a_folder_in_the_brackets_of_a_template_is_asked_for(folder: str) -> None:
    result = _converted(f"docker run -d --name tv -v '{folder}:/films:ro' acme/tv:1")
    service = yaml.safe_load(_file(result, "docker-compose.yml"))["services"]["tv"]
    assert service["volumes"] == ["${FILMS_PATH:?set FILMS_PATH in .env}:/films:ro"]
    assert "TC188" not in {item.code for item in result.notes}


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


@pytest.mark.parametrize(
    ("value", "is_for_reader"),
    [
        ("https://CHANGE.herokuapp.com", True),
        ("change-me.onrender.com", True),
        ("https://your-app-name.herokuapp.com/", True),
        ("app-name.fly.dev", True),
        ("https://shop.herokuapp.com", False),
        ("exchange.herokuapp.com", False),
        ("https://change.org", False),
    ],
)
def test_a_host_of_a_platform_may_wait_for_the_name_of_the_app(
    value: str, is_for_reader: bool
) -> None:
    assert is_placeholder("BASE_URL", value) is is_for_reader


COMMANDS = """\
docker run -d --name db \\
  -e MYSQL_USER=MYSQL_USER \\
  -e MYSQL_PASSWORD=DATABASE_PASSWORD \\
  -v /path/to/db/config:/config \\
  shop/db:1
docker run -d --name web -e SITE=http://joe:hunter22@URL1/ -v /path/to/web/config:/config shop/web:1
"""


def test_what_is_left_out_of_a_placeholder_is_told_with_its_place_unless_it_may_be_secret() -> (
    None
):
    project = Memory({"run.sh": COMMANDS.encode()}, "shop")
    result = convert(project, Options(source="docker_run"))
    asked = [note for note in result.notes if note.code == "TC852"]
    told = {note.message: note.span and note.span.line for note in asked}
    assert told["db: MYSQL_USER is a placeholder (MYSQL_USER)"] == 2
    assert told["db: MYSQL_PASSWORD is a placeholder"] == 3
    assert told["db: the host folder of /config is a placeholder (/path/to/db/config)"] == 4
    assert not any("hunter22" in message for message in told)
    # Two services have such a folder: each variable says whose it is.
    names = {setting.name for setting in result.stack.settings}
    assert {"DB_CONFIG_PATH", "WEB_CONFIG_PATH"} <= names
    values = report(result, project).values_by_fate()
    assert values["noted"] == len(asked)
    assert "delete the variable's line in the compose file instead." in str(
        duties(report(result, project))
    )


def test_a_placeholder_that_is_a_secret_in_production_is_deleted_there_too() -> None:
    script = "docker run -d --name db -e MYSQL_PASSWORD=DATABASE_PASSWORD mariadb:11\n"
    project = Memory({"run.sh": script.encode()}, "shop")
    result = convert(project, Options(source="docker_run", layout=Layout(split=True)))
    told = str(duties(report(result, project)))
    assert "for MYSQL_PASSWORD, delete also the lines in docker-compose.prod.yml" in told
    assert "If `environment:` is empty then, delete it too." in told


def test_empty_settings_are_shown_at_the_first_of_them() -> None:
    script = "docker run -d --name web \\\n -e A=1 \\\n -e B= -e C= -e D= shop/web:1\n"
    project = Memory({"run.sh": script.encode()}, "shop")
    told = convert(project, Options(source="docker_run")).notes
    assert [str(note.span) for note in told if note.code == "TC555"] == ["run.sh:3:2"]


@pytest.mark.parametrize("others", ["", " -e MODE=a"])
def test_a_form_of_empty_settings_alone_may_leave_an_empty_key(others: str) -> None:
    script = f"docker run -d --name web -e A= -e B= -e C={others} shop/web:1\n"
    project = Memory({"run.sh": script.encode()}, "shop")
    notes = convert(project, Options(source="docker_run")).notes
    [advice] = [note.advice for note in notes if note.code == "TC555"]
    assert ("(with the key if nothing is left)" in advice) is (others == "")


def test_what_a_form_leaves_empty_is_filled_in_before_the_start() -> None:
    script = (
        "docker run -d --name web -e API_KEY=YOUR_KEY_HERE -e DB_PASSWORD= -e DB_HOST="
        " -e DB_NAME= shop/web:1\n"
    )
    project = Memory({"run.sh": script.encode()}, "shop")
    values, empty = duties(report(convert(project, Options(source="docker_run")), project))
    assert values.text.endswith(": API_KEY; also DB_PASSWORD, where a password is needed")
    assert values.code == "TC852, TC854"
    assert empty.text.startswith(
        "Fill in the empty settings of web: DB_HOST, DB_NAME are empty"
    )


@pytest.mark.parametrize("others", [0, 9])
def test_the_text_of_a_placeholder_stands_where_its_value_is_asked_for(others: int) -> None:
    more = "".join(f" -e NAME_{letter}=NAME_{letter}" for letter in "ABCDEFGHI"[:others])
    text = COMMANDS.replace("shop/db:1", f"{more} shop/db:1")
    project = Memory({"run.sh": text.encode()}, "shop")
    result = convert(project, Options(source="docker_run", layout=Layout(split=True)))
    asked = render("markdown", report(result, project))
    asked = asked.partition("## How the services")[0]
    assert "MYSQL_USER in the source" in asked
    assert "/path/to/db/config in the source" in asked
    assert "DATABASE_PASSWORD" not in asked and "hunter22" not in asked


def test_empty_passwords_are_named_by_their_variables() -> None:
    empty_values = "".join(
        f" -e {name}="
        for name in ("DB_PASSWORD", "MAIL_PASSWORD", "HOST", "REDIS_PASSWORD")
    )
    script = f"docker run -d --name web{empty_values} shop/web:1\n"
    project = Memory({"run.sh": script.encode()}, "shop")
    told = report(convert(project, Options(source="docker_run")), project)
    assert "also MAIL_PASSWORD, REDIS_PASSWORD" in render_text(told, Style(rows=20))


def test_a_password_that_does_not_say_whose_it_is_gets_the_name_of_its_service() -> None:
    script = (
        "docker run -d --name code -e PASSWORD=s3cret-9Kq shop/code:1\n"
        "docker run -d --name desk -e TOKEN=YOUR_TOKEN_HERE shop/desk:1\n"
    )
    for text, names in (
        (script, ["DESK_TOKEN", "CODE_PASSWORD"]),
        (script.splitlines()[0], ["PASSWORD"]),
    ):
        project = Memory({"run.sh": text.encode()}, "shop")
        made = convert(project, Options(source="docker_run")).stack
        assert [setting.name for setting in made.settings if setting.secret] == names


def _converted_app(variables: dict[str, object]) -> Result:
    files = {
        "Procfile": b"web: node app.js\nworker: node app.js\n",
        "app.js": b"require('http')\n",
        "app.json": json.dumps({"env": variables}).encode(),
    }
    return convert(Memory(files), Options(source="procfile"))


@pytest.mark.parametrize("default", ["changeme", "https://CHANGE.herokuapp.com"])
def test_a_placeholder_that_a_template_gives_a_new_app_is_asked_for(
    default: str,
) -> None:
    result = _converted_app({"SITE_HOST": {"value": default}, "LEVEL": {"value": "2"}})
    services = yaml.safe_load(_file(result, "docker-compose.yml"))["services"]
    for service in services.values():
        assert service["environment"]["SITE_HOST"].startswith("${SITE_HOST:?")
        assert service["environment"]["LEVEL"] == "${LEVEL:-2}"
    assert [note.code for note in result.notes].count("TC852") == 1


def test_a_word_that_stands_in_two_values_stays() -> None:
    """They fit each other; what one of them asked for would have to be put into the other by hand."""
    result = _converted_app(
        {"NAME": {"value": "changeme"}, "TITLE": {"value": "the changeme shop"}}
    )
    services = yaml.safe_load(_file(result, "docker-compose.yml"))["services"]
    assert ":?" not in str(services["web"]["environment"])
