"""Which notes declare which differences, and that the table covers what an engine is asked."""

from __future__ import annotations

import pytest

from tocompose.notes import Kind, Note
from tocompose.prove.compare import compose_paths, with_declarations
from tocompose.prove.difference import Difference, Match, Proof
from tocompose.prove.normal import fields_of
from tocompose.prove.recording import RecordedContainer, Recording
from tocompose.prove.side import Side
from tocompose.prove.table import as_text
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import load


def difference(field: str) -> Difference:
    return Difference("app", field, "a", "b", service="web")


def note(subject: ModelPath | str, kind: Kind = Kind.CHANGED) -> Note:
    path = (
        subject
        if isinstance(subject, ModelPath)
        else ModelPath(filter(None, subject.split(".")))
    )
    return Note(code="TC100", kind=kind, message="", subject=path)


@pytest.mark.parametrize(
    ("field", "subject"),
    [
        ("HostConfig.RestartPolicy", "services.web.restart"),
        ("HostConfig.LogConfig", "services.web.logging.options.max-size"),
        ("Env.A.B", ModelPath.service("web", "environment", "A.B")),
        ("Env.A", "services.web.environment"),
        ("Mounts./data", "services.web.volumes"),
        ("Networks.back.Aliases", "services.web.networks.back.aliases"),
        ("Networks.back", "services.web.networks"),
        ("HostConfig.Memory", "services.web.deploy.resources.limits.memory"),
        ("HostConfig.Memory", "services.web.deploy"),
        ("Network.back.IPAM.Config", ModelPath.of("networks", "back.IPAM.Config")),
        ("External.data", "volumes.data"),
        ("Container", "services.web"),
    ],
)
def test_a_note_about_the_place_declares(field: str, subject: ModelPath | str) -> None:
    assert with_declarations([difference(field)], [note(subject)])[0].declared_by == "TC100"


@pytest.mark.parametrize(
    ("field", "subject"),
    [
        ("HostConfig.RestartPolicy", "services.db.restart"),
        ("HostConfig.RestartPolicy", "services.web"),
        ("HostConfig.RestartPolicy", "services.web.rest"),
        ("HostConfig.RestartPolicy", ""),
        ("Env.A", "services.web.environment.B"),
        ("Env.A", "services.web.environment.AB"),
        ("Container", "services.web.restart"),
        ("HostConfig.Unheard", "services.web.unheard"),
    ],
)
def test_a_note_about_something_else_does_not(field: str, subject: str) -> None:
    assert with_declarations([difference(field)], [note(subject)])[0].declared_by == ""


@pytest.mark.parametrize("kind", [Kind.INFO, Kind.ASSUMED])
def test_a_note_that_tells_of_no_difference_does_not(kind: Kind) -> None:
    assert (
        with_declarations(
            [difference("HostConfig.Init")], [note("services.web.init", kind)]
        )[0].declared_by
        == ""
    )


def test_every_path_is_in_the_compose_file_of_its_service() -> None:
    assert set(compose_paths(difference("Networks.n.IPAMConfig"))) == {
        ("services", "web", "networks", "n", key)
        for key in ("ipv4_address", "ipv6_address", "link_local_ips")
    }
    assert all(
        path.startswith(("services.", "networks.", "volumes."))
        for row in load("prove").values()
        for path in row["paths"]
    )


def test_a_field_nobody_heard_of_is_compared_all_the_same() -> None:
    container = RecordedContainer(
        "1", "a", {"Image": "x", "New": 1}, {"Newer": ["b", "a"]}, {}
    )
    found = fields_of(Side(Recording((container,))), container)
    assert found["Config.New"] == 1 and found["HostConfig.Newer"] == ["a", "b"]


def test_the_table_shows_only_what_differs() -> None:
    one = Difference(
        "app", "Mounts./d", {"type": "bind", "ro": True}, {"type": "bind"}, service="web"
    )
    text = as_text(Proof((Match("app", "web", (one,)), Match("db", "db"))))
    assert '{"ro": true}' in text and "bind" not in text and "NOT DECLARED" in text
    assert "Different: 1 undeclared difference in 2 containers, 0 declared." in text
