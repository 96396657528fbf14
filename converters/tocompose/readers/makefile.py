"""Reads a Makefile: variables, and the recipe lines of each rule as shell text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.patterns import regex
from tocompose.readers import shell
from tocompose.readers.text import Edit, Text, join_texts, without_returns
from tocompose.record import NamedTuple
from tocompose.source import Branch, Child, Leaf, Node, Span

_SETTING = regex(
    r"(?P<export>(?:export|override)[ \t]+)*(?P<name>[A-Za-z_][\w.-]*)[ \t]*(?P<operator>:{0,3}=|\?=|\+=|!=)[ \t]*"
    r"(?P<value>.*)",
    re.DOTALL,
)
_RULE = regex(r"(?P<targets>[^\s:#=][^:#=\n]*?)[ \t]*::?(?![:=])(?P<rest>.*)", re.DOTALL)
_DEFINE = regex(r"define[ \t]+(?P<name>[A-Za-z_][\w.-]*)[ \t]*[:?+]?=?[ \t]*$")
_DIRECTIVE = regex(
    r"(?:-?include|sinclude|export|unexport|if(?:n?eq|n?def)|else|endif|endef|undefine|vpath|\.\w+)\b"
)
_SIMPLE = regex(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)|\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_AUTOMATIC = regex(r"\$(?:([@<^*?+|%])|[({]([@<^*?+|%])([DF])?[)}])")


class _Logical(NamedTuple):
    """A line with those that a backslash joins to it."""

    text: Text
    recipe: bool


def read(source: Text) -> Branch:
    """A `makefile` of `macro` branches (one entry, the value, of style `macro` and the operator) and of `rule`s.

    A rule's key is its first target; it holds one `subshell` for each recipe line, in which `$(X)` is written `${X}`.
    """
    text = without_returns(source)
    nodes: list[Node] = []
    lines = list(_logical_lines(text))
    one_shell = any(line.text.text.startswith(".ONESHELL") for line in lines)
    index = 0
    while index < len(lines):
        index, node = _read_statement(lines, index, one_shell)
        if node is not None:
            nodes.append(node)
    children = tuple(Child(number, node.span, node) for number, node in enumerate(nodes))
    return Branch("makefile", children, text.span(0, len(text.text)))


def _read_statement(
    lines: list[_Logical], index: int, one_shell: bool
) -> tuple[int, Node | None]:
    """What begins on a line, and the number of the line behind it."""
    line = lines[index]
    stripped = line.text.text.strip()
    following = index + 1
    if line.recipe or not stripped or stripped.startswith("#"):
        return following, None
    if define := _DEFINE.match(stripped):
        return _read_define(lines, following, define["name"])
    if _opens_rule(stripped) and (rule := _RULE.match(line.text.text)):
        following, recipe = _recipe_lines(lines, following)
        return following, _read_rule(line.text, rule, recipe, one_shell)
    if setting := _SETTING.match(stripped):
        return following, _read_macro(line.text, setting)
    if re.match(r"export[ \t]+[A-Za-z_]", stripped):
        return following, _read_export(line.text)
    return following, None


def _recipe_lines(lines: list[_Logical], index: int) -> tuple[int, list[Text]]:
    """The recipe that begins on a line, and the number of the line behind it."""
    recipe: list[Text] = []
    while index < len(lines) and (lines[index].recipe or _is_blank(lines[index])):
        if lines[index].recipe:
            recipe.append(lines[index].text)
        index += 1
    return index, recipe


def _is_blank(line: _Logical) -> bool:
    stripped = line.text.text.strip()
    return (
        not stripped
        or stripped.startswith("#")
        or bool(re.match(r"(?:if(?:n?eq|n?def)|else|endif)\b", stripped))
    )


def _opens_rule(stripped: str) -> bool:
    return not _DIRECTIVE.match(stripped) and (
        _SETTING.match(stripped) is None or _target_setting(stripped) is not None
    )


def _target_setting(stripped: str) -> re.Match[str] | None:
    return re.match(
        r"[\w./%-]+(?:[ \t]+[\w./%-]+)*[ \t]*:(?!=)[ \t]*[A-Za-z_]\w*[ \t]*[:?+]?=",
        stripped,
    )


def _logical_lines(text: Text) -> Iterator[_Logical]:
    start, length = 0, len(text.text)
    while start < length:
        stop = start
        while True:
            line_end = text.text.find("\n", stop)
            line_end = length if line_end == -1 else line_end
            if (
                line_end < length
                and text.text[line_end - 1 : line_end] == "\\"
                and line_end > start
            ):
                stop = line_end + 1
                continue
            break
        recipe = text.text.startswith("\t", start)
        yield _Logical(text.cut(start, line_end), recipe)
        start = line_end + 1


def _read_define(lines: list[_Logical], index: int, name: str) -> tuple[int, Branch]:
    body: list[Text] = []
    while index < len(lines) and lines[index].text.text.strip() != "endef":
        body.append(lines[index].text)
        index += 1
    held = expanded(join_texts(body), "", []) if body else None
    span = (
        held.span(0, len(held.text))
        if held
        else lines[min(index, len(lines) - 1)].text.span(0, 0)
    )
    leaf = Leaf(held.text if held else "", span, "macro=")
    return index + 1, Branch("macro", (Child(name, span, leaf),), span)


def _read_macro(line: Text, setting: re.Match[str]) -> Branch:
    lead = len(line.text) - len(line.text.lstrip())
    start, line_end = setting.start("value") + lead, len(line.text)
    value = _without_comment(line.cut(start, line_end))
    held = expanded(_join_lines(value), "", [])
    span = value.span(0, len(value.text))
    leaf = Leaf(held.text.strip(), span, "macro" + setting["operator"].lstrip(":"))
    name = line.span(setting.start("name") + lead, setting.end("name") + lead)
    kind = (
        "macro-exported" if setting["export"] and "export" in setting["export"] else "macro"
    )
    return Branch(kind, (Child(setting["name"], name, leaf),), name.to(span))


def _read_export(line: Text) -> Branch:
    names = [
        Leaf(m[0], line.span(m.start(), m.end()), "macro-name")
        for m in re.finditer(r"\S+", line.text)
    ][1:]
    children = tuple(Child(index, name.span, name) for index, name in enumerate(names))
    return Branch("macro-names", children, line.span(0, len(line.text)))


def _without_comment(value: Text) -> Text:
    comment = re.search(r"(?:(?<=\s)|^)#.*", value.text, re.DOTALL)
    return value.cut(0, comment.start()) if comment else value


def _join_lines(value: Text) -> Text:
    """Lines joined by a backslash, as make joins them: with one blank."""
    return value.edited(
        (m.start(), m.end(), " ") for m in re.finditer(r"[ \t]*\\\n[ \t]*", value.text)
    )


def _read_rule(
    line: Text, rule: re.Match[str], recipe: list[Text], one_shell: bool
) -> Branch:
    targets = rule["targets"].split()
    name = line.span(rule.start("targets"), rule.start("targets") + len(targets[0]))
    head, _, inline = rule["rest"].partition(";")
    if setting := _SETTING.match(head.strip()):
        start = (
            rule.start("rest") + head.index(setting[0][0])
            if setting[0]
            else rule.start("rest")
        )
        setting_macro = _read_macro(line.cut(start, len(line.text)), setting)
        return Branch("rule", (Child(targets[0], name, setting_macro),), name)
    if inline.strip():
        recipe = [line.cut(rule.start("rest") + len(head) + 1, len(line.text)), *recipe]
    needs = [target for target in head.split() if target != "|"]
    bodies = (
        [join_texts(_with_newline(text) for text in recipe)]
        if one_shell and recipe
        else recipe
    )
    nodes = [_read_recipe(text, targets[0], needs) for text in bodies]
    held = Branch(
        "recipe",
        tuple(Child(n, node.span, node) for n, node in enumerate(nodes)),
        _span_around(nodes, name),
    )
    return Branch("rule", (Child(targets[0], name, held),), name)


def _with_newline(text: Text) -> Text:
    return text.edited([(len(text.text), len(text.text), "\n")]) if text.text else text


def _span_around(nodes: list[Branch], fallback: Span) -> Span:
    return nodes[0].span.to(nodes[-1].span) if nodes else fallback


def _read_recipe(line: Text, target: str, needs: list[str]) -> Branch:
    """A recipe line as a shell reads it: no tab, no `@`, `-` or `+` in front."""
    prefix = re.match(r"[\t ]*[@+-]*[\t ]*[@+-]*", line.text)
    lead = prefix.end() if prefix else 0
    blank = line.masked(" " * lead + re.sub(r"\\\n\t", "\\\n ", line.text[lead:]))
    tree = shell.read(expanded(blank, target, needs))
    return Branch("subshell", (Child(0, tree.span, tree),), tree.span)


def expanded(text: Text, target: str, needs: list[str]) -> Text:
    """Text of make as a shell may read it: `$$` is `$`, `$(X)` is `${X}`, also inside single quotes."""
    edits: list[Edit] = []
    quote, index, source = "", 0, text.text
    while index < len(source):
        char = source[index]
        if char == "$":
            index = _expand_dollar(source, index, quote, target, needs, edits)
            continue
        if char == "\\" and quote != "'":
            index += 2
            continue
        if char in "'\"" and quote in ("", char):
            quote = "" if quote else char
        index += 1
    return text.edited(edits)


def _expand_dollar(
    source: str, index: int, quote: str, target: str, needs: list[str], edits: list[Edit]
) -> int:
    """Adds the edit for the `$` at `index`; gives the offset behind what was dealt with."""
    if source.startswith("$$", index):
        edits.append((index, index + 2, "$"))
        return index + 2
    if match := _SIMPLE.match(source, index):
        name = match[1] or match[2]
        edits.append(
            (index, match.end(), f"'\"${{{name}}}\"'" if quote == "'" else f"${{{name}}}")
        )
        return match.end()
    if match := _AUTOMATIC.match(source, index):
        edits.append(
            (
                index,
                match.end(),
                _automatic_value(match[1] or match[2], match[3] or "", target, needs),
            )
        )
        return match.end()
    if source.startswith("$(shell ", index):
        edits.append((index + 2, index + 8, ""))
        return index + 8
    return index + 2


def _automatic_value(sign: str, path_part: str, target: str, needs: list[str]) -> str:
    """`$@`, `$<`, `$^` where the rule says them; else a variable of that name."""
    value = {
        "@": target,
        "<": needs[0] if needs else "",
        "^": " ".join(needs),
        "+": " ".join(needs),
    }.get(sign, "")
    if not value or re.search(r"[%$()]", value):
        names = {
            "@": "TARGET",
            "<": "PREREQUISITE",
            "^": "PREREQUISITES",
            "*": "STEM",
            "?": "NEWER",
            "+": "PREREQUISITES",
        }
        return f"${{{names.get(sign, 'MAKE_VALUE')}}}"
    if path_part == "D":
        return value.rpartition("/")[0] or "."
    return value.rpartition("/")[2] if path_part == "F" else value
