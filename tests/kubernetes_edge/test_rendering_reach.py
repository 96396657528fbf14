"""What a kustomization may reach: keys are read as kustomize reads them, and nothing is downloaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocompose.project import Folder
from tocompose.rendering.command import secret_values
from tocompose.rendering.kustomize import NotLocal, find_groups

TRANSFORMER = """\
apiVersion: builtin
kind: PatchTransformer
metadata: {name: p}
PATH: http://127.0.0.1:1/p.yaml
"""


def _check(tmp_path: Path, text: str, **files: str) -> None:
    root = tmp_path / "repo"
    root.mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kustomization.yaml").write_text("resources: []\n")
    (root / "kustomization.yaml").write_text(text)
    for name, content in files.items():
        (root / name).write_text(content)
    folder = Folder(root)
    for group in find_groups(folder):
        group.check_local(folder)


@pytest.mark.parametrize(
    "text",
    [
        "BASES: [../outside]",
        "Components: ['../outside']",
        # The letter long s folds to s.
        "reſources: [../outside]",
        "resources: []\nResources: [../outside]",
        "? resourceS\n: - ../outside",
        "a: &a [../outside]\nrEsources: *a",
    ],
)
def test_a_key_in_any_case_reaches_no_folder_outside(tmp_path, text):
    with pytest.raises(NotLocal, match="outside of the source"):
        _check(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "Resources: ['https://example.com/a.yaml']",
        "resources: ['git::ssh.example.com/a']",
        "resources: ['github.com/owner/name']",
        "resources: ['name?ref=v1']",
        "PatchesStrategicMerge: ['http://127.0.0.1/p.yaml']",
        "patches: [{Path: 'http://127.0.0.1/p.yaml'}]",
        "configmapgenerator: [{name: a, Files: ['k=http://127.0.0.1/f']}]",
        "OpenAPI: {Path: 'http://127.0.0.1/f'}",
        "transformers: [t.yaml]",
        "Validators: [t.yaml]",
        "generators:\n- |\n" + "".join(f"  {line}\n" for line in TRANSFORMER.splitlines()),
    ],
)
def test_nothing_is_downloaded(tmp_path, text):
    with pytest.raises(NotLocal, match="downloaded"):
        _check(tmp_path, text, **{"t.yaml": TRANSFORMER})


@pytest.mark.parametrize(
    "text",
    [
        "HelmCharts: [{name: a, repo: 'https://charts.example'}]",
        "helmchartinflationgenerator: [{chartName: a}]",
        "generators:\n- |\n  kind: HelmChartInflationGenerator\n  name: a\n",
    ],
)
def test_no_chart_is_inflated(tmp_path, text):
    with pytest.raises(NotLocal, match="inflates a Helm chart"):
        _check(tmp_path, text)


def test_the_usual_keys_stay_local(tmp_path):
    _check(
        tmp_path,
        "resources: [a.yaml]\ncommonAnnotations: {home: 'https://example.com'}\n",
        **{"a.yaml": "kind: List\n"},
    )


def test_a_bomb_of_aliases_is_read_once(tmp_path):
    levels = [
        f"l{number}: &l{number} [{', '.join([f'*l{number - 1}'] * 9)}]"
        for number in range(1, 30)
    ]
    _check(tmp_path, "\n".join(["l0: &l0 [a]", *levels]))


def test_a_patch_written_inline_is_blanked_in_complaints(tmp_path):
    (tmp_path / "kustomization.yaml").write_text(
        "patches:\n- patch: |-\n    kind: Secret\n    stringData: {COLOUR: dark-Zk81\n"
    )
    assert "dark-Zk81" in set(secret_values(tmp_path))
