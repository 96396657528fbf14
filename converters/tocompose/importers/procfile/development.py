"""The dev override: source mounted, development target and command (E-01)."""

from __future__ import annotations

from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.services import Plan
from tocompose.model import Service


def overlay(plan: Plan, processes: tuple[Process, ...], built: tuple[Service, ...]) -> tuple[Service, ...]:
    return built
