"""Each leaf of what a Heroku app states changes the output when it is changed, or a note or a reason names it."""

from __future__ import annotations

import json

import pytest

from procfile.test_canary import changed
from tocompose.exporters.bundle import Layout
from tocompose.ledger import Fate
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.source import Leaf

APP = {
    "name": "shop",
    "keywords": ["a"],
    "stack": "heroku-24",
    "scripts": {"postdeploy": "bin/rails db:seed", "pr-predestroy": "bin/rails db:drop"},
    "env": {
        "TOKEN": {"description": "Signs", "generator": "secret"},
        "THREADS": {"description": "Threads", "value": "5"},
        "NEEDED": {"description": "Of the shop", "required": True},
        "PLAIN": "text",
    },
    "formation": {"web": {"quantity": 2, "size": "standard-2x"}},
    "addons": [
        "heroku-postgresql:essential-0",
        {"plan": "heroku-redis:mini", "as": "CACHE", "options": {"version": "7"}},
        "papertrail:choklad",
    ],
    "buildpacks": [{"url": "heroku/ruby"}],
    "environments": {"test": {"scripts": {"test": "rspec"}}},
    "cron": [{"command": "bin/rails tidy", "schedule": "0 0 * * *"}],
    "healthchecks": {"web": [{"type": "startup", "path": "/up", "attempts": 3, "wait": 2}]},
}
RAILS = {
    "Procfile": "web: bundle exec puma\nworker: bundle exec sidekiq -c 5\nrelease: bin/rails db:migrate\n",
    "Gemfile": "gem 'rails'\ngem 'pg'\ngem 'sidekiq'\n",
    "bin/rails": "",
    "app.json": json.dumps(APP, indent=1),
    ".env": "MODE=fast\nAPI_KEY=abc123def\nDATABASE_URL=postgres://localhost/x\nPORT=4000\n",
    "Procfile.dev": "web: bin/rails server\ncss: npx tailwindcss --watch\n",
}
HEROKU = {
    "Dockerfile.web": "FROM ruby:3.3\nWORKDIR /app\nCOPY . .\n",
    "heroku.yml": """setup:
  addons:
    - plan: heroku-postgresql
      as: DATABASE
  config:
    MODE: fast
build:
  docker:
    web: Dockerfile.web
  config:
    LEVEL: high
release:
  image: web
  command:
    - bin/migrate now
run:
  web: bin/serve
""",
}


def converted(files: dict[str, str]) -> Result:
    content = {path: text.encode() for path, text in files.items()}
    options = Options(source="procfile", layout=Layout(split=True))
    return convert(Memory(content, "shop"), options)


def outputs(result: Result) -> tuple[object, ...]:
    """What was written and said."""
    files = {file.path: file.content for file in result.files}
    return files, [(note.code, note.message, note.advice) for note in result.notes]


@pytest.mark.parametrize("files", [RAILS, HEROKU], ids=["app.json", "heroku.yml"])
def test_each_leaf_is_carried_or_named(files: dict[str, str]) -> None:
    first = converted(files)
    before, silent = outputs(first), list[str]()
    for leaf in first.ledger.leaves():
        outcome = first.ledger.fate(leaf)
        if outcome.fate is Fate.MAPPED and leaf.span.file in files:
            silent += [] if _matters(files, leaf, before) else [str(leaf.span)]
        else:
            # A note, or why it says nothing to the stack.
            assert outcome.detail, leaf.span
    assert silent == []


def _matters(files: dict[str, str], leaf: Leaf, before: tuple[object, ...]) -> bool:
    """Whether the leaf, changed in one way or another, changes what is written or said."""
    path = leaf.span.file
    variants = changed(files[path].encode(), leaf)
    texts = (content.decode() for content in variants)
    return any(outputs(converted({**files, path: text})) != before for text in texts)
