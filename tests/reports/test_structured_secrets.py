"""Values under names that say secret are hidden in quoted YAML, however it writes them."""

from __future__ import annotations

import pytest

from tocompose.reports.hidden_text import HIDDEN
from tocompose.reports.likely_secrets import mask_likely_secrets

CANARY = "vK3canaryQ9"
FORMS = {
    "a map where text is wanted": f"DB_PASSWORD: {{a: {CANARY}}}",
    "a map below": f"env:\n  DB_PASSWORD:\n    x: {CANARY}",
    "an anchor": f"DB_PASSWORD: &a {CANARY}\nb: *a",
    "an alias": f"a: &a {CANARY}\nDB_PASSWORD: *a",
    "a tag": f"DB_PASSWORD: !vault {CANARY}",
    "several words": f"password: two {CANARY} three",
    "an explicit key": f"? password\n: {CANARY}",
    "a folded text": f"DB_PASSWORD: >\n  {CANARY}\n  and {CANARY}\nx: 1",
    "a name beside": f"[{{name: DB_PASSWORD, value: {CANARY}}}]",
    "a name after": f"- value: {CANARY}\n  name: DB_PASSWORD",
    "escapes": f"password: 'it''s {CANARY}'",
    "a key that is written twice": f"password: {CANARY}\npassword: ${{PASSWORD}}",
    "data that is not indented": f"kind: Secret\nstringData:\nt: {CANARY}",
    "data that is indented with a tab": f"kind: Secret\nstringData:\n\tt: {CANARY}",
    "data of a Secret": f"kind: Secret\ndata: {{t: {CANARY}}}",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_a_value_under_the_name_of_a_secret_is_hidden(text: str) -> None:
    lines = list(mask_likely_secrets(text.split("\n"), "a.yaml"))
    assert CANARY not in "\n".join(lines)
    assert HIDDEN in "\n".join(lines)
    assert [len(line) for line in lines] == [len(line) for line in text.split("\n")]


@pytest.mark.parametrize(
    "text",
    [
        "password:\n  secretKeyRef:\n    name: db\n    key: password-of-db",
        "db_password:\n  file: ./secrets/db",
        "kind: Deployment\ndata: plain",
    ],
)
def test_a_reference_to_a_secret_is_shown(text: str) -> None:
    assert "\n".join(mask_likely_secrets(text.split("\n"), "a.yaml")) == text
