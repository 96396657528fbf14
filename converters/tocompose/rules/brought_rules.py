"""The rules that other packages bring: one whose code fails is left out, with a note that names its package."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, partial

from tocompose.model import Stack
from tocompose.notes import plugin_fault_note
from tocompose.plugins import (
    RULES,
    PluginError,
    PluginFault,
    PluginPart,
    call_plugin,
    contributions,
    load_faults,
)
from tocompose.record import NamedTuple
from tocompose.rules import (
    JUDGING,
    MENDING,
    Context,
    Outcome,
    Rule,
    Verdict,
    View,
    load_rule,
)
from tocompose.type_faults import first_type_fault


class _BroughtRules(NamedTuple):
    rules: tuple[Rule, ...]
    faults: tuple[PluginFault, ...]


def with_brought_rules(own_rules: Iterable[Rule], position: int) -> tuple[Rule, ...]:
    """The rules that mend, those of packages put in at that position."""
    rules = [*own_rules]
    brought = [rule for rule in _brought_rules().rules if rule.mend is not None]
    rules[position:position] = brought
    return tuple(rules)


def brought_judges() -> tuple[Rule, ...]:
    """The rules of packages that can only say what is wrong."""
    return tuple(rule for rule in _brought_rules().rules if rule.mend is None)


def rule_faults() -> tuple[PluginFault, ...]:
    """What is wrong with rules of packages, which are left out."""
    return (*load_faults(RULES), *_brought_rules().faults)


@cache
def _brought_rules() -> _BroughtRules:
    rule_parts = contributions(RULES)
    rules: dict[str, Rule] = {}
    faults: list[PluginFault] = []
    # Without plug-ins a conversion does not load the rules that only judge.
    own_ids = {load_rule(name).id for name in (*MENDING, *JUDGING)} if rule_parts else set()
    for rule_part in rule_parts:
        if (problem := _problem_of(rule_part, own_ids | rules.keys())) is not None:
            faults.append(PluginFault(rule_part.package, problem))
        else:
            rules[rule_part.value.id] = _guarded(rule_part.package, rule_part.value)
    return _BroughtRules(tuple(rules.values()), tuple(faults))


def _problem_of(rule_part: PluginPart, known_ids: set[str]) -> str | None:
    fault = first_type_fault(rule_part.value, Rule, rule_part.name)
    if fault is None and rule_part.value.id in known_ids:
        return f"the rule {rule_part.value.id} is there already"
    return fault


def _guarded(package: str, rule: Rule) -> Rule:
    """The rule, whose functions raise nothing."""
    return rule._replace(
        mend=partial(_mend, package, rule) if rule.mend else None,
        judge=partial(_judge, package, rule) if rule.judge else None,
    )


def _mend(package: str, rule: Rule, stack: Stack, context: Context) -> Outcome:
    def mend_stack() -> Outcome:
        outcome = rule.apply(stack, context)
        _refuse_other(package, rule, outcome, Outcome, "what mend gives")
        return outcome

    try:
        return call_plugin(package, f"mend of the rule {rule.id}", mend_stack)
    except PluginError as problem:
        return Outcome(stack, (plugin_fault_note(problem.fault),))


def _judge(package: str, rule: Rule, view: View) -> Iterator[Verdict]:
    def judge_view() -> tuple[Verdict, ...]:
        verdicts = rule.judge(view) if rule.judge else ()
        if not isinstance(verdicts, Iterable):
            problem = f"the rule {rule.id}: judge gives nothing that can be gone through"
            raise PluginError(PluginFault(package, problem))
        verdicts = tuple(verdicts)
        _refuse_other(package, rule, verdicts, tuple[Verdict, ...], "what judge gives")
        return verdicts

    try:
        yield from call_plugin(package, f"judge of the rule {rule.id}", judge_view)
    except PluginError as problem:
        yield Verdict((), plugin_fault_note(problem.fault))


def _refuse_other(package: str, rule: Rule, value: object, kind: object, name: str) -> None:
    if (fault := first_type_fault(value, kind, name)) is not None:
        raise PluginError(PluginFault(package, f"the rule {rule.id}: {fault}"))
