"""`.env`, `.env.example` and the lines that keep the values out of version control and out of images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from posixpath import normpath

from tocompose.compose.variable_usage import VariableUsage
from tocompose.earlier_run import ENV_HEAD
from tocompose.knowledge.placeholders import is_placeholder
from tocompose.knowledge.secrets.texts import secret_defaults
from tocompose.knowledge.servers import has_development_password
from tocompose.model import EnvSetting, File, Stack
from tocompose.notes import Note, note
from tocompose.patterns import regex
from tocompose.record import replace
from tocompose.stack_texts import demanded_variables
from tocompose.syntax.interpolation import Variable
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import ALWAYS_SET
from tocompose.wording import wrap_text

IGNORED = (".env", "secrets/")
_ESCAPES = str.maketrans(
    {"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
)
_WIDTH = 100
_NAMES_FOLDER = regex(r"(?:^|_)(?:DIR|DIRECTORY|FOLDER)$")
_FOR_DEVELOPMENT = (
    "The value in .env is for development: change it before others can reach the server."
)
_EXAMPLE_HEAD = (
    "# Every variable of the compose files. If there is no .env yet: cp .env.example .env"
)
_TO_SET = ", and set what is required"
# What the comment above a variable holds that docker compose refuses to start without.
REQUIRED_MARK = "(required"


def quoted(value: str) -> str:
    """The value in double quotes, so that Compose's parser of `.env` files gives back exactly `value`."""
    return f'"{value.translate(_ESCAPES)}"'


def missing_comment(name: str) -> str:
    """The line above a variable that must be set and that the source gives no value to."""
    return f"# {name} has no value yet. Set it here."


def optional_comment(name: str) -> str:
    """The line above a variable without a value that the stack starts without."""
    return f"# {name} has no value (optional)."


def example_comment(name: str) -> str:
    """The line above a variable of which the source has an example only, in a comment."""
    return f"# {name} is not set. To use the example of the source, remove the # below."


def folder_comment(name: str) -> str:
    """The line above an example that names a folder, which a container loses with itself."""
    return f"# {name} is a folder of the container. Mount a volume there to keep its files."


def env_files(stack: Stack, used: Mapping[str, Variable]) -> tuple[File, ...]:
    """`.env` (real values, for its owner only) and `.env.example` with every variable that is `used` besides.

    `.env` has what the stack knows, and a line to fill in for a variable without any default.
    """
    explained = {setting.name for setting in stack.settings} | ALWAYS_SET
    unexplained = [
        _setting_of(variable)
        for name, variable in sorted(used.items())
        if name not in explained
    ]
    settings = [*stack.settings, *unexplained]
    to_set = [
        *stack.settings,
        *(setting for setting in unexplained if not (setting.example or setting.secret)),
    ]
    files = []
    if to_set:
        lines = _env_lines(_described(to_set, stack), _passed_through(stack))
        content = _as_bytes(lines)
        files.append(File(path=".env", content=content, mode=0o600, secret=True))
    if settings:
        lines = _example_lines(_described(settings, stack), _passed_through(stack))
        content = _as_bytes(lines)
        files.append(File(path=".env.example", content=content))
    return tuple(files)


def _passed_through(stack: Stack) -> set[str]:
    """The variables that some service takes over from the host."""
    return {
        variable.name
        for service in (*stack.services, *stack.development)
        for variable in service.environment
        if variable.value is None
    }


def _setting_of(variable: Variable) -> EnvSetting:
    """A variable that the compose files use and the source gives no value to."""
    default = variable.default or ""
    if any(True for _ in secret_defaults(variable, is_secret=False)):
        text = f"{variable.name} of the compose file, which holds a default for it."
        return EnvSetting(name=variable.name, description=text, secret=True)
    if default and "$" not in default:
        text = f"Optional; {default} is used where {variable.name} is not set."
        return EnvSetting(name=variable.name, example=default, description=text)
    text = f"The source takes {variable.name} from the environment and gives no value."
    return EnvSetting(name=variable.name, description=text)


def gitignore(files: Iterable[File]) -> tuple[File, ...]:
    """The lines that `.gitignore` must hold for files with values, beside the compose files."""
    paths = [file.path for file in files]
    lines = [
        line
        for line in IGNORED
        if line in paths or (line.endswith("/") and _has_file_below(line, paths))
    ]
    return (File(path=".gitignore", content=_as_bytes(lines)),) if lines else ()


def dockerignore(
    stack: Stack, files: Iterable[File]
) -> tuple[tuple[File, ...], tuple[Note, ...]]:
    """The file that keeps values out of the images that are built here, with a note for each image.

    A build takes all of its context where the Dockerfile copies everything, so the values would lie in the image.
    https://docs.docker.com/build/concepts/context/#dockerignore-files
    """
    is_written = any(file.path.endswith(".dockerignore") for file in stack.files)
    secrets = () if is_written else gitignore(file for file in files if file.secret)
    lines = [line for file in secrets for line in file.content.decode().split()]
    notes = tuple(_notes_of_builds(stack, lines)) if lines else ()
    is_needed = any(message.code == "TC430" for message in notes)
    ignored = File(path=".dockerignore", content=_as_bytes(lines))
    return ((ignored,) if is_needed else ()), notes


def _notes_of_builds(stack: Stack, lines: list[str]) -> Iterator[Note]:
    """A note about each image whose folder, this one or one above it, holds the values."""
    for service in stack.services:
        context = normpath(service.build.context) if service.build else "/"
        if {".", ".."}.issuperset(context.split("/")):
            yield note(
                "TC430" if context == "." else "TC431",
                service.origin,
                subject=ModelPath.service(service.name, "build"),
                service=service.name,
                context=context,
                names=" and ".join(lines),
            )


def _has_file_below(folder: str, paths: Iterable[str]) -> bool:
    return any(path.startswith(folder) for path in paths)


def _env_lines(settings: Iterable[EnvSetting], passed_through: set[str]) -> Iterator[str]:
    yield from ENV_HEAD
    for setting in settings:
        name = setting.name
        if setting.value is not None:
            yield f"{name}={quoted(setting.value)}"
            continue
        # A service that passes the variable through goes without it; an empty line would give it an empty text.
        mark = "# " if name in passed_through else ""
        if mark and setting.example and not setting.secret:
            yield example_comment(name)
            if _NAMES_FOLDER.search(name) and setting.example.startswith("/"):
                yield folder_comment(name)
            yield f"{mark}{name}={quoted(setting.example)}"
        else:
            comment = missing_comment if setting.required else optional_comment
            yield comment(name)
            yield f"{mark}{name}="


def _example_lines(
    settings: Iterable[EnvSetting], passed_through: set[str]
) -> Iterator[str]:
    settings, told_readings = tuple(settings), {""}
    yield from (f"{_EXAMPLE_HEAD}{_TO_SET if any(map(_is_to_set, settings)) else ''}", "")
    for setting in settings:
        if setting.reading not in told_readings:
            # A paragraph of its own, in one line: it is for several variables, and to be pasted.
            told_readings.add(setting.reading)
            yield from (f"# {setting.reading}", "")
        yield from (f"# {line}" for line in wrap_text(_description_of(setting), _WIDTH - 2))
        value = _example_value(setting)
        is_optional = setting.value is None and not setting.required
        is_left_out = is_optional and setting.name in passed_through
        # As in `.env`: a line would give the service an empty text, or the value of an example.
        assignment = f"{setting.name}={quoted(value) if value or not is_left_out else ''}"
        yield f"# {assignment}" if is_left_out else assignment
        yield ""


def _description_of(setting: EnvSetting) -> str:
    is_default = has_development_password(setting)
    description = f"{setting.description}{_shown_example(setting)}".split()
    text = " ".join(description)
    if is_default:
        text = f"{text.rstrip('.')}. {_FOR_DEVELOPMENT}"
    kinds = ["secret"] if setting.secret else []
    if setting.required:
        return f"{text} {REQUIRED_MARK}{''.join(f', {kind}' for kind in kinds)})"
    return f"{text} ({', '.join(kinds)})" if kinds else text


def _address_rules(settings: Iterable[EnvSetting], stack: Stack) -> dict[str, str]:
    """What the values of secrets must be made of that are parts of addresses."""
    names = [setting.name for setting in settings if setting.secret]
    if not names:
        return {}
    from tocompose.exporters.address_variables import AddressUse

    addresses = AddressUse(stack)
    return {name: addresses.rule_for(name) for name in names}


def _described(settings: Iterable[EnvSetting], stack: Stack) -> Iterator[EnvSetting]:
    """The settings; of those without a description, who uses them; required is what docker compose demands."""
    usage = VariableUsage(stack)
    demanded = demanded_variables(stack)
    settings = tuple(settings)
    rules = _address_rules(settings, stack)
    for setting in settings:
        name = setting.name
        description = setting.description or usage.meaning_of(name)
        if rule := rules.get(name, ""):
            begun = description.rstrip(".")
            description = "; ".join(filter(None, (begun, rule)))
        yield replace(
            setting,
            description=description,
            required=name in demanded,
        )


def _example_value(setting: EnvSetting) -> str:
    """The value that the example starts with; empty where each must set their own.

    Whoever copies the file to `.env` must not start a stack with a placeholder: docker compose refuses an empty value
    that is required, and takes any other text for the real one.
    """
    if setting.secret or _is_only_shown(setting):
        return ""
    return setting.example or setting.value or ""


def _is_to_set(setting: EnvSetting) -> bool:
    return setting.required and not _example_value(setting)


def _is_only_shown(setting: EnvSetting) -> bool:
    """Whether an example shows what the value looks like, and is none."""
    if setting.value is not None:
        return False
    return setting.required or is_placeholder(setting.name, setting.example)


def _shown_example(setting: EnvSetting) -> str:
    """What is said of an example that is not the value, and tells more than that one is missing."""
    example = setting.example
    is_meant = setting.secret or _is_only_shown(setting)
    if not is_meant or not example or example == setting.value:
        return ""
    return "" if is_placeholder(setting.name, example) else f", such as {example}"


def _as_bytes(lines: Iterable[str]) -> bytes:
    return ("\n".join(lines).rstrip("\n") + "\n").encode("utf-8", "surrogateescape")
