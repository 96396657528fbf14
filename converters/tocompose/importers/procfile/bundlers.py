"""Front ends whose build leaves static files, and which nothing but a web server has to serve."""

from __future__ import annotations

import re

from tocompose.importers.procfile.repository import Repository, maps
from tocompose.tables import Row, load


def bundler(repository: Repository) -> Row | None:
    """The row of bundlers.yaml that package.json's build script runs; None where a start script serves by itself."""
    package = repository.json("package.json")
    scripts = maps(package, "scripts")
    used = {**maps(package, "dependencies"), **maps(package, "devDependencies")}
    rows = load("bundlers")
    if not used.keys().isdisjoint(rows["renders"]) or repository.project.exists(
        "server.js"
    ):
        return None
    start, build = str(scripts.get("start", "")).strip(), str(scripts.get("build", ""))
    if start and not re.fullmatch(rows["serves"]["match"], start):
        return None
    made = (row for row in rows.values() if isinstance(row, dict) and "root" in row)
    return next((row for row in made if re.search(row["match"], build)), None)
