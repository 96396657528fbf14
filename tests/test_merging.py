"""Our merge of several files is docker compose's: the same generated pairs go through both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judges import needs_compose, run_config
from tocompose.compose.merge import merge_documents, merge_services, mount_target
from tocompose.compose.shapes import port_parts

NAMES = st.sampled_from(["a", "bb", "cc"])
WORDS = st.sampled_from(["one", "two", "three"])
SECONDS = st.sampled_from(["5s", "10s", "1m"])


def as_list(pairs: dict[str, str]) -> list[str]:
    """`KEY=value` lines."""
    return [f"{key}={value}" for key, value in pairs.items()]


PAIRS = st.dictionaries(NAMES, WORDS, min_size=1, max_size=3)
EITHER = PAIRS | PAIRS.map(as_list)
WORD_LIST = st.lists(WORDS, min_size=1, max_size=3, unique=True)
PORTS = st.lists(
    st.sampled_from(
        [
            "80:80",
            "127.0.0.1:80:80",
            "80:80/udp",
            "81:80",
            "443",
            {"target": 80, "published": "80", "protocol": "tcp"},
        ]
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda item: port_parts(item),
)
MOUNTS = st.lists(
    st.sampled_from(
        [
            "bb:/data",
            "./here:/data",
            "cc:/data:ro",
            "bb:/other",
            "/anonymous",
            {"type": "tmpfs", "target": "/data"},
        ]
    ),
    min_size=1,
    max_size=3,
    unique_by=mount_target,
)
LOGGING = st.fixed_dictionaries(
    {}, optional={"driver": st.sampled_from(["json-file", "local"]), "options": PAIRS}
)
HEALTHCHECK = st.fixed_dictionaries(
    {"test": st.sampled_from([["CMD", "x"], ["CMD-SHELL", "y"], "shell words"])},
    optional={"interval": SECONDS, "timeout": SECONDS, "retries": st.integers(1, 9)},
)
DEPENDENCIES = st.lists(NAMES, min_size=1, max_size=3, unique=True) | st.dictionaries(
    NAMES,
    st.fixed_dictionaries(
        {
            "condition": st.sampled_from(
                ["service_started", "service_completed_successfully"]
            )
        },
        optional={"required": st.booleans(), "restart": st.booleans()},
    ),
    min_size=1,
    max_size=3,
)
NETWORKS = st.lists(NAMES, min_size=1, max_size=3, unique=True) | st.dictionaries(
    NAMES,
    st.none()
    | st.fixed_dictionaries(
        {}, optional={"aliases": WORD_LIST, "priority": st.integers(0, 9)}
    ),
    min_size=1,
)
DEPLOY = st.fixed_dictionaries(
    {},
    optional={
        "replicas": st.integers(1, 3),
        "labels": EITHER,
        "resources": st.fixed_dictionaries(
            {},
            optional={
                "limits": st.fixed_dictionaries(
                    {}, optional={"memory": st.just("64M"), "cpus": st.just("0.5")}
                )
            },
        ),
    },
)
BODY = st.fixed_dictionaries(
    {},
    optional={
        "annotations": EITHER,
        "build": st.sampled_from([".", "./sub"])
        | st.fixed_dictionaries(
            {"context": st.just(".")}, optional={"args": EITHER, "target": WORDS}
        ),
        "cap_add": WORD_LIST,
        "command": st.none() | WORD_LIST | st.just("shell words") | st.just([]),
        "configs": st.lists(
            st.sampled_from(["one", {"source": "one", "target": "/x"}]), max_size=1
        ),
        "depends_on": DEPENDENCIES,
        "deploy": DEPLOY,
        "devices": st.lists(
            st.sampled_from(["/dev/a:/dev/x", "/dev/b:/dev/x", "/dev/c"]), max_size=1
        ),
        "dns": WORD_LIST | st.just("1.1.1.1"),
        "entrypoint": st.none() | WORD_LIST,
        "environment": EITHER | st.dictionaries(NAMES, st.none() | WORDS),
        "expose": st.lists(st.sampled_from(["80", "81"]), unique=True),
        "extra_hosts": st.lists(
            st.sampled_from(["h=1.1.1.1", "h=3.3.3.3", "g=2.2.2.2"]),
            max_size=2,
            unique=True,
        ),
        "group_add": WORD_LIST,
        "healthcheck": HEALTHCHECK,
        "image": st.none() | st.sampled_from(["a:1", "b:2"]),
        "init": st.booleans(),
        "labels": EITHER,
        "logging": LOGGING,
        "networks": NETWORKS,
        "ports": PORTS,
        "profiles": WORD_LIST,
        "restart": st.none() | st.sampled_from(["always", "no"]),
        "secrets": st.lists(
            st.sampled_from(["one", {"source": "one", "target": "x"}]), max_size=1
        ),
        "security_opt": WORD_LIST,
        "stop_grace_period": SECONDS,
        "sysctls": EITHER,
        "tmpfs": WORD_LIST | st.just("/t"),
        "ulimits": st.dictionaries(
            WORDS, st.just(5) | st.just({"soft": 1, "hard": 2}), max_size=2
        ),
        "user": st.just("1"),
        "volumes": MOUNTS,
        "volumes_from": st.just(["a"]),
    },
)
FIRST = {
    "name": "merged",
    "services": {"a": {"image": "x:1"}, "bb": {"image": "x:1"}, "cc": {"image": "x:1"}},
}
TOP = {
    "networks": {"a": None, "bb": None, "cc": None},
    "volumes": {"bb": None, "cc": None},
    "configs": {"one": {"content": "c"}},
    "secrets": {"one": {"environment": "E"}},
}


def read(folder: Path, documents: dict[str, Any], names: tuple[str, ...]) -> Any:
    """What docker compose makes of the files, or its refusal."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in documents.items():
        (folder / name).write_text(json.dumps(body), encoding="utf-8")
    done = run_config(folder, names, env={"E": "e"}, extra=("--profile", "*"))
    return json.loads(done.stdout) if done.returncode == 0 else None


class TestDockerCompose:
    """The same pair of files through docker compose and through ours, which it then reads as one."""

    pytestmark = needs_compose

    @settings(
        max_examples=30,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(st.lists(st.tuples(BODY, BODY), min_size=4, max_size=4))
    def test_two_files_are_merged_alike(
        self, tmp_path: Path, pairs: list[tuple[dict[str, Any], dict[str, Any]]]
    ) -> None:
        for one, two in self._accepted(tmp_path, pairs):
            both = read(tmp_path, {"1.json": one, "2.json": two}, ("1.json", "2.json"))
            ours = read(tmp_path, {"3.json": merge_documents(one, two)}, ("3.json",))
            assert ours == both

    def _accepted(self, folder: Path, pairs: Any) -> Any:
        """The pairs as services of one pair of documents, or each alone where docker compose refuses them together."""
        whole = _documents({f"s{number}": pair for number, pair in enumerate(pairs)})
        if _accepts(folder, whole):
            return [whole]
        alone = (_documents({"s": pair}) for pair in pairs)
        return [documents for documents in alone if _accepts(folder, documents)]


def _accepts(folder: Path, documents: Any) -> bool:
    return (
        read(folder, {"1.json": documents[0], "2.json": documents[1]}, ("1.json", "2.json"))
        is not None
    )


def _documents(pairs: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    first = {
        name: {"image": "x:1", **{k: v for k, v in one.items() if v is not None}}
        for name, (one, _) in pairs.items()
    }
    second = {name: two for name, (_, two) in pairs.items()}
    return {**FIRST, **TOP, "services": {**FIRST["services"], **first}}, {
        "services": second
    }  # type: ignore[dict-item]


def test_a_later_null_changes_nothing_but_removes_a_command() -> None:
    merged = merge_services(
        {"image": "a", "command": "x"}, {"image": None, "command": None}
    )
    assert merged == {"image": "a"}


def test_another_log_driver_replaces_the_whole_block() -> None:
    one = {"logging": {"driver": "json-file", "options": {"max-size": "1m"}}}
    assert merge_services(one, {"logging": {"driver": "local"}}) == {
        "logging": {"driver": "local"}
    }
    assert merge_services(one, {"logging": {"options": {"max-file": "2"}}})["logging"][
        "options"
    ] == {
        "max-size": "1m",
        "max-file": "2",
    }


def test_ports_with_another_address_are_added() -> None:
    merged = merge_services(
        {"ports": ["127.0.0.1:80:80"]}, {"ports": ["80:80", "127.0.0.1:80:80"]}
    )
    assert merged["ports"] == ["127.0.0.1:80:80", "80:80"]
