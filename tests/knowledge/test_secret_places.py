"""Where a secret stands in structured texts and commands, and what only looks like one."""

from __future__ import annotations

import pytest

from tocompose.knowledge.secrets.commands import (
    command_secrets,
    script_secrets,
    secret_spans,
    service_command_secrets,
)
from tocompose.knowledge.secrets.texts import (
    TOKEN,
    may_be_secret,
    password_spans,
    redact_secrets,
)
from tocompose.model import Service
from tocompose.rules.config_files import holds_secret
from tocompose.tables import load

SECRET = "wq81Mountain"
DOCUMENTS = [
    "db: {name: a, passwd: %s}",
    "tokens:\n  - %s\n  - b\n",
    'apiKeys: ["a", "%s"]',
    "password: |\n  %s\n",
    "client_secret: >-\n  %s\n",
    '{"key": "API_TOKEN", "value": "%s"}',
    '{"value": "%s", "name": "DB_PASS"}',
    "- name: SMTP_PASSWORD\n  value: '%s'\n",
    '<entry key="ldap.password">%s</entry>',
    '<add key="ApiKey" value="%s"/>',
    "<name>fs.secret.key</name>\n<value>%s</value>",
    '<secret type="text"><![CDATA[%s]]></secret>',
    "machine h\n  login a\n  password %s\n",
    'RequestHeader set Authorization "Bearer %s"',
    "ALTER USER a IDENTIFIED BY %s;",
    "SET PASSWORD FOR a = PASSWORD('%s');",
    "CREATE LOGIN a WITH PASSWORD = N'%s';",
    "CREATE ROLE a PASSWORD $$%s$$;",
    "db.createUser({user: 'a', pwd: '%s'})",
    "$config['password'] = ['secret' => '%s'];",
    '{default_pass, <<"%s">>}.',
    'bob Cleartext-Password := "%s"',
    "user default on >%s ~* +@all",
    "user app insecure-password %s",
    'user_admin="%s"',
    'client.setPassword("%s");',
    ': PSK "%s"',
    "*/5 * * * * curl -u a:%s http://h",
    "printf 'user=%%s\\npassword=%%s\\n' a %s > f",
]
COMMANDS = [
    "curl -sSu bob:%s http://h",
    "curl --oauth2-bearer %s http://h",
    "sqlplus -S app/%s@db",
    "impdp system/%s directory=d",
    "rabbitmqctl change_password bob %s",
    "redis-cli ACL SETUSER a on >%s",
    "7z x -p%s a.7z",
    "unzip -P %s a.zip",
    "echo 'root:%s' | chpasswd",
    "echo %s | sudo -S id",
    "echo %s | gh auth login --with-token",
    "az login -u a -p %s",
    "vault login %s",
    "mc admin user add s bob %s",
    "neo4j-admin dbms set-initial-password %s",
    "grafana cli admin reset-admin-password %s",
    "occ config:system:set mail_smtppassword --value=%s",
    "redis-server --user bob on >%s allcommands",
    "htpasswd -bc /f bob %s",
    "mosquitto_passwd -b /f bob %s",
    "openssl enc -aes-256-cbc -pass pass:%s",
    "keytool -list -storepass %s",
    "smbclient //h/s -U bob%%%s",
    "kubectl create secret generic a --from-literal=x=%s",
    "mysqladmin -u root password %s",
    "npm config set //r/:_authToken %s",
    "ngrok authtoken %s",
    "useradd -p %s bob",
    "slappasswd -s %s",
    "mariadb-admin -u root password %s",
    "exp system/%s@db",
    "xh -a bob:%s h",
    "redis-cli auth %s",
    "redis-cli acl setuser a on >%s",
]
HARMLESS = {
    "TOKEN_RATE": "100/s",
    "a": "30s",
    "b": "512MB",
    "ALGORITHM": "HS256",
    "c": "aes-256-gcm",
    "d": "bcrypt",
    "e": "de-DE",
    "f": "X-Api-Key",
    "g": "/etc/ssl/key.pem",
    "h": "C:\\keys\\a.pem",
    "i": "ssh-ed25519 AAAAC3NzaC1lZDI1 me",
    "j": "^.{8,}$",
}


@pytest.mark.parametrize("text", DOCUMENTS)
def test_a_structured_text_holds_a_secret(text):
    written = text % SECRET
    assert holds_secret(written.encode())
    start = written.index(SECRET)
    spans = {*password_spans(written), *script_secrets(written)}
    assert any(span[0] <= start < span[1] for span in spans)


@pytest.mark.parametrize("text", ["bindpw %s", "rootpw\t%s", "requirepass %s"])
def test_a_directive_sets_a_secret(text):
    assert holds_secret((text % SECRET).encode())


@pytest.mark.parametrize("text", DOCUMENTS)
def test_a_variable_in_its_place_is_none(text):
    assert not any("$" in text[start:stop] for start, stop in password_spans(text % "${X}"))


@pytest.mark.parametrize("text", COMMANDS)
@pytest.mark.parametrize("shell", [False, True])
def test_a_command_holds_a_secret_at_its_place(text, shell):
    line = text % SECRET
    words = ["sh", "-c", line] if shell else line.split(" ")
    found = {
        words[secret.word][secret.start : secret.end] for secret in command_secrets(words)
    }
    assert SECRET in {value.strip("'\"").removeprefix("pass:") for value in found}


@pytest.mark.parametrize(
    ("image", "command"),
    [
        ("ngrok/ngrok:3", "config add-authtoken %s"),
        ("minio/mc", "alias set s http://s:9000 admin %s"),
        ("hashicorp/vault:1.17", "login %s"),
        ("hashicorp/consul:1.19", "agent -encrypt %s"),
    ],
)
def test_the_program_of_an_image_is_not_written_in_its_command(
    image: str, command: str
) -> None:
    words = tuple((command % SECRET).split(" "))
    service = Service(name="x", image=image, command=words)
    found = [
        words[secret.word][secret.start : secret.end]
        for _, secret in service_command_secrets(service)
    ]
    assert found == [SECRET]


@pytest.mark.parametrize("row", load("secrets")["forms"], ids=lambda row: row["what"])
def test_a_known_form_has_its_source(row):
    assert row["source"].startswith(("gitleaks ", "https://"))
    assert TOKEN.search("nothing to see") is None


@pytest.mark.parametrize("value", HARMLESS.values())
def test_a_value_whose_form_is_no_secret(value):
    assert not may_be_secret(value)


@pytest.mark.parametrize(
    "text", ["secrets:\n  - db_password\n", "tls:\n- secretName: web\n", "max_tokens: [1]"]
)
def test_names_of_secrets_are_none(text):
    assert password_spans(text) == []


@pytest.mark.parametrize(
    ("script", "secret"),
    [
        ("redis-server --requirepass 'red blue green'", "red blue green"),
        ('srv --password "say \\" it" -x', 'say \\" it'),
        ("srv --password 'can'\\''t go' -x", "'can'\\''t go'"),
        ("srv --password red\\ blue\\ green -x", "red\\ blue\\ green"),
        ("su -c 'srv --password red-blue7' && echo 'hi'", "red-blue7"),
        ("DB_PASSWORD='red blue' srv", "red blue"),
    ],
)
def test_the_secret_of_a_script_is_the_whole_word(script: str, secret: str) -> None:
    secrets = command_secrets(["sh", "-c", script])
    assert [script[found.start : found.end] for found in secrets] == [secret]


@pytest.mark.parametrize(
    "text",
    [
        "${PG_PASS:?database password required}",
        "${A:-${B:?password needed here}}",
        "redis-server --requirepass ${REDIS_PASS:?--requirepass needs a password}",
    ],
)
def test_a_message_holds_no_secret(text: str) -> None:
    assert secret_spans(text) == []
    assert redact_secrets(text) == text


def test_a_password_beside_a_message_is_found() -> None:
    text = f"postgres://app:{SECRET}@db/${{DB:?password required}}"
    [(start, stop)] = secret_spans(text)
    assert text[start:stop] == SECRET
