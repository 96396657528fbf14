"""Who is on which network, and what stays reachable."""

from __future__ import annotations

import pytest

from rules.snippets import stack
from tocompose.model import ComposeFileRole, Stack
from tocompose.rules import Context, apply_all, select
from tocompose.traefik.networks import NETWORK_LABEL

PRACTICES = select("SVC-CLASS,DEP-INFER,PORT-DB,NET-SEG,NET-INTERNAL")


def made(text: str) -> Stack:
    return apply_all(stack(text), PRACTICES, Context(split=True)).stack


def members(found: Stack) -> dict[str, str]:
    return {
        network.name: " ".join(
            item.name
            for item in found.services
            if network.name in [at.network for at in item.networks]
        )
        for network in found.networks
    }


def internal(found: Stack) -> list[str]:
    return [network.name for network in found.networks if network.internal]


CASES = {
    "two tiers": (
        """
        services:
          proxy: {image: 'traefik:v3', ports: ['80:80']}
          web: {image: 'me/web:1', labels: {traefik.enable: 'true'}, environment: {DB_HOST: db, REDIS_HOST: cache}}
          db: {image: 'postgres:16'}
          cache: {image: 'redis:7'}
        """,
        {"frontend": "proxy web", "backend": "web db cache"},
        ["backend"],
    ),
    "a proxy that an inner service calls": (
        """
        services:
          proxy: {image: 'nginx:1.27', ports: ['80:80'], command: [serve, 'http://web:3000']}
          web: {image: 'me/web:1'}
          check: {image: 'me/check:1', environment: {TARGET_URL: 'http://proxy:80'}}
        """,
        {"frontend": "proxy web", "backend": "proxy web check"},
        [],
    ),
    "a job with the image of a client": (
        """
        services:
          web: {image: 'me/web:1', ports: ['80:80'], environment: {DB_HOST: db}}
          migrate: {image: 'me/web:1', command: [migrate], restart: 'no'}
          other: {image: 'me/other:1'}
          db: {image: 'postgres:16'}
        """,
        {"frontend": "web", "backend": "web migrate other", "data": "web migrate db"},
        ["data"],
    ),
    "three tiers": (
        """
        services:
          proxy: {image: 'nginx:1.27', ports: ['80:80'], command: [serve, 'http://web:3000']}
          web: {image: 'me/web:1', environment: {DB_HOST: db, API_URL: 'http://api:80'}}
          api: {image: 'me/api:1', environment: {DB_HOST: db}}
          db: {image: 'postgres:16'}
        """,
        {"frontend": "proxy web", "backend": "web api", "data": "web api db"},
        ["data"],
    ),
    "a proxy that calls nobody known reaches the applications": (
        """
        services:
          proxy: {image: 'nginx:1.27', ports: ['80:80']}
          web: {image: 'me/web:1', environment: {DB_HOST: db}}
          db: {image: 'postgres:16'}
        """,
        {"frontend": "proxy", "backend": "proxy web", "data": "web db"},
        ["data"],
    ),
    "a database that nobody names is reached by every application": (
        """
        services:
          web: {image: 'me/web:1', ports: ['80:80']}
          api: {image: 'me/api:1', ports: ['81:80']}
          db: {image: 'postgres:16'}
        """,
        {"frontend": "web api", "backend": "web api db"},
        ["backend"],
    ),
    "only clients share the data network": (
        """
        services:
          web: {image: 'me/web:1', ports: ['80:80'], environment: {DB_HOST: db}}
          site: {image: 'me/site:1', ports: ['81:80']}
          db: {image: 'postgres:16'}
        """,
        {"frontend": "web site", "backend": "web db"},
        ["backend"],
    ),
    "a worker needs a way out": (
        "services: {work: {image: 'me/work:1', environment: {DB_HOST: db}}, db: {image: 'postgres:16'}}",
        {"backend": "work", "data": "work db"},
        ["data"],
    ),
    "tools and monitoring reach the data": (
        """
        services:
          web: {image: 'me/web:1', ports: ['80:80'], environment: {DB_HOST: db}}
          admin: {image: 'adminer:4', ports: ['8080:8080']}
          metrics: {image: 'prom/prometheus:v3.0.0'}
          db: {image: 'postgres:16'}
        """,
        {
            "frontend": "web admin",
            "backend": "web admin metrics",
            "data": "web admin metrics db",
        },
        ["data"],
    ),
    "who shares a network stays where that is": (
        """
        services:
          web: {image: 'me/web:1', ports: ['80:80']}
          side: {image: 'me/side:1', network_mode: 'service:web', environment: {DB_HOST: db}}
          site: {image: 'me/site:1', ports: ['81:80']}
          db: {image: 'postgres:16'}
        """,
        {"frontend": "web site", "backend": "web db"},
        ["backend"],
    ),
    "who calls what shares a network calls whose network it is": (
        """
        services:
          proxy: {image: 'nginx:1.27', ports: ['80:80'], depends_on: [app]}
          vpn: {image: 'me/vpn:1'}
          app: {image: 'me/app:1', network_mode: 'service:vpn', environment: {DB_HOST: db}}
          db: {image: 'postgres:16'}
        """,
        {"frontend": "proxy vpn", "backend": "vpn db"},
        ["backend"],
    ),
    "a proxy that calls only data reaches the applications": (
        """
        services:
          proxy: {image: 'nginx:1.27', ports: ['80:80'], depends_on: [db]}
          web: {image: 'me/web:1', environment: {DB_HOST: db}}
          db: {image: 'postgres:16'}
        """,
        {"frontend": "proxy", "backend": "proxy web", "data": "proxy web db"},
        ["data"],
    ),
    "a database that nobody names is not reached by the proxy": (
        """
        services:
          proxy: {image: 'nginx:1.27', ports: ['80:80'], depends_on: [web]}
          web: {image: 'me/web:1'}
          db: {image: 'postgres:16'}
        """,
        {"frontend": "proxy web", "backend": "web db"},
        ["backend"],
    ),
    "labels of a proxy open a service to the outside": (
        """
        services:
          proxy: {image: 'lucaslorentz/caddy-docker-proxy:2', ports: ['80:80']}
          web: {image: 'me/web:1', labels: {caddy: shop.example}, environment: {DB_HOST: db}}
          work: {image: 'me/work:1', environment: {DB_HOST: db}}
          db: {image: 'postgres:16'}
        """,
        {"frontend": "proxy web", "backend": "proxy web work", "data": "web work db"},
        ["data"],
    ),
    "a database whose network an application shares is no database alone": (
        """
        services:
          db: {image: 'mysql:8', ports: ['8081:80']}
          web: {image: 'me/web:1', network_mode: 'service:db'}
          cache: {image: 'redis:7'}
        """,
        {"frontend": "db", "backend": "db cache"},
        ["backend"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_plan(name: str) -> None:
    text, plan, closed = CASES[name]
    found = made(text)
    assert members(found) == plan
    assert internal(found) == closed


@pytest.mark.parametrize(
    "text",
    [
        "services: {web: {image: 'me/web:1', ports: ['80:80']}}",
        "services: {db: {image: 'postgres:16'}}",
        "services: {db: {image: 'postgres:16'}, cache: {image: 'redis:7'}}",
        "services: {web: {image: 'me/web:1', ports: ['80:80']}, work: {image: 'me/work:1'}}",
        "services: {web: {image: 'me/web:1', network_mode: host}, db: {image: 'postgres:16', network_mode: host}}",
    ],
)
def test_nothing_to_separate(text: str) -> None:
    assert made(text).networks == ()


def test_networks_of_the_source_stay() -> None:
    text = """
    services:
      web: {image: 'me/web:1', ports: ['80:80'], networks: {lan: {aliases: [site]}}}
      db: {image: 'postgres:16', networks: [lan]}
    networks: {lan: }
    """
    assert members(made(text)) == {"lan": "web db"}
    codes = [note.code for note in apply_all(stack(text), PRACTICES, Context()).notes]
    assert "TC634" in codes


@pytest.mark.parametrize(
    ("networks", "joined"), [("[back]", True), ("[front, back]", False)]
)
def test_a_network_joins_the_sides_where_nobody_has_another(
    networks: str, joined: bool
) -> None:
    text = f"""
    services:
      web: {{image: 'me/web:1', ports: ['80:80'], networks: {networks}}}
      db: {{image: 'postgres:16', networks: [back]}}
    networks: {{front: , back: }}
    """
    codes = [note.code for note in apply_all(stack(text), PRACTICES, Context()).notes]
    assert ("TC634" in codes) is joined


def test_aliases_move_along() -> None:
    text = """
    services:
      web: {image: 'me/web:1', ports: ['80:80'], environment: {DB_HOST: primary}}
      db: {image: 'postgres:16', networks: {default: {aliases: [primary]}}}
    """
    found = made(text).service("db")
    assert found is not None
    assert [(item.network, item.aliases) for item in found.networks] == [
        ("backend", ("primary",))
    ]


def test_development_port_of_an_internal_service() -> None:
    """T1: without one more network the port would be published nowhere."""
    found = made(
        """
        services:
          web: {image: 'me/web:1', ports: ['80:80'], environment: {DB_HOST: db}}
          db: {image: 'postgres:16', ports: ['5432:5432']}
        """
    ).service("db")
    assert found is not None
    assert [item.network for item in found.networks] == ["backend"]
    assert [item.network for item in found.overlays[ComposeFileRole.DEV].networks] == [
        "frontend"
    ]


def test_the_networks_of_development_stay_beside_the_one_with_a_way_out() -> None:
    found = made(
        """
        services:
          web: {image: 'me/web:1', ports: ['80:80'], environment: {DB_HOST: db}}
          db:
            image: postgres:16
            x-overlays: {override: {ports: ['127.0.0.1:5432:5432'], networks: [default]}}
        """
    ).service("db")
    assert found is not None
    assert [item.network for item in found.overlays[ComposeFileRole.DEV].networks] == [
        "default",
        "frontend",
    ]


def test_development_opens_data_on_the_side_away_from_the_proxy() -> None:
    found = made(
        """
        services:
          proxy: {image: 'nginx:1.27', ports: ['80:80'], depends_on: [web]}
          web: {image: 'me/web:1', environment: {DB_HOST: db, API_URL: 'http://api:80'}}
          api: {image: 'me/api:1', environment: {DB_HOST: db}}
          db: {image: 'postgres:16', ports: ['5432:5432']}
        """
    ).service("db")
    assert found is not None
    assert [item.network for item in found.networks] == ["data"]
    assert [item.network for item in found.overlays[ComposeFileRole.DEV].networks] == [
        "backend"
    ]


def test_port_kept_on_purpose_keeps_its_way_in() -> None:
    found = made(
        """
        services:
          web: {image: 'me/web:1', ports: ['80:80'], environment: {DB_HOST: db}}
          db: {image: 'postgres:16', ports: ['192.168.1.7:5432:5432']}
        """
    ).service("db")
    assert found is not None
    assert [item.network for item in found.networks] == ["frontend", "backend"]


def test_traefik_is_told_the_network() -> None:
    """Traefik takes any network of a container, also one that it is not on."""
    found = made(CASES["two tiers"][0]).service("web")
    assert found is not None
    assert found.labels["traefik.docker.network"] == "${COMPOSE_PROJECT_NAME}_frontend"


def test_a_network_that_traefik_was_told_stays() -> None:
    label = "traefik.docker.network: edge"
    text = CASES["two tiers"][0].replace("traefik.enable: 'true'", label)
    found = made(text).service("web")
    assert found is not None
    assert found.labels == {"traefik.docker.network": "edge"}


@pytest.mark.parametrize(
    ("body", "closed"),
    [
        ("networks: {front: , back: }", ["back"]),
        ("networks: {front: , back: {driver: overlay}}", []),
        ("networks: {front: , back: {external: true}}", []),
        ("networks: {front: , back: {ipam: {}}}", []),
        ("networks: {front: {internal: true}, back: }", ["front"]),
    ],
)
def test_closing_networks_of_the_source(body: str, closed: list[str]) -> None:
    text = f"""
    services:
      web: {{image: 'me/web:1', networks: [front, back]}}
      db: {{image: 'postgres:16', networks: [back]}}
    {body}
    """
    assert internal(made(text)) == closed


def test_a_network_with_a_single_homed_application_stays_open() -> None:
    """T3: code on internal networks only would lose its way out."""
    text = """
    services:
      web: {image: 'me/web:1', networks: [front, back]}
      work: {image: 'me/work:1', networks: [back]}
      db: {image: 'postgres:16', networks: [back]}
    networks: {front: , back: }
    """
    assert internal(made(text)) == []


@pytest.mark.parametrize("port", ["192.168.1.7:5432:5432", "5432:5432"])
def test_a_network_that_is_the_only_way_to_a_port_stays_open(port: str) -> None:
    """T1: on an internal network alone the port, of the base or of development, is published nowhere."""
    text = f"""
    services:
      web: {{image: 'me/web:1', networks: [front, back]}}
      db: {{image: 'postgres:16', networks: [back], ports: ['{port}']}}
    networks: {{front: , back: }}
    """
    assert internal(made(text)) == []


def test_a_port_whose_service_has_another_way_in_closes_the_network() -> None:
    """T2: on both networks the port works."""
    text = """
    services:
      web: {image: 'me/web:1', networks: [front, back]}
      db: {image: 'postgres:16', networks: [back, front], ports: ['192.168.1.7:5432:5432']}
      cache: {image: 'redis:7', networks: [back]}
    networks: {front: , back: }
    """
    assert internal(made(text)) == ["back"]


PREFIX = "${COMPOSE_PROJECT_NAME}_"
EDGE = "networks: {edge: {external: true, name: public}, office: {external: true}, own: {}}"
NAMED = "labels: {traefik.docker.network: public}, networks: [edge]"
ON_HOST = "proxy: {image: 'traefik:v3', network_mode: host}"


@pytest.mark.parametrize(
    ("networks", "others", "label"),
    [
        ("own, edge", "proxy: {image: 'traefik:v3', networks: [edge]}", "public"),
        ("own, lan", "proxy: {image: 'traefik:v3', networks: [lan]}", f"{PREFIX}lan"),
        ("edge, lan", "proxy: {image: 'traefik:v3', networks: [lan]}", f"{PREFIX}lan"),
        ("own, edge", "api: {image: 'me/api:1'}", "public"),
        ("edge, office", f"api: {{image: 'me/api:1', {NAMED}}}", "public"),
        ("edge, office", "api: {image: 'me/api:1'}", "TC637"),
        ("own, lan", "api: {image: 'me/api:1'}", "TC637"),
        ("own", "api: {image: 'me/api:1'}", None),
        ("own, edge", ON_HOST, None),
        (
            "own, edge",
            "proxy: {image: 'traefik:v3', command: [--providers.docker.network=public]}",
            None,
        ),
        (
            "own, edge",
            "proxy: {image: 'lucaslorentz/caddy-docker-proxy:2', networks: [own]}",
            "public",
        ),
    ],
)
def test_a_routed_service_on_several_networks_names_that_of_traefik(
    networks: str, others: str, label: str | None
) -> None:
    web = (
        f"{{image: 'me/web:1', networks: [{networks}], labels: {{traefik.enable: 'true'}}}}"
    )
    outcome = apply_all(stack(f"services: {{web: {web}, {others}}}\n{EDGE}"), PRACTICES)
    found = outcome.stack.service("web")
    assert found is not None
    said = {note.code for note in outcome.notes} & {"TC635", "TC637"}
    if label == "TC637":
        assert said == {"TC637"} and NETWORK_LABEL not in found.labels
        return
    assert found.labels.get(NETWORK_LABEL) == label
    assert said == ({"TC635"} if label else set())


@pytest.mark.parametrize(
    ("stated", "networks", "wanted"),
    [
        ("shop_own", "own, edge", f"{PREFIX}own"),
        ("own", "own, edge", f"{PREFIX}own"),
        ("systemd-own", "own", f"{PREFIX}own"),
        ("edge", "own, edge", "public"),
        ("app_own", "own, edge", "app_own"),
        (f"{PREFIX}own", "own, edge", f"{PREFIX}own"),
        ("public", "own, edge", "public"),
        ("elsewhere", "own, edge", "elsewhere"),
        ("${NET}", "own, edge", "${NET}"),
    ],
)
def test_a_stated_network_of_the_proxy_follows_the_name_of_its_network(
    stated: str, networks: str, wanted: str
) -> None:
    label = f"labels: {{traefik.docker.network: '{stated}'}}"
    option = f"--Providers.Docker.Network={stated}"
    variables = f"{{CADDY_INGRESS_NETWORKS: '{stated},public'}}"
    web = f"{{image: 'me/web:1', {label}, networks: [{networks}]}}"
    proxy = f"{{image: 'traefik:v3', command: ['{option}'], networks: [{networks}]}}"
    caddy = f"{{image: 'me/caddy:1', environment: {variables}, networks: [{networks}]}}"
    services = f"services: {{web: {web}, proxy: {proxy}, caddy: {caddy}}}"
    outcome = apply_all(stack(f"{services}\n{EDGE}"), PRACTICES)
    found = {service.name: service for service in outcome.stack.services}
    assert found["web"].labels[NETWORK_LABEL] == wanted
    assert found["proxy"].command == (f"--Providers.Docker.Network={wanted}",)
    assert found["caddy"].environment[0].value == f"{wanted},public"
    told = [str(note.subject) for note in outcome.notes if note.code == "TC636"]
    assert len(told) == 3 * (wanted != stated)


def test_a_text_that_starts_a_proxy_names_its_network_by_the_new_name() -> None:
    start = "traefik --providers.docker.network=own --entrypoints.own.address=own"
    for command in (f"'{start}'", f"[sh, -c, '{start}']"):
        proxy = f"{{image: 'traefik:v3', command: {command}, networks: [own]}}"
        outcome = apply_all(stack(f"services: {{proxy: {proxy}}}\n{EDGE}"), PRACTICES)
        words = " ".join(outcome.stack.services[0].command or ())
        assert words.endswith(f"network={PREFIX}own --entrypoints.own.address=own")


def test_a_stated_default_network_follows_to_the_one_that_the_outside_reaches() -> None:
    found = made("""
        services:
          proxy: {image: 'traefik:v3', ports: ['80:80'], command: [--providers.docker.network=shop_default]}
          web: {image: 'me/web:1', labels: {traefik.docker.network: shop_default}, environment: {DB_HOST: db}}
          db: {image: 'postgres:16'}
        """)
    proxy, web, _ = found.services
    assert proxy.command == (f"--providers.docker.network={PREFIX}frontend",)
    assert web.labels[NETWORK_LABEL] == f"{PREFIX}frontend"
