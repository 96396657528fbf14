"""The texts that may hold secrets: whose each is, what it is called, and how much of it goes out."""

from __future__ import annotations

from enum import Enum

from tocompose.knowledge.images import ImageFacts
from tocompose.knowledge.secrets.commands import (
    command_setting_name,
)
from tocompose.knowledge.secrets.names import lists_users, secret_name
from tocompose.knowledge.secrets.texts import (
    is_secret_under,
    secret_value,
)
from tocompose.model import Service
from tocompose.notes import Note, note
from tocompose.record import NamedTuple
from tocompose.rules.service_images import facts_of
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath


def is_secret(name: str, value: str, image: ImageFacts | None) -> bool:
    """Whether the variable's value is a secret, by its name, by what the image does with it, or by its form."""
    of_image = image is not None and image.is_secret(name)
    return is_secret_under(name, value, of_image) or secret_value(value, name)


def names_secret(name: str, image: ImageFacts | None) -> bool:
    """Whether a variable of that name holds a secret, by the name alone or by what the image does with it."""
    return secret_name(name) or (image is not None and image.is_secret(name))


class Extent(Enum):
    """How much of a text goes out that is a secret by its form, such as an address with a password."""

    ALL = "all"
    SHARED_PART = "the password where a server has it already, else all"
    PARTS = "the parts that are secrets"


class SecretHolder(NamedTuple):
    """A text that may hold secrets: whose it is and where, what it is called, and what its secrets are called.

    `is_named` says that by its name all of it is a secret. `part_setting` names the setting of a password in it; the
    codes are those of the notes on all of it and on a part of it. `is_shared` says that it belongs to no one service:
    what any of them holds already keeps that name.
    """

    service: Service
    path: ModelPath
    name: str
    is_named: bool
    extent: Extent
    setting: str
    part_setting: str
    code: str
    part_code: str
    origin: Span | None
    is_shared: bool = False

    def holds_secret(self, value: str) -> bool:
        """Whether the whole value is a secret under the name that the text has."""
        return is_secret_under(self.name, value, self.is_named)

    def note_move(self, code: str, setting: str) -> Note:
        """The note that a secret of the text, or a part of it, comes from a setting now."""
        return note(
            code,
            self.origin,
            subject=self.path,
            service=self.service.name,
            place=str(self.path) if code == "TC509" else ".".join(self.path[2:]),
            name=setting,
            variable=self.name,
            label=self.name,
            argument=self.name,
            option=self.name,
        )


def variable_holder(service: Service, path: ModelPath, origin: Span | None) -> SecretHolder:
    """The holder of the value of a variable."""
    name = path[-1]
    return SecretHolder(
        service=service,
        path=path,
        name=name,
        is_named=names_secret(name, facts_of(service)),
        extent=Extent.SHARED_PART,
        setting=name,
        part_setting=f"{name}_PASSWORD",
        code="TC500",
        part_code="TC501",
        origin=origin or service.origin,
    )


def option_holder(
    service: Service, owner: ModelPath, keys: tuple[str, ...]
) -> SecretHolder:
    """The holder of an option; the entries of a list are called as the list is."""
    name = next((key for key in reversed(keys) if not key.isdigit()), "")
    return SecretHolder(
        service=service,
        path=owner,
        name=name,
        is_named=secret_name(name),
        extent=Extent.PARTS,
        setting=f"{service.name}_{name.rpartition('.')[2]}",
        part_setting=f"{service.name}_password",
        code="TC509",
        part_code="TC509",
        origin=None,
    )


def text_holder(service: Service, path: ModelPath) -> SecretHolder:
    """The holder of any other text: a label, a build argument, or one that holds secrets in its variables only."""
    name, is_named, setting, code = path[-1], False, f"{service.name}_PASSWORD", "TC507"
    match path[2:]:
        case ("labels", _) | ("deploy", "labels", _):
            last_word = name.rpartition(".")[2]
            is_named = lists_users(name) or secret_name(last_word)
            setting, code = f"{service.name}_{last_word}", "TC504"
        case ("build", "args", _):
            is_named, setting, code = secret_name(name), name, "TC505"
        case ("build", "context"):
            setting = f"{service.name}_BUILD_PASSWORD"
    return SecretHolder(
        service=service,
        path=path,
        name=name,
        is_named=is_named,
        extent=Extent.PARTS if code == "TC507" else Extent.ALL,
        setting=setting,
        part_setting=setting,
        code=code,
        part_code=code,
        origin=service.origin,
    )


def command_holder(service: Service, path: ModelPath, option: str) -> SecretHolder:
    """The holder of a word of a command that is given as the option."""
    setting = command_setting_name(service.name, option)
    holder = text_holder(service, path.parent if path[-1].isdigit() else path)
    return holder._replace(
        name=option, setting=setting, part_setting=setting, code="TC502", part_code="TC502"
    )


def setting_of_twin(service: Service, value: str) -> str | None:
    """The setting of the service's own variable that is named as a secret and has that value; None without one."""
    image = facts_of(service)
    for variable in service.environment:
        if variable.value == value and names_secret(variable.name, image):
            return variable.name
    return None


def noted_path(path: ModelPath) -> ModelPath:
    """What a note names where the text is a word of a command or stands below an option."""
    if path[2] in ("environment", "labels"):
        return path
    return ModelPath(path[:4] if path[2] == "healthcheck" else path[:3])
