"""Workers are asked by the program of their framework, whatever their image, and others are not."""

from __future__ import annotations

import pytest

from tocompose.model import Service
from tocompose.rules.worker_checks import worker_check, worker_of

AIMED = '-d "celery@$$HOSTNAME"'


@pytest.mark.parametrize(
    ("words", "test"),
    [
        (
            ["celery", "-A", "proj", "worker", "-l", "info"],
            f"celery -A proj inspect ping {AIMED}",
        ),
        (["celery", "worker", "--app=proj"], f"celery --app=proj inspect ping {AIMED}"),
        (
            ["poetry", "run", "celery", "-A", "p", "worker"],
            f"poetry run celery -A p inspect ping {AIMED}",
        ),
        (["celery", "-A", "p", "worker", "-n", "w1@%h"], "celery -A p inspect ping"),
        (
            ["sh", "-c", "python manage.py migrate && exec celery -A p worker -c 4"],
            f"celery -A p inspect ping {AIMED}",
        ),
        (
            ["python", "-m", "celery", "-A", "p", "worker"],
            f"python -m celery -A p inspect ping {AIMED}",
        ),
        (["php", "artisan", "horizon"], "php artisan horizon:status | grep -q running"),
    ],
)
def test_the_framework_asks_its_worker(words: list[str], test: str) -> None:
    check = worker_check(Service(name="w", image="corp/app:1", command=tuple(words)))
    assert check is not None and check.test == ("CMD-SHELL", test)


@pytest.mark.parametrize(
    "words",
    [
        ["celery", "-A", "p", "beat"],
        ["celery", "-A", "p", "flower"],
        ["bundle", "exec", "sidekiq"],
        ["gunicorn", "worker:app"],
        ["php", "artisan", "queue:work"],
    ],
)
def test_what_has_no_such_program_gets_no_check(words: list[str]) -> None:
    assert worker_check(Service(name="w", image="corp/app:1", command=tuple(words))) is None


@pytest.mark.parametrize(
    ("words", "title"),
    [
        (["bundle", "exec", "sidekiq", "-C", "config/sidekiq.yml"], "Sidekiq"),
        (["bin/rails", "resque:work"], "Resque"),
        (["bundle", "exec", "rake", "environment", "resque:work", "QUEUE=*"], "Resque"),
        (["rake", "jobs:work"], "Delayed Job"),
        (["bin/jobs"], "Solid Queue"),
        (["rq", "worker", "high"], "RQ"),
        (["python", "manage.py", "rqworker"], "RQ"),
        (["dramatiq", "app.tasks"], "Dramatiq"),
        (["celery", "-A", "p", "beat", "-l", "info"], "Celery beat"),
        (["php", "artisan", "queue:work", "--tries=3"], "Laravel's queue or scheduler"),
        (["php", "bin/console", "messenger:consume", "async"], "Symfony Messenger"),
        (["sh", "-c", "exec bundle exec sidekiq"], "Sidekiq"),
        (["tini", "--", "supercronic", "/etc/crontab"], "a scheduler"),
        (["npm", "run", "worker"], "a background worker"),
        (["node", "dist/email-worker.js"], "a background worker"),
    ],
)
def test_a_worker_is_known_by_its_program(words: list[str], title: str) -> None:
    worker = worker_of(Service(name="w", image="corp/app:1", command=tuple(words)))
    assert worker is not None and worker.title == title


@pytest.mark.parametrize(
    "words",
    [
        ["bundle", "exec", "puma"],
        ["gunicorn", "worker:app"],
        ["node", "server.js"],
        ["npm", "run", "start"],
        ["celery", "-A", "p", "flower"],
        ["php", "artisan", "serve"],
        ["node", "job-board/index.js"],
    ],
)
def test_a_server_is_no_worker(words: list[str]) -> None:
    assert worker_of(Service(name="w", image="corp/app:1", command=tuple(words))) is None
