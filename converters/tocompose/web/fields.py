"""The fields of each request: what the API takes, checks and describes, in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tocompose.project import Memory
from tocompose.record import NamedTuple
from tocompose.wording import spelling_hint


class BadRequest(Exception):
    """A request that cannot be answered: the HTTP status, a word for programs, and what to say."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class RequestLimits(NamedTuple):
    """How much one request may ask for."""

    request_bytes: int = 5_000_000
    files: int = 2_000
    name_length: int = 400
    folders_deep: int = 24
    seconds: float = 20.0
    memory_bytes: int = 1_000_000_000
    answer_bytes: int = 40_000_000


# How many texts a list of them may hold, and what names of stacks, folders, formats and codes may be long.
MOST_TEXTS = 1_000
_LONGEST_NAME = 100


class ConversionRequest(NamedTuple):
    """What is asked: the files, as a project that knows no disk, the options, and the fields that stand alone."""

    project: Memory
    options: Mapping[str, Any]
    fields: Mapping[str, Any]
    limits: RequestLimits


class RequestField(NamedTuple):
    """A field of a request: its name, what shape its value has, and what it is for.

    `setting` is the option of the command line that it stands for. `longest` is how many characters a text may have,
    each of several too; None for a source, which the limit of the request bounds.
    """

    name: str
    shape: str
    text: str
    choices: tuple[str, ...] = ()
    setting: str = ""
    longest: int | None = 1_000


SOURCE_FIELDS = (
    RequestField(
        "text", "text", "What is pasted: the same as standard input.", longest=None
    ),
    RequestField(
        "files",
        "files",
        'The files by their relative names: `{"run.sh": "docker run …"}`; one that is no text as `{"base64": "…"}`. '
        "Several are read as a folder.",
    ),
    RequestField(
        "folder",
        "text",
        "What the folder of the files is called; the stack is named so unless `name` says otherwise.",
        longest=_LONGEST_NAME,
    ),
)


def _setting(
    name: str, shape: str, text: str, *choices: str, longest: int = 1_000
) -> RequestField:
    return RequestField(name, shape, text, choices, setting=name, longest=longest)


_FORMAT_FIELDS = (
    _setting(
        "from", "text", "The format; without it, it is detected.", longest=_LONGEST_NAME
    ),
    _setting("name", "text", "The name of the stack.", longest=_LONGEST_NAME),
    _setting("practices", "text", "all, none, or a list such as all,-LOG."),
    _setting("env", "texts", "Which overlays are written.", "dev", "prod"),
    RequestField(
        "one-file",
        "flag",
        "One compose file that holds everything, instead of a base, overlays and reports.",
    ),
    _setting(
        "modern-names",
        "flag",
        "compose.yaml as the name of the file, which Compose prefers.",
    ),
    _setting("harden", "flag", "Add hardening that may break an application."),
    _setting(
        "keep-ports", "flag", "Leave published ports of data services in the base file."
    ),
    _setting("namespace", "texts", "Kubernetes: only objects of these namespaces."),
    _setting("values", "texts", "Helm: values files among the files of the request."),
    _setting(
        "set",
        "texts",
        "Helm, ${KEY} in a template: values as KEY=VALUE.",
        longest=10_000,
    ),
    _setting("option", "texts", "Options of the format, as NAME=VALUE."),
    _setting(
        "answers",
        "answers",
        "Decisions by their ids, as /api/plan lists them, to use instead of the defaults.",
    ),
)


class Operation(NamedTuple):
    """What may be asked for: its title, the fields of its request, and those of its options."""

    title: str
    fields: tuple[RequestField, ...] = ()
    options: tuple[RequestField, ...] = ()


OPERATIONS: Mapping[str, Operation] = {
    "convert": Operation(
        "Compose files for a source, with a note on everything that could not be carried over.",
        SOURCE_FIELDS,
        _FORMAT_FIELDS,
    ),
    "plan": Operation(
        "Each decision of a conversion with its default and the evidence.",
        SOURCE_FIELDS,
        _FORMAT_FIELDS,
    ),
    "check": Operation(
        "Compose files held against the checklist, with what is safe to put right.",
        SOURCE_FIELDS,
        (
            _setting("select", "texts", "Only these rules, by their codes or beginnings."),
            _setting("ignore", "texts", "Not these rules; the longer of two has the say."),
        ),
    ),
    "explain": Operation(
        "What a note means, why it is said and what to do about it; or what a practice does.",
        (
            RequestField(
                "code",
                "text",
                "The code of a note, such as TC001, or the id of a practice, such as LOG.",
                longest=_LONGEST_NAME,
            ),
        ),
    ),
    "about": Operation("The version, the formats, the fields and the limits."),
}


def check_fields(
    values: Any, fields: Iterable[RequestField], owner: str
) -> Mapping[str, Any]:
    """The values, each of the shape that its field has. Raises BadRequest for others and for unknown names."""
    if not isinstance(values, dict):
        raise BadRequest(400, "malformed", f"{owner} must be an object")
    by_name = {field.name: field for field in fields}
    for name, value in values.items():
        field = by_name.get(name)
        if field is None:
            # To compare the names takes long where one is long.
            hint = spelling_hint(name[:100], by_name)
            message = f"{owner} has no field {name[:100]!r}{hint}"
            raise BadRequest(400, "unknown-field", message)
        if value is not None:
            _check_value(field, value)
    return {name: value for name, value in values.items() if value is not None}


def _check_value(field: RequestField, value: Any) -> None:
    wanted, fits = SHAPES[field.shape]
    if not fits(value):
        raise BadRequest(400, "malformed", f"{field.name} must be {wanted}")
    texts = value if isinstance(value, list) else [value]
    if len(texts) > MOST_TEXTS:
        message = f"{field.name} has more than {MOST_TEXTS} texts"
        raise BadRequest(400, "too-long", message)
    for text in texts:
        _check_text(field, text)


def _check_text(field: RequestField, text: Any) -> None:
    if field.choices and text not in field.choices:
        expected = ", ".join(field.choices)
        message = f"{field.name}: {text[:100]!r} is none of {expected}"
        raise BadRequest(400, "malformed", message)
    if isinstance(text, str) and len(text) > (field.longest or len(text)):
        message = f"{field.name} has more than {field.longest} characters"
        raise BadRequest(400, "too-long", message)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_text_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


# The shapes: what a value must be, in words and as a question.
SHAPES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "text": ("a text", _is_text),
    "flag": ("true or false", lambda value: isinstance(value, bool)),
    "texts": ("a list of texts", _is_text_list),
    "files": ("an object of files by their names", lambda value: isinstance(value, dict)),
    "answers": (
        "an object of answers by their decisions",
        lambda value: isinstance(value, dict),
    ),
}
