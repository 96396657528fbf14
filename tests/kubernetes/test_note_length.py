"""What is told of twenty ordinary services fits on two screens, and is all there with -v."""

from __future__ import annotations

from typing import Any

import yaml

from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.reports.note_lines import Style
from tocompose.reports.report import report
from tocompose.reports.text import render


def service(number: int, port: int = 8080) -> list[dict[str, Any]]:
    name = f"svc-{number}"
    probe = {"httpGet": {"path": "/", "port": port}}
    container = {
        "name": "main",
        "image": f"example/{name}:1",
        "env": [{"name": "PEER", "value": f"http://svc-{(number + 1) % 20}"}],
        "ports": [{"containerPort": port}],
        "readinessProbe": probe,
        "livenessProbe": probe | {"periodSeconds": 30},
        "resources": {"requests": {"cpu": "100m"}, "limits": {"memory": "128Mi"}},
    }
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name},
            "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": port}]},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name},
            "spec": {"selector": {"matchLabels": labels}, "template": template},
        },
    ]


def test_notes_of_twenty_services_fit_on_two_screens() -> None:
    text = yaml.safe_dump_all(each for number in range(20) for each in service(number))
    project = Memory({"m.yaml": text.encode()}, name="shop")
    options = Options(source="kubernetes", layout=Layout(split=True))
    told = report(convert(project, options), project)
    short, long = (render(told, Style(verbosity=verbosity)) for verbosity in (0, 1))
    assert len(short.splitlines()) <= 80
    assert "Reference rewritten: 1" in short
    assert long.count("[TC221]") == 20


def test_notes_that_differ_in_numbers_only_are_told_together() -> None:
    """Each with its own place; what the numbers are, -v shows."""
    text = yaml.safe_dump_all(
        each for number in range(20) for each in service(number, 8000 + number)
    )
    project = Memory({"m.yaml": text.encode()}, name="shop")
    told = report(convert(project, Options(source="kubernetes")), project)
    short, long = (render(told, Style(verbosity=verbosity)) for verbosity in (0, 1))
    assert len(short.splitlines()) <= 80
    assert short.count("[TC231]") == 1 and long.count("[TC231]") == 20
    assert "; the same with other numbers for svc-1 (line " in " ".join(short.split())
    assert "-v shows what to do for the others." in " ".join(short.split())
