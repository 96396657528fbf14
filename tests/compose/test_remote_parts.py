"""What a compose file includes from elsewhere is named without its password."""

from __future__ import annotations

import pytest

from tocompose.compose.loading import _shown_path


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("https:/u:pw-71@git.example/a.git", "https://git.example/a.git"),
        ("https://u:pw-71@git.example/a.git", "https://git.example/a.git"),
        ("deploy/a@b.yml", "deploy/a@b.yml"),
    ],
)
def test_an_address_is_shown_without_its_password(path, shown):
    assert _shown_path(path) == shown
