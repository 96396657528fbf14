"""The names of compose files: those that docker compose looks for, and those that are written."""

from __future__ import annotations

from collections.abc import Mapping

from tocompose.model import ComposeFileRole

# In the order in which docker compose looks for them (compose-go, cli.DefaultFileNames and DefaultOverrideFileNames).
BASE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
OVERRIDE_NAMES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
# Nothing loads these by itself; they are what people call the file of production.
PROD_NAMES = (
    "docker-compose.prod.yml",
    "docker-compose.prod.yaml",
    "compose.prod.yaml",
    "compose.prod.yml",
    "docker-compose.production.yml",
    "docker-compose.production.yaml",
    "compose.production.yaml",
    "compose.production.yml",
)

# The names that are written, in the style of either generation of docker compose.
CLASSIC_NAMES: Mapping[ComposeFileRole, str] = {
    ComposeFileRole.BASE: "docker-compose.yml",
    ComposeFileRole.DEV: "docker-compose.override.yml",
    ComposeFileRole.PROD: "docker-compose.prod.yml",
}
MODERN_NAMES: Mapping[ComposeFileRole, str] = {
    ComposeFileRole.BASE: "compose.yaml",
    ComposeFileRole.DEV: "compose.override.yaml",
    ComposeFileRole.PROD: "compose.prod.yaml",
}
