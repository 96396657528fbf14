"""Where ports go: base or dev, on which address, under which variable."""

from __future__ import annotations

import pytest

from rules.snippets import stack
from tocompose.check import audit
from tocompose.check.score import open_view
from tocompose.compose.short_entries import write_port as port
from tocompose.model import ComposeFileRole, Stack
from tocompose.project import Memory
from tocompose.rules import Context, Outcome, apply_all, select
from tocompose.rules.data_ports import RULE as DATA_PORTS
from tocompose.rules.port_conflicts import RULE as PORT_CONFLICTS
from tocompose.rules.port_conflicts import _UsedNumbers

PRACTICES = select("SVC-CLASS,PORT-DUP,PORT-DB,PORT-BIND,PORT-VAR")
SPLIT = Context(split=True)


def made(text: str, context: Context = SPLIT) -> Outcome:
    return apply_all(stack(text), PRACTICES, context)


def ports(found: Stack, name: str) -> tuple[list[str], list[str]]:
    service = found.service(name)
    assert service is not None
    part = service.overlays.get(ComposeFileRole.DEV)
    return [str(port(item)) for item in service.ports], [
        str(port(item)) for item in (part.ports if part else ())
    ]


@pytest.mark.parametrize(
    ("given", "base", "dev"),
    [
        ("5432:5432", [], ["127.0.0.1:${DB_PORT:-5432}:5432"]),
        ("15432:5432", [], ["127.0.0.1:15432:5432"]),
        ("0.0.0.0:15432:5432", [], ["127.0.0.1:15432:5432"]),
        ("127.0.0.1:15432:5432", [], ["127.0.0.1:15432:5432"]),
        ("192.168.1.7:15432:5432", ["192.168.1.7:15432:5432"], []),
        ("5432", [], ["127.0.0.1::5432"]),
        ("${PGPORT}:5432", [], ["127.0.0.1:${PGPORT}:5432"]),
    ],
)
def test_ports_of_databases(given: str, base: list[str], dev: list[str]) -> None:
    text = f"services: {{web: {{image: 'me/web:1'}}, db: {{image: 'postgres:16', ports: ['{given}']}}}}"
    assert ports(made(text).stack, "db") == (base, dev)


STAYING = {
    "nobody in the stack that could use it": (
        "web: {image: 'nginx:1.27'}, db: {image: 'mysql:8', ports: ['13306:3306']}",
        "13306:3306",
    ),
    "a proxy that serves files": (
        "web: {image: 'nginx:1.27', volumes: ['./www:/usr/share/nginx/html']},"
        " db: {image: 'mysql:8', ports: ['13306:3306']}",
        "13306:3306",
    ),
    "nothing else in the stack": (
        "db: {image: 'mysql:8', ports: ['13306:3306']}",
        "127.0.0.1:13306:3306",
    ),
    "a service on the host's network": (
        "web: {image: 'me/web:1', network_mode: host}, db: {image: 'mysql:8', ports: ['13306:3306']}",
        "127.0.0.1:13306:3306",
    ),
    "a service that goes through the host": (
        "web: {image: 'me/web:1', environment: {DB: 'host.docker.internal:13306'}},"
        " db: {image: 'mysql:8', ports: ['13306:3306']}",
        "13306:3306",
    ),
    "a service that goes through the host by the address of its bridge": (
        "web: {image: 'me/web:1', command: [serve, '--db=172.17.0.1:13306']},"
        " db: {image: 'mysql:8', ports: ['13306:3306']}",
        "13306:3306",
    ),
    "a server for the local network": (
        "web: {image: 'me/web:1'}, db: {image: 'eclipse-mosquitto:2', ports: ['1883:1883']}",
        "1883:1883",
    ),
}


@pytest.mark.parametrize("why", STAYING)
def test_ports_of_databases_that_stay_in_the_base(why: str) -> None:
    services, kept = STAYING[why]
    assert ports(made(f"services: {{{services}}}").stack, "db") == ([kept], [])


def test_of_several_ports_those_on_an_address_of_their_own_stay() -> None:
    text = """
    services:
      web: {image: 'me/web:1'}
      db: {image: 'mysql:8', ports: ['13306:3306', '192.168.1.7:23306:3306']}
    """
    assert ports(made(text).stack, "db") == (
        ["192.168.1.7:23306:3306"],
        ["127.0.0.1:13306:3306"],
    )


def test_ports_of_development_stay_beside_those_that_move_there() -> None:
    text = """
    services:
      web: {image: 'me/web:1'}
      db:
        image: mysql:8
        ports: ['13306:3306']
        x-overlays: {override: {ports: ['127.0.0.1:33060:33060']}}
    """
    assert ports(made(text).stack, "db") == (
        [],
        ["127.0.0.1:33060:33060", "127.0.0.1:13306:3306"],
    )


@pytest.mark.parametrize(
    ("port", "is_open"),
    [
        ("13306:3306", True),
        ("192.168.1.7:13306:3306", True),
        ("127.0.0.1:13306:3306", False),
    ],
)
def test_a_port_of_a_database_that_others_reach_is_judged(port: str, is_open: bool) -> None:
    text = f"services: {{web: {{image: 'me/web:1'}}, db: {{image: 'mysql:8', ports: ['{port}']}}}}"
    view = open_view(Memory({"docker-compose.yml": text.encode()}, "app"))
    assert view is not None and DATA_PORTS.judge is not None
    assert [verdict.holds for verdict in DATA_PORTS.judge(view)] == [not is_open]


def test_ports_of_an_application_that_shares_the_network_of_a_database() -> None:
    """The members of a pod: the one that owns the network publishes for all."""
    text = """
    services:
      db: {image: 'mysql:8', ports: ['8081:80', '13306:3306']}
      web: {image: 'me/web:1', network_mode: 'service:db'}
    """
    assert ports(made(text).stack, "db") == (["8081:80"], ["127.0.0.1:13306:3306"])


def test_the_port_of_such_an_application_stays_open_where_the_data_is_bound() -> None:
    text = """
    services:
      db: {image: 'mysql:8', ports: ['8081:80', '13306:3306']}
      web: {image: 'me/web:1', network_mode: 'service:db'}
      agent: {image: 'me/agent:1', network_mode: host}
    """
    assert ports(made(text).stack, "db") == (["8081:80", "127.0.0.1:13306:3306"], [])


def test_keep_ports() -> None:
    text = "services: {web: {image: 'me/web:1'}, db: {image: 'mysql:8', ports: ['13306:3306']}}"
    found = made(text, Context(keep_ports=True))
    assert ports(found.stack, "db") == (["13306:3306"], [])
    assert "TC642" in [note.code for note in found.notes]


def test_equal_ports() -> None:
    text = """
    services:
      a: {image: 'me/a:1', ports: ['18080:80', '18080:80/udp']}
      b: {image: 'me/b:1', ports: ['18080:80', '18081:81']}
      c: {image: 'me/c:1', ports: ['127.0.0.1:18080:80']}
      d: {image: 'me/d:1', ports: ['18080:80'], profiles: [one]}
    """
    found = made(text)
    assert ports(found.stack, "a")[0] == ["18080:80", "18080:80/udp"]
    assert ports(found.stack, "b")[0] == ["18082:80", "18081:81"]
    assert ports(found.stack, "c")[0] == ["127.0.0.1:18083:80"]
    assert ports(found.stack, "d")[0] == ["18084:80"]
    assert [str(note.subject) for note in found.notes if note.code == "TC640"] == [
        *("services.b.ports", "services.c.ports", "services.d.ports")
    ]


def test_a_worker_does_not_publish_the_port_of_its_server() -> None:
    text = """
    services:
      desk: {image: 'ruby:3.3', command: [rails, server], ports: ['18080:3000']}
      chores: {image: 'ruby:3.3', command: [bundle, exec, sidekiq], ports: ['18080:3000']}
      probed: {image: 'ruby:3.3', command: [good_job, start], ports: ['18090:7001']}
      twin: {image: 'ruby:3.3', command: [puma], ports: ['18080:3000']}
    """
    stack = made(text).stack
    assert ports(stack, "chores") == ([], [])
    assert ports(stack, "probed")[0] == ["18090:7001"]
    assert ports(stack, "twin")[0] == ["18081:3000"]


def test_equal_ports_of_services_that_never_run_together() -> None:
    text = """
    services:
      a: {image: 'me/a:1', ports: ['18080:80'], profiles: [one]}
      b: {image: 'me/b:1', ports: ['18080:80'], profiles: [two]}
    """
    assert ports(made(text).stack, "b")[0] == ["18080:80"]


def test_equal_ports_on_different_addresses() -> None:
    text = """
    services:
      a: {image: 'me/a:1', ports: ['127.0.0.1:18080:80']}
      b: {image: 'me/b:1', ports: ['192.168.1.7:18080:80']}
    """
    assert ports(made(text).stack, "b")[0] == ["192.168.1.7:18080:80"]


def test_variables_avoid_names_that_are_taken() -> None:
    text = "services: {web: {image: 'me/web:1', ports: ['8080:80'], environment: {URL: 'http://x:${WEB_PORT}'}}}"
    found = made(text)
    assert ports(found.stack, "web")[0] == ["${WEB_PORT_80:-8080}:80"]
    assert [(item.name, item.value) for item in found.stack.settings] == [
        ("WEB_PORT_80", "8080")
    ]


@pytest.mark.parametrize(
    ("body", "noted"),
    [
        ("image: 'me/web:1', ports: ['80:80']", True),
        ("image: 'me/web:1', ports: ['127.0.0.1:80:80']", False),
        ("image: 'traefik:v3', ports: ['80:80']", False),
        ("image: 'postgres:16', network_mode: bridge, ports: ['5432:5432']", False),
        ("image: 'pihole/pihole:2024', ports: ['53:53/udp', '80:80']", False),
    ],
)
def test_a_word_about_open_ports(body: str, noted: bool) -> None:
    codes = [note.code for note in made(f"services: {{web: {{{body}}}}}").notes]
    assert ("TC646" in codes) is noted


def test_the_ports_of_what_shares_the_network_of_a_database_are_open_too() -> None:
    db = "db: {image: 'postgres:16', ports: ['8080:80']}"
    found = made(
        f"services: {{{db}, web: {{image: 'me/web:1', network_mode: 'service:db'}}}}"
    )
    assert [str(note.subject) for note in found.notes if note.code == "TC646"] == [
        "services.db"
    ]


@pytest.mark.parametrize("value", ["'443'", ""])
def test_a_port_has_another_variable_than_the_container(value: str) -> None:
    """Compose would pass a value of `.env` on to a container that takes the variable from outside."""
    text = f"services: {{kasm: {{image: 'me/kasm:1', ports: ['3000:3000'], environment: {{KASM_PORT: {value}}}}}}}"
    assert ports(made(text).stack, "kasm")[0] == ["${KASM_PORT_3000:-3000}:3000"]


def test_who_calls_another_port_of_the_host_leaves_no_database_open() -> None:
    text = (
        "services: {watch: {image: 'me/watch:1', extra_hosts: ['host.docker.internal=host-gateway'],"
        " environment: {ASK: 'host.docker.internal:9100'}},"
        " db: {image: 'postgres:16', ports: ['5432:5432']}}"
    )
    assert ports(made(text).stack, "db")[0] == []


def test_a_database_that_nobody_can_reach_keeps_its_port_everywhere() -> None:
    given = stack(
        "services: {db: {image: 'postgres:16', ports: ['5433:5432']},"
        " web: {image: 'corp/web:1', networks: [n]}}\nnetworks: {n: }"
    )
    made = apply_all(given, select("SVC-CLASS,PORT-DB"), Context())
    assert made.stack.services[0].ports == given.services[0].ports
    assert [note.code for note in made.notes if note.code.startswith("TC64")] == ["TC642"]


@pytest.mark.parametrize(
    ("ports", "difference"),
    [
        ("['70:80', '70:81']", "for the ports 80 and 81 of the container"),
        ("['70:80', '127.0.0.1:70:80']", "on different addresses"),
        ("['70:80', {target: 80, published: '70'}]", ""),
    ],
)
def test_a_port_bound_twice_is_told_by_what_differs(ports: str, difference: str) -> None:
    text = f"services: {{web: {{image: 'acme/a:1', ports: {ports}}}}}"
    view = open_view(Memory({"docker-compose.yml": text.encode()}, "app"))
    assert view is not None and PORT_CONFLICTS.judge is not None
    notes = [verdict.note for verdict in PORT_CONFLICTS.judge(view) if verdict.note]
    wanted = [f"web: port 70 is bound twice, {difference}"] if difference else []
    assert [note.message for note in notes] == wanted


@pytest.mark.parametrize("mode", ["host", "none"])
def test_ports_that_docker_discards_clash_with_nothing(mode: str) -> None:
    body = f"image: 'acme/a:1', network_mode: {mode}, ports: ['80:80']"
    text = f"services: {{a: {{{body}}}, b: {{{body}}}, c: {{image: 'acme/c:1', ports: ['80:80']}}}}"
    view = open_view(Memory({"docker-compose.yml": text.encode()}, "app"))
    assert view is not None and PORT_CONFLICTS.judge is not None
    assert all(verdict.holds for verdict in PORT_CONFLICTS.judge(view))
    made = apply_all(stack(text), select("PORT-DUP"), SPLIT)
    assert made.notes == ()
    assert ports(made.stack, "c") == (["80:80"], [])


def clashes(*services: str, env: str = "") -> list[str]:
    """What is said of services that publish these ports, several of one service separated by blanks."""
    body = "".join(
        f"  {name}: {{image: 'acme/{name}:1', ports: {ports.split()}}}\n"
        for name, ports in zip("abc", services, strict=False)
    )
    files = {"compose.yaml": f"services:\n{body}".encode(), ".env": env.encode()}
    view = open_view(Memory(files, "app"))
    assert view is not None and PORT_CONFLICTS.judge is not None
    faults = (verdict.note for verdict in PORT_CONFLICTS.judge(view))
    return [f"{fault.code} {fault.message}" for fault in faults if fault is not None]


@pytest.mark.parametrize(
    ("services", "env", "message"),
    [
        (("${A:-8080}:80", "${B:-8080}:80"), "", "b and a both publish port 8080 (B, A)"),
        (("${A:-8080}:80", "8080:80"), "", "b and a both publish port 8080 (A)"),
        (("${A:-8080}:80", "${A:-8080}:81"), "", "b and a both publish port 8080 (A)"),
        (("${A}:80", "9000:80"), "A=9000", "b and a both publish port 9000 (A)"),
        (("${A:-1}:80", "9000:80"), 'A="9000"', "b and a both publish port 9000 (A)"),
        (("${A:-${B:-8080}}:80", "8080:80"), "", "b and a both publish port 8080 (A, B)"),
        (("${A:-127.0.0.1:8080}:80", "8080:80"), "", "b and a both publish port 8080 (A)"),
        (("8000-8010:8000-8010", "8005:80"), "", "b and a both publish port 8005"),
        (("8000-8002:1-3", "8002-8004:1-3"), "", "b and a both publish port 8002"),
        (("8080:80", "[::1]:8080:80"), "", "b and a both publish port 8080"),
        (("0.0.0.0:8080:80", "10.0.0.7:8080:80"), "", "b and a both publish port 8080"),
        (
            ("8080:80 ${A:-8080}:81",),
            "",
            "a: port 8080 (A) is bound twice, for the ports 80 and 81 of the container",
        ),
    ],
)
def test_ports_that_clash_once_variables_have_values(
    services: tuple[str, ...], env: str, message: str
) -> None:
    (said,) = clashes(*services, env=env)
    assert said.partition(" ")[2] == message


@pytest.mark.parametrize(
    ("services", "env"),
    [
        (("${A:-8080}:80", "${B:-8080}:80"), "B=8081"),
        (("${A:?}:80", "8080:80"), ""),
        (("${A:-127.0.0.1}:8080:80", "127.0.0.2:8080:80"), ""),
        (("8000-8001:80", "8000-8001:80"), ""),
        (("0.0.0.0:8080:80", "[::]:8080:80"), ""),
        (("0.0.0.0:8080:80 [::]:8080:80",), ""),
        (("${A:-8080}:80 8080:80",), ""),
        (("${A:-8080}:80/udp", "8080:80"), ""),
        (("${A:-0}:80", "${B:-0}:80"), ""),
    ],
)
def test_ports_that_stay_apart_once_variables_have_values(
    services: tuple[str, ...], env: str
) -> None:
    assert clashes(*services, env=env) == []


def test_a_port_behind_a_variable_is_not_moved_but_told() -> None:
    text = """
    services:
      a: {image: 'me/a:1', ports: ['${A:-18080}:80']}
      b: {image: 'me/b:1', ports: ['${B:-18080}:80', '18000-18001:80-81', '18001:82']}
      c: {image: 'me/c:1', ports: ['18080:80']}
    """
    found = made(text)
    assert ports(found.stack, "b")[0] == ["${B:-18080}:80", "18000-18001:80-81", "18002:82"]
    assert ports(found.stack, "c")[0] == ["18081:80"]
    assert [n.message for n in found.notes if n.code == "TC722"] == [
        "b and a both publish port 18080 (B, A)"
    ]


def test_a_search_for_a_free_port_goes_on_where_the_last_one_ended() -> None:
    """Of a thousand containers on one port each would else look through all that were moved before."""
    looked_at: list[int] = []

    class Watched(set[int]):
        def __contains__(self, number: object) -> bool:
            looked_at.append(int(str(number)))
            return super().__contains__(number)

    used = _UsedNumbers({range(80, 81), range(90, 95)})
    used._single = Watched(used._single)
    assert [used.take_next(80) for _ in range(40)] == [*range(81, 90), *range(95, 126)]
    assert len(looked_at) < 2 * 46 + 40


def test_what_is_published_nowhere_stays_as_it_is() -> None:
    """The engine publishes no port of a container on internal networks: no file, variable or note claims one."""
    result = made(
        "services: {web: {image: 'me/web:1', networks: [shut, front]}, "
        "db: {image: 'postgres:16', networks: [shut], ports: ['5432:5432']}, "
        "app: {image: 'me/app:1', networks: [shut], ports: ['8080:80']}}\n"
        "networks: {shut: {internal: true}, front: }"
    )
    assert ports(result.stack, "db") == (["5432:5432"], [])
    assert ports(result.stack, "app") == (["8080:80"], [])
    codes = [note.code for note in result.notes]
    assert not {"TC645", "TC646", "TC647"} & set(codes)


@pytest.mark.parametrize(
    ("address", "codes"),
    [
        ("", {"TC528", "TC710"}),
        ("192.168.1.7:", {"TC710"}),
        ("127.0.0.1:", set()),
    ],
)
def test_what_is_on_one_address_is_not_told_to_be_on_all(
    address: str, codes: set[str]
) -> None:
    """A database on an address of the network is told of: the sentence about it speaks of the network alone."""
    text = (
        f"services: {{tool: {{image: 'adminer:4', ports: ['{address}8080:8080']}}, "
        f"db: {{image: 'postgres:16', ports: ['{address}5432:5432']}}}}"
    )
    findings = audit(Memory({"compose.yaml": text.encode()}))
    assert findings is not None
    told = {note.code: note.message for note in findings.notes}
    assert told.keys() & {"TC528", "TC710"} == codes
    assert told.get("TC710", "to the network").endswith("to the network")
