"""What a program makes again, held against what is known of images."""

from __future__ import annotations

import pytest
import yaml

import tree
from tocompose.knowledge.renewed_folders import renewed_files

# The folders of known images that hold nothing but caches and logs.
_OF_IMAGES = """
    /cache /transcode /logs /mosquitto/log /opt/emqx/log /vault/logs /fluentd/log /var/log/gitlab /opt/sonarqube/logs
    /opt/airflow/logs /var/log/squid
""".split()


def _data_paths() -> set[str]:
    """Where the images of the table keep what lies outside of their containers."""
    paths: set[str] = set()
    for row in yaml.safe_load_all((tree.ROOT / "mappings/images.yaml").read_text()):
        for data in row.get("data") or ():
            paths.add(data if isinstance(data, str) else data["path"])
    return paths


def test_no_folder_of_data_is_taken_for_a_cache() -> None:
    """Of all known images; a new row whose folder is called like a cache has to be looked at."""
    assert {path for path in _data_paths() if renewed_files(path)} == set(_OF_IMAGES)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/cache/nginx/pages", "a cache"),
        ("/home/node/.cache/", "a cache"),
        ("/srv/app_cache", "a cache"),
        ("/app/Logs", "logs"),
        ("/var/log/app", "logs"),
        ("/tmp/work", "temporary files"),
        ("/data", ""),
        ("/var/lib/redis-cache/data", ""),
        ("/catalog", ""),
        ("/srv/logs/archive", ""),
        ("/tmpdata", ""),
    ],
)
def test_by_the_name_of_the_folder(path: str, kind: str) -> None:
    assert renewed_files(path) == kind
