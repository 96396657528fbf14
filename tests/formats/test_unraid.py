"""Templates of Unraid: every element, the fields of the form, words of a shell, networks, files that are no XML."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation import (
    codes_of,
    compose_of,
    converted,
    losses,
    reasons,
    services_of,
    silent_lines,
)
from tocompose.importers import SourceError
from tocompose.importers.unraid.templates import field_tables
from tocompose.readers.text import Unreadable
from tocompose.readers.xml import read_xml_tree
from tocompose.source import Span

_VALUES = {
    "CPUset": "0,2",
    "ExtraNetworks": "front",
    "ExtraParams": "--shm-size 64m --sysctl=&quot;net.core.somaxconn=9&quot; &amp;&amp; docker network connect a b",
    "Memory": "512m",
    "MyIP": "10.0.0.9 fd00::9",
    "MyMAC": "02:42:ac:11:00:02",
    "Name": "The Web",
    "Network": "br0",
    "PostArgs": "serve --all; echo done",
    "Privileged": "true",
    "Repository": "shop/web:1",
    "WebUI": "http://[IP]:[PORT:8080]/",
}
_CONFIGS = """\
<Config Name="Site" Target="8080" Default="8080" Mode="tcp" Type="Port" Mask="false">8081</Config>
<Config Name="Data" Target="/data" Default="/mnt/user/appdata/web" Mode="rw,slave" Type="Path"/>
<Config Name="Level" Target="LEVEL" Default="info|debug" Type="Variable"/>
<Config Name="Color" Target="COLOR" Default="red" Type="Variable">blue</Config>
<Config Name="Key" Target="API_KEY" Type="Variable" Mask="true">hunter2secret</Config>
<Config Name="Tag" Target="team" Type="Label">shop</Config>
<Config Name="Card" Target="" Type="Device">/dev/dri</Config>
<Config Name="Odd" Target="x" Type="Unheard">1</Config>
"""
_OLD = """\
<Networking><Mode>bridge</Mode><Publish>
<Port><HostPort>99</HostPort><ContainerPort>9</ContainerPort><Protocol>udp</Protocol></Port>
</Publish></Networking>
<Data><Volume><HostDir>/old</HostDir><ContainerDir>/o</ContainerDir><Mode>ro</Mode></Volume></Data>
<Environment><Variable><Name>OLD</Name><Value>1</Value></Variable></Environment>
<Labels><Variable><Name>aged</Name><Value>yes</Value></Variable></Labels>
"""
# Elements with elements below, and attributes.
_APART = ("Config", "Data", "Environment", "Labels", "Networking")


def template(*lines: str) -> dict[str, str]:
    """One template with these elements."""
    body = "\n".join(("<Repository>web:1</Repository>", *lines))
    return {
        "my-web.xml": f'<?xml version="1.0"?>\n<Container version="2">\n{body}\n</Container>\n'
    }


def web(*lines: str) -> Any:
    """The service of a template with these elements."""
    return next(iter(services_of(template(*lines), "unraid").values()))


def _everything() -> dict[str, str]:
    lines = [
        f"<{name}>{_VALUES.get(name, 'word')}</{name}>"
        for name in field_tables()["Container"]
        if name not in _APART and not name.startswith("@") and name != "Repository"
    ]
    text = template(*lines, *_CONFIGS.splitlines(), *_OLD.splitlines())["my-web.xml"]
    return {"my-web.xml": text.replace("web:1", _VALUES["Repository"])}


def test_no_element_is_left_unread_or_unwritten() -> None:
    assert losses(converted(_everything(), "unraid")) == []


@pytest.mark.slow
def test_removing_any_line_shows() -> None:
    assert list(silent_lines(_everything(), "unraid", lambda line: "</" in line)) == []


def test_what_is_left_out_has_a_reason() -> None:
    assert any(
        "app store" in reason for reason in reasons(converted(_everything(), "unraid"))
    )


@pytest.mark.parametrize(
    ("lines", "key", "value"),
    [
        ("<Name>My App</Name>", "container_name", "MyApp"),
        ("<Config Target='80' Mode='udp' Type='Port'>81</Config>", "ports", ["81:80/udp"]),
        ("<Network>shop</Network><Config Target='80' Type='Port'>81</Config>", "ports", ["81:80"]),
        ("<Config Target='/c' Mode='RO' Type='Path'>/mnt/x</Config>", "volumes", ["/mnt/x:/c:ro"]),
        ("<Config Target='A' Default='x' Type='Variable'/>", "environment", {"A": "x", "TZ": "${TZ:-Etc/UTC}"}),
        ("<Config Target='TZ' Type='Variable'>Europe/Rome</Config>", "environment", {"TZ": "Europe/Rome"}),
        ("<Config Target='A' Type='Variable'>a&amp;amp;b $5</Config><Config Target='TZ' Type='Variable'>Z</Config>",
         "environment", {"A": "a&b $$5", "TZ": "Z"}),
        ("<ExtraParams>--restart=always --cap-add=NET_ADMIN</ExtraParams>", "restart", "always"),
        ("<PostArgs>sh -c 'a b'</PostArgs>", "command", ["sh", "-c", "a b"]),
        ("<PostArgs>a &amp;&amp; rm -rf /</PostArgs>", "command", ["a"]),
        ("<Network>host</Network>", "network_mode", "host"),
        ("<Network>container:vpn</Network>", "network_mode", "container:vpn"),
        ("<Network>br0</Network><MyIP>10.0.0.9</MyIP>", "networks", {"br0": {"ipv4_address": "10.0.0.9"}}),
        ("<Network>br0</Network><ExtraParams>--net=host</ExtraParams>", "network_mode", "host"),
        ("<Privileged>True</Privileged>", "privileged", True),
        ("<Config Type='Device' Target=''>/dev/dri</Config>", "devices", ["/dev/dri"]),
        ("<Networking><Mode>host</Mode></Networking>", "network_mode", "host"),
    ],
)  # fmt: skip
def test_an_element_becomes_a_key(lines: str, key: str, value: Any) -> None:
    assert web(lines)[key] == value


def test_ports_of_the_host_are_variables() -> None:
    lines = "<Network>host</Network><Config Target='80' Mode='tcp' Type='Port'>81</Config>"
    service = web(lines)
    assert service["environment"]["TCP_PORT_80"] == "81" and "ports" not in service
    assert "TC826" in codes_of(converted(template(lines), "unraid"))


def test_masked_values_stand_in_the_file_of_variables_alone() -> None:
    result = converted(_everything(), "unraid", "all")
    shown = {file.path for file in result.files if b"hunter2secret" in file.content}
    assert shown <= {".env"} and not any("hunter2" in item.message for item in result.notes)


def test_several_templates_are_one_stack_and_one_can_join_the_network_of_another() -> None:
    files = {
        "my-vpn.xml": "<Container><Name>vpn</Name><Repository>vpn:1</Repository></Container>",
        "my-app.xml": "<Container><Name>app</Name><Repository>app:1</Repository>"
        "<Network>container:vpn</Network></Container>",
        "both.xml": "<Containers><Container><Name>a</Name><Repository>a:1</Repository></Container>"
        "<Container><Name>b</Name><Repository>b:1</Repository></Container></Containers>",
    }  # fmt: skip
    services = services_of(files, "unraid")
    assert set(services) == {"a", "b", "vpn", "app"}
    assert services["app"]["network_mode"] == "service:vpn"


def test_labels_for_the_dashboard_are_written_where_they_are_asked_for() -> None:
    lines = template("<WebUI>http://[IP]:[PORT:80]/</WebUI>", "<Icon>http://x/i.png</Icon>")
    labelled = converted(lines, "unraid", labels=("unraid",))
    service = next(iter(compose_of(labelled)["services"].values()))
    assert set(service["labels"]) == {"net.unraid.docker.webui", "net.unraid.docker.icon"}
    told = [
        item.message for item in converted(lines, "unraid").notes if item.code == "TC824"
    ]
    assert told == ["the web page of app is at http://localhost:80/"]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("<TailscaleEnabled>true</TailscaleEnabled>", "TC820"),
        ("<PostArgs>; docker network connect a b</PostArgs>", "TC821"),
        ("<Config Target='A' Default='x|y' Type='Variable'/>", "TC822"),
        ("<Config Target='A' Default='x' Type='Variable'/>", "TC843"),
        ("", "TC823"),
        ("<Requires>a key</Requires>", "TC825"),
        ("<Config Target='/c' Type='Path'>/mnt/user/x</Config>", "TC827"),
        ("<Config Target='/c' Type='Path'></Config>", "TC828"),
        ("<Unheard>1</Unheard>", "TC001"),
    ],
)
def test_what_is_lost_or_assumed_is_said(lines: str, code: str) -> None:
    assert code in codes_of(converted(template(lines), "unraid"))


def test_an_old_template_that_binds_the_time_loses_nothing() -> None:
    """The stack has the time zone in TZ anyway."""
    result = converted(template("<BindTime>true</BindTime>"), "unraid")
    assert "TC823" in codes_of(result) and "TC820" not in codes_of(result)


def test_a_broken_file_is_told_with_its_place_and_the_others_are_read() -> None:
    files = {**template(), "my-bad.xml": "<Container>\n<Repository>a</Repo>"}
    result = converted(files, "unraid")
    broken = next(item for item in result.notes if item.code == "TC829")
    assert broken.span is not None and broken.span.line == 2
    assert "web" in str(compose_of(result)["services"])


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Container><Repository>&x;</Repository></Container>',
        '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Container><Repository>&b;</Repository></Container>',
    ],
)  # fmt: skip
def test_entities_are_refused(text: str) -> None:
    with pytest.raises(SourceError):
        converted({"my-a.xml": text}, "unraid")
    with pytest.raises(Unreadable):
        read_xml_tree(text.encode(), "a.xml")


def test_elements_know_their_places() -> None:
    root = read_xml_tree(b"<a>\n  <b>c</b>\n</a>", "a.xml").children[0].node
    assert root.child("b").span == Span("a.xml", 2, 3, 2, 3)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text", ["<project><Repository>x</Repository></project>", "<Container/>"]
)
def test_what_is_none_is_left_alone(text: str) -> None:
    with pytest.raises(SourceError):
        converted({"pom.xml": text}, "unraid")


@given(st.text(alphabet="<>/&;\"' =Container$|", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        converted(template(text), "unraid")
    except SourceError:
        assert text is not None


@pytest.mark.parametrize("mark", ["[IP]", "IP_ADDRESS"])
def test_the_address_of_the_server_is_asked_for(mark: str) -> None:
    lines = f"<Config Target='URL' Type='Variable'>http://{mark}:8016/$x</Config>"
    assert web(lines)["environment"]["URL"] == "http://${SERVER_IP}:8016/$$x"
    assert "TC852" in codes_of(converted(template(lines), "unraid"))


def test_the_address_of_the_server_is_no_secret() -> None:
    """It is asked for, but shown and explained like any other setting."""
    lines = "<Config Target='URL' Type='Variable'>http://[IP]:80/</Config>"
    result = converted(template(lines), "unraid")
    address = next(one for one in result.stack.settings if one.name == "SERVER_IP")
    assert address.required and not address.secret


def test_what_the_form_demands_is_asked_for_and_what_it_may_lack_is_not() -> None:
    lines = template(
        "<Config Target='DB_HOST' Type='Variable' Required='true' Mask='false'/>",
        "<Config Target='DB_WORD' Type='Variable' Required='true' Mask='true'/>",
        "<Config Target='API_KEY' Type='Variable' Required='false' Mask='true'/>",
        "<Config Target='/films' Type='Path' Mode='ro' Required='true'/>",
        "<Config Target='/extras' Type='Path' Required='false'/>",
    )
    result = converted(lines, "unraid")
    (service,) = compose_of(result)["services"].values()
    environment = service["environment"]
    assert environment["API_KEY"] == "${API_KEY:-}"
    for name in ("DB_HOST", "DB_WORD"):
        assert environment[name] == f"${{{name}:?set {name} in .env}}"
    assert service["volumes"] == ["${FILMS_PATH:?set FILMS_PATH in .env}:/films:ro"]
    asked = [item.subject for item in result.notes if item.code == "TC828"]
    names = [subject[1] for subject in asked if subject[0] == "settings"]
    assert names == ["DB_HOST", "DB_WORD", "FILMS_PATH"] and len(asked) == 4


@pytest.mark.parametrize(
    ("lines", "page", "code"),
    [
        (("<Network>br0</Network>", "<MyIP>10.0.0.9</MyIP>"), "10.0.0.9:80", "TC058"),
        (("<Network>br0</Network>",), "[address on br0]:80", "TC141"),
        (
            (
                '<Config Name="Page" Target="80" Default="80" Mode="tcp" Type="Port">8081</Config>',
            ),
            "localhost:8081",
            "",
        ),
    ],
)
def test_the_page_is_where_the_container_is_reached(
    lines: tuple[str, ...], page: str, code: str
) -> None:
    result = converted(template("<WebUI>http://[IP]:[PORT:80]/</WebUI>", *lines), "unraid")
    told = {note.code: note for note in result.notes}
    assert told["TC824"].message == f"the web page of app is at http://{page}/"
    assert {"TC058", "TC141"} & told.keys() == ({code} if code else set())


def test_a_network_with_a_fixed_address_is_made_with_its_subnet() -> None:
    """https://docs.docker.com/engine/network/drivers/macvlan/"""
    lines = template("<Network>br0</Network>", "<MyIP>192.168.7.9</MyIP>")
    told = [note for note in converted(lines, "unraid").notes if note.code == "TC058"]
    command = "docker network create -d macvlan --subnet 192.168.7.0/24 -o parent=br0 br0"
    assert [command in note.advice for note in told] == [True]
