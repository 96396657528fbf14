"""What stands beside the Procfile and is settled last: buildpacks, Aptfile, runtime files, scripts, code that forces TLS."""

from __future__ import annotations

from tocompose.importers.procfile.app_json import AppJson
from tocompose.importers.procfile.repository import Repository
from tocompose.importers.procfile.scan import Scan
from tocompose.importers.procfile.services import Plan
from tocompose.model import Service


def settle(repository: Repository, app: AppJson, plan: Plan, found: Scan, built: tuple[Service, ...]) -> None:
    pass
