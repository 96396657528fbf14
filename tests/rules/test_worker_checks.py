"""Workers are asked by the program of their framework, whatever their image, and others are not."""

from __future__ import annotations

import pytest

from tocompose.model import Service
from tocompose.rules.worker_checks import worker_check

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
