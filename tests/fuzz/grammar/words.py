"""Values of every kind that a source can state: good ones, odd ones, and ones that docker or compose refuses."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

_Choice = TypeVar("_Choice")

NAMES = (
    "web",
    "db",
    "cache",
    "api-1",
    "a.b",
    "Web_2",
    "x" * 70,
    "7up",
    "naïve",
    "a b",
    "-x",
    "",
    "null",
    "yes",
)
IMAGES = (
    "nginx:1.27",
    "postgres:16",
    "redis:7",
    "acme/web:1",
    "mysql:8.4",
    "ghcr.io/a/b@sha256:" + "a" * 64,
    "registry:5000/x/y",
    "UPPER/case",
    "node:20",
    "busybox",
    "python:3.12-slim",
    "a:b:c",
    "keycloak/keycloak",
    "rabbitmq:3-management",
    "mongo:7",
    "$IMAGE",
    "nginx:${TAG:-1.27}",
    "traefik:v3",
)
NUMBERS = (
    "0",
    "1",
    "-1",
    "08",
    "1e3",
    "1.5",
    "99999999999999999999",
    "0x10",
    "007",
    "+5",
    "1_000",
    "NaN",
    ".5",
    "٣",
)
BOOLEANS = ("true", "false", "TRUE", "yes", "on", "1", "0", "t", "maybe", "")
DURATIONS = (
    "10s",
    "1m30s",
    "0",
    "-5s",
    "500ms",
    "1h",
    "30",
    "1d",
    "5 s",
    "1w2d",
    "9999999h",
    "1.5s",
    "∞",
)
SIZES = (
    "512m",
    "1g",
    "1.5GB",
    "64",
    "-1",
    "0",
    "10k",
    "1Gi",
    "7 mb",
    "512MiB",
    "1e3",
    "99999999t",
    "m",
)
PORTS = (
    "80",
    "8080:80",
    "127.0.0.1:80:80",
    "80-82",
    "8080-8082:80-82",
    "[::1]:80:80/udp",
    "70000",
    "0:80",
    ":80",
    "80:",
    "80/sctp",
    "8080:80/tcp",
    "80:80-90",
    "x:80",
    "8080-8081:80",
    "1:2:3:4",
    "::80",
    "80/foo",
    "53:53/udp",
)
PATHS = (
    "/data",
    "./conf",
    "../up",
    "~/x",
    "/",
    "",
    "C:\\a b",
    "/a/../b",
    "/with space",
    "/var/run/docker.sock",
    "$PWD/a",
    "ü",
)
MOUNTS = (
    "data:/data",
    "./conf:/etc/conf:ro",
    "/a:/b:z",
    "/only",
    "a:b",
    "/a:/b:ro:rw",
    ":/x",
    "data:",
    "C:\\x:/c",
    "~/x:/x",
    "data:/var/lib/postgresql/data",
    "$PWD:/app",
    "/a:/b:nocopy",
    "/x:/x:rshared",
    "a/b:/c",
    "-x:/y",
)
TEXTS = (
    "plain",
    "two words",
    "it's",
    'say "x"',
    "$HOME",
    "${A:-b}",
    "$$",
    "100%",
    "a=b",
    "#x",
    "- y",
    "{a: b}",
    "é☃",
    "\\",
    "a\\nb",
    "a\nb",
    "tab\there",
    "!x",
    "&a",
    "*a",
    "@x",
    "`id`",
    "$(date)",
    "${",
    "${A",
    "$(",
    "\u202e",
    "x" * 300,
    "%s",
    "{{.X}}",
)
VARIABLES = (
    "PORT",
    "DATABASE_URL",
    "API_TOKEN",
    "DB_PASSWORD",
    "DEBUG",
    "a.b",
    "1X",
    "",
    "X Y",
    "PATH",
    "TZ",
    "NODE_ENV",
    "REDIS_URL",
    "POSTGRES_PASSWORD",
    "POSTGRES_USER",
    "MYSQL_ROOT_PASSWORD",
    "AWS_SECRET_ACCESS_KEY",
    "JAVA_OPTS",
    "é",
)
ADDRESSES = (
    "postgres://app:s3cret@db:5432/x",
    "redis://:pw@cache:6379",
    "http://web",
    "https://u:p@h/?token=abc",
    "mysql://db",
    "amqp://guest:guest@mq",
    "db:5432",
    "localhost:80",
    "tcp://10.0.0.1:80",
    "://",
    "http://[::1]",
    "jdbc:postgresql://db/x?password=y",
)
ANYTHING: tuple[str, ...] = (
    *TEXTS,
    *NUMBERS,
    *BOOLEANS,
    *DURATIONS,
    *SIZES,
    *PATHS,
    *PORTS,
    *MOUNTS,
    *NAMES,
    *IMAGES,
    *ADDRESSES,
)
COMMANDS = (
    "npm start",
    "python -m http.server 80",
    "redis-server --requirepass abc9x",
    "sh -c 'echo $X; exec y'",
    "sleep 1d",
    "./run",
    "gunicorn app:app -b 0.0.0.0:$PORT",
    "bundle exec puma -p ${PORT:-3000}",
    "psql -h db -c 'select 1'",
    "java -jar a.jar",
    "a && b",
    "a | b > c",
    "cd x; y",
    "A=1 B=2 node x",
    'echo "unclosed',
    "exec $(cat x)",
    "",
    "true",
    "while :; do x; done",
)


def pick(random: Random, values: Sequence[_Choice], odd: Sequence[_Choice] = ()) -> _Choice:
    """One of the values; now and then one of the odd ones."""
    return random.choice(odd) if odd and random.random() < 0.12 else random.choice(values)


def anything(random: Random) -> str:
    """Any text at all; now and then one put together of several."""
    if random.random() < 0.2:
        return "".join(random.choice(ANYTHING) for _ in range(random.randint(2, 4)))
    return random.choice(ANYTHING)


def environment(random: Random) -> str:
    """`NAME=value`, or a name alone."""
    name = pick(random, VARIABLES)
    if random.random() < 0.15:
        return name
    return f"{name}={pick(random, (*TEXTS, *ADDRESSES, *NUMBERS))}"
