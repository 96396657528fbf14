"""Commands that cannot start, because the repository has no file that says what the app is made of."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.procfile.app_folders import folder_repository
from tocompose.importers.procfile.image import Image
from tocompose.importers.procfile.language import command_rows
from tocompose.importers.procfile.named_files import NamedProgram, named_programs
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.services import AppPlan
from tocompose.knowledge.wrappers import wrapper_at
from tocompose.languages import is_present, language_rows
from tocompose.repository import Repository
from tocompose.tables import load


def note_missing_manifests(plan: AppPlan) -> None:
    """Says which processes need the libraries, or the build, of a file that is not there."""
    for process in plan.processes:
        image = plan.image(process)
        manifest = _missing_manifest(_repository_of(plan, process, image), image)
        needing = next(_needing_manifest(process, image), "") if manifest else ""
        if needing:
            facts = {"name": process.type, "what": needing, "file": manifest}
            plan.note("TC096", process, "command", **facts)


def _repository_of(plan: AppPlan, process: Process, image: Image) -> Repository:
    is_of_folder = bool(process.image) and image.generated
    return (
        folder_repository(plan.repository, process.image)
        if is_of_folder
        else plan.repository
    )


def _missing_manifest(repository: Repository, image: Image) -> str:
    """The file that a generated image of the language is made by, where the repository has none of its kind."""
    row = language_rows().get(image.language)
    if row is None or not image.generated:
        return ""
    if "installers" in row:
        is_there = any(map(repository.has_file, row["installers"]))
    else:
        is_there = is_present(repository.project, row)
    return "" if is_there else str(row.get("manifest", ""))


def _needing_manifest(process: Process, image: Image) -> Iterator[str]:
    """What of a process needs the file: the first of its programs that does, or the image itself."""
    if not language_rows()[image.language].get("without_manifest"):
        yield "the image"
    for program in named_programs(process.text):
        wrapper = wrapper_at((program.name, *program.arguments))
        if wrapper is not None:
            if wrapper.library and not (wrapper.environment or wrapper.fetches):
                yield f"`{' '.join(wrapper.words)}`"
        elif _is_of_library(program, image.language):
            yield f"`{program.name}`"


def _is_of_library(program: NamedProgram, language: str) -> bool:
    """Whether the manifest brings the program, or names the scripts that it runs."""
    name = program.name.rpartition("/")[2]
    if name in load("process_managers")["package_tools"]:
        return True
    if name.startswith("heroku-php-"):
        # The generated image starts its own server in their place.
        return False
    is_spoken = command_rows().get(name, {}).get("language") == language
    return is_spoken and name not in load("programs")["runtimes"].get(language, ())
