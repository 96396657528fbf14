"""Every id of the requirements checklist, with the tests that prove it: no id without one, and each of them exists."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tocompose.rules import registry

TESTS = Path(__file__).parents[1]
IDS = tuple(
    f"{letter}-{number:02}"
    for letter, last in {"S": 6, "M": 7, "Q": 13, "A": 6, "E": 2, "T": 5}.items()
    for number in range(1, last + 1)
)
STACK, NETWORKS, PORTS = (
    "rules/test_full_stack.py",
    "rules/test_networks.py",
    "rules/test_ports.py",
)
HEALTH, VOLUMES, PROD = (
    "rules/test_healthchecks.py",
    "rules/test_volumes.py",
    "rules/test_production.py",
)
DEPENDENCIES, SECRETS = "rules/test_dependencies.py", "rules/test_secrets.py"
BUNDLE = "exporters/test_bundle.py"
PROOFS: dict[str, tuple[str, ...]] = {
    "S-01": (
        f"{STACK}::test_quality_of_every_service",
        "docker_run/test_flags.py::test_compose_sends_what_docker_sends",
    ),
    "S-02": (f"{STACK}::test_networks_of_every_kind", f"{NETWORKS}::test_plan"),
    "S-03": (
        f"{STACK}::test_networks_of_every_kind",
        f"{VOLUMES}::test_named_volumes",
        f"{VOLUMES}::test_code_of_built_services",
    ),
    "S-04": (
        f"{STACK}::test_secrets",
        f"{SECRETS}::test_production_reads_from_files_where_the_image_can",
    ),
    "S-05": (f"{PROD}::test_tools_start_only_where_env_says_so",),
    "S-06": (f"{BUNDLE}::test_repeated_blocks_are_written_once",),
    "M-01": ("rules/test_roles.py::test_role",),
    "M-02": (
        f"{DEPENDENCIES}::test_variables_that_name_a_service",
        f"{PORTS}::test_ports_of_databases",
        "reports/test_forms.py::test_golden",
    ),
    "M-03": ("reports/test_forms.py::test_golden",),
    "M-04": (f"{NETWORKS}::test_plan",),
    "M-05": (
        f"{VOLUMES}::test_named_volumes",
        f"{VOLUMES}::test_code_of_built_services",
        f"{SECRETS}::test_production_reads_from_files_where_the_image_can",
    ),
    "M-06": (f"{DEPENDENCIES}::test_conditions", f"{HEALTH}::test_command"),
    "M-07": (
        f"{BUNDLE}::test_each_part_stands_in_its_file",
        f"{BUNDLE}::test_env_example_documents_every_variable_of_env",
    ),
    "Q-01": (
        f"{STACK}::test_quality_of_every_service",
        f"{HEALTH}::test_command",
        f"{HEALTH}::test_no_command_but_a_reason",
    ),
    "Q-02": (f"{PROD}::test_restart",),
    "Q-03": (f"{PROD}::test_limits",),
    "Q-04": (
        f"{STACK}::test_quality_of_every_service",
        "rules/test_examples.py::test_after_is_what_the_practice_makes_of_before",
    ),
    "Q-05": (
        f"{STACK}::test_database_port_is_for_development",
        f"{PORTS}::test_ports_of_databases",
    ),
    "Q-06": (f"{NETWORKS}::test_plan",),
    "Q-07": (f"{PROD}::test_a_word_about_power",),
    "Q-08": (f"{VOLUMES}::test_named_volumes",),
    "Q-09": (f"{VOLUMES}::test_named_volumes",),
    "Q-10": (
        f"{VOLUMES}::test_code_of_built_services",
        f"{VOLUMES}::test_a_word_about_mounts",
    ),
    "Q-11": (f"{STACK}::test_secrets", f"{BUNDLE}::test_modes_of_what_holds_secrets"),
    "Q-12": (
        "rules/test_properties.py::test_every_new_variable_has_its_setting",
        f"{BUNDLE}::test_env_example_documents_every_variable_of_env",
    ),
    "Q-13": (
        f"{STACK}::test_secrets",
        f"{SECRETS}::test_production_reads_from_files_where_the_image_can",
    ),
    "A-01": (f"{DEPENDENCIES}::test_conditions",),
    "A-02": (f"{VOLUMES}::test_named_volumes",),
    "A-03": (
        f"{STACK}::test_secrets",
        "rules/test_properties.py::test_secrets_stand_in_settings_only",
    ),
    "A-04": (f"{PROD}::test_a_word_about_power",),
    "A-05": (f"{PROD}::test_restart",),
    "A-06": (
        f"{PORTS}::test_equal_ports",
        f"{PORTS}::test_variables_avoid_names_that_are_taken",
        f"{STACK}::test_database_port_is_for_development",
    ),
    "E-01": (f"{PROD}::test_development_stage", f"{VOLUMES}::test_code_of_built_services"),
    "E-02": (f"{PROD}::test_versions", f"{PROD}::test_limits", f"{HEALTH}::test_numbers"),
    "T-01": (f"{STACK}::test_t01_traefik",),
    "T-02": (f"{STACK}::test_t02_app",),
    "T-03": (f"{STACK}::test_t03_postgres",),
    "T-04": (f"{STACK}::test_t04_redis",),
    "T-05": (f"{STACK}::test_t05_networks_and_volumes",),
}


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
    )


def test_every_id_has_a_proof() -> None:
    assert tuple(PROOFS) == IDS
    assert all(PROOFS.values())


@pytest.mark.parametrize("name", IDS)
def test_the_proof_exists(name: str) -> None:
    for proof in PROOFS[name]:
        file, _, test = proof.partition("::")
        assert test in names_in(file), proof


def test_practices_cover_known_ids_only() -> None:
    named = {item for practice in registry() for item in practice.covers}
    assert named <= set(IDS)
    assert all(practice.covers for practice in registry())


def test_what_no_practice_covers_is_written_by_the_exporter_or_the_report() -> None:
    named = {item for practice in registry() for item in practice.covers}
    assert set(IDS) - named == {"M-03"}
