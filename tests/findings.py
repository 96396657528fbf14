"""A compose file for each thing that an audit finds, and one without: what is said, where, and for which lines."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """A code, files that show it (the first is the base file), where it must point, and files that must not show it."""

    code: str
    wrong: dict[str, str]
    place: str | None
    right: dict[str, str]
    ids: str


def one(text: str, **more: str) -> dict[str, str]:
    """A folder with one compose file; other files by name, `_` for `.` and `__` for `/`."""
    names = {
        name.replace("__", "/").replace("_", "."): content for name, content in more.items()
    }
    return {"docker-compose.yml": text, **names}


def service(body: str, name: str = "web", rest: str = "") -> dict[str, str]:
    """A folder whose one service has that body, in flow style on line 2."""
    return one(f"services:\n  {name}: {{{body}}}\n{rest}")


WEB, DB, CACHE = "image: 'acme/web:1'", "image: 'postgres:16'", "image: 'redis:7'"
CHECK = "healthcheck: {test: [CMD, 'true']}"
TWO = "services:\n  web: {image: 'acme/web:1', %s}\n  db: {image: 'acme/db:1', %s}\n"

FINDINGS = (
    Finding(
        "TC533",
        one(TWO % ("depends_on: [db]", "profiles: [data]")),
        "docker-compose.yml:2:43",
        one(TWO % ("depends_on: [db], profiles: [data]", "profiles: [data]")),
        "T26",
    ),
    Finding(
        "TC534",
        one(
            TWO
            % (
                "depends_on: {db: {condition: service_healthy}}",
                f"{CHECK}, command: alembic upgrade head",
            )
        ),
        "docker-compose.yml:2:43",
        one(
            TWO
            % ("depends_on: {db: {condition: service_healthy}}", f"{CHECK}, command: serve")
        ),
        "T8",
    ),
    Finding(
        "TC535",
        service(f"{WEB}, ports: ['8081:80'], deploy: {{replicas: 2}}"),
        "docker-compose.yml:2:38",
        service(f"{WEB}, ports: ['8081-8082:80'], deploy: {{replicas: 2}}"),
        "A-06",
    ),
    Finding(
        "TC536",
        service("build: ./app"),
        "docker-compose.yml:2:9",
        service("build: ./app") | {"app/Dockerfile": "FROM scratch\n"},
        "T7",
    ),
    Finding(
        "TC537",
        service(
            f"{WEB}, volumes: [{{type: bind, source: ./a, target: /a, bind: {{create_host_path: false}}}}]"
        ),
        "docker-compose.yml:2:40",
        service(
            f"{WEB}, volumes: [{{type: bind, source: ./a, target: /a, bind: {{create_host_path: false}}}}]"
        )
        | {"a/b": ""},
        "T18",
    ),
    Finding(
        "TC538",
        one(TWO % ("container_name: shop", "container_name: shop")),
        "docker-compose.yml:3:28",
        one(TWO % ("container_name: shop", "container_name: shop2")),
        "T12",
    ),
    Finding(
        "TC539",
        one(TWO % ("depends_on: [db]", "links: [web]")),
        "docker-compose.yml:2:30",
        one(TWO % ("depends_on: [db]", "restart: always")),
        "T26",
    ),
    Finding(
        "TC540",
        one(
            TWO % ("environment: {DB_HOST: db}, networks: [a]", "networks: [b]")
            + "networks: {a: , b: }\n"
        ),
        "docker-compose.yml:2:58",
        one(
            TWO % ("environment: {DB_HOST: db}, networks: [a]", "networks: [a, b]")
            + "networks: {a: , b: }\n"
        ),
        "T2",
    ),
    Finding(
        "TC700",
        one(
            "services:\n  web: {image: 'acme/web:1', environment: {DATABASE_URL: 'postgres://db/x'}}\n"
            "  db: {image: 'postgres:16'}\n"
        ),
        "docker-compose.yml:2:3",
        one(
            "services:\n  web: {image: 'acme/web:1', depends_on: [db], environment: {DATABASE_URL: 'postgres://db/x'}}\n"
            "  db: {image: 'postgres:16'}\n"
        ),
        "M-02",
    ),
    Finding(
        "TC701",
        one("version: '3'\nservices: {}\n"),
        "docker-compose.yml:1:1",
        one("services: {}\n"),
        "S-01",
    ),
    Finding(
        "TC702",
        service(f"{WEB}, restrat: always"),
        "docker-compose.yml:2:30",
        service(f"{WEB}, x-own: 1"),
        "S-01",
    ),
    Finding(
        "TC703",
        one("services:\n  web:\n    image: a:1\n    image: b:1\n"),
        "docker-compose.yml:3:5",
        service(WEB),
        "T16",
    ),
    Finding(
        "TC703",
        one(
            "x-a: &a {init: true}\nservices:\n  web:\n    <<: *a\n    image: a:1\n    <<: *a\n"
        ),
        "docker-compose.yml:6:5",
        one(
            "x-a: &a {init: true}\nservices:\n  web:\n    <<: [*a, *a]\n  b:\n    <<: *a\n    build:\n      <<: *a\n"
        ),
        "T16",
    ),
    Finding(
        "TC704",
        one("services: {}\n---\nservices: {}\n"),
        "docker-compose.yml:3:1",
        service(WEB),
        "T17",
    ),
    Finding(
        "TC542",
        one("include: [no.yml]\nservices: {}\n"),
        "docker-compose.yml:1:1",
        one("include: [yes.yml]\nservices: {}\n", yes_yml="services: {}\n"),
        "",
    ),
    Finding(
        "TC705",
        one("include: ['${NO}.yml']\nservices: {}\n"),
        "docker-compose.yml:1:1",
        one("services: {}\n"),
        "",
    ),
    Finding(
        "TC706",
        service(DB, "db"),
        "docker-compose.yml:2:3",
        service(f"{DB}, {CHECK}", "db"),
        "Q-01 M-06",
    ),
    Finding(
        "TC707",
        service(WEB),
        "docker-compose.yml:2:3",
        service(f"{WEB}, restart: always"),
        "Q-02 A-05",
    ),
    Finding(
        "TC708",
        service(WEB),
        "docker-compose.yml:2:3",
        service(f"{WEB}, deploy: {{resources: {{limits: {{cpus: '1', memory: 64M}}}}}}"),
        "Q-03 E-02",
    ),
    Finding(
        "TC709",
        service(f"{WEB}, logging: {{driver: json-file}}"),
        "docker-compose.yml:2:30",
        service(f"{WEB}, logging: {{driver: local}}"),
        "Q-04 E-02",
    ),
    Finding(
        "TC710",
        service(f"{DB}, ports: ['5433:5432']", "db"),
        "docker-compose.yml:2:30",
        service(f"{DB}, ports: ['127.0.0.1:5433:5432']", "db"),
        "Q-05",
    ),
    Finding(
        "TC711",
        one(
            "services:\n  web: {image: 'acme/web:1', ports: ['80:80']}\n  db: {image: 'postgres:16'}\n"
        ),
        "docker-compose.yml:3:3",
        one(
            "services:\n  web: {image: 'acme/web:1', ports: ['80:80'], networks: [front, back]}\n"
            "  db: {image: 'postgres:16', networks: [back]}\nnetworks: {front: , back: }\n"
        ),
        "Q-06 S-02 M-04",
    ),
    Finding(
        "TC712",
        service(f"{WEB}, network_mode: host"),
        "docker-compose.yml:2:30",
        service("image: 'prom/node-exporter:v1.8.0', network_mode: host"),
        "Q-07 A-04",
    ),
    Finding(
        "TC713",
        service(DB, "db"),
        "docker-compose.yml:2:3",
        service(
            f"{DB}, volumes: ['data:/var/lib/postgresql/data']", "db", "volumes: {data: }\n"
        ),
        "Q-08 Q-09 M-03 M-05 S-03",
    ),
    Finding(
        "TC714",
        service(f"{WEB}, volumes: [/srv/x]"),
        "docker-compose.yml:2:40",
        service(f"{WEB}, volumes: ['.:/app', /app/node_modules]"),
        "Q-09 A-02",
    ),
    Finding(
        "TC715",
        service(f"{WEB}, volumes: ['./src:/app']"),
        "docker-compose.yml:2:40",
        service(
            f"{WEB}, volumes: ['./src:/app:ro', '/var/run/docker.sock:/var/run/docker.sock']"
        ),
        "Q-10 M-05",
    ),
    Finding(
        "TC716",
        service(f"{WEB}, environment: {{DB_PASSWORD: geheim-12}}"),
        "docker-compose.yml:2:44",
        service(f"{WEB}, environment: {{DB_PASSWORD: '${{DB_PASSWORD}}'}}"),
        "Q-11 A-03 S-04",
    ),
    Finding(
        "TC716",
        service(f"{WEB}, environment: ['URL=postgres://u:geheim-12@db/x']"),
        "docker-compose.yml:2:44",
        service(f"{WEB}, environment: ['URL=postgres://u:$P@db/x']"),
        "Q-11 A-03 S-04",
    ),
    Finding(
        "TC717",
        one("services: {}\n", _env="A=1\n"),
        None,
        one("services: {}\n", _env="A=1\n", _gitignore="*.env\n"),
        "Q-11",
    ),
    Finding(
        "TC718",
        service("image: 'acme/web:${TAG}'"),
        "docker-compose.yml:2:16",
        one("services:\n  web: {image: 'acme/web:${TAG}'}\n", _env_example="TAG=1\n"),
        "Q-12",
    ),
    Finding(
        "TC719",
        service(f"{DB}, environment: {{POSTGRES_PASSWORD: '${{P}}'}}", "db"),
        "docker-compose.yml:2:44",
        service(f"{DB}, environment: {{POSTGRES_PASSWORD_FILE: /run/secrets/p}}", "db"),
        "Q-13",
    ),
    Finding(
        "TC720",
        one(TWO % ("depends_on: [db]", CHECK)),
        "docker-compose.yml:2:43",
        one(TWO % ("depends_on: {db: {condition: service_healthy}}", CHECK)),
        "A-01 M-06",
    ),
    Finding(
        "TC721",
        one(
            TWO
            % (
                "depends_on: {db: {condition: service_healthy}}",
                "healthcheck: {disable: true}",
            )
        ),
        "docker-compose.yml:2:43",
        one(TWO % ("depends_on: {db: {condition: service_healthy}}", CHECK)),
        "T8",
    ),
    Finding(
        "TC722",
        one(TWO % ("ports: ['80:80']", "ports: ['80:1']")),
        "docker-compose.yml:3:36",
        one(TWO % ("ports: ['127.0.0.1:80:80']", "ports: ['127.0.0.2:80:1', '80:80/udp']")),
        "A-06",
    ),
    Finding(
        "TC723",
        service(f"{DB}, ports: ['5432:5432']", "db"),
        "docker-compose.yml:2:30",
        service(f"{DB}, ports: ['${{P:-5432}}:5432']", "db"),
        "A-06",
    ),
    Finding(
        "TC724",
        service(
            f"{WEB}, ports: ['80:80'], networks: [in]",
            rest="networks: {in: {internal: true}}\n",
        ),
        "docker-compose.yml:2:30",
        service(
            f"{WEB}, ports: ['80:80'], networks: [in, out]",
            rest="networks: {in: {internal: true}, out: }\n",
        ),
        "T1",
    ),
    Finding(
        "TC725",
        service(f"{WEB}, networks: [in]", rest="networks: {in: {internal: true}}\n"),
        "docker-compose.yml:2:30",
        service(f"{DB}, networks: [in]", "db", "networks: {in: {internal: true}}\n"),
        "T2 T3",
    ),
    Finding(
        "TC882",
        service(
            f"{WEB}, volumes: [{{type: volume, source: d, target: /d, volume: {{subpath: x}}}}]",
            rest="volumes: {d: }\n",
        ),
        "docker-compose.yml:2:30",
        service(f"{WEB}, volumes: ['d:/d']", rest="volumes: {d: }\n"),
        "T4",
    ),
    Finding(
        "TC726",
        service(f"{WEB}, healthcheck: {{test: [CMD, x], start_interval: 1s}}"),
        "docker-compose.yml:2:30",
        service(f"{WEB}, {CHECK}"),
        "T4",
    ),
    Finding(
        "TC727",
        service(
            f"{WEB}, read_only: true, secrets: [s]", rest="secrets: {s: {environment: S}}\n"
        ),
        "docker-compose.yml:2:47",
        service(
            f"{WEB}, read_only: true, secrets: [s]", rest="secrets: {s: {file: ./s.txt}}\n"
        ),
        "T5",
    ),
    Finding(
        "TC728",
        service(
            f"{WEB}, secrets: [{{source: s, mode: 0400}}]",
            rest="secrets: {s: {file: ./s.txt}}\n",
        ),
        "docker-compose.yml:2:30",
        service(
            f"{WEB}, secrets: [{{source: s, mode: 0400}}]",
            rest="secrets: {s: {environment: S}}\n",
        ),
        "T6",
    ),
    Finding(
        "TC729",
        service(f"{WEB}, secrets: [s]", rest="secrets: {s: {file: ./s.txt}}\n"),
        "docker-compose.yml:3:11",
        service(WEB, rest="secrets: {s: {file: ./s.txt}}\n"),
        "T7",
    ),
    Finding(
        "TC543",
        service(f"{WEB}, secrets: [s]", rest="secrets: {s: {environment: S}}\n")
        | {".env": "A=1\n"},
        "docker-compose.yml:3:11",
        service(f"{WEB}, secrets: [s]", rest="secrets: {s: {environment: S}}\n")
        | {".env": "S=\n"},
        "T7",
    ),
    Finding(
        "TC543",
        service(f"{WEB}, configs: [s]", rest="configs: {s: {environment: S}}\n"),
        "docker-compose.yml:3:11",
        service(WEB, rest="configs: {s: {environment: S}}\n"),
        "T7",
    ),
    Finding(
        "TC524",
        service(f"{WEB}, secrets: [s]", rest="secrets: {s: {environment: S}}\n")
        | {".env.example": "S=change-me\n"},
        "docker-compose.yml:3:11",
        service(f"{WEB}, secrets: [s]", rest="secrets: {s: {environment: S}}\n")
        | {".env.example": "S=change-me\n", ".env": "S=x\n"},
        "T7",
    ),
    Finding(
        "TC730",
        service(
            "image: 'postgres:16', healthcheck: {test: [CMD-SHELL, 'curl -f localhost']}",
            "db",
        ),
        "docker-compose.yml:2:44",
        service(
            "image: 'redis:7-alpine', healthcheck: {test: [CMD-SHELL, 'wget -q localhost']}",
            "db",
        ),
        "T9",
    ),
    Finding(
        "TC730",
        service(
            "image: 'postgres:16', healthcheck: {test: [CMD-SHELL, 'nc -z localhost 1']}",
            "db",
        ),
        "docker-compose.yml:2:44",
        service(
            "image: 'postgres:16', healthcheck: {test: [CMD-SHELL, "
            "'if command -v curl >/dev/null; then curl -f localhost; else true; fi']}",
            "db",
        ),
        "T9",
    ),
    Finding(
        "TC731",
        one(
            TWO
            % (
                "depends_on: {db: {condition: service_completed_successfully}}",
                "restart: always",
            )
        ),
        "docker-compose.yml:2:43",
        one(
            TWO
            % (
                "depends_on: {db: {condition: service_completed_successfully}}",
                "restart: 'no'",
            )
        ),
        "T10",
    ),
    Finding(
        "TC732",
        service(f"{WEB}, mem_limit: 1g, deploy: {{resources: {{limits: {{cpus: '1'}}}}}}"),
        "docker-compose.yml:2:30",
        service(
            f"{WEB}, mem_limit: 1g, deploy: {{resources: {{reservations: {{cpus: '1'}}}}}}"
        ),
        "T11",
    ),
    Finding(
        "TC733",
        service(f"{WEB}, container_name: one, deploy: {{replicas: 2}}"),
        "docker-compose.yml:2:30",
        service(f"{WEB}, container_name: one"),
        "T12",
    ),
    Finding(
        "TC733",
        service(f"{WEB}, container_name: x"),
        "docker-compose.yml:2:30",
        service(f"{WEB}, container_name: xy"),
        "T12",
    ),
    Finding(
        "TC734",
        service("image: acme/web"),
        "docker-compose.yml:2:9",
        service("image: 'acme/web:${TAG}'"),
        "E-02",
    ),
    Finding(
        "TC735",
        service(f"{WEB}, network_mode: none, networks: [a]", rest="networks: {a: }\n"),
        "docker-compose.yml:2:30",
        service(f"{WEB}, networks: [a]", rest="networks: {a: }\n"),
        "T14",
    ),
    Finding(
        "TC546",
        service(f"{WEB}, network_mode: host, ports: ['80:80']"),
        "docker-compose.yml:2:50",
        service(f"{WEB}, network_mode: bridge, ports: ['80:80']"),
        "T14",
    ),
    Finding(
        "TC736",
        one(
            "services:\n  web: {image: 'acme/web:1', ports: ['127.0.0.1:80:80']}\n",
            docker__="",
        ),
        None,
        service(f"{WEB}, ports: ['127.0.0.1:80:80', '127.0.0.2:80:80']"),
        "T15",
    )._replace(
        wrong={
            "docker-compose.yml": "services:\n  web: {image: 'acme/web:1', ports: ['127.0.0.1:80:80']}\n",
            "docker-compose.override.yml": "services:\n  web: {ports: ['80:80']}\n",
        },
        place="docker-compose.override.yml:2:17",
    ),
    Finding(
        "TC737",
        service(f"{WEB}, volumes: ['./web.conf:/etc/web.conf']"),
        "docker-compose.yml:2:40",
        one(
            "services:\n  web: {image: 'acme/web:1', volumes: ['./web.conf:/etc/web.conf']}\n",
            web_conf="",
        ),
        "T18",
    ),
    Finding(
        "TC545",
        service(f"{WEB}, volumes: ['/srv/web.conf:/etc/web.conf:ro,Z']"),
        "docker-compose.yml:2:40",
        service(
            f"{WEB}, volumes: [{{type: bind, source: /srv/web.conf, target: /etc/web.conf,"
            " bind: {create_host_path: false}}]"
        ),
        "T18",
    ),
    Finding(
        "TC738",
        service("image: 'postgres:18', volumes: [/var/lib/postgresql/data]", "db"),
        "docker-compose.yml:2:30",
        service(
            "image: 'postgres:18', volumes: ['data:/var/lib/postgresql']",
            "db",
            "volumes: {data: }\n",
        ),
        "T19 Q-08 Q-09 M-03 M-05 S-03 A-02",
    ),
    Finding(
        "TC713",
        service("image: 'redis:7', volumes: [/data]", "cache"),
        "docker-compose.yml:2:29",
        service(
            "image: 'redis:7', volumes: ['data:/data']", "cache", "volumes: {data: }\n"
        ),
        "Q-08 Q-09 M-03 M-05 S-03 A-02",
    ),
    Finding(
        "TC738",
        service(
            "image: 'postgres:18', volumes: ['data:/var/lib/postgresql/data']",
            "db",
            "volumes: {data: }\n",
        ),
        "docker-compose.yml:2:30",
        service(
            "image: 'postgres:18', volumes: ['data:/var/lib/postgresql']",
            "db",
            "volumes: {data: }\n",
        ),
        "T19",
    ),
    Finding(
        "TC739",
        service(
            "image: 'rabbitmq:4', environment: {RABBITMQ_DEFAULT_PASS_FILE: /run/secrets/p}",
            "mq",
        ),
        "docker-compose.yml:2:43",
        service(
            "image: 'mysql:8', environment: {MYSQL_ROOT_PASSWORD_FILE: /run/secrets/p}",
            "mq",
        ),
        "T20",
    ),
    Finding(
        "TC740",
        service(f"{DB}, healthcheck: {{test: [CMD-SHELL, pg_isready -U x]}}", "db"),
        "docker-compose.yml:2:44",
        service(f"{DB}, healthcheck: {{test: [CMD-SHELL, pg_isready -h 127.0.0.1]}}", "db"),
        "T21",
    ),
    Finding(
        "TC740",
        service(
            "image: 'mysql:8', healthcheck: {test: [CMD, mysqladmin, ping, -h, localhost]}",
            "db",
        ),
        "docker-compose.yml:2:40",
        service(
            "image: 'mysql:8', healthcheck: {test: [CMD, mysqladmin, ping, -h, 127.0.0.1]}",
            "db",
        ),
        "T21",
    ),
    Finding(
        "TC741",
        service(f"{CACHE}, healthcheck: {{test: [CMD, redis-cli, ping]}}", "cache"),
        "docker-compose.yml:2:43",
        service(
            f"{CACHE}, healthcheck: {{test: 'redis-cli ping | grep -q PONG'}}", "cache"
        ),
        "T22",
    ),
    Finding(
        "TC742",
        service(f"{DB}, cap_drop: [ALL]", "db"),
        "docker-compose.yml:2:30",
        service(f"{DB}, cap_drop: [ALL], user: '70'", "db"),
        "T23",
    ),
    Finding(
        "TC743",
        service(f"{WEB}, mem_limit: 512Mi"),
        "docker-compose.yml:2:30",
        service(f"{WEB}, mem_limit: 512m"),
        "T24",
    ),
    Finding(
        "TC743",
        service(f"{WEB}, healthcheck: {{test: x, interval: 90}}"),
        "docker-compose.yml:2:53",
        service(f"{WEB}, healthcheck: {{test: x, interval: 1m30s}}"),
        "T24",
    ),
    Finding(
        "TC743",
        service(f"{WEB}, user: 1000"),
        "docker-compose.yml:2:30",
        service(f"{WEB}, user: '1000'"),
        "T24",
    ),
    Finding(
        "TC743",
        service(f"{WEB}, restart: never"),
        "docker-compose.yml:2:30",
        service(f"{WEB}, restart: 'on-failure:3'"),
        "T24",
    ),
    Finding(
        "TC743",
        service(f"{WEB}, healthcheck: {{test: [curl, x]}}"),
        "docker-compose.yml:2:44",
        service(f"{WEB}, {CHECK}"),
        "T25",
    ),
    Finding(
        "TC743",
        service(f"{WEB}, volumes: ['d:/data']", rest="volumes: {d: }\n"),
        "docker-compose.yml:2:40",
        service(f"{WEB}, volumes: ['dd:/data']", rest="volumes: {dd: }\n"),
        "T13",
    ),
    Finding(
        "TC744",
        service(f"{WEB}, depends_on: [nope]"),
        "docker-compose.yml:2:30",
        service(f"{WEB}, network_mode: 'service:web2'", "web2"),
        "T26",
    ),
    Finding(
        "TC744",
        service("restart: always"),
        "docker-compose.yml:2:3",
        service("build: ."),
        "S-01",
    ),
    Finding(
        "TC745",
        one("services: {}\n", compose_yml="services: {}\n"),
        None,
        one("services: {}\n"),
        "T27",
    ),
    Finding(
        "TC746",
        one(
            "services:\n  a:\n    image: a:1\n    environment: {A: 1, B: 2, C: 3}\n"
            "  b:\n    image: b:1\n    environment: {A: 1, B: 2, C: 3}\n"
        ),
        "docker-compose.yml:7:18",
        one(
            "x-e: &e {A: 1, B: 2, C: 3}\nservices:\n"
            "  a: {image: 'a:1', environment: *e}\n  b: {image: 'b:1', environment: *e}\n"
        ),
        "S-06",
    ),
    Finding(
        "TC747",
        service("image: 'adminer:4'", "tool", f"  web: {{{WEB}}}\n"),
        "docker-compose.yml:2:3",
        service("image: 'adminer:4', profiles: [tools]", "tool", f"  web: {{{WEB}}}\n"),
        "S-05",
    ),
    Finding(
        "TC747",
        service("build: ."),
        "docker-compose.yml:2:9",
        service("build: {context: ., target: development}"),
        "E-01",
    ),
    Finding(
        "TC747",
        service(f"{WEB}, volumes: ['x:/x']", rest="volumes: {x: }\n"),
        "docker-compose.yml:2:9",
        service("image: 'nginx:1.27', volumes: ['x:/x']", rest="volumes: {x: }\n"),
        "M-01",
    ),
    Finding(
        "TC748",
        service(f"{WEB}, volumes: ['.:/app']"),
        "docker-compose.yml:2:3",
        dict.fromkeys(
            (
                "docker-compose.yml",
                "docker-compose.override.yml",
                "docker-compose.prod.yml",
            ),
            "services: {}\n",
        ),
        "M-07",
    ),
    Finding(
        "TC046",
        service(f"{WEB}, pull_policy: sometimes"),
        "docker-compose.yml:2:30",
        service(f"{WEB}, pull_policy: always"),
        "T28",
    ),
    Finding(
        "TC048",
        one(TWO % ("network_mode: 'service:db', ports: ['80:80']", CHECK)),
        "docker-compose.yml:2:58",
        one(TWO % ("network_mode: 'service:db'", "ports: ['80:80']")),
        "T28",
    ),
    Finding(
        "TC052",
        service(f"{WEB}, healthcheck: {{test: [CMD, 'true'], start_interval: 2s}}"),
        "docker-compose.yml:2:30",
        service(
            f"{WEB}, healthcheck: {{test: [CMD, 'true'], start_interval: 2s, start_period: 1s}}"
        ),
        "T28",
    ),
    Finding(
        "TC512",
        service(f"{WEB}, privileged: true"),
        "docker-compose.yml:2:30",
        service(f"{WEB}, privileged: false"),
        "H-01",
    ),
    Finding(
        "TC513",
        service(f"{WEB}, pid: host"),
        "docker-compose.yml:2:30",
        service("image: 'prom/node-exporter:v1.8.0', pid: host"),
        "H-01",
    ),
    Finding(
        "TC514",
        service(f"{WEB}, security_opt: ['no-new-privileges:true', 'seccomp:unconfined']"),
        "docker-compose.yml:2:71",
        service(f"{WEB}, security_opt: ['seccomp:./profile.json']"),
        "H-01",
    ),
    Finding(
        "TC515",
        service(f"{WEB}, cap_add: [CAP_SYS_ADMIN]"),
        "docker-compose.yml:2:30",
        service(f"{WEB}, cap_add: [NET_BIND_SERVICE]"),
        "H-01",
    ),
    Finding(
        "TC516",
        service(f"{WEB}, volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']"),
        "docker-compose.yml:2:40",
        service(f"{WEB}, volumes: ['/srv/docker:/var/run/docker']"),
        "H-02",
    ),
    Finding(
        "TC517",
        service("image: 'traefik:v3', volumes: ['/run/docker.sock:/var/run/docker.sock']"),
        "docker-compose.yml:2:40",
        service("image: 'traefik:v3', environment: {DOCKER_HOST: 'tcp://proxy:2375'}"),
        "H-02",
    ),
    Finding(
        "TC518",
        service(f"{WEB}, volumes: [/etc:/host/etc]"),
        "docker-compose.yml:2:40",
        service(f"{WEB}, volumes: [/etc/localtime:/etc/localtime]"),
        "H-02",
    ),
    Finding(
        "TC519",
        service(f"{WEB}, volumes: ['/proc:/host/proc:ro']"),
        "docker-compose.yml:2:40",
        service("image: 'prom/node-exporter:v1.8.0', volumes: ['/proc:/host/proc:ro']"),
        "H-02",
    ),
    Finding(
        "TC520",
        service(f"{WEB}, devices: [/dev/dri, '/dev/sda:/dev/xvda']"),
        "docker-compose.yml:2:50",
        service(f"{WEB}, devices: [/dev/ttyUSB0]"),
        "H-01",
    ),
    Finding(
        "TC521",
        service(f"{WEB}, environment: {{DB_PASSWORD: '${{DB_PASSWORD:-hunter2-Xy}}'}}"),
        "docker-compose.yml:2:44",
        service(f"{WEB}, environment: {{DB_PASSWORD: '${{DB_PASSWORD:?}}'}}"),
        "Q-11 A-03 S-04",
    ),
    Finding(
        "TC521",
        service(f"{WEB}, command: [serve, '--url=postgres://u:${{PW:-hunter2-Xy}}@db/x']"),
        "docker-compose.yml:2:30",
        service(f"{WEB}, command: [serve, '--url=postgres://u:${{PW}}@db/x']"),
        "A-03",
    ),
    Finding(
        "TC522",
        service(f"{CACHE}, command: redis-server --requirepass hunter2-cache", "cache"),
        "docker-compose.yml:2:29",
        service(f"{CACHE}, command: 'redis-server --requirepass ${{PW}}'", "cache"),
        "Q-11 A-03 S-04",
    ),
    Finding(
        "TC522",
        service(
            "image: 'mysql:8', healthcheck: {test: [CMD, mysqladmin, ping, '-phunter2-Xy']}",
            "db",
        ),
        "docker-compose.yml:2:70",
        service(
            "image: 'mysql:8', healthcheck: {test: 'mysqladmin ping -p$$MYSQL_PASSWORD'}",
            "db",
        ),
        "A-03",
    ),
    Finding(
        "TC523",
        service(f"{WEB}, env_file: [a.env]"),
        "docker-compose.yml:2:41",
        service(f"{WEB}, env_file: [{{path: a.env, required: false}}]"),
        "Q-11",
    ),
    Finding(
        "TC524",
        one(
            "services:\n  web: {image: 'acme/web:1', env_file: .env}\n",
            _env_example="A=1\n",
        ),
        "docker-compose.yml:2:30",
        one("services:\n  web: {image: 'acme/web:1', env_file: .env}\n", _env="A=1\n"),
        "Q-11",
    ),
    Finding(
        "TC525",
        one(
            "services:\n  web: {image: 'acme/web:1', env_file: web_env}\n",
            web_env="DB_PASSWORD=hunter2-Xy\n",
        )
        | {"web_env": "DB_PASSWORD=hunter2-Xy\n"},
        None,
        one("services:\n  web: {image: 'acme/web:1', env_file: web_env}\n")
        | {"web_env": "DB_HOST=db\n"},
        "Q-11",
    ),
    Finding(
        "TC526",
        service(
            "image: 'traefik:v3', command: ['--api.insecure=true'], ports: ['8080:8080']"
        ),
        "docker-compose.yml:2:40",
        service("image: 'traefik:v3', command: ['--api=true'], ports: ['80:80']"),
        "H-03",
    ),
    Finding(
        "TC526",
        one(
            "services:\n  web: {image: 'traefik:v3', ports: ['80:80'], volumes: "
            "['./traefik.yml:/etc/traefik/traefik.yml']}\n",
            traefik_yml="api: {insecure: true}\n",
        ),
        "docker-compose.yml:2:58",
        one(
            "services:\n  web: {image: 'traefik:v3', ports: ['80:80'], volumes: "
            "['./traefik.yml:/etc/traefik/traefik.yml']}\n",
            traefik_yml="api: {dashboard: true}\n",
        ),
        "H-03",
    ),
    Finding(
        "TC527",
        service(f"{DB}, environment: {{POSTGRES_HOST_AUTH_METHOD: trust}}", "db"),
        "docker-compose.yml:2:44",
        service(f"{DB}, environment: {{POSTGRES_HOST_AUTH_METHOD: md5}}", "db"),
        "H-03",
    ),
    Finding(
        "TC528",
        service("image: 'adminer:4', ports: ['8080:8080']", "tool"),
        "docker-compose.yml:2:30",
        service("image: 'adminer:4', ports: ['127.0.0.1:8080:8080']", "tool"),
        "H-03",
    ),
    Finding(
        "TC529",
        one(TWO % ("links: [db]", "restart: always")),
        "docker-compose.yml:2:30",
        one(TWO % ("depends_on: [db]", "restart: always")),
        "S-01",
    ),
    Finding(
        "TC530",
        one(TWO % ("depends_on: [db]", "restart: always")),
        "docker-compose.yml:2:43",
        one(TWO % ("depends_on: [db]", CHECK)),
        "A-01 M-06",
    ),
    Finding(
        "TC531",
        service(f"{WEB}, restart: 'no'"),
        "docker-compose.yml:2:30",
        service(f"{WEB}, restart: always"),
        "Q-02 A-05",
    ),
)

# The full web stack of the checklist.
PROXY = """\
  traefik:
    image: traefik:v3.1
    command: [--providers.docker=true, "--entrypoints.web.address=:80"]
    ports: ["80:80"]
    volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]
    networks: [frontend]
"""
STACK = f"""\
services:
{PROXY}  app:
    build: .
    labels: ["traefik.http.routers.app.rule=Host(`app.localhost`)"]
    depends_on: {{db: {{condition: service_healthy}}, redis: {{condition: service_healthy}}}}
    networks: [frontend, backend]
  db:
    image: postgres:16
    volumes: ["db_data:/var/lib/postgresql/data"]
    healthcheck: {{test: [CMD-SHELL, "pg_isready -h 127.0.0.1 -U app -d app"]}}
    networks: [backend]
  redis:
    image: redis:7
    volumes: ["redis_data:/data"]
    healthcheck: {{test: [CMD-SHELL, "redis-cli ping | grep -q PONG"]}}
    networks: [backend]
networks: {{frontend: , backend: {{internal: true}}}}
volumes: {{db_data: , redis_data: }}
"""
# What is taken out of the stack, and the line of the checklist that then fails.
WEB_STACK = (
    ("T-01", "traefik:v3.1", "traefik:v2.11"),
    ("T-01", "docker.sock:ro", "docker.sock"),
    ("T-02", "redis: {condition: service_healthy}", "redis: {condition: service_started}"),
    ("T-02", "networks: [frontend, backend]", "networks: [frontend]"),
    ("T-03", " -U app -d app", ""),
    ("T-03", 'volumes: ["db_data:/var/lib/postgresql/data"]', "restart: always"),
    ("T-04", "redis-cli ping", "redis-cli info"),
    ("T-04", 'volumes: ["redis_data:/data"]', "restart: always"),
    ("T-05", "backend: {internal: true}", "backend: "),
)
