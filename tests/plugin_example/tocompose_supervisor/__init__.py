"""supervisord.conf for tocompose: each [program:x] becomes a service that is built from the source.

The package also brings notes, an image, a server (`mappings/`) and a rule (`rule.py`).
"""

from __future__ import annotations

import re

from tocompose.importers import ImportOptions, SourceError
from tocompose.ledger import Cursor, Ledger
from tocompose.model import Build, EnvVariable, Service, Stack
from tocompose.project import Project
from tocompose.source import Branch, Child, Leaf, Span
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier

# KEY=value and KEY="value", with commas between them.
_SETTING = re.compile(r'(\w+)=(?:"([^"]*)"|([^,"]*))')
NAMES = ("supervisord.conf", "supervisor.conf")


class Supervisor:
    """The importer; its name is what `--from` takes."""

    name = "supervisor"
    title = "supervisord.conf programs"

    def sniff(self, project: Project) -> tuple[str, ...]:
        """The configuration files by their usual names."""
        return tuple(path for path in project.files() if path.rpartition("/")[2] in NAMES)

    def read(self, project: Project, ledger: Ledger, settings: ImportOptions) -> Stack:
        """A service a program; what is not read here is reported by the ledger, line by line."""
        services: list[Service] = []
        for path in self.sniff(project):
            text = (project.read(path) or b"").decode("utf-8", "replace")
            for section in ledger.open(tree(text, path)):
                if section.key.startswith("program:"):
                    services.append(service(section))
        if not services:
            raise SourceError(
                f"{project.name}: no [program:x] section was found in {' or '.join(NAMES)}"
            )
        return Stack(
            name=identifier(settings.name or project.name), services=tuple(services)
        )


def service(section: Cursor) -> Service:
    """The service of one [program:x] section."""
    name = identifier(section.key.partition(":")[2])
    command = section.take("command", to=ModelPath.service(name, "command"))
    environment = (
        section.take("environment", to=ModelPath.service(name, "environment")) or ""
    )
    restart = section.take("autorestart", to=ModelPath.service(name, "restart"))
    replicas = copies(section, name)
    if priority := section.peek("priority"):
        section.at("priority").note("SUP002", program=name, priority=priority)
    pairs = _SETTING.findall(environment)
    if rest := _SETTING.sub("", environment).strip(", "):
        section.at("environment").annotate("SUP003", program=name, text=rest)
    return Service(
        name=name,
        build=Build(),
        command=("sh", "-c", literal(command)) if command else None,
        environment=tuple(
            EnvVariable(name=key, value=literal(one or two)) for key, one, two in pairs
        ),
        restart={"true": "always", "unexpected": "on-failure"}.get(restart or "", "no")
        if restart
        else None,
        replicas=replicas,
        origin=section.span,
    )


def copies(section: Cursor, name: str) -> int | None:
    """How many containers stand for the program, with a note where there are several."""
    count = section.take("numprocs", to=ModelPath.service(name, "deploy", "replicas"))
    if count is None or not count.isdigit() or count == "1":
        return None
    section.at("numprocs").annotate("SUP001", program=name, count=count)
    return int(count)


def tree(text: str, path: str) -> Branch:
    """The file as sections of keys, each value with its position."""
    sections: list[Child] = []
    entries: list[Child] = []
    for number, line in enumerate(text.split("\n"), 1):
        if match := re.match(r"\[(.+?)\]", line):
            entries = []
            span = Span(path, number, 1, number, len(line) + 1)
            sections.append(Child(match[1], span, Branch("map", (), span)))
        elif (match := re.match(r"(\w+)\s*=\s*(.*?)\s*(?:;.*)?$", line)) and sections:
            value = Span(path, number, match.start(2) + 1, number, match.end(2) + 1)
            entries.append(
                Child(
                    match[1],
                    Span(path, number, 1, number, match.end(1) + 1),
                    Leaf(match[2], value),
                )
            )
            head = sections[-1]
            sections[-1] = head._replace(node=Branch("map", tuple(entries), head.span))
    return Branch("document", tuple(sections), Span(path, 1, 1, text.count("\n") + 1, 1))


IMPORTER = Supervisor()
