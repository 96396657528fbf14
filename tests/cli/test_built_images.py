"""What a conversion says about the images that it lets Compose build."""

from __future__ import annotations

from pathlib import Path

PROCFILE = "release: python migrate.py\nweb: gunicorn app:app\nworker: python work.py\n"


def test_the_folder_by_which_a_build_finds_its_dockerfile_keeps_its_name(
    tocompose, tmp_path: Path
) -> None:
    app = tmp_path / "shop"
    app.mkdir()
    (app / "Procfile").write_text(PROCFILE)
    (app / "Procfile.dev").write_text("web: gunicorn app:app\ncss: python css.py\n")
    (app / "requirements.txt").write_text("gunicorn==23.0.0\n")
    for name in ("app", "migrate", "work", "css"):
        (app / f"{name}.py").write_text("app = None\n")
    said = tocompose("convert", "shop", "-o", "stack").err
    migration = (tmp_path / "stack" / "MIGRATION.md").read_text()
    assert (
        "dockerfile: ../stack/Dockerfile"
        in (tmp_path / "stack" / "docker-compose.yml").read_text()
    )
    assert "Keep the name of this folder there, stack: the builds find" in migration
    # Its job runs again, which the tables of the new image may need.
    assert "`docker compose up -d --build web`" in migration
    # What is in development alone is started from the same image.
    assert "(first builds the image of release, web, worker and css)" in said
