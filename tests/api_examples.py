"""An example for each public name; docs/api.md shows them, a test runs them and mypy reads them in strict mode."""

from __future__ import annotations

from textwrap import dedent

_LIBRARY = {
    "Folder": """
        from pathlib import Path
        from tocompose import Folder

        Path("shop").mkdir()
        Path("shop/run.sh").write_text("docker run -d --name web nginx:1.27")
        project = Folder(Path("shop"))
        assert project.files() == ("run.sh",)
        assert project.read("../secret") is None
    """,
    "Importer": """
        from tocompose import Importer, Memory, Project, Service, Stack
        from tocompose.importers import ImportOptions
        from tocompose.ledger import Ledger


        class Images:
            name = "images"
            title = "a list of images"

            def sniff(self, project: Project) -> tuple[str, ...]:
                return tuple(path for path in project.files() if path == "images.txt")

            def read(self, project: Project, ledger: Ledger, settings: ImportOptions) -> Stack:
                images = (project.read("images.txt") or b"").decode().split()
                services = (Service(name=image.partition(":")[0], image=image) for image in images)
                return Stack(name=project.name, services=tuple(services))


        importer: Importer = Images()
        assert importer.sniff(Memory({"images.txt": b"redis:7"})) == ("images.txt",)
    """,
    "Kind": """
        from tocompose import Kind

        assert [kind.value for kind in Kind] == ["lost", "changed", "assumed", "added", "info"]
        assert Kind.LOST.level.value == "error"
    """,
    "Layout": """
        from tocompose import Layout, Memory, Options, convert

        project = Memory({"run.sh": b"docker run -d --name web -e TOKEN=hunter2-Kq9 nginx:1.27"})
        result = convert(project, Options(layout=Layout(split=True, modern_names=True)))
        assert {"compose.yaml", ".env", ".env.example"} <= {file.path for file in result.files}
    """,
    "Memory": """
        from tocompose import Memory

        project = Memory({"k8s/web.yaml": b"kind: Pod"}, name="shop")
        assert project.exists("k8s") and project.read("k8s/web.yaml") == b"kind: Pod"
    """,
    "Note": """
        from tocompose import Memory, Note, convert

        result = convert(Memory({"run.sh": b"docker run -d --frob nginx:1.27"}))
        note: Note = result.notes[0]
        assert note.kind.value == "lost" and "--frob" in note.message
        assert note.span is not None and (note.span.file, note.span.line) == ("run.sh", 1)
    """,
    "Options": """
        from tocompose import Memory, Options, convert

        project = Memory({"run.sh": b"docker run -d --name web nginx:1.27"})
        plain = convert(project, Options(source="docker_run", practices="none"))
        assert plain.stack.services[0].healthcheck is None
    """,
    "Practice": """
        from tocompose import Practice, Rule

        assert Practice is Rule
    """,
    "Project": """
        from tocompose import Memory, Project


        def sizes(project: Project) -> dict[str, int]:
            return {path: len(project.read(path) or b"") for path in project.files()}


        assert sizes(Memory({"a": b"12"})) == {"a": 2}
    """,
    "Result": """
        from tocompose import Memory, Result, convert

        result: Result = convert(Memory({"run.sh": b"docker run -d --name web nginx:1.27"}))
        assert result.importer == "docker_run"
        assert result.files[0].path == "docker-compose.yml"
        assert sum(result.counts.values()) == len(list(result.ledger.leaves()))
    """,
    "Rule": """
        from tocompose import Rule
        from tocompose.rules import registry

        rules: tuple[Rule, ...] = registry()
        assert "LOG" in {rule.id for rule in rules}
    """,
    "Service": """
        from tocompose import Memory, Service, convert

        stack = convert(Memory({"run.sh": b"docker run -d --name web -p 80:8000 nginx:1.27"})).stack
        web: Service = stack.services[0]
        assert (web.name, web.image, web.ports[0].target) == ("web", "nginx:1.27", "8000")
    """,
    "SourceError": """
        from tocompose import Memory, SourceError, convert

        try:
            convert(Memory({"notes.txt": b"nothing to run"}))
        except SourceError as problem:
            assert "no supported format" in str(problem)
    """,
    "Stack": """
        from tocompose import Memory, Stack, convert

        stack: Stack = convert(Memory({"run.sh": b"docker run -d --name web nginx:1.27"})).stack
        web = stack.service("web")
        assert web is not None and web.image == "nginx:1.27"
    """,
    "convert": """
        from tocompose import Kind, Memory, convert

        result = convert(Memory({"run.sh": b"docker run -d --name web -p 8080:80 nginx:1.27"}))
        print(result.files[0].content.decode())
        assert not [note for note in result.notes if note.kind is Kind.LOST]
    """,
    "write": """
        from pathlib import Path
        from tocompose import Layout, Memory, Options, convert, write

        project = Memory({"run.sh": b"docker run -d --name web nginx:1.27"})
        result = convert(project, Options(layout=Layout(split=True)))
        written = write(result.files, Path("deploy"))
        assert "docker-compose.yml" in written.created
    """,
}
_BATCH = {
    "BatchOptions": """
        from tocompose import Options
        from tocompose.batch import BatchOptions

        options = BatchOptions(conversion=Options(practices="none"), timeout=10)
        assert options.digest() != BatchOptions().digest()
    """,
    "BatchRepository": """
        from tocompose.batch import BatchRepository

        repository = BatchRepository("shop", "/srv/repositories/shop", "repositories/./shop")
        assert repository.id == "shop"
    """,
    "OutputMode": """
        from tocompose.batch import BatchOptions, OutputMode

        options = BatchOptions(output_mode=OutputMode.PATCH, output="/srv/patches")
        assert options.output_mode.value == "patch"
    """,
    "RepositoryOutcome": """
        from pathlib import Path
        from tocompose.batch import RepositoryOutcome, convert_many

        Path("shop").mkdir()
        Path("shop/run.sh").write_text("docker run -d --name web nginx:1.27")
        outcome: RepositoryOutcome = next(iter(convert_many(["shop"])))
        assert outcome.service_count() == 1
    """,
    "Status": """
        from tocompose.batch import Status, convert_many

        assert [outcome.status for outcome in convert_many(["nowhere"])] == [Status.FAILED]
    """,
    "convert_many": """
        from pathlib import Path
        from tocompose.batch import Status, convert_many

        for name in ("shop", "site"):
            Path(name).mkdir()
            Path(name, "run.sh").write_text(f"docker run -d --name {name} nginx:1.27")
        outcomes = list(convert_many(["shop", "site"]))
        assert all(outcome.status is Status.CONVERTED for outcome in outcomes)
    """,
}
_TESTING = {
    "check_accepted": """
        from tocompose import Layout, Memory, Options, convert
        from tocompose.testing import check_accepted

        files = {"run.sh": "docker run -d --name cache redis:7"}
        project = Memory({path: text.encode() for path, text in files.items()})
        check_accepted(convert(project, Options(layout=Layout(split=True))), files)
    """,
    "check_format": """
        from tocompose.testing import check_format

        result = check_format("docker_run", {"run.sh": "docker run -d --name cache redis:7"})
        assert result.stack.services[0].image == "redis:7"
        try:
            check_format("procfile", {"run.sh": "docker run -d --name cache redis:7"})
        except AssertionError as problem:
            assert "taken for docker_run, not for procfile" in str(problem)
    """,
    "check_image": """
        from tocompose.testing import check_image

        assert check_image("postgres:16").ports == ("5432",)
    """,
    "check_ledger": """
        from tocompose import Memory, convert
        from tocompose.testing import check_ledger

        check_ledger(convert(Memory({"run.sh": b"docker run --frob nginx"})))
    """,
    "check_mutations": """
        from tocompose.testing import check_mutations

        check_mutations({"run.sh": "docker run -d --name cache redis:7"}, "docker_run")
    """,
    "check_note": """
        from tocompose import Memory, convert
        from tocompose.testing import check_note

        script = "docker run --frob nginx"
        for note in convert(Memory({"run.sh": script.encode()})).notes:
            check_note(note, {"run.sh": script})
    """,
    "check_notes": """
        from tocompose.testing import check_notes

        try:
            check_notes(["TC101"], [])
        except AssertionError as problem:
            assert str(problem) == "TC101 is no code of a plug-in"
    """,
    "check_plugins": """
        from tocompose.testing import check_plugins

        check_plugins()
    """,
    "check_rule": """
        from tocompose.rules.restart import RULE
        from tocompose.testing import check_rule

        check_rule(RULE)
    """,
    "check_server": """
        from tocompose.testing import check_server

        check_server("postgres")
    """,
}
_ALL = _LIBRARY | _BATCH | _TESTING
EXAMPLES = {name: dedent(text).strip() + "\n" for name, text in _ALL.items()}
