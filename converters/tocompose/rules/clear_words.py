"""Whether a password is a word that is tried first, or stands in the compose file too, as a user, a tag or a name.

A word that is equal by chance is not replaced. Its secret is told of by name, and the other place by its kind: the
path of a volume may hold the word.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any

from tocompose.model import EnvSetting, Stack
from tocompose.notes import Note, note
from tocompose.patterns import regex
from tocompose.stack_texts import stack_texts
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import load
from tocompose.wording import enumerated

_SHORTEST = 4
_BETWEEN = regex(r"[^\w.-]+")
_AROUND = ".-"
_KINDS = {
    "container_name": "a container name",
    "hostname": "a host name",
    "networks": "a network",
    "volumes": "a volume",
    "image": "an image",
    "user": "a user",
    "environment": "a variable",
    "labels": "a label",
    "command": "a command",
    "entrypoint": "a command",
    "healthcheck": "a health command",
}
_NAMED = {
    "services": "a service",
    "networks": "a network",
    "volumes": "a volume",
    "configs": "a config",
    "secrets": "a secret",
}


def clear_word_notes(stack: Stack) -> Iterator[Note]:
    """A note on the secrets that are widely used words, and one on each whose word stands in clear elsewhere."""
    common = [setting for setting in stack.settings if _is_common(setting)]
    if common:
        names = enumerated([setting.name for setting in common])
        subject = ModelPath.of("settings", common[0].name)
        yield note("TC556", common[0].origin, subject=subject, names=names)
    secrets = [
        setting for setting in stack.settings if _is_word(setting) and setting not in common
    ]
    kinds = _kinds_of_words(stack, {setting.value for setting in secrets})
    for setting in secrets:
        if setting.value in kinds:
            subject = ModelPath.of("settings", setting.name)
            where = enumerated(list(kinds[setting.value]))
            facts: dict[str, Any] = {"name": setting.name, "where": where}
            yield note("TC554", setting.origin, subject=subject, **facts)


def _kinds_of_words(
    stack: Stack, secret_words: Set[str | None]
) -> dict[str | None, dict[str, None]]:
    """The kinds of what each of the words stands in, in the order of the stack."""
    kinds: dict[str | None, dict[str, None]] = {}
    for kind, text_word in _words(stack) if secret_words else ():
        if text_word in secret_words:
            kinds.setdefault(text_word, {})[kind] = None
    return kinds


def _is_common(setting: EnvSetting) -> bool:
    return (
        setting.secret and (setting.value or "").lower() in load("secrets")["common_words"]
    )


def _is_word(setting: EnvSetting) -> bool:
    value = setting.value or ""
    return setting.secret and len(value) >= _SHORTEST and _BETWEEN.search(value) is None


def _words(stack: Stack) -> Iterator[tuple[str, str]]:
    """Each word that stands in the compose file, with the kind of what it stands in."""
    for section, kind in _NAMED.items():
        yield from ((kind, resource.name) for resource in getattr(stack, section))
    for path, text in stack_texts(stack):
        section, _, *keys = path
        kind = _NAMED[section]
        if section == "services":
            kind = next((_KINDS[key] for key in keys if key in _KINDS), "a setting")
        for word in _BETWEEN.split(text):
            yield kind, word.strip(_AROUND)
