"""A rule of this package: Python writes its log without delay."""

from __future__ import annotations

from tocompose.model import EnvVariable, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Rule, map_services, remark

_PROGRAMS = ("python", "gunicorn", "celery")


def mend(stack: Stack, context: Context) -> Outcome:
    """The stack with PYTHONUNBUFFERED where Python runs and nothing is said."""
    return map_services(stack, _mend_service)


def _mend_service(service: Service) -> tuple[Service, list[Note]]:
    runs_python = any(program in " ".join(service.command or ()) for program in _PROGRAMS)
    is_set = any(variable.name == "PYTHONUNBUFFERED" for variable in service.environment)
    if not runs_python or is_set:
        return service, []
    variable = EnvVariable(name="PYTHONUNBUFFERED", value="1")
    mended = replace(service, environment=(*service.environment, variable))
    return mended, [remark("SUP010", service, "environment")]


RULE = Rule(
    id="PY-LOG",
    title="Python writes its log without delay",
    severity="may",
    mend=mend,
    url="https://docs.python.org/3/using/cmdline.html#envvar-PYTHONUNBUFFERED",
    examples=(
        Example(
            before="""
            services:
              web:
                build: .
                command: [gunicorn, "shop:app"]
            """,
            after="""
            services:
              web:
                build: .
                command: [gunicorn, "shop:app"]
                environment:
                  PYTHONUNBUFFERED: "1"
            """,
        ),
    ),
)
