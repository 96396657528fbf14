"""A path is put together from keys: dots in names change nothing."""

from __future__ import annotations

from tocompose.syntax.model_path import ROOT, ModelPath


def test_a_dotted_name_is_one_key() -> None:
    path = ModelPath.service("my.app", "ports")
    assert path.service_name == "my.app" and path[-1] == "ports"
    assert path.parent == ModelPath.service("my.app") == ROOT.child("services", "my.app")
    assert not path.is_within(ModelPath.service("my")) and path.is_within(path.parent)


def test_as_text_a_dotted_name_is_quoted() -> None:
    assert str(ModelPath.service("my.app", "ports")) == 'services."my.app".ports'
    assert (
        str(ModelPath.service("web", "environment", "a.b"))
        == "services.web.environment.a.b"
    )
    assert str(ModelPath.of("files", "a/nginx.conf")) == "files.a/nginx.conf"
    assert str(ROOT) == "" and ROOT.service_name is None
