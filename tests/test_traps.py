"""The 27 traps that break a converted stack, each with the tests that show it avoided, found, or survived at `up`."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from findings import FINDINGS

TESTS = Path(__file__).parent
EXPORT, HEALTH, PROD = (
    "exporters/test_traps.py",
    "rules/test_healthchecks.py",
    "rules/test_production.py",
)
PROPERTIES, NETWORKS = "rules/test_properties.py", "rules/test_networks.py"
IMAGES, SECRETS = "rules/test_images.py", "rules/test_secrets.py"
SEPARATED, UP = "rules/test_on_engine.py::test_development", "engine/test_traps.py"
PROOFS: dict[str, tuple[str, ...]] = {
    "T1": (f"{PROPERTIES}::test_published_ports_are_reachable", SEPARATED),
    "T2": (f"{NETWORKS}::test_development_port_of_an_internal_service", SEPARATED),
    "T3": (
        f"{NETWORKS}::test_a_network_with_a_single_homed_application_stays_open",
        SEPARATED,
    ),
    "T4": (
        f"{EXPORT}::test_t4_start_interval_is_written_only_where_the_source_has_it",
        f"{UP}::test_it_comes_up",
    ),
    "T5": (f"{EXPORT}::test_t5_a_read_only_service_gets_files", f"{UP}::test_it_comes_up"),
    "T6": (
        f"{EXPORT}::test_t6_owner_and_mode_of_file_secrets_are_left_out",
        f"{UP}::test_secrets_can_be_read",
    ),
    "T7": (
        f"{EXPORT}::test_t7_a_secret_file_that_nobody_writes_is_told",
        f"{UP}::test_secrets_can_be_read",
    ),
    "T8": (
        f"{EXPORT}::test_t8_nobody_waits_for_a_check_that_is_off",
        f"{UP}::test_nobody_waits_for_ever",
    ),
    "T9": (
        f"{IMAGES}::test_health_commands_use_tools_that_are_there",
        f"{UP}::test_nobody_waits_for_ever",
    ),
    "T10": (f"{PROD}::test_restart", f"{UP}::test_nobody_waits_for_ever"),
    "T11": (f"{EXPORT}::test_t11_limits_stand_in_one_place", f"{PROD}::test_limits"),
    "T12": (f"{EXPORT}::test_t12_no_container_name_with_replicas",),
    "T13": (f"{EXPORT}::test_t13_a_volume_of_one_letter_is_written_in_the_long_form",),
    "T14": (f"{EXPORT}::test_t14_network_mode_excludes_networks_in_every_file",),
    "T15": (
        f"{EXPORT}::test_t15_an_overlay_binds_no_port_twice",
        f"{PROPERTIES}::test_no_port_has_two_bindings",
    ),
    "T16": ("exporters/test_bundle.py::test_two_merge_keys_never_stand_in_one_map",),
    "T17": (f"{EXPORT}::test_t17_no_document_start",),
    "T18": (
        "rules/test_volumes.py::test_files_must_exist",
        f"{UP}::test_a_missing_file_is_named",
    ),
    "T19": (
        f"{IMAGES}::test_data_of_postgres_moved_in_18",
        "rules/test_volumes.py::test_a_mount_beside_the_data",
    ),
    "T20": (
        f"{IMAGES}::test_variables_read_from_files",
        f"{SECRETS}::test_production_leaves_others_alone_and_says_why",
    ),
    "T21": (f"{HEALTH}::test_command",),
    "T22": (f"{HEALTH}::test_command",),
    "T23": (f"{PROD}::test_capabilities",),
    "T24": ("exporters/test_outputs.py::test_accepted_without_a_word",),
    "T25": ("exporters/test_outputs.py::test_schema_and_yamllint",),
    "T26": (
        f"{EXPORT}::test_t26_what_is_not_there_is_not_referred_to",
        f"{PROPERTIES}::test_dependencies_are_sound",
    ),
    "T27": ("writing/test_writing.py::test_another_base_file_beside_ours_is_told",),
}
# What only a running engine shows: docker compose config accepts each of these.
AT_UP = ("T1", "T3", "T4", "T5", "T7", "T8", "T10")


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
    )


def test_no_trap_is_missing() -> None:
    assert list(PROOFS) == [f"T{number}" for number in range(1, 28)]
    assert all(
        any(proof.startswith((UP, SEPARATED)) for proof in PROOFS[trap]) for trap in AT_UP
    )


@pytest.mark.parametrize("trap", PROOFS)
def test_the_proof_exists(trap: str) -> None:
    for proof in PROOFS[trap]:
        file, _, test = proof.partition("::")
        assert test in names_in(file), proof


def test_the_audit_finds_them_in_the_files_of_others() -> None:
    found = {
        word for finding in FINDINGS for word in finding.ids.split() if word[1:].isdigit()
    }
    # A second form of one trap each: a secret in the wrong mode, and numbers that compose itself refuses.
    assert set(PROOFS) - found == set()
