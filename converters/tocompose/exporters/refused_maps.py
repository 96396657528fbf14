"""The forms of `mappings/refused.yaml` that judge a map or a list as a whole: what one key says depends on another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tocompose.syntax.units import is_whole_number
from tocompose.tables import Row


def _is_soft_within_hard(_: Row, limit: Any) -> bool:
    """Whether the soft limit is not above the hard one; -1 is none."""
    if not isinstance(limit, Mapping):
        return False
    soft, hard = (str(limit.get(key, "")) for key in ("soft", "hard"))
    if not is_whole_number(soft) or not is_whole_number(hard):
        return hard in ("-1", "") or soft != "-1"
    return int(soft) <= int(hard)


def _has_one_choice(_: Row, device: Any) -> bool:
    """Whether devices are chosen by their number or by their names, not by both."""
    return not isinstance(device, Mapping) or not {"count", "device_ids"} <= set(device)


def _has_needs(row: Row, entry: Any) -> bool:
    """Whether a map has a value for each of the keys without which it is refused."""
    return not isinstance(entry, Mapping) or all(
        entry.get(key) not in _NOTHING for key in row["needs"]
    )


_NOTHING: tuple[Any, ...] = (None, "", [])


def _syncs_to_target(_: Row, watch: Any) -> bool:
    """Whether what a watch copies has a path to go to.

    https://github.com/compose-spec/compose-go/blob/main/loader/validate.go, checkConsistency
    """
    if not isinstance(watch, Mapping) or not str(watch.get("action")).startswith("sync"):
        return True
    return bool(watch.get("target"))


def _names_values(_: Row, values: Any) -> bool:
    """Whether each name has a value, in a map or in a list."""
    if isinstance(values, Mapping):
        return all(values.values())
    return all("=" in str(value) for value in values)


RECORD_FORMS: Mapping[str, Callable[[Row, Any], bool]] = {
    "needs": _has_needs,
    "watch": _syncs_to_target,
    "named_values": _names_values,
    "count_or_names": _has_one_choice,
    "soft_within_hard": _is_soft_within_hard,
}
