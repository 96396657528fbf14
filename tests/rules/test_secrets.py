"""What counts as a secret, and where its value goes."""

from __future__ import annotations

import re
from dataclasses import replace
from textwrap import indent
from typing import Any

import pytest

from growth import grows_with_input
from rules.snippets import stack
from tocompose.knowledge.images import image_facts
from tocompose.knowledge.secrets.names import secret_name
from tocompose.knowledge.secrets.texts import (
    is_secret_under,
    may_be_secret,
    secret_value,
)
from tocompose.model import (
    ComposeFileRole,
    EnvSetting,
    EnvVariable,
    Service,
    Stack,
)
from tocompose.rules import Context, Outcome, registry
from tocompose.rules.secret_holders import is_secret
from tocompose.syntax.command_words import CommandText

BY_ID = {practice.id: practice for practice in registry()}


def moved(text: str, settings: tuple[EnvSetting, ...] = ()) -> Outcome:
    return BY_ID["SEC-OUT"].apply(replace(classified(text), settings=settings), Context())


def classified(text: str) -> Stack:
    return BY_ID["SVC-CLASS"].apply(stack(text), Context()).stack


def values(outcome: Outcome) -> dict[str, str | None]:
    return {setting.name: setting.value for setting in outcome.stack.settings}


def environment(outcome: Outcome, name: str) -> dict[str, str | None]:
    service = outcome.stack.service(name)
    assert service is not None
    return {item.name: item.value for item in service.environment}


@pytest.mark.parametrize(
    "name",
    [
        *(
            "POSTGRES_PASSWORD",
            "DB_PASSWD",
            "SMTP_PASS",
            "SECRET_KEY",
            "SECRET_KEY_BASE",
            "GITHUB_TOKEN",
            "API_KEY",
        ),
        *(
            "STRIPE_APIKEY",
            "AWS_SECRET_ACCESS_KEY",
            "PRIVATE_KEY",
            "JWT_SECRET",
            "dbPassword",
            "MYSQL_PWD",
            "PGPASSWORD",
        ),
        *(
            "spring.datasource.password",
            "GF_SECURITY_ADMIN_PASSWORD",
            "COOKIE_SECRET",
            "APP_KEY",
            "WORDPRESS_AUTH_SALT",
        ),
        *(
            "database__connection__password",
            "AUTH_CREDENTIALS",
            "ENCRYPTION_KEY",
            "--requirepass",
            *(
                "DB_PW",
                "PASS",
                "DB_PASS1",
                "MAILGUN_KEY",
                "AUTHTOKEN",
                "CLIENTSECRET",
                "SENTRY_DSN",
                "SSH_KEY_B64",
            ),
            *(
                "API_TOKEN_2",
                "traefik.http.middlewares.a.basicauth.users",
                "apiToken",
                "password_in",
            ),
            "OAUTH_CLIENT_SECRET",
        ),
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "POSTGRES_PASSWORD_FILE",
            "TLS_PRIVATE_KEY_PATH",
            "PUBLIC_KEY",
            "JWT_PUBLIC_KEY",
            "TOKEN_TTL",
            "PASSWORD_MIN_LENGTH",
        ),
        *(
            "SECRET_NAME",
            "PWD",
            "PASSENGER_APP",
            "COMPASS",
            "KEYBOARD",
            "PRIMARY_KEY",
            "MONKEY",
            "TOKEN_URL",
            "AUTHOR",
        ),
        *(
            "PASSWORD_RESET_TIMEOUT",
            "SECRETS_DIR",
            "ACCESS_KEY_ID",
            "POSTGRES_USER",
            "TOKENIZER",
            "BYPASS",
            "SORT_KEY",
        ),
        *(
            "topologyKey",
            "secretKeyRef",
            "RECAPTCHA_SITE_KEY",
            "MAX_TOKENS",
            "KEY",
            "TOKEN_EXPIRES_IN",
            "DSN",
            "users",
        ),
        *("com.example/key", "com.example.key"),
        *("PASSWORD_REGEX", "PASSWORD_COMPLEXITY", "TOKEN_BUCKET_RATE", "TOKEN_SOURCE"),
        *("API_KEY_IN", "FEATURE_FLAG_KEY", "DEFAULT_KEY"),
        *("REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE", "AUTH_TOKEN_CA_BUNDLE", "TOKEN_CA"),
        *("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "TOKEN_ROOT_CERT", "secretCACerts"),
        *("TOKEN_CERTIFICATE_CHAIN", "TOKEN_PUBKEY", "SECRET_PUBLICKEYS"),
    ],
)
def test_names_that_only_look_like_it(name: str) -> None:
    assert not secret_name(name)


@pytest.mark.parametrize(
    "name", ["CERT_PASSWORD", "CA_KEY", "CA_PRIVATE_KEY", "CERT_TOKEN", "ROOT_CA_SECRET"]
)
def test_what_opens_a_certificate_is_a_secret(name: str) -> None:
    assert secret_name(name)


def test_a_certificate_that_may_hold_its_key_is_a_secret() -> None:
    packed = "MIIKzQIBAzCCCpcGCSqGSIb3DQEHAaCCCogEggqE"
    assert is_secret_under("CLIENT_SECRET_CERT", packed)
    assert not is_secret_under("CLIENT_SECRET_CERT", "certs/client.crt")
    assert not is_secret_under("SSL_CERT", packed)


@pytest.mark.parametrize(
    "value",
    [
        "postgres://app:pw@db/app",
        "redis://:pw@cache:6379",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIB",
        "AKIA" + "ABCDEFGH12345678",
        "ghp_" + "a" * 36,
        "xoxb-" + "1234567890-x",
        "sk_live_" + "1234567890",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.sig",
        "Server=db;User=sa;Password=Sa_pw_1;",
        "jdbc:postgresql://db/app?user=a&password=pw",
        "jdbc:oracle:thin:app/pw1@db:1521/x",
        "app:pw1@tcp(db:3306)/app",
        "amqp://a:pw@m1,amqp://b:pw@m2",
        "https://h.example/x?a=1&api_key=pw1",
        "https://s.example/x?sv=1&sig=pw1",
        '{"db": {"password": "pw1"}}',
        '{\\"password\\": \\"pw1\\"}',
        "a: 1\npassword: pw1\n",
        "<db><password>pw1</password></db>",
        "admin:$apr1$abcdefgh$0123456789",
        "admin:{SHA}0123456789",
        "https://" + "0123456789abcdef0123" + "@git.example/a.git",
        "Authorization: Basic YWRtaW46cHcx",
        "'X-Api-Key: pw1'",
    ],
)
def test_values_that_are_secrets(value: str) -> None:
    assert secret_value(value)
    assert is_secret("ANYTHING", value, None)


@pytest.mark.parametrize(
    "value",
    [
        *(
            "postgres://db/app",
            "http://host:80/",
            "https://user@example.com/",
            "text with password in it",
            "a:b@c",
        ),
        *(
            "-----BEGIN PUBLIC KEY-----",
            "postgres://app:${PW}@db/app",
            "--password=",
            "mailto:a@b.c",
        ),
        *(
            "https://h.example/?page=1&sort=key",
            "https://h.example/?token=${T}",
            "a: 1\npassword: |\n  ${T}",
            "token: {{ .t }}",
        ),
        *(
            "SELECT password FROM users",
            '{"secretName": "x"}',
            '{"password": ""}',
            "<token/>",
            "see //a:b/c@d",
        ),
    ],
)
def test_values_that_only_look_like_it(value: str) -> None:
    assert not secret_value(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "true",
        "No",
        "0",
        "30",
        "/run/secrets/x",
        "./key.pem",
        "https://example.com/token",
    ],
)
def test_values_that_are_none_whatever_the_name(value: str) -> None:
    assert not may_be_secret(value)
    assert not is_secret("PASSWORD", value, None)


def test_the_image_decides_too() -> None:
    facts = image_facts("neo4j:5")
    assert is_secret("NEO4J_AUTH", "neo4j/tops3cret", facts)
    assert not is_secret("NEO4J_AUTH", "neo4j/tops3cret", None)


def test_equal_secrets_of_a_client_share_the_setting() -> None:
    found = moved(
        """
        services:
          web: {image: 'me/web:1', depends_on: [db], environment: {DB_PASSWORD: tops3cret, OTHER_PASSWORD: tops3cret}}
          db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: tops3cret}}
        """
    )
    assert values(found) == {"POSTGRES_PASSWORD": "tops3cret"}
    assert (
        environment(found, "web")["DB_PASSWORD"]
        == "${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD in .env}"
    )


def test_strangers_do_not_share() -> None:
    found = moved(
        """
        services:
          web: {image: 'me/web:1', environment: {ADMIN_PASSWORD: tops3cret}}
          db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: tops3cret}}
        """
    )
    assert set(values(found)) == {"POSTGRES_PASSWORD", "ADMIN_PASSWORD"}


def test_one_name_with_two_values_becomes_two_settings() -> None:
    found = moved(
        """
        services:
          one: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: first-one}}
          two: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: second-one}}
        """
    )
    assert values(found) == {
        "ONE_POSTGRES_PASSWORD": "first-one",
        "TWO_POSTGRES_PASSWORD": "second-one",
    }


def test_dollar_signs_survive() -> None:
    found = moved(
        "services: {db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: 'a$$b$$$$c'}}}"
    )
    assert values(found) == {"POSTGRES_PASSWORD": "a$b$$c"}


def test_an_address_whose_password_nobody_else_has_goes_out_whole() -> None:
    found = moved(
        "services: {web: {image: 'me/web:1', environment: {DATABASE_URL: 'postgres://a:p%40ss@db.example.com/x'}}}"
    )
    assert values(found) == {"DATABASE_URL": "postgres://a:p%40ss@db.example.com/x"}


def test_a_password_between_variables() -> None:
    found = moved(
        "services: {web: {image: 'me/web:1', environment: {DB: 'postgres://${U}:tops3cret@${H}/x'}}}"
    )
    assert values(found) == {"DB_PASSWORD": "tops3cret"}
    assert environment(found, "web") == {
        "DB": "postgres://${U}:${DB_PASSWORD:?set DB_PASSWORD in .env}@${H}/x"
    }


def test_a_setting_of_the_source_is_a_secret_by_its_own_name() -> None:
    settings = (
        EnvSetting(name="QUEUE_PASSWORD", value="tulip-41"),
        EnvSetting(name="QUEUE_PASSWORD_FILE", value="/run/secrets/queue"),
        EnvSetting(name="MAIL_TOKEN"),
        EnvSetting(name="MAIL_HOST"),
    )
    text = "services: {q: {image: 'me/q:1', environment: {LOGIN_AS: '${QUEUE_PASSWORD}'}}}"
    outcome = moved(text, settings)
    secrets = {one.name for one in outcome.stack.settings if one.secret}
    assert secrets == {"QUEUE_PASSWORD", "MAIL_TOKEN"}
    told = environment(outcome, "q")["LOGIN_AS"]
    assert told == "${QUEUE_PASSWORD:?set QUEUE_PASSWORD in .env}"


def test_a_variable_of_the_source_becomes_a_secret() -> None:
    found = moved(
        "services: {db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: '${PW}'}}}",
        (EnvSetting(name="PW", value="tops3cret"),),
    )
    assert [item.secret for item in found.stack.settings] == [True]
    assert environment(found, "db") == {"POSTGRES_PASSWORD": "${PW:?set PW in .env}"}


@pytest.mark.parametrize(
    ("setting", "written", "asked"),
    [
        ({"secret": True, "required": True}, "${PW}", "${PW:?set PW in .env}"),
        # Its own name says that it is a secret, wherever it stands.
        ({"required": True}, "u:${PW}@h", "u:${PW:?set PW in .env}@h"),
        ({"required": True}, "${PW}", "${PW:?set PW in .env}"),
        # What the source itself lets be empty or absent stays so.
        ({"secret": True, "required": True}, "${PW:-}", "${PW:-}"),
        ({"secret": True, "required": True, "value": ""}, "${PW}", "${PW}"),
        ({"secret": True}, "${PW}", "${PW}"),
    ],
)
def test_a_required_secret_without_a_value_is_asked_for(
    setting: dict[str, Any], written: str, asked: str
) -> None:
    text = (
        f"services: {{web: {{image: 'me/web:1', environment: {{API_TOKEN: '{written}'}}}}}}"
    )
    found = moved(text, (EnvSetting(name="PW", **setting),))
    assert environment(found, "web") == {"API_TOKEN": asked}
    codes = [note.code for note in found.notes]
    assert ("TC553" in codes) == (asked != written)


COMMANDS = [
    ("redis:7", "[redis-server, --requirepass, tops3cret]", "CACHE_PASSWORD"),
    ("redis:7", "['redis-server', '--requirepass=tops3cret']", "CACHE_PASSWORD"),
    (
        "redis:7",
        "[sh, -c, 'exec redis-server --requirepass \"tops3cret\" --appendonly yes']",
        "CACHE_PASSWORD",
    ),
    ("me/app:1", "[serve, --admin-token, tops3cret]", "CACHE_ADMIN_TOKEN"),
    ("me/app:1", "[sh, -c, 'PGPASSWORD=tops3cret psql -h db']", "CACHE_PGPASSWORD"),
    (
        "me/app:1",
        "[java, -Dspring.datasource.password=tops3cret, -jar, x.jar]",
        "CACHE_PASSWORD",
    ),
    ("me/app:1", "[serve, 'amqp://u:tops3cret@queue/']", "CACHE_PASSWORD"),
    ("mongo:7", "[mongosh, -u, root, -p, tops3cret, --host, m]", "CACHE_PASSWORD"),
    ("mongo:7", "[/usr/bin/mongodump, '-p=tops3cret']", "CACHE_PASSWORD"),
    (
        "mongo:7",
        "[sh, -c, 'mongosh --host m -u root -p tops3cret --eval 1']",
        "CACHE_PASSWORD",
    ),
    ("mysql:8", "[mysql, -hdb, -uroot, -ptops3cret, shop]", "CACHE_PASSWORD"),
    ("mysql:8", "[sh, -c, \"mysqldump -h db -p'tops3cret' shop > /x\"]", "CACHE_PASSWORD"),
    ("mysql:8", '[sh, -c, "mysql -h db \\\\\\n -ptops3cret shop"]', "CACHE_PASSWORD"),
    ("redis:7", "[redis-cli, -h, cache, --pass, tops3cret, ping]", "CACHE_PASSWORD"),
    (
        "me/sql:1",
        "[sqlcmd, -Q, \"CREATE LOGIN app WITH PASSWORD = N'tops3cret'\"]",
        "CACHE_PASSWORD",
    ),
    (
        "me/app:1",
        "[sh, -c, 'printf \"%s\\n\" tops3cret | serve login --password-stdin']",
        "CACHE_PASSWORD",
    ),
    (
        "redis:7",
        "[sh, -c, 'redis-cli -h cache -a \"tops3cret\" ping | grep PONG']",
        "CACHE_PASSWORD",
    ),
    ("postgres:16", "[env, PGPASSWORD=tops3cret, psql, -h, db]", "CACHE_PGPASSWORD"),
    ("postgres:16", "[psql, 'host=db password=tops3cret']", "CACHE_PASSWORD"),
    (
        "mcr.microsoft.com/mssql-tools:1",
        "[sqlcmd, -S, db, -P, tops3cret]",
        "CACHE_PASSWORD",
    ),
]


@pytest.mark.parametrize(("image", "command", "name"), COMMANDS)
def test_secrets_in_commands(image: str, command: str, name: str) -> None:
    found = moved(f"services: {{cache: {{image: '{image}', command: {command}}}}}")
    service = found.stack.service("cache")
    assert service is not None
    assert list(values(found).items()) == [(name, "tops3cret")]
    assert "tops3cret" not in " ".join(service.command or ())
    assert f"${{{name}:?set {name} in .env}}" in " ".join(service.command or ())


@pytest.mark.parametrize(
    "command",
    [
        "[serve, --password-file, /run/secrets/x]",
        "[serve, --token, $$TOKEN]",
        "[serve, --token, '${TOKEN}']",
        "[serve, --password]",
        "[serve, --secret, --verbose]",
        "[sh, -c, 'serve --password $$PW']",
        "[redis-server, --appendonly, 'yes']",
        "[mongosh, -p, --host, m]",
        "[mongosh, -p, $$PW]",
        "[mysql, -p, shop]",
        "[mysql, --port, '13306']",
        "[sh, -c, 'mysql -h db -p shop']",
        "[sh, -c, 'mongosh --eval 1; ssh -p 22022 host']",
        '[sh, -c, "mongosh --eval 1\\nssh -p 22022 host"]',
        "[ssh, -p, '22022', host]",
        "[psql, -p, '15432', -h, db]",
    ],
)
def test_commands_without_secrets(command: str) -> None:
    assert (
        values(moved(f"services: {{web: {{image: 'me/web:1', command: {command}}}}}")) == {}
    )


@pytest.mark.parametrize("key", ["command", "entrypoint"])
def test_secrets_leave_a_command_that_is_one_text_with_variables(key: str) -> None:
    line = "run ${V} --password ${P:-hunter2x} --token 'a0b1 c2d3' -c \"mysql -phunter3x\""
    service = replace(Service(name="app"), **{key: CommandText(line)})
    outcome = BY_ID["SEC-OUT"].apply(Stack(name="x", services=(service,)), Context())
    changed = getattr(outcome.stack.service("app"), key)
    assert re.sub(r":\?set \w+ in \.env", ":?", changed.text) == (
        "run ${V} --password ${P:?} --token '${APP_TOKEN:?}' -c \"mysql -p${APP_PASSWORD:?}\""
    )
    assert values(outcome) == {
        "P": "hunter2x",
        "APP_TOKEN": "a0b1 c2d3",
        "APP_PASSWORD": "hunter3x",
    }


def test_a_user_name_that_equals_a_password_stays() -> None:
    found = moved(
        "services: {kc: {image: 'me/kc:1', command: [start, --db-username, keycloak, --db-password, keycloak]}}"
    )
    service = found.stack.service("kc")
    assert service is not None
    assert service.command is not None
    assert service.command[:4] == ("start", "--db-username", "keycloak", "--db-password")
    assert service.command[4] == "${KC_PASSWORD:?set KC_PASSWORD in .env}"


def test_secrets_are_found_in_a_time_that_grows_with_the_texts() -> None:
    assert grows_with_input(move_many, 400)


def move_many(count: int) -> None:
    services = tuple(
        Service(
            name=f"s{number}",
            image="me/app:1",
            environment=(
                EnvVariable(name="DB_PASSWORD", value=f"secret-value-{number:05d}"),
                EnvVariable(
                    name="TEXT", value=f"as secret-value-{number * 7 % count:05d} says"
                ),
            ),
        )
        for number in range(count)
    )
    outcome = BY_ID["SEC-OUT"].apply(Stack(name="x", services=services), Context())
    assert "secret-value" not in repr(outcome.stack.services)


def test_a_repeated_secret_leaves_every_text() -> None:
    found = moved(
        """
        services:
          cache:
            image: redis:7
            command: [redis-server, --requirepass, tops3cret-9]
            healthcheck: {test: [CMD, redis-cli, -a, tops3cret-9, ping]}
            labels: {backup.command: 'redis-cli -a tops3cret-9 save'}
          web:
            image: me/web:1
            depends_on: [cache]
            environment: {REDIS: 'cache tops3cret-9', REDIS_URL: 'redis://:tops3cret-9@cache:6379/0'}
        """
    )
    assert values(found) == {"CACHE_PASSWORD": "tops3cret-9"}
    assert "tops3cret-9" not in str(
        [
            (item.command, item.healthcheck, item.labels, item.environment)
            for item in found.stack.services
        ]
    )
    assert not any("tops3cret-9" in str(item) for item in found.notes)


def test_a_plain_word_is_not_replaced_elsewhere() -> None:
    found = moved(
        """
        services:
          db:
            image: postgres:16
            command: [postgres, -c, password_encryption=scram]
            environment: {POSTGRES_PASSWORD: password}
        """
    )
    service = found.stack.service("db")
    assert service is not None
    assert service.command == ("postgres", "-c", "password_encryption=scram")


def test_labels_and_build_arguments() -> None:
    found = moved(
        """
        services:
          web:
            build: {context: ., args: {NPM_TOKEN: npm-tops3cret, VERSION: '2'}}
            labels: {traefik.http.middlewares.a.basicauth.users: 'me:$$apr1$$x$$y', traefik.enable: 'true'}
        """
    )
    assert values(found) == {"WEB_USERS": "me:$apr1$x$y", "NPM_TOKEN": "npm-tops3cret"}


def production(text: str) -> tuple[Service, Stack]:
    given = moved(text).stack
    done = BY_ID["SEC-FILES"].apply(given, Context()).stack
    return done.services[0].overlays.get(ComposeFileRole.PROD, Service(name="none")), done


def test_production_reads_from_files_where_the_image_can() -> None:
    part, done = production(
        "services: {db: {image: 'mysql:8', environment: {MYSQL_ROOT_PASSWORD: tops3cret, MYSQL_USER: a}}}"
    )
    assert [(item.name, item.value, item.remove) for item in part.environment] == [
        ("MYSQL_ROOT_PASSWORD", None, True),
        ("MYSQL_ROOT_PASSWORD_FILE", "/run/secrets/mysql_root_password", False),
    ]
    assert [(item.name, item.environment, item.file) for item in done.secrets] == [
        ("mysql_root_password", "MYSQL_ROOT_PASSWORD", None)
    ]


def test_an_empty_name_of_a_file_is_filled_in_production() -> None:
    part, _ = production(
        "services: {db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: x9tops3c, POSTGRES_PASSWORD_FILE: ''}}}"
    )
    assert [(item.name, item.value) for item in part.environment] == [
        ("POSTGRES_PASSWORD", None),
        ("POSTGRES_PASSWORD_FILE", "/run/secrets/postgres_password"),
    ]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("image: 'rabbitmq:4', environment: {RABBITMQ_DEFAULT_PASS: tops3cret}", "TC550"),
        ("image: 'me/web:1', environment: {DB_PASSWORD: tops3cret}", "TC550"),
        ("image: 'me/web:1', environment: {DB: 'pg://a:tops3cret@db/x'}", "TC550"),
        (
            "image: 'postgres:16', read_only: true, environment: {POSTGRES_PASSWORD: tops3cret}",
            "TC551",
        ),
        (
            "image: 'me/web:1', read_only: true, environment: {DB_PASSWORD: tops3cret}",
            "TC550",
        ),
        (
            "image: 'postgres:16', entrypoint: [sh, /start.sh], environment: {POSTGRES_PASSWORD: tops3cret}",
            "TC550",
        ),
        (
            "image: 'postgres:16', environment: {POSTGRES_PASSWORD: tops3cret}, command: ['$$POSTGRES_PASSWORD']",
            "TC552",
        ),
    ],
    ids=(
        "image refuses (T20)",
        "unknown image",
        "part of an address",
        "read-only (T5)",
        "read-only, and unknown",
        "own entrypoint",
        "read by the command",
    ),
)
def test_production_leaves_others_alone_and_says_why(body: str, reason: str) -> None:
    part, done = production(f"services: {{x: {{{body}}}}}")
    assert part.environment == ()
    assert done.secrets == ()
    given = moved(f"services: {{x: {{{body}}}}}").stack
    told = BY_ID["SEC-FILES"].apply(given, Context()).notes
    assert [note.code for note in told] == [reason]


def test_no_note_says_a_secret() -> None:
    text = "services:\n" + indent(
        "x: {image: 'mysql:8', environment: {MYSQL_ROOT_PASSWORD: tops3cret-9}}", "  "
    )
    assert not any(
        "tops3cret-9" in f"{item.message}{item.advice}{item.subject}"
        for item in moved(text).notes
    )


@pytest.mark.parametrize(
    ("body", "settings", "environment"),
    [
        ("{DB_PASSWORD: '${PW:-tops3cret}'}", {"PW": "tops3cret"}, "${PW:?set PW in .env}"),
        (
            "{URL: 'pg://u:${DB_PASS:-tops3cret}@h'}",
            {"DB_PASS": "tops3cret"},
            "pg://u:${DB_PASS:?set DB_PASS in .env}@h",
        ),
        ("{DB_PASSWORD: '${PW:-}'}", {}, "${PW:-}"),
        ("{DB_USER: '${U:-app}'}", {}, "${U:-app}"),
        (
            "{DB_PASSWORD: '$${PW:-tops3cret}'}",
            {"DB_PASSWORD": "${PW:-tops3cret}"},
            "${DB_PASSWORD:?set DB_PASSWORD in .env}",
        ),
    ],
)
def test_secrets_as_defaults(body: str, settings: dict[str, str], environment: str) -> None:
    found = moved(f"services: {{web: {{image: 'me/web:1', environment: {body}}}}}")
    assert values(found) == settings
    assert [item.value for item in found.stack.services[0].environment] == [environment]


def test_a_default_that_is_not_the_only_one_has_a_setting_of_its_own() -> None:
    """With a value of the variable itself in `.env` the other use would change."""
    found = moved(
        "services: {web: {image: 'me/web:1', environment: {A_PASSWORD: '${PW:-tops3cret}', B: '${PW}'}}}"
    )
    assert values(found) == {"A_PASSWORD": "tops3cret"}
    assert environment(found, "web") == {
        "A_PASSWORD": "${PW:-${A_PASSWORD:?set A_PASSWORD in .env}}",
        "B": "${PW}",
    }


DEFAULTS_AT_ANY_DEPTH = [
    "environment: {API_TOKEN: '${X:-${Y:-tops3cret-9}}'}",
    "environment: {API_TOKEN: '${X:-a${Y:+tops3cret-9}}'}",
    "environment: {URL: 'pg://u:${X:-${Y-tops3cret-9}}@h/d'}",
    "environment: {ANY: 'a ${X:-b ${DB_PASSWORD:-tops3cret-9}}'}",
    "command: [redis-server, --requirepass, '${X:-tops3cret-9}']",
    "command: [sh, -c, 'redis-server --requirepass ${X:-${Y:-tops3cret-9}}']",
    "command: [sh, -c, 'exec serve ${API_TOKEN:-tops3cret-9}']",
    "command: [sh, -c, 'exec serve $${API_TOKEN:-tops3cret-9}']",
    "healthcheck: {test: [CMD, redis-cli, -a, '${X:-${Y:-tops3cret-9}}', ping]}",
    "labels: {app.token: '${X:-${Y:-tops3cret-9}}'}",
    "annotations: {app.token: '${X:-${Y:-tops3cret-9}}'}",
    "logging: {driver: splunk, options: {splunk-token: '${X:-tops3cret-9}'}}",
    "build: {context: ., args: {NPM_TOKEN: '${X:-${Y:-tops3cret-9}}'}}",
    "build: {context: 'https://u:${X:-tops3cret-9}@h/r.git'}",
    "volumes: ['${API_TOKEN:-tops3cret-9}:/x']",
]


@pytest.mark.parametrize("body", DEFAULTS_AT_ANY_DEPTH)
def test_a_default_is_a_value(body: str) -> None:
    found = moved(f"services: {{web: {{image: 'me/web:1', {body}}}}}")
    assert "tops3cret-9" not in repr(found.stack.services)
    assert [setting.value for setting in found.stack.settings] == ["tops3cret-9"]
    assert found.stack.settings[0].secret
    assert found.notes


@pytest.mark.parametrize(
    "text",
    [
        *(
            "a" * 100_000,
            "//" * 50_000,
            "//a:" * 20_000,
            '"a":' * 20_000,
            "password: a\n" * 8_000,
            "<a>" * 30_000,
        ),
        *(
            "a:" * 40_000 + "@tcp(",
            "&token=a" * 10_000,
            '"token":"a' * 10_000,
            " " * 100_000,
            "token:\n" * 16_000,
        ),
    ],
    ids=lambda text: text[:12],
)
def test_hostile_texts_take_no_time(text: str) -> None:
    assert grows_with_input(lambda size: secret_value(f"{text[:size]} token @"), len(text))


def test_a_secret_that_is_called_as_its_variable_is_no_part_of_its_variable() -> None:
    """Documentation writes PASSWORD=PASSWORD."""
    from tocompose.exporters.bundle import Layout
    from tocompose.pipeline import Options, convert
    from tocompose.project import Memory

    script = b"docker run -e PASSWORD=PASSWORD -e DB_PASSWORD=DB_PASSWORD -e U=x:DB_PASSWORD a/b:1"
    for split in (False, True):
        result = convert(
            Memory({"run.sh": script}),
            Options(layout=Layout(split=split), context=Context(split=split)),
        )
        text = result.files[0].content.decode()
        assert 'PASSWORD: "${PASSWORD:?set PASSWORD in .env}"' in text
        assert ' DB_PASSWORD: "${DB_PASSWORD:?set DB_PASSWORD in .env}"' in text
        assert "x:${DB_PASSWORD:?set DB_PASSWORD in .env}" in text


@pytest.mark.parametrize("text", ["<FILL_THIS_IN>", "CHANGE_ME_NOW", "see the handbook"])
def test_equal_placeholders_are_several_values(text: str) -> None:
    """Whoever fills in the key would publish it where the other text stands."""
    found = moved(
        f"services: {{x: {{image: 'me/x:1', environment: {{SITE: '{text}', API_SECRET_KEY: '{text}'}}}}}}"
    )
    assert environment(found, "x")["SITE"] in (text, "${SITE:?set SITE in .env}")


def test_a_variable_that_is_the_password_of_an_address_is_a_secret() -> None:
    found = moved(
        """
        services:
          web:
            image: me/web:1
            environment: {P: tops3cret-9, DSN: 'postgres://a:tops3cret-9@db/x', COLOUR: blue-and-9}
        """
    )
    assert "tops3cret-9" in values(found).values()
    assert "P" in values(found)
    assert "COLOUR" not in values(found)


@pytest.mark.parametrize(
    "keys",
    [
        "command: [redis-server, --requirepass, tw0words9]",
        "healthcheck: {test: [CMD-SHELL, 'REDISCLI_AUTH=tw0words9 redis-cli ping']}",
    ],
)
def test_a_secret_that_a_variable_of_the_service_has_is_stored_once(keys: str) -> None:
    text = f"services: {{q: {{image: 'redis:7', environment: {{REDIS_PASSWORD: tw0words9}}, {keys}}}}}"
    assert values(moved(text)) == {"REDIS_PASSWORD": "tw0words9"}


SETUP = """
  setup:
    image: corp/setup:1
    command: [sh, -c, 'curl -X POST -d "{\\"password\\":\\"%s\\"}" http://search:9200/user/_password']
    restart: 'no'
"""
BOARD = """
  board: {image: 'corp/board:1', environment: {SEARCH_PASSWORD: %s}}
"""


@pytest.mark.parametrize("order", [SETUP + BOARD, BOARD + SETUP])
@pytest.mark.parametrize(
    ("password", "other_password", "names"),
    [
        ("tops3cret-9", "tops3cret-9", ["SEARCH_PASSWORD"]),
        ("tops3cret-9", "tops3cret-8", ["SEARCH_PASSWORD", "SETUP_PASSWORD"]),
        ("pw-7", "pw-7", ["SEARCH_PASSWORD", "SETUP_PASSWORD"]),
    ],
)
def test_a_job_that_sets_the_password_of_another_service_shares_its_variable(
    order: str, password: str, other_password: str, names: list[str]
) -> None:
    passwords = {SETUP + BOARD: (other_password, password)}
    text = order % passwords.get(order, (password, other_password))
    assert sorted(values(moved(f"services:{text}"))) == names


@pytest.mark.parametrize("value", ["password", "tops3cret"])
@pytest.mark.parametrize(
    ("host", "is_shared"),
    [("db", True), ("smtp.example.org", False), ("postgres://x@db:5432/a", True)],
)
def test_a_password_is_that_of_the_host_beside_it(
    value: str, host: str, is_shared: bool
) -> None:
    """A client's variable is its server's; with another host beside it, it is equal by chance."""
    found = moved(
        f"""
        services:
          web:
            image: me/web:1
            depends_on: [db]
            environment: {{OUT_HOST: '{host}', OUT_PASS: {value}}}
          db: {{image: 'postgres:16', environment: {{POSTGRES_PASSWORD: {value}}}}}
        """
    )
    expected = {"POSTGRES_PASSWORD"} | (set() if is_shared else {"OUT_PASS"})
    assert set(values(found)) == expected


@pytest.mark.parametrize("name", ["SMTP_PASSWORD", "ADMIN_PASSWORD", "LDAP_BIND_PASSWORD"])
def test_a_plain_word_is_no_shared_secret_where_its_name_says_another_purpose(
    name: str,
) -> None:
    found = moved(
        f"""
        services:
          web: {{image: 'me/web:1', depends_on: [db], environment: {{{name}: password}}}}
          db: {{image: 'postgres:16', environment: {{POSTGRES_PASSWORD: password}}}}
        """
    )
    assert set(values(found)) == {"POSTGRES_PASSWORD", name}


def test_a_client_shares_the_password_of_an_unknown_server_that_its_address_tells_of() -> (
    None
):
    """The server has it in its command, and no table knows its image; the address shows whom the client logs in to."""
    found = moved(
        """
        services:
          api:
            image: me/api:1
            depends_on: [store]
            environment: {DB_URI: 'mongodb://store:10260', DB_PASSWORD: password}
          store: {image: 'me/store:1', command: [--username, me, --password, password]}
        """
    )
    assert set(values(found)) == {"STORE_PASSWORD"}


def test_a_default_that_repeats_a_secret_is_told_wherever_it_stands() -> None:
    outcome = moved(
        "services: {db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: '${SHARED:-hunter22}'}}, "
        "tool: {image: 'corp/tool:1', environment: {LOGIN: '${SHARED:-hunter22}'}}}"
    )
    assert environment(outcome, "tool") == {"LOGIN": "${SHARED:?set SHARED in .env}"}
    told = {str(note.subject): note.code for note in outcome.notes}
    assert told == {
        "services.db.environment.POSTGRES_PASSWORD": "TC500",
        "services.tool.environment.LOGIN": "TC507",
    }
