"""Commands that a script runs inside its containers, as docker compose runs them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from tocompose.importers.docker_run.invocation import Argument, Invocation
from tocompose.importers.docker_run.options import CommandLine, program_name
from tocompose.importers.docker_run.wait_loops import (
    Address,
    WaitTarget,
    asks_health,
    repeated_words,
)
from tocompose.knowledge.secrets.commands import command_secrets, without_script_secrets
from tocompose.knowledge.secrets.texts import replace_spans
from tocompose.syntax.interpolation import plain
from tocompose.syntax.model_path import ModelPath

# What `docker compose exec` calls the same; it has a terminal unless told otherwise, and its input is always open.
_KEPT_OPTIONS = ("--user", "--workdir", "--index")
_LONGEST = 200
# Stands for what is not said: a secret, the input, or the end of a long line.
LEFT_OUT = "…"
_DOLLAR = r"\$"
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "`": r"\`"})


def read_command(service: str, step: Invocation, line: CommandLine) -> WaitTarget | None:
    """What a command inside a service asks it before the script goes on; None, with a note, for any other command."""
    asking = tuple(argument.text for argument in line.operands[1:])
    span = line.operands[0].span
    if step.polled:
        for argument in step.arguments:
            argument.take(ModelPath.service(service, "healthcheck"))
        return WaitTarget(Address(service), asking, span)
    repeated = repeated_words(asking)
    is_probe = bool(repeated) or asks_health(asking)
    if not is_probe or step.schedule not in ("", "@reboot"):
        note_command(service, step, line)
        return None
    asking = repeated or asking
    shown = " ".join(_shell_words(_without_secrets(asking)))
    line.operands[0].note(
        "TC081", subject=ModelPath.service(service), service=service, command=shown
    )
    for argument in (*step.arguments, *filter(None, [step.stdin])):
        argument.mark_noted("TC081")
    return WaitTarget(Address(service), asking, span, is_once=not repeated)


def note_command(service: str, step: Invocation, line: CommandLine) -> None:
    """Says of a command inside a service that the stack does not run it; cron may be what runs it."""
    container, *command_words = (argument.text for argument in line.operands)
    program = f"`{program_name(command_words[0])}`" if command_words else "a command"
    subject = ModelPath.service(service)
    if step.schedule in ("", "@reboot"):
        code, facts = "TC132", exec_facts(service, line, step.stdin)
    else:
        code, facts = "TC178", {"container": container}
    line.operands[0].note(code, subject=subject, program=program, **facts)
    for argument in (*step.arguments, *filter(None, [step.stdin])):
        argument.mark_noted(code)


def exec_facts(service: str, line: CommandLine, stdin: Argument | None) -> dict[str, str]:
    """What a note says of a command inside a service: how docker compose runs the same, and what it does not repeat."""
    command = same_command(service, line, stdin)
    completed = ", with what the script has in the place that is left open here"
    return {
        "service": service,
        "command": command,
        "completed": completed if LEFT_OUT in command else "",
    }


def same_command(service: str, line: CommandLine, stdin: Argument | None) -> str:
    """The command line with which docker compose runs the same; an ellipsis for secrets, and for what is too long."""
    texts = [argument.text for argument in line.operands[1:]]
    client_words = ["docker", "compose", "exec", *_options(line, stdin), service]
    inside = _without_secrets(texts) or [LEFT_OUT]
    called = " ".join(_shell_words([*client_words, *inside]))
    fed = f" < {LEFT_OUT}" if stdin is not None else ""
    return _shortened(without_script_secrets(called)) + fed


def _options(line: CommandLine, stdin: Argument | None) -> Iterator[str]:
    is_fed = stdin is not None or line.has_switch("--interactive")
    if is_fed and not line.has_switch("--tty"):
        yield "-T"
    if line.has_switch("--detach"):
        yield "-d"
    for name in _KEPT_OPTIONS:
        value = line.value_of(name)
        if value is not None:
            yield from (name, plain(value.text) or value.text)
    yield from _variables(line)


def _variables(line: CommandLine) -> Iterator[str]:
    """The variables that the command is given, by their names alone."""
    for variable in line.values_of("--env"):
        yield from ("-e", f"{variable.text.partition('=')[0]}={LEFT_OUT}")


def _without_secrets(texts: Sequence[str]) -> list[str]:
    """The words with an ellipsis in the place of each secret, as the shell of the script had them."""
    shown_words = list(texts)
    for secret in reversed(command_secrets(texts)):
        word = shown_words[secret.word]
        shown_words[secret.word] = replace_spans(
            word, [(secret.start, secret.end, LEFT_OUT)]
        )
    return shown_words


def _shell_words(texts: Sequence[str]) -> Iterator[str]:
    """The words in the quotes that they need; a variable of the script stays one."""
    for text in texts:
        word = plain(text)
        if word is None:
            yield f'"{text.translate(_ESCAPES).replace("$$", _DOLLAR)}"'
        else:
            bare_word = word.replace(LEFT_OUT, "-")
            yield word if shlex.quote(bare_word) == bare_word else shlex.quote(word)


def _shortened(line: str) -> str:
    """The first line, up to the last whole word that is not too much for a sentence."""
    first_line = line.partition("\n")[0]
    if first_line == line and len(line) <= _LONGEST:
        return line
    shortened = first_line[:_LONGEST].rpartition(" ")[0]
    return f"{shortened} {LEFT_OUT}"
