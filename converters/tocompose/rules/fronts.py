"""The port of a program that listens in front of the one that a service is there for, as Thruster does."""

from __future__ import annotations

from tocompose.knowledge.wrappers import Front, front_of, stated_argv
from tocompose.model import Service, Stack
from tocompose.rules import Context
from tocompose.rules.endings import script_commands, script_of
from tocompose.rules.service_images import as_started, built_stage, environment_of


def front_of_service(service: Service, stack: Stack, context: Context) -> Front | None:
    """What listens in front of the service's own program; None where that one does."""
    started = as_started(service, stack, context)
    script = script_of(started)
    argv_words = stated_argv(started)
    commands = (argv_words,) if script is None else script_commands(script)
    stage = built_stage(service, stack, context)
    variables = {**(stage.environment if stage else {}), **environment_of(service)}
    fronts = (front_of(command, variables) for command in commands)
    return next(filter(None, fronts), None)
