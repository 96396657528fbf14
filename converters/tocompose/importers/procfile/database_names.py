"""The name of the app's database where production's own settings state it, and no variable does."""

from __future__ import annotations

import re

from tocompose.patterns import regex
from tocompose.repository import Repository

# https://guides.rubyonrails.org/configuring.html#configuring-a-database
_PRODUCTION = regex(r"^production:[^\n]*\n((?:[ \t][^\n]*\n|\n)+)", re.MULTILINE)
_OF_RAILS = regex(
    r"^\s+database:\s*[\"']?([A-Za-z_][\w-]*)[\"']?\s*(?:#.*)?$", re.MULTILINE
)
# https://docs.djangoproject.com/en/stable/ref/settings/#name
_SERVER = regex(r"django\.db\.backends\.(?:postgresql|mysql)")
_OF_DJANGO = regex(r"[\"']NAME[\"']\s*:\s*[\"']([A-Za-z_][\w-]*)[\"']")
_SETTINGS = regex(r"(?:^|/)settings(?:/(?:base|common|production|prod))?\.py$")


def stated_database(repository: Repository) -> str:
    """The name; empty where none is stated, or a variable tells it."""
    text = repository.read_text("config/database.yml") or ""
    section = _PRODUCTION.search(f"{text}\n")
    if section and (stated := _OF_RAILS.search(section[1])):
        return stated[1]
    for path in filter(_SETTINGS.search, repository.project.files()):
        settings = repository.read_text(path) or ""
        names = _OF_DJANGO.findall(settings) if _SERVER.search(settings) else []
        if len(names) == 1:
            return str(names[0])
    return ""
