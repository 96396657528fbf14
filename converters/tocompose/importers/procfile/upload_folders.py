"""The folders in which the app keeps the files that its users upload, where it keeps them on its own disk."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from posixpath import isabs, join, normpath

from tocompose.importers.procfile.database_paths import folder_of_name
from tocompose.importers.procfile.scan import Occurrence
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.source import Span
from tocompose.tables import load

# Settings that production does not load.
_OTHER_MODES = regex(r"(?:^|[/_.-])(?:development|dev|local|test|testing)\.\w+$")
_QUOTED = regex(r"[\"']([^\"'\n]*)[\"']")
# A call that reads a variable of the environment; behind its name stands the default.
_READS_VARIABLE = regex(r"\b(?:getenv|environ|env|config)\b[^\n]{0,20}?[\"']\w+[\"']")
_DEFAULT = regex(r"\s*,\s*(?:default\s*=\s*)?(.+)")
# What a folder begins in: a name that the settings have for it.
_BASE = regex(r"\b(app\.\w+|[A-Z][A-Z0-9_]*\b|[a-z]\w*\b(?!\())")
_IN_TEXT = regex(r"\{([A-Za-z_]\w*)\}")
_LONGEST_STATEMENT = 300
_SECTION = regex(r"^(\w+):[ \t]*\n((?:[ \t][^\n]*\n|\n)+)", re.MULTILINE)
_DISK = regex(r"^\s*service:\s*[\"']?Disk\b", re.MULTILINE)
_ROOT = regex(r"^\s*root:\s*(.+)$", re.MULTILINE)
_SERVICE = regex(r"^\s*config\.active_storage\.service\s*=\s*([^\n#]+)", re.MULTILINE)
_SERVICE_NAME = regex(r":(\w+)|[\"']([a-z]\w*)[\"']")
_RAILS_SETTINGS = ("config/environments/production.rb", "config/application.rb")
_RAILS_ROOT = regex(r"Rails\.root(?:\.join\(([^)]*)\)|[\s/+]*([\"'][^\"']+[\"']))")
_LARAVEL_DISK = regex(r"env\(\s*[\"']FILESYSTEM_D(?:ISK|RIVER)[\"']\s*,\s*[\"'](\w+)[\"']")


class UploadFolder(NamedTuple):
    """A folder of files that users upload: what states it, its path from the work directory, and where.

    `folder` is None where it cannot be told. `is_placed` says that production keeps them there, and in no store
    elsewhere, and that no source lies there.
    """

    what: str
    folder: str | None
    span: Span
    is_placed: bool = True


def find_upload_folders(
    repository: Repository, occurrences: Iterable[Occurrence], values: Mapping[str, str]
) -> tuple[UploadFolder, ...]:
    """The folders of production, each once; `values` are the variables of the app that are known."""
    folders: dict[str | None, UploadFolder] = {}
    for storage in occurrences:
        if _OTHER_MODES.search(storage.span.file):
            continue
        for upload in _read_storage(repository, storage, values):
            has_source = _holds_source(repository, upload.folder or "")
            placed = upload._replace(is_placed=upload.is_placed and not has_source)
            folders.setdefault(upload.folder, placed)
    return tuple(folders.values())


def _read_storage(
    repository: Repository, storage: Occurrence, values: Mapping[str, str]
) -> Iterator[UploadFolder]:
    """The folder that one place of the code or of the settings states; nothing where production uses another store."""
    text = repository.read_text(storage.span.file) or ""
    is_certain = not _names_other_store(repository, storage.span.file)
    match storage.value:
        case "active_storage":
            yield from _active_storage(repository, storage, text)
        case "laravel":
            if _laravel_disk(text, values) in load("uploads")["local_disks"]:
                yield UploadFolder(storage.name, "storage/app", storage.span)
        case "stated":
            folder = _stated_folder(text, storage.span, values)
            yield UploadFolder(storage.name, folder, storage.span, is_certain)
        case usual:
            yield UploadFolder(storage.name, usual, storage.span, is_certain)


def _names_other_store(repository: Repository, file: str) -> bool:
    """Whether the settings, here or in a file beside, name a store elsewhere too, as django-storages does."""
    folder = file.rpartition("/")[0]
    beside = (
        path
        for path in repository.project.files()
        if path.rpartition("/")[0] == folder and path.endswith(file[file.rfind(".") :])
    )
    store_words = load("uploads")["other_stores"]
    texts = (repository.read_text(path) or "" for path in beside)
    return any(word in text for text in texts for word in store_words)


def _stated_folder(text: str, span: Span, values: Mapping[str, str]) -> str | None:
    """The folder that a statement assigns: `MEDIA_ROOT = BASE_DIR / "media"`, `multer({ dest: "uploads/" })`."""
    lines = text.split("\n")[span.line - 1 :]
    line = "\n".join(lines)[span.column - 1 :][:_LONGEST_STATEMENT]
    statement = re.split(r"\n(?=\S)", re.split(r"[=:](?!=)", line, maxsplit=1)[-1])[0]
    statement = statement.split("\n")[0] if _is_whole(statement) else statement
    if reading := _READS_VARIABLE.search(statement):
        name = _QUOTED.findall(reading[0])[0]
        default = _DEFAULT.match(statement[reading.end() :])
        if name in values:
            return _inside(values[name])
        statement = default[1] if default else ""
    if not statement.strip():
        return None
    return _joined_folder(statement, text, span.file)


def _is_whole(statement: str) -> bool:
    """Whether the first line of a statement closes all that it opens."""
    first_line = statement.split("\n")[0]
    return first_line.count("(") <= first_line.count(")")


def _joined_folder(statement: str, text: str, file: str) -> str | None:
    """The folder from the parts that a statement joins; None where one of them is not known."""
    quoted_parts = _QUOTED.findall(statement)
    code = _QUOTED.sub(" ", statement)
    names = [name for name in _BASE.findall(code) if name not in load("uploads")["joiners"]]
    names += [name for part in quoted_parts for name in _IN_TEXT.findall(part)]
    if not quoted_parts or len(names) > 1:
        return None
    plain_parts = [_IN_TEXT.sub("", part) for part in quoted_parts]
    if not names:
        return _inside(join(*plain_parts))
    base = folder_of_name(names[0], text, file)
    if base is None:
        return None
    return _inside(join(base, *(part.strip("/") for part in plain_parts)))


def _inside(path: str) -> str | None:
    """The folder from the work directory; None for one above it, or for all of it."""
    folder = normpath(path).removeprefix("/app/")
    is_inside = folder not in (".", "/", "/app") and not folder.startswith("..")
    return folder if is_inside else None


def _active_storage(
    repository: Repository, storage: Occurrence, text: str
) -> Iterator[UploadFolder]:
    """The folder of the service that Rails uses in production, where that is the disk.

    https://guides.rubyonrails.org/active_storage_overview.html#setup
    """
    sections = dict(_SECTION.findall(f"{text}\n"))
    chosen = _production_services(repository, sections)
    services = chosen or [name for name in sections if name != "test"]
    for section in (sections[name] for name in services):
        if _DISK.search(section):
            root = _ROOT.search(section)
            folder = _disk_folder(root[1]) if root else None
            yield UploadFolder(storage.name, folder, storage.span, len(chosen) == 1)
            return


def _production_services(repository: Repository, sections: Mapping[str, str]) -> list[str]:
    """The services of config/storage.yml that the settings of production name; several where a condition chooses."""
    for path in _RAILS_SETTINGS:
        if stated := _SERVICE.search(repository.read_text(path) or ""):
            names = (symbol or word for symbol, word in _SERVICE_NAME.findall(stated[1]))
            return [name for name in names if name in sections]
    return []


def _disk_folder(root: str) -> str | None:
    """The folder that `root` of a service names, by a path of its own or from the app's."""
    below = _RAILS_ROOT.search(root)
    if below:
        return _inside(join("", *_QUOTED.findall(below[1] or below[2] or "")))
    plain_path = re.fullmatch(r"[\"']?([\w./-]+)[\"']?\s*", root)
    return _inside(plain_path[1]) if plain_path else None


def _laravel_disk(text: str, values: Mapping[str, str]) -> str:
    """The disk that Laravel uses by default: https://laravel.com/docs/filesystem#configuration."""
    stated = (values.get(name, "") for name in ("FILESYSTEM_DISK", "FILESYSTEM_DRIVER"))
    default = _LARAVEL_DISK.search(text)
    return next(filter(None, stated), default[1] if default else "")


def _holds_source(repository: Repository, folder: str) -> bool:
    """Whether the repository has other files there than media: a volume would keep them as at its first start."""
    if isabs(folder) or not folder:
        return False
    media = tuple(load("uploads")["media"])
    return any(
        path.startswith(f"{folder}/")
        and not path.rpartition("/")[2].startswith(".")
        and not path.lower().endswith(media)
        for path in repository.project.files()
    )
