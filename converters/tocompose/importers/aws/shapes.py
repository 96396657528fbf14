"""How the fields of a container become flags: `write_<shape>` for the shapes that `mappings/aws/` names."""

from __future__ import annotations

import json
import shlex

from tocompose.importers.aws.fields import (
    HOLDS_ANYWAY,
    FieldWriter,
    leaves_of,
    number_of,
)
from tocompose.importers.docker_run.invocation import Argument
from tocompose.importers.field_tables import FieldRow
from tocompose.knowledge.images import image_ref
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.syntax.interpolation import literal, required_reference

# The least that an engine gives a container.
_LEAST_MEBIBYTES = 6
# What stands for a value to be put in: `<image>`, `ACCOUNT_ID`.
_PLACEHOLDER = regex(r"<([A-Za-z][\w .-]*)>|\b([A-Z][A-Z0-9_]{2,})\b")
# https://jqlang.org/manual/#object-identifier-index
_JQ_NAME = regex(r"[A-Za-z_][A-Za-z0-9_]*")


# Plain values ---------------------------------------------------------------------------------------


def write_text(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """The value as it stands."""
    writer.add(row.target, writer.text(cursor))


def write_switch(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """A switch that is on; podman's own folders of a container that is read-only are none of AWS."""
    if cursor.peek() != "true":
        cursor.skip(HOLDS_ANYWAY)
        return
    writer.add_plain(row.target, "true", cursor)
    if row.target == "--read-only":
        writer.arguments.append(Argument("--read-only-tmpfs=false", cursor.value_span))


def write_list(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """Every entry of a list."""
    for element in cursor:
        writer.add(row.target, writer.text(element))


def write_map(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """Every entry of a map, as `key=value`."""
    for element in cursor:
        value = writer.text(element)
        if element.kind != "leaf":
            writer.leave_out("TC790", element)
            continue
        text = "" if element.style in ("null", "!!null") else value.text
        writer.add(row.target, value.with_text(f"{literal(element.key)}={text}"))


def write_mebibytes(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """A number of mebibytes, which Compose calls `M`; less than an engine gives is left out."""
    number = number_of(cursor)
    if number is None:
        writer.leave_out("TC790", cursor)
    elif _is_refused(writer, row, number):
        cursor.note(
            "TC894",
            subject=writer.subject,
            object=writer.name,
            size=f"{number:g}",
            least=_LEAST_MEBIBYTES,
        )
    else:
        writer.add_plain(row.target, f"{number:g}m", cursor)


def _is_refused(writer: FieldWriter, row: FieldRow, number: float) -> bool:
    """Whether an engine refuses the limit; no service comes of a container without an image, so no limit either."""
    is_small = row.target == "--memory" and number < _LEAST_MEBIBYTES
    return is_small and not writer.facts.get("imageless")


def write_seconds(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """A number of seconds."""
    number = number_of(cursor)
    if number is None:
        writer.leave_out("TC790", cursor)
    elif number:
        writer.add_plain(row.target, f"{number:g}s", cursor)
    else:
        cursor.skip(HOLDS_ANYWAY)


def write_units(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """Units of a processor: a weight on a machine of one's own; Fargate counts those of the task."""
    number = number_of(cursor)
    if number is None:
        writer.leave_out("TC790", cursor)
    elif writer.facts.get("fargate") or not number:
        cursor.skip("the limit of the task is used instead")
    else:
        writer.add_plain(row.target, f"{max(2, int(number))}", cursor)


def write_units_limit(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """Units of a processor as a limit."""
    number = number_of(cursor)
    if number:
        writer.add_plain(row.target, f"{number / 1024:g}", cursor)
    else:
        writer.leave_out("TC790", cursor)


# Image and command ----------------------------------------------------------------------------------


def write_image(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """The image; a placeholder in it is a variable."""
    image = writer.text(cursor, is_open=True)
    if "$" not in image.text and image_ref(image.text) is None:
        image = image.with_text(_PLACEHOLDER.sub(writer.placeholder, image.text))
    writer.image = image


def write_operands(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """The words of the command."""
    writer.operands += [writer.text(element) for element in cursor]


def write_shell_operands(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """The words of the command, as a list or in one text."""
    if cursor.kind != "leaf":
        write_operands(writer, row, cursor)
        return
    value = writer.text(cursor)
    writer.operands += [
        value.with_text(text_word) for text_word in _shell_words(value.text)
    ]


def write_json(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """The words of an entry point."""
    texts = [writer.text(element).text for element in cursor]
    writer.add_plain(row.target, json.dumps(texts, ensure_ascii=False), cursor)


def write_shell_json(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """The words of an entry point, as a list or in one text."""
    if cursor.kind != "leaf":
        write_json(writer, row, cursor)
        return
    text_words = _shell_words(writer.text(cursor).text)
    writer.add_plain(row.target, json.dumps(text_words, ensure_ascii=False), cursor)


def write_health(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """The command of a check; without its first word it is taken for a program."""
    if cursor.kind == "leaf":
        texts = ["CMD-SHELL", writer.text(cursor).text]
    else:
        texts = [writer.text(element).text for element in cursor]
    if texts[:1] and texts[0] not in ("CMD", "CMD-SHELL", "NONE"):
        texts.insert(0, "CMD")
    writer.add_plain(row.target, json.dumps(texts, ensure_ascii=False), cursor)


def _shell_words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


# Environment ----------------------------------------------------------------------------------------


def write_variables(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{name, value}]`."""
    for element in cursor:
        value = writer.text(element.at("value"))
        name = element.peek("name") or ""
        sources = tuple(leaves_of(element))
        if name:
            writer.add(
                row.target,
                Argument(f"{literal(name)}={value.text}", element.value_span, sources),
            )


def write_secrets(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """`[{name, valueFrom}]`: the value stays where AWS keeps it, a variable stands for it."""
    for element in cursor:
        name, origin = element.peek("name") or "", element.peek("valueFrom") or ""
        if name:
            _add_secret(writer, name, origin, element)


def write_secret_map(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """Names with the parameter or secret that holds the value."""
    for element in cursor:
        leaves = leaves_of(element)
        origin = (leaves[0].peek() or "") if leaves else ""
        _add_secret(writer, element.key, origin, element)


def _add_secret(writer: FieldWriter, name: str, origin: str, element: Cursor) -> None:
    variable = writer.variables.secret(name, origin, writer.name)
    value = required_reference(variable, ".env")
    writer.add_plain("--env", f"{literal(name)}={value}", element)
    element.annotate(
        "TC799",
        subject=writer.subject.child("environment", name),
        name=name,
        place=_stored_in(origin),
        command=_reading_command(origin),
    )


def _secret_parts(origin: str) -> tuple[str, str, str, str]:
    """The secret, the key in its JSON, its stage and its version, each empty where nothing is said.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
    """
    fields = origin.split(":")
    key, stage, version = (*fields[7:10], "", "", "")[:3]
    return ":".join(fields[:7]), key, stage, version


def _is_secret(origin: str) -> bool:
    return ":secretsmanager:" in origin


def _stored_in(origin: str) -> str:
    if not _is_secret(origin):
        return f"the parameter {origin}"
    secret, key, *_ = _secret_parts(origin)
    return f"the secret {secret}{key and f' (its key {key})'}"


def _reading_command(origin: str) -> str:
    """The command that prints the value alone."""
    if not _is_secret(origin):
        name = shlex.quote(origin)
        return f"aws ssm get-parameter --with-decryption --name {name} --query Parameter.Value --output text"
    secret, key, stage, version = _secret_parts(origin)
    options = (
        f"{stage and f' --version-stage {stage}'}{version and f' --version-id {version}'}"
    )
    query = "--query SecretString --output text"
    command = f"aws secretsmanager get-secret-value --secret-id {shlex.quote(secret)}{options} {query}"
    return f"{command} | jq -r {_jq_path(key)}" if key else command


def _jq_path(key: str) -> str:
    """The filter that prints the value of a key."""
    is_plain = _JQ_NAME.fullmatch(key) is not None
    return f".{key}" if is_plain else shlex.quote(f".{json.dumps(key)}")


def write_env_files(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """Files of variables in S3, which have to be fetched."""
    for element in cursor:
        origin = element.peek("value") or ""
        bucket_path = origin.rpartition(":::")[2]
        name = bucket_path.rpartition("/")[2]
        if name:
            writer.add_plain(row.target, f"./{literal(name)}", element.at("value"))
            element.at("type").skip("s3 is the only choice")
            command = f"aws s3 cp s3://{bucket_path} {name}"
            element.annotate(
                "TC799",
                subject=writer.subject,
                name=name,
                place=origin,
                command=command,
            )


def write_env_file(writer: FieldWriter, row: FieldRow, cursor: Cursor) -> None:
    """A file of variables of the source."""
    path = writer.text(cursor)
    writer.add(row.target, path.with_text(f"./{path.text.removeprefix('./')}"))
