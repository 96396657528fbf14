"""VOL-BIND: code from the host in development only; files that must exist are not replaced by empty folders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from tocompose.knowledge.configuration_files import looks_like_file
from tocompose.model import ComposeFileRole, Mount, Role, Service, Stack
from tocompose.notes import Note
from tocompose.project import project_path
from tocompose.record import replace
from tocompose.rules import (
    Context,
    Example,
    Excuse,
    Outcome,
    Rule,
    Startup,
    Verdict,
    View,
    judge_all,
    map_services,
    overlay_of,
    remark,
    with_overlay,
)
from tocompose.rules.file_mounts import (
    can_demand_file,
    demands_file,
    is_host_file,
)
from tocompose.rules.lost_data import is_anonymous
from tocompose.rules.mounted_files import MountedFiles
from tocompose.rules.named_volumes import is_mask
from tocompose.rules.sensitive_mounts import is_sensitive
from tocompose.rules.service_images import data_paths, facts_of
from tocompose.rules.views import judge_mount, judge_production
from tocompose.syntax.host_paths import is_of_host, is_relative_path
from tocompose.syntax.interpolation import replace_variables

_CODE_TARGETS = (
    "/app",
    "/usr/src",
    "/code",
    "/srv",
    "/src",
    "/workspace",
    "/var/www",
    "/opt",
    "/home",
    "/work",
    "/go/src",
)
# Names of folders that hold code. What else lies beside it (uploads, data, logs) is content that production needs too.
_CODE_FOLDERS = frozenset(
    (
        "api app backend bin client cmd code frontend internal lib packages pkg "
        "scripts server source src templates test tests views web"
    ).split()
)

# What to do about a file of the host that nobody demands.
_DEMAND = (
    "Write the mount in the long form with `bind: {create_host_path: false}`, so that "
    "`docker compose up` fails instead."
)
_PROVIDE = (
    "Make sure that the file is there before the first `docker compose up`: only the short form "
    "relabels it for SELinux, and that demands nothing."
)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with code mounts of built services in the dev file, and file mounts that fail when the file lacks."""
    files = MountedFiles(stack, context)
    written_folders = frozenset(_folders_of(file.path for file in stack.files))
    return map_services(
        stack, lambda service: _divide_mounts(service, files, written_folders)
    )


def _folders_of(paths: Iterable[str]) -> Iterator[str]:
    """The folders that files lie in, each with those above it, as mounts name them, with a slash at the end."""
    for path in paths:
        for position, char in enumerate(path):
            if char == "/":
                yield f"./{path[: position + 1]}"


def _divide_mounts(
    service: Service, files: MountedFiles, written_folders: Set[str]
) -> tuple[Service, list[Note]]:
    code = list(filter(_is_code, service.mounts)) if service.build else []
    masks = _masks_of(service) if code else []
    notes = [
        remark("TC655", service, "volumes", mount.origin, path=mount.target)
        for mount in code
    ]
    mounts: list[Mount] = []
    for mount in service.mounts:
        if mount not in code and mount not in masks:
            mounts.append(_demand_file(mount) if _can_demand_file(mount) else mount)
            if not _is_written_folder(mount, written_folders):
                notes += _note_bind(files.with_env_files(service), mount)
    mended = service
    if mounts != list(service.mounts):
        mended = replace(service, mounts=tuple(mounts))
    if code:
        overlay = overlay_of(service, ComposeFileRole.DEV)
        overlay = replace(overlay, mounts=(*overlay.mounts, *code, *masks))
        mended = with_overlay(mended, ComposeFileRole.DEV, overlay)
    return mended, notes


def _masks_of(service: Service) -> list[Mount]:
    """The volumes that keep folders of dependencies from being hidden."""
    anonymous = filter(is_anonymous, service.mounts)
    return [mount for mount in anonymous if is_mask(mount, service)]


def _is_code(mount: Mount) -> bool:
    """Whether it is the built folder itself, or a folder of code in it, mounted where images keep code."""
    source = (mount.source or "").rstrip("/")
    if mount.kind != "bind" or looks_like_file(source):
        return False
    leaf = source.rpartition("/")[2].lower()
    inside = source == "." or (source.startswith("./") and leaf in _CODE_FOLDERS)
    return inside and f"{mount.target.rstrip('/')}/".startswith(_CODE_TARGETS)


def _can_demand_file(mount: Mount) -> bool:
    return looks_like_file(mount.source or "") and can_demand_file(mount)


def _demand_file(mount: Mount) -> Mount:
    return replace(mount, options={"bind": {"create_host_path": False}})


def _has_options(service: Service | None, stack: Stack) -> bool:
    mounts = service.mounts if service else ()
    binds = (mount for mount in mounts if mount.kind == "bind")
    return any(mount.options or mount.mode for mount in binds)


def _is_written_folder(mount: Mount, written_folders: Set[str]) -> bool:
    """Whether it is a folder of files that are written beside the compose file, which go wherever that goes."""
    folder = f"{(mount.source or '').rstrip('/')}/"
    return mount.kind == "bind" and mount.read_only and folder in written_folders


def _note_bind(service: Service, mount: Mount) -> list[Note]:
    if mount.kind != "bind" or mount.source is None or is_sensitive(mount.source):
        return []
    if _can_demand_file(mount):
        return [remark("TC656", service, "volumes", mount.origin, path=mount.source)]
    if looks_like_file(mount.source) or _is_named_file(service, mount):
        return []
    code = _folder_code(service, mount.target, mount.source)
    is_fixed = mount.read_only or "ro" in mount.mode.split(",")
    facts = {} if is_fixed else {"read_only": "; for configuration, make it read-only"}
    shown = replace_variables(mount.source, lambda variable: f"${{{variable.name}}}")
    facts = {"path": shown, "read_only": "", **facts}
    return [remark(code, service, "", mount.origin, **facts)]


def _is_named_file(service: Service, mount: Mount) -> bool:
    """Whether a variable such as RESTIC_PASSWORD_FILE says that a file is mounted there."""
    return any(
        variable.value == mount.target and variable.name.endswith("_FILE")
        for variable in service.environment
    )


def _folder_code(service: Service, target: str, source: str) -> str:
    """What is said of a folder: it is the data of a known image, or the system's, the machine's or the project's."""
    image = facts_of(service)
    if image is not None and target.rstrip("/") in data_paths(service, image):
        return "TC657"
    if is_of_host(source):
        return "TC682"
    return "TC658" if is_relative_path(source) else "TC683"


def _judge_files(view: View) -> Iterator[Verdict]:
    """Files of the folder that are not there, and of the host: the engine makes an empty folder of each."""
    for service in view.main.stack.services:
        for mount in service.mounts:
            source = mount.source or ""
            if mount.kind == "bind" and looks_like_file(source) and "$" not in source:
                yield _judge_file(view, service, mount, source)


def _judge_file(view: View, service: Service, mount: Mount, source: str) -> Verdict:
    path = project_path(source)
    present = path is not None and view.project.exists(path)
    holds = present or demands_file(mount)
    facts = {"path": source}
    if not is_host_file(source):
        holds = holds or path is None
        return judge_mount(view.main, service, mount, "T18", holds, "TC737", **facts)
    facts["how"] = _DEMAND if can_demand_file(mount) else _PROVIDE
    return judge_mount(view.main, service, mount, "T18", holds, "TC545", **facts)


def _judge_folders(startup: Startup, service: Service) -> Iterator[Verdict]:
    if service.role is Role.TOOL or service.profiles:
        return
    for mount in service.mounts:
        source = mount.source
        if mount.kind == "bind" and source:
            fixed = mount.read_only or looks_like_file(source)
            fixed = fixed or is_of_host(source)
            shown = replace_variables(source, lambda variable: f"${{{variable.name}}}")
            is_beside = is_relative_path(source)
            remedy = "Move code to the override file and data" if is_beside else "Move data"
            facts = {"path": shown, "remedy": remedy}
            lines = "Q-10 M-05"
            yield judge_mount(startup, service, mount, lines, fixed, "TC715", **facts)


RULE = Rule(
    id="VOL-BIND",
    title="Mount code in development only",
    summary=(
        "Moves mounts of source code to the development file, and makes `docker compose up` "
        "fail if a mounted file is missing, instead of creating an empty folder."
    ),
    tells=("TC545", "TC715", "TC737"),
    severity="should",
    mend=apply,
    covers=("Q-10", "M-05", "S-03", "E-01"),
    url="https://docs.docker.com/engine/storage/bind-mounts/",
    examples=(
        Example(
            """
            services:
              web: {build: ., volumes: ['./src:/app/src', '/app/src/node_modules', './uploads:/data']}
              proxy: {image: 'nginx:1.27', volumes: ['./nginx.conf:/etc/nginx/nginx.conf:ro']}
            """,
            """
            services:
              web: {build: {context: .}, volumes: ['./uploads:/data']}
              proxy:
                image: nginx:1.27
                volumes:
                  - type: bind
                    source: ./nginx.conf
                    target: /etc/nginx/nginx.conf
                    read_only: true
                    bind: {create_host_path: false}
            """,
            override="services: {web: {volumes: ['./src:/app/src', '/app/src/node_modules']}}",
        ),
    ),
    judge=judge_all(_judge_files, judge_production(_judge_folders)),
    said_by={
        "TC545": ("TC639", "TC665"),
        "TC715": ("TC657", "TC658", "TC683", "TC660", "TC661", "TC662", "TC663"),
    },
    stated=frozenset(("TC715",)),
    excuses=(
        Excuse("TC737", "a mount with options of its own stays as it is", _has_options),
    ),
)
