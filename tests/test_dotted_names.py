"""A service may be called `my.app`: what is told about it stays with it, wherever it is shown or checked."""

from __future__ import annotations

import yaml

from tocompose.check import audit, repair
from tocompose.exporters.bundle import Layout, bundle
from tocompose.ledger import Ledger, audit_written
from tocompose.model import EnvVariable, Service, Stack
from tocompose.notes import note
from tocompose.project import Memory
from tocompose.reports.json import note_record
from tocompose.reports.report import subject_of
from tocompose.rules import remark
from tocompose.source import Branch, Child, Leaf, Span
from tocompose.syntax.model_path import ModelPath

SPAN = Span("run.sh", 7, 1, 7, 5)
MY_APP = Service(
    name="my.app", image="nginx:1.27", environment=(EnvVariable(name="a.b", value="c"),)
)
STACK = Stack(name="shop", services=(MY_APP,))
LOST = note("TC001", SPAN, subject=ModelPath.service("my.app", "gpus"), what="gpus")
COMPOSE = """\
services:
  my.app:
    image: nginx
    depends_on: [db]
  db:
    image: postgres:16
"""


def test_comments_stand_above_it() -> None:
    (base,) = (
        item.content.decode()
        for item in bundle(STACK, Layout(), [LOST]).files
        if item.path == "docker-compose.yml"
    )
    above = base[: base.index("  my.app:\n")].splitlines()[-1]
    assert above.startswith("  # lost (TC001, run.sh:7): gpus")


def test_reports_name_it() -> None:
    assert subject_of(LOST) == "my.app"
    record = note_record(LOST)
    assert (record["subject"], record["about"]) == ('services."my.app".gpus', "my.app")


def test_what_is_mapped_to_it_is_found_in_the_file() -> None:
    ledger = Ledger()
    leaf = Leaf("nginx:1.27", SPAN)
    cursor = ledger.open(Branch("map", (Child("image", SPAN, leaf),), SPAN))
    cursor.take("image", to=ModelPath.service("my.app", "image"))
    cursor.take("image", to=ModelPath.service("my.app", "environment", "a.b"))
    written = bundle(STACK, Layout()).written
    assert audit_written(ledger, written) == []
    cursor.take("image", to=ModelPath.service("my", "app", "image"))
    assert [fault.code for fault in audit_written(ledger, written)] == ["TC901"]


def test_checks_find_and_mend_it() -> None:
    project = Memory({"docker-compose.yml": COMPOSE.encode()})
    found = audit(project)
    assert found is not None
    about = {item.subject.service_name for item in found.notes}
    assert "my.app" in about and "my" not in about
    mended = repair(project)
    assert mended is not None
    (file,) = (item for item in mended.files if item.path == "docker-compose.yml")
    service = yaml.safe_load(file.content)["services"]["my.app"]
    assert service["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert "my.app" in {item.subject.service_name for item in mended.notes}


def test_a_label_with_dots_is_one_key_of_a_note() -> None:
    label = "traefik.http.routers.x"
    own_place = ("services", "my.app", "labels", label)
    assert remark("TC635", MY_APP, ("labels", label), network="edge").subject == own_place
    assert remark("TC635", MY_APP, label, network="edge").subject == (
        "services",
        "my.app",
        label,
    )


def test_a_variable_and_a_label_with_dots_are_judged_at_their_place() -> None:
    source = """\
services:
  web:
    image: nginx
    environment: {shop.db.PASSWORD: tops3cret-1}
    labels: {traefik.http.routers.x.token: ghp_0123456789abcdefghijklmn}
    build: {context: ., args: {shop.api.TOKEN: tops3cret-2}}
"""
    report = audit(Memory({"compose.yaml": source.encode()}))
    found = {note.subject: note.span for note in report.notes if note.code == "TC716"}
    places = {subject[2:]: span and span.line for subject, span in found.items()}
    assert places == {
        ("environment", "shop.db.PASSWORD"): 4,
        ("labels", "traefik.http.routers.x.token"): 5,
        ("build", "args", "shop.api.TOKEN"): 6,
    }
    advised = {
        note.advice.partition("`")[2].partition("`")[0]
        for note in report.notes
        if note.code == "TC716"
    }
    assert advised == {
        "${SHOP_DB_PASSWORD:?}",
        "${TRAEFIK_HTTP_ROUTERS_X_TOKEN:?}",
        "${SHOP_API_TOKEN:?}",
    }
