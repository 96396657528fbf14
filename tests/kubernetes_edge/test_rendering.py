"""Kustomizations and charts are rendered by the real program when it is there, and by nothing else."""

from __future__ import annotations

import os
import stat
import sys
import time
from pathlib import Path

import pytest

from oracles import NO_KUSTOMIZE
from tocompose.importers import ImportOptions, SourceError
from tocompose.pipeline import Options, choose, convert
from tocompose.project import Folder, Memory
from tocompose.readers.yaml import read_yaml
from tocompose.rendering import command, render_templates, template_files

ORACLES = os.environ.get("TOCOMPOSE_ORACLES", "")
needs_kustomize = pytest.mark.skipif(
    not Path(ORACLES, "kustomize").is_file(), reason=NO_KUSTOMIZE
)

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {containers: [{name: web, image: nginx}]}}}
"""


def tree(root: Path, files: dict[str, str]) -> Folder:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Folder(root)


def program(folder: Path, name: str, body: str) -> None:
    """An executable Python program on its own folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport os, sys, time\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all there is on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


ON = ImportOptions(render=True)
OVERLAYS = {
    "base/kustomization.yaml": "resources: [web.yaml]\n",
    "base/web.yaml": DEPLOYMENT,
    "overlays/dev/kustomization.yml": "resources: [../../base]\nnamePrefix: dev-\n",
    "overlays/prod/Kustomization": "resources: [../../base]\nnamePrefix: prod-\npatches: [{path: more.yaml}]\n",
    "overlays/prod/more.yaml": DEPLOYMENT.replace("nginx", "nginx:1.27"),
    "overlays/prod/forgotten.yaml": DEPLOYMENT,
    "other.yaml": DEPLOYMENT,
}


@needs_kustomize
def test_real_kustomize_builds_the_production_overlay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", ORACLES)
    project = tree(tmp_path, OVERLAYS)
    found = render_templates(project, ON)
    [stream] = found.streams
    assert stream.label == "kustomize build overlays/prod"
    assert b"name: prod-web" in stream.text
    assert b"image: nginx:1.27" in stream.text
    assert found.replaced == set(OVERLAYS) - {"other.yaml"}
    assert [item.code for item in found.notes] == ["TC261", "TC263", "TC262"]
    assert "overlays/dev" in found.notes[0].message
    assert "overlays/prod/forgotten.yaml" in found.notes[1].message
    [document] = read_yaml(stream.text, stream.label)
    assert document.root is not None
    assert str(document.root.span) == "kustomize build overlays/prod"


@needs_kustomize
@pytest.mark.parametrize("repository", [True, False])
def test_overlay_named_by_the_user_may_include_its_base(
    repository: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", ORACLES)
    tree(tmp_path, OVERLAYS | ({".git/HEAD": ""} if repository else {}))
    allowed = () if repository else (tmp_path / "base",)
    found = render_templates(Folder(tmp_path / "overlays" / "dev", allowed=allowed), ON)
    assert found.streams[0].label == "kustomize build dev"
    assert b"dev-web" in found.streams[0].text


@needs_kustomize
@pytest.mark.parametrize("marker", [{"overlays/.git/HEAD": ""}, {}])
def test_base_outside_of_the_repository_is_refused(
    marker: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", ORACLES)
    tree(tmp_path, OVERLAYS | marker)
    found = render_templates(Folder(tmp_path / "overlays" / "prod"), ON)
    assert not found.streams
    assert "outside of the source and its repository" in found.notes[-1].message


@needs_kustomize
def test_real_failure_is_shown_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", ORACLES)
    text = "secretGenerator: [{name: s, literals: [hunter2-without-equals]}]\nresources: [web.yaml]\n"
    found = render_templates(
        tree(tmp_path, {"kustomization.yaml": text, "web.yaml": DEPLOYMENT}), ON
    )
    [told] = found.notes
    assert told.code == "TC264"
    assert "***" in told.message
    assert "hunter2" not in told.message
    assert found.replaced == {"kustomization.yaml"}, "the plain resources are read instead"


@needs_kustomize
def test_a_missing_file_of_secrets_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", ORACLES)
    text = "commonLabels: {a: b}\nsecretGenerator: [{name: s, envs: [db.secret]}]\nresources: [web.yaml]\n"
    [told] = render_templates(
        tree(tmp_path, {"kustomization.yaml": text, "web.yaml": DEPLOYMENT}), ON
    ).notes
    assert "db.secret" in told.message
    assert "deprecated" not in told.message


@pytest.mark.parametrize(
    "entry",
    [
        "https://example.com/base.yaml",
        "https://user:pa55@example.com/r.git//base?ref=v1",
        "git@github.com:o/r.git",
        "github.com/o/r//base?ref=v1",
        "ssh://git@host/r",
    ],
)
@pytest.mark.parametrize("key", ["resources", "bases", "components", "transformers"])
def test_remote_bases_are_refused_unbuilt(
    tmp_path: Path, path: Path, entry: str, key: str
) -> None:
    program(path, "kustomize", f"open({str(tmp_path / 'ran')!r}, 'w')")
    project = tree(tmp_path / "src", {"kustomization.yaml": f'{key}: ["{entry}"]\n'})
    found = render_templates(project, ON)
    assert not found.streams
    assert not (tmp_path / "ran").exists()
    assert "pa55" not in found.notes[0].message
    assert found.notes[0].advice.endswith("`kustomize build src | tocompose convert -`")


@pytest.mark.parametrize(
    "text",
    [
        "patches: [{path: 'https://example.com/p.yaml'}]",
        "patchesStrategicMerge: ['https://example.com/p.yaml']",
        "configMapGenerator: [{name: a, files: ['k=https://example.com/p.yaml']}]",
        "helmCharts: [{name: redis, repo: 'https://charts.example.com'}]",
        "resources: [missing.yaml]",
    ],
)
def test_what_else_would_be_downloaded_or_is_missing(
    tmp_path: Path, path: Path, text: str
) -> None:
    program(path, "kustomize", "print('x')")
    found = render_templates(tree(tmp_path / "src", {"kustomization.yaml": text}), ON)
    assert not found.streams
    assert found.notes[0].code == "TC260"


def test_remote_entry_of_an_included_base_is_found(tmp_path: Path, path: Path) -> None:
    program(path, "kustomize", "print('x')")
    files = {
        "a/kustomization.yaml": "resources: [../b]",
        "b/kustomization.yaml": "resources: ['https://e.com/x']",
    }
    found = render_templates(tree(tmp_path / "src", files), ON)
    assert "https://e.com/x" in found.notes[0].message


def test_kubectl_is_used_without_kustomize_and_nothing_of_the_user_is_seen(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/home/someone/.kube/config")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    program(
        path,
        "kubectl",
        "print(sys.argv[1:], sorted(os.environ), os.listdir(os.environ['HOME']))",
    )
    found = render_templates(
        tree(tmp_path / "src", {"kustomization.yaml": "resources: []"}), ON
    )
    [stream] = found.streams
    said = stream.text.decode()
    assert stream.label == "kubectl kustomize src"
    assert said.startswith("['kustomize', '.']")
    assert "KUBECONFIG" not in said
    assert "AWS" not in said
    assert said.rstrip().endswith("[]")


def test_without_a_program_the_resources_are_left_to_be_read(
    tmp_path: Path, path: Path
) -> None:
    found = render_templates(tree(tmp_path / "src", OVERLAYS), ON)
    assert not found.streams
    assert "base/web.yaml" not in found.replaced
    assert {"overlays/prod/more.yaml", "overlays/prod/forgotten.yaml"} <= found.replaced
    told = found.notes[-1]
    assert told.code == "TC260"
    assert "neither kustomize nor kubectl is on PATH" in told.message
    assert "kustomize build overlays/prod | tocompose convert -" in told.advice


def test_no_render_runs_nothing(tmp_path: Path, path: Path) -> None:
    program(path, "kustomize", f"open({str(tmp_path / 'ran')!r}, 'w')")
    program(path, "helm", f"open({str(tmp_path / 'ran')!r}, 'w')")
    project = tree(
        tmp_path / "src",
        {"a/kustomization.yaml": "resources: []", "b/Chart.yaml": "name: b"},
    )
    found = render_templates(project, ImportOptions(render=False))
    assert not (tmp_path / "ran").exists()
    assert [item.code for item in found.notes] == ["TC260", "TC260"]
    assert all("switched off" in item.message for item in found.notes)


def test_program_inside_the_source_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "src" / "bin", "kustomize", f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.setenv("PATH", str(tmp_path / "src" / "bin"))
    found = render_templates(
        tree(tmp_path / "src", {"kustomization.yaml": "resources: []"}), ON
    )
    assert not (tmp_path / "ran").exists()
    assert found.notes[0].code == "TC260"


def test_hanging_program_is_ended_with_its_children(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = tmp_path / "child"
    program(
        path,
        "kustomize",
        f"c = os.fork()\nif c: open({str(pid)!r}, 'w').write(str(c))\ntime.sleep(60)",
    )
    monkeypatch.setattr(command, "TIMEOUT", 1.0)
    found = render_templates(
        tree(tmp_path / "src", {"kustomization.yaml": "resources: []"}), ON
    )
    assert "did not finish within 1 seconds" in found.notes[-1].message
    assert _gone(int(pid.read_text()))


def _gone(pid: int) -> bool:
    for _ in range(50):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().split()[2] == "Z":
            return True
        time.sleep(0.05)
    return False


HELM = "print('kind: List'); print('#', sys.argv[1:])"
CHART = {
    "chart/Chart.yaml": "name: shop",
    "chart/values.yaml": "db: {password: hunter2}",
    "chart/templates/a.yaml": "{{",
}


def test_helm_gets_values_settings_release_and_namespace(
    tmp_path: Path, path: Path
) -> None:
    program(path, "helm", HELM)
    values = tmp_path / "mine.yaml"
    values.write_text("a: 1")
    options = {
        "values": (str(values),),
        "set": ("x=sesame",),
        "release": ("rel",),
        "namespace": ("ns",),
    }
    project = tree(tmp_path / "src", CHART | {"chart/charts/sub/Chart.yaml": "name: sub"})
    found = render_templates(project, ImportOptions(render=True, options=options))
    [stream] = found.streams
    expected = [
        "template",
        "--values=1/mine.yaml",
        "--set=x=sesame",
        "--namespace=ns",
        "--",
        "rel",
        "chart",
    ]
    assert str(expected) in stream.text.decode()
    assert stream.label == "helm template chart"
    assert "chart/templates/a.yaml" in found.replaced
    assert "sesame" not in str(found.notes)
    assert "x=…" in found.notes[0].message


def test_helm_failure_is_shown_without_values(tmp_path: Path, path: Path) -> None:
    program(
        path,
        "helm",
        "sys.stderr.write('Error: bad hunter2 and sesame in chart/templates/a.yaml'); sys.exit(1)",
    )
    project = tree(tmp_path / "src", CHART)
    found = render_templates(
        project, ImportOptions(render=True, options={"set": ("a=sesame",)})
    )
    [told] = found.notes
    assert told.code == "TC264"
    assert "Error: bad *** and *** in chart/templates/a.yaml" in told.message


def test_missing_helm_names_the_command(tmp_path: Path, path: Path) -> None:
    found = render_templates(tree(tmp_path / "src", CHART), ON)
    assert found.replaced == set(CHART)
    assert "helm is not on PATH" in found.notes[0].message
    assert found.notes[0].advice.endswith(
        "`helm template chart chart | tocompose convert -`"
    )


@pytest.mark.parametrize(
    "values", ["https://example.com/v.yaml", "secrets://v.yaml", "nowhere.yaml"]
)
def test_values_that_are_not_on_disk_are_refused(
    tmp_path: Path, path: Path, values: str
) -> None:
    program(path, "helm", HELM)
    found = render_templates(
        tree(tmp_path / "src", CHART),
        ImportOptions(render=True, options={"values": (values,)}),
    )
    assert not found.streams
    assert found.notes[0].code == "TC260"


def test_chart_with_a_link_out_of_the_source_is_refused(tmp_path: Path, path: Path) -> None:
    program(path, "helm", HELM)
    project = tree(tmp_path / "src", CHART)
    (tmp_path / "src/chart/templates/leak.yaml").symlink_to("/etc/hostname")
    found = render_templates(project, ON)
    assert not found.streams
    assert "leak.yaml is a link" in found.notes[0].message


def test_memory_project_is_never_rendered(path: Path) -> None:
    program(path, "kustomize", "print('x')")
    found = render_templates(Memory({"kustomization.yaml": b"resources: []"}), ON)
    assert found.notes[0].code == "TC260"


def test_sites_are_named_for_the_importer(tmp_path: Path) -> None:
    project = tree(
        tmp_path / "src", OVERLAYS | CHART | {"lib/Chart.yaml": "name: l\ntype: library\n"}
    )
    assert template_files(project) == (
        "base/kustomization.yaml",
        "chart/Chart.yaml",
        "overlays/dev/kustomization.yml",
        "overlays/prod/Kustomization",
    )


def test_separate_applications_are_built_each(tmp_path: Path, path: Path) -> None:
    program(path, "kustomize", "print('#', sys.argv[2])")
    files = {
        "a/kustomization.yaml": "resources: []",
        "b/kustomization.yaml": "resources: []",
    }
    found = render_templates(tree(tmp_path / "src", files), ON)
    assert [stream.label for stream in found.streams] == [
        "kustomize build a",
        "kustomize build b",
    ]


@pytest.mark.parametrize(
    "text",
    ["resources: [", "- a\n", "", "resources: {a: 1}", "resources: [[1]]", "bases: null"],
)
def test_odd_kustomizations_do_not_break_it(tmp_path: Path, path: Path, text: str) -> None:
    program(path, "kustomize", "print('x')")
    assert render_templates(tree(tmp_path / "src", {"kustomization.yaml": text}), ON).notes


@needs_kustomize
def test_importer_reads_what_kustomize_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", ORACLES)
    project = tree(tmp_path / "shop", OVERLAYS)
    result = convert(project, Options(source="kubernetes", settings=ON))
    assert [service.name for service in result.stack.services] == ["web", "prod-web"]
    assert result.stack.services[1].image == "nginx:1.27"
    files = {item.span.file for item in result.notes if item.span}
    assert "overlays/prod/more.yaml" in files
    assert not [file for file in files if file.startswith("kustomize")]
    assert "TC010" not in {item.code for item in result.notes}


def test_importer_reads_plain_resources_when_nothing_may_run(
    tmp_path: Path, path: Path
) -> None:
    result = convert(tree(tmp_path / "shop", OVERLAYS), Options(source="kubernetes"))
    assert [service.name for service in result.stack.services][:1] == ["web"]
    assert "TC260" in {item.code for item in result.notes}
    assert not any(item.code == "TC901" for item in result.notes)


def test_chart_alone_without_helm_says_what_to_do(tmp_path: Path, path: Path) -> None:
    project = tree(tmp_path / "src", CHART)
    assert choose(project, None).name == "kubernetes"
    with pytest.raises(SourceError) as error:
        convert(project, Options(settings=ON))
    assert "helm template chart chart | tocompose convert -" in str(error.value)


def test_an_error_text_is_the_same_at_each_run(tmp_path: Path, path: Path) -> None:
    program(
        path,
        "kubectl",
        "import datetime\n"
        "now = datetime.datetime.now().strftime('%H:%M:%S.%f')\n"
        "print(f'E1128 {now} {os.getpid():7d} run.go:72] no such patch', file=sys.stderr)\n"
        "sys.exit(1)",
    )
    source = tree(tmp_path / "src", {"kustomization.yaml": "resources: []"})
    first, second = (
        [item.message for item in render_templates(source, ON).notes] for _ in range(2)
    )
    assert first == second
    assert any("no such patch" in message for message in first)


@needs_kustomize
def test_notes_on_what_kustomize_built_are_at_the_lines_of_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What no file has, as a generated ConfigMap, is told without a line: nobody has what was printed."""
    monkeypatch.setenv("PATH", ORACLES)
    base = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      hostPID: true
      containers:
      - name: web
        image: nginx:1.27
        env:
        - name: KEY
          value: YOUR_API_KEY
        envFrom:
        - configMapRef: {name: settings}
"""
    patch = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: web
        env:
        - {name: TOKEN, value: YOUR_TOKEN}
"""
    files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": f"# the app\n{base}",
        "overlays/prod/kustomization.yaml": "resources: [../../base]\nnamePrefix: live-\n"
        "patches: [{path: more.yaml}]\n"
        "configMapGenerator: [{name: settings, literals: [UNUSED_HOST=YOUR_HOST]}]\n",
        "overlays/prod/more.yaml": patch,
    }
    result = convert(
        tree(tmp_path / "shop", files), Options(source="kubernetes", settings=ON)
    )
    asked = {str(note.subject): note for note in result.notes if note.code == "TC852"}
    shown = {subject.rpartition(".")[2]: str(note.span) for subject, note in asked.items()}
    assert shown["KEY"].startswith("base/web.yaml:14:")
    assert shown["TOKEN"].startswith("overlays/prod/more.yaml:11:")
    assert shown.get("UNUSED_HOST") == "kustomize build overlays/prod"
