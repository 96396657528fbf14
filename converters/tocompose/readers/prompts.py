"""Takes the prompts of shells out of what people paste, and what the commands behind them printed.

A prompt may look like anything, so it is learnt from the lines on which a docker command stands behind one.
"""

from __future__ import annotations

import re

from tocompose.patterns import regex
from tocompose.record import NamedTuple

_CLIENT = r"(?:docker|podman|nerdctl)(?:\.exe)?[ \t]"
_COMMAND = regex(rf"(?:sudo[ \t]+(?:-\w+[ \t]+)*)?{_CLIENT}")
_ROOT_PROMPT = regex(r"^[ \t]*#[ \t]+(?=\S)")
_CONTINUED_PROMPT = regex(
    r"^[ \t]*(?:(?:[bd]?quote|cmdand|pipe)?>|\.\.\.|>>|More\?)(?:[ \t]|$)"
)
# A virtual environment, a time or a branch in front: `(venv) `, `[12:03:04] `.
_LEAD = r"[ \t]*(?:[(\[][\w.:/ -]{1,30}[)\]][ \t]*)?"
_ARROWS = "❯➜→λ»▶⟩⇒›⮞"
# Forms that are a prompt whatever stands behind them.
_SURE_FORMS = (
    r"\[?[\w.-]+@[\w.-]+[^$#%>\n]{0,60}[$#%]\]?(?=[ \t])",
    r"\[?[\w.-]+@[\w.-]+[:~ ][^$#%>\n]{0,60}>(?=[ \t])",
    r"PS(?:[ \t][A-Za-z]:[^>\n]{0,80}|[ \t][~/][^>\n]{0,80})?>",
    r"[A-Za-z]:[\\/][^>\n\"']{0,80}>",
    rf"[{_ARROWS}][ \t]+[\w./~-]+[ \t]+git:\([^)\n]{{1,60}}\)(?:[ \t]*[✗✘×])?(?=[ \t])",
    rf"(?:[~/][\w./~-]*[ \t])?[\w./~-]*[ \t]?[{_ARROWS}](?:[ \t]+[~/][\w./~-]*(?=[ \t]))?(?=[ \t])",
    r"(?:[~/][\w./~-]*[ \t]?)?[$%]>?(?=[ \t])",
    r"[a-z][\w.-]*\$(?=[ \t])",
)
_SURE_PROMPT = regex(rf"^{_LEAD}(?:{'|'.join(_SURE_FORMS)})[ \t]*(?=\S)")
# Forms that only a docker command behind them makes a prompt: `unix>`, `host#`, `/ #`, `bash-5.1#`, `>`.
_LIKELY_FORMS = (
    r"[A-Za-z][\w.:~/-]*[>%#]",
    r"[~/][\w./~-]*[ \t]?[#>]",
    rf"[{_ARROWS}][ \t]+[\w./~-]+(?=[ \t])",
    r">{1,3}",
)
_LIKELY_PROMPT = regex(
    rf"^{_LEAD}(?P<prompt>{'|'.join(_LIKELY_FORMS)})[ \t]*"
    rf"(?=(?:sudo[ \t]+(?:-\w+[ \t]+)*)?{_CLIENT})"
)


class _Line(NamedTuple):
    start: int
    text: str
    continued: bool  # The line before ends with a backslash.


class _PromptForm(NamedTuple):
    """How the prompt looks, and whether lines without it are output (the first line of code has it)."""

    pattern: re.Pattern[str]
    marks_all_code: bool


def without_prompts(text: str, root_prompts: bool) -> tuple[str, list[tuple[int, int]]]:
    """The text with its prompts blanked, and the stretches that are output of commands, blanked too.

    With `root_prompts` a `# ` may be the prompt of root, which a comment looks like.
    """
    lines = _split_lines(text)
    form = _prompt_form(lines, root_prompts)
    if form is None:
        return text, []
    outputs: list[tuple[int, int]] = []
    return "\n".join(_without_prompt(line, form, outputs) for line in lines), outputs


def _split_lines(text: str) -> list[_Line]:
    lines, start, continued = [], 0, False
    for line in text.split("\n"):
        lines.append(_Line(start, line, continued))
        continued = _continues_line(line)
        start += len(line) + 1
    return lines


def _continues_line(line: str) -> bool:
    return bool(re.search(r"\\[ \t]*(?:#.*)?$", line)) and not line.lstrip().startswith("#")


def _prompt_form(lines: list[_Line], root_prompts: bool) -> _PromptForm | None:
    heads = [line.text for line in lines if line.text.strip() and not line.continued]
    code = [head for head in heads if not head.lstrip().startswith("#")]
    pattern = _learnt_prompt(code)
    if any(_shows_command(pattern, head) for head in code):
        return _PromptForm(pattern, bool(pattern.match(code[0])))
    if code and all(_SURE_PROMPT.match(head) for head in code):
        return _PromptForm(_SURE_PROMPT, True)
    if root_prompts and _shows_root_prompts(heads):
        return _PromptForm(_ROOT_PROMPT, True)
    return None


def _learnt_prompt(code: list[str]) -> re.Pattern[str]:
    """The sure prompts, and those of the other forms that stand in front of a docker command in these lines."""
    matches = (_LIKELY_PROMPT.match(head) for head in code)
    prompts = sorted({match["prompt"] for match in matches if match is not None})
    if not prompts:
        return _SURE_PROMPT
    learnt = "|".join(rf"{re.escape(prompt)}(?=[ \t]|{_CLIENT})" for prompt in prompts)
    forms = "|".join((*_SURE_FORMS, learnt))
    return re.compile(rf"^{_LEAD}(?:{forms})[ \t]*(?=\S)")


def _shows_command(prompt: re.Pattern[str], line: str) -> bool:
    """Whether a command stands behind the prompt."""
    match = prompt.match(line)
    return match is not None and _COMMAND.match(line, match.end()) is not None


def _shows_root_prompts(heads: list[str]) -> bool:
    """Whether commands stand behind root's prompt, which a comment looks like, and none without one."""
    if any(_COMMAND.match(head.lstrip()) for head in heads):
        return False
    rooted = any(_shows_command(_ROOT_PROMPT, head) for head in heads)
    return rooted and _ROOT_PROMPT.match(heads[0]) is not None


def _without_prompt(line: _Line, form: _PromptForm, outputs: list[tuple[int, int]]) -> str:
    if line.continued:
        secondary = _CONTINUED_PROMPT.match(line.text)
        return _blanked_line(line.text, secondary.end()) if secondary else line.text
    if prompt_match := form.pattern.match(line.text):
        return _blanked_line(line.text, prompt_match.end())
    stripped = line.text.strip()
    is_code = not stripped or stripped.startswith("#") or _COMMAND.match(stripped)
    if not form.marks_all_code or is_code:
        return line.text
    start = line.start + line.text.index(stripped[0])
    outputs.append((start, start + len(stripped)))
    return _blanked_line(line.text, len(line.text))


def _blanked_line(line: str, length: int) -> str:
    return " " * length + line[length:]
