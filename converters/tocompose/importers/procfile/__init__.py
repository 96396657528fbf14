"""Procfiles, and the files that platforms of Heroku's kind read beside them: app.json, heroku.yml, .env."""

from __future__ import annotations

from tocompose.importers import Settings
from tocompose.ledger import Ledger
from tocompose.model import Stack
from tocompose.project import Project


class ProcfileImporter:
    """Reads a repository that runs on Heroku, Dokku or under foreman and its kin.

    Options: `procfile` (the file to read), `environment` (of app.json), `dockerfile` (auto, never, pack).
    """

    name = "procfile"
    title = "Procfile, app.json, heroku.yml"
    tables = ("app_json", "addons")

    def sniff(self, project: Project) -> tuple[str, ...]:
        """The files at the root of the repository that speak of such a platform."""
        from tocompose.importers.procfile.sources import sniff

        return sniff(project)

    def read(self, project: Project, ledger: Ledger, settings: Settings) -> Stack:
        """The stack that the repository comes to."""
        from tocompose.importers.procfile.conversion import convert

        return convert(project, ledger, settings)


IMPORTER = ProcfileImporter()
