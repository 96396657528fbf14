"""`--namespace`: what is in that namespace or states none is converted; the rest is left out on purpose."""

from __future__ import annotations

import pytest

from tocompose.importers import ImportOptions, SourceError
from tocompose.importers.kubernetes.kinds import qualified_kind
from tocompose.ledger import Fate
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

POD = """\
apiVersion: v1
kind: Pod
metadata: {{name: {name}{more}}}
spec: {{containers: [{{name: {name}, image: 'nginx:1.27'}}]}}
---
"""
SHOP, BLOG, BARE = (
    POD.format(name=name, more=more)
    for name, more in (
        ("web", ", namespace: shop"),
        ("posts", ", namespace: blog"),
        ("tool", ""),
    )
)
SPACES = "".join(
    f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n---\n"
    for name in ("shop", "blog")
)


def converted(text: str, *namespaces: str) -> Result:
    options = {"namespace": namespaces} if namespaces else {}
    settings = ImportOptions(options=options)
    return convert(
        Memory({"all.yaml": text.encode()}, name="x"),
        Options(source="kubernetes", settings=settings),
    )


@pytest.mark.parametrize(
    ("namespaces", "services"),
    [
        ((), ["posts", "tool", "web"]),
        (("shop",), ["tool", "web"]),
        (("blog",), ["posts", "tool"]),
        (("shop", "blog"), ["posts", "tool", "web"]),
        (("default",), ["tool"]),
    ],
)
def test_only_what_was_asked_for(namespaces: tuple[str, ...], services: list[str]) -> None:
    result = converted(SPACES + SHOP + BLOG + BARE, *namespaces)
    assert sorted(item.name for item in result.stack.services) == services


def test_a_list_is_no_obstacle() -> None:
    items = "".join(
        f"- {{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: {name}}}, "
        f"spec: {{containers: [{{name: c, image: nginx}}]}}}}\n"
        for name in ("shop", "blog")
    )
    result = converted(f"apiVersion: v1\nkind: List\nitems:\n{items}", "shop")
    assert [item.name for item in result.stack.services] == ["shop"]


def test_the_rest_is_left_out_on_purpose_and_nothing_is_lost() -> None:
    result = converted(SPACES + SHOP + BLOG, "shop")
    reasons = {
        result.ledger.fate(leaf).detail[0]
        for leaf in result.ledger.leaves()
        if leaf.text == "posts"
    }
    assert reasons == {"only the namespace shop was asked for"}
    assert result.counts[Fate.UNREAD] == 0
    assert not [item for item in result.notes if item.code == "TC001"]


def test_a_namespace_without_objects_is_named() -> None:
    with pytest.raises(
        SourceError,
        match="no object is in the namespace shp; the namespaces are shop, blog",
    ):
        converted(SHOP + BLOG, "shp")


@pytest.mark.parametrize(
    ("version", "qualified"),
    [
        ("keda.k8s.io/v1alpha1", "Scaler.keda.k8s.io"),
        ("keda.sh/v1alpha1", "Scaler.keda.sh"),
        ("batch/v1", "Scaler"),
        ("gateway.networking.k8s.io/v1", "Scaler"),
    ],
)
def test_an_extension_below_the_group_of_kubernetes_keeps_its_group(
    version: str, qualified: str
) -> None:
    assert qualified_kind("Scaler", version) == qualified
