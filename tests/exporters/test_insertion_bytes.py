"""What is added to a compose file leaves every byte of it: line ends, the marks of a document, what follows them."""

from __future__ import annotations

import pytest

from tocompose.exporters.insertion import insert

OWN = {"services": {"db": {"image": "redis:7"}}, "volumes": {"data": {}}}
ADDED = ("  db:", "    image: redis:7", "volumes:")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "text",
    [
        "services:\n  web:\n    image: nginx\n",
        "---\nservices:\n  web:\n    image: nginx\n",
        "%YAML 1.2\n---\nservices:\n  web:\n    image: nginx\n...\n",
        "# head\n--- # first\nservices:\n  web:\n    image: 'nginx' # web\n...\n# after\n\n",
        "services:\n  web:\n    command: |\n      a\n\n      b\n...  # end\n",
    ],
)
def test_every_line_of_the_user_stays(text: str, line_end: str) -> None:
    source = text.replace("\n", line_end)
    result = insert(source, "docker-compose.yml", OWN).text
    lines = result.split(line_end)
    remaining = iter(lines)
    assert all(line in remaining for line in source.split(line_end)[:-1]), result
    assert set(ADDED) <= set(lines)
    assert ("\r" in result.replace("\r\n", "")) is False
    assert result.count("\r\n") in (0, result.count("\n"))
    end = source[source.find("...") :] if "..." in source else ""
    assert result.endswith(end)


def test_nothing_to_add_leaves_the_text() -> None:
    text = (
        "---\r\nservices:\r\n  db:\r\n    image: redis:7\r\nvolumes: {data: {}}\r\n...\r\n"
    )
    assert insert(text, "docker-compose.yml", OWN).text == text
