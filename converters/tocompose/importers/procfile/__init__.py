"""Procfiles, and the files that platforms of Heroku's kind read beside them: app.json, heroku.yml, .env."""

from __future__ import annotations

from tocompose.importers import ImportOptions
from tocompose.ledger import Ledger
from tocompose.model import Stack
from tocompose.project import Project

_OPTIONS = {
    "procfile": "the file to read instead of Procfile, such as Procfile.dev",
    "environment": "the entry of app.json's environments whose keys replace the others, such as review",
    "servers": "own starts a service where .env names a server elsewhere; remote uses that server",
    "dockerfile": "auto writes one where there is none; never leaves it to you; pack builds with buildpacks",
}


class ProcfileImporter:
    """Reads a repository that runs on Heroku, Dokku or under foreman and its kin.

    `options` says what each of its options does.
    """

    name = "procfile"
    title = "Procfile, app.json, heroku.yml"
    tables = ("app_json", "addons")
    options = _OPTIONS

    def sniff(self, project: Project) -> tuple[str, ...]:
        """The files at the root of the repository that speak of such a platform."""
        from tocompose.importers.procfile.sources import find_sources

        return find_sources(project)

    def read(self, project: Project, ledger: Ledger, settings: ImportOptions) -> Stack:
        """The stack that the repository comes to."""
        from tocompose.importers.procfile.conversion import convert_repository
        from tocompose.importers.procfile.sources import check_options
        from tocompose.repository import Repository

        check_options(project, settings)
        repository = Repository(project, ledger, settings.name, settings.options)
        return convert_repository(repository)


IMPORTER = ProcfileImporter()
