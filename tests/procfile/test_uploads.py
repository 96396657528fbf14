"""Files that users upload lie in a named volume where production keeps them in a folder; or a note says so."""

from __future__ import annotations

import pytest

from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

PYTHON = {
    "Procfile": "web: gunicorn shop.wsgi\nworker: python manage.py work\n",
    "requirements.txt": "django\ngunicorn\n",
    "manage.py": "",
    "shop/wsgi.py": "",
}
RUBY = {
    "Procfile": "web: bundle exec puma\nworker: bin/jobs\n",
    "Gemfile": "gem 'rails'\ngem 'puma'\n",
    "bin/jobs": "",
}
PHP = {
    "Procfile": "web: heroku-php-apache2 public/\n",
    "composer.json": '{"require": {"laravel/framework": "^11"}}',
    "config/filesystems.php": "'default' => env('FILESYSTEM_DISK', 'local'),\n'root' => storage_path('app/private'),\n",
}
NODE = {"Procfile": "web: node a.js\n", "package.json": '{"dependencies": {"multer": "1"}}'}
PARENTS = "BASE_DIR = Path(__file__).resolve().parent.parent\n"
STORAGE = (
    "local:\n  service: Disk\n  root: <%= Rails.root.join('{0}') %>\nfar:\n  service: S3\n"
)
PRODUCTION = "config/environments/production.rb"


def converted(files: dict[str, str]) -> Result:
    content = {path: text.encode() for path, text in files.items()}
    result = convert(Memory(content, "shop"), Options(source="procfile"))
    assert "TC901" not in {note.code for note in result.notes}
    return result


def django(statement: str, path: str = "shop/settings.py") -> dict[str, str]:
    return {**PYTHON, path: f"{PARENTS}MEDIA_ROOT = {statement}\n"}


def rails(service: str, folder: str = "storage") -> dict[str, str]:
    settings = f"  config.active_storage.service = {service}\n"
    return {**RUBY, "config/storage.yml": STORAGE.format(folder), PRODUCTION: settings}


def said(result: Result) -> dict[str, str]:
    codes = ("TC352", "TC419", "TC427")
    return {note.code: note.message for note in result.notes if note.code in codes}


@pytest.mark.parametrize(
    ("files", "target"),
    [
        (django("BASE_DIR / 'media'"), "/app/media"),
        (django("os.path.join(BASE_DIR, 'var', 'media')"), "/app/var/media"),
        (django("str(BASE_DIR / 'media')"), "/app/media"),
        (django("f'{BASE_DIR}/files/'"), "/app/files"),
        (django("os.environ.get('MEDIA_ROOT', 'files')"), "/app/files"),
        (django("os.path.join(\n    BASE_DIR,\n    'media',\n)"), "/app/media"),
        (
            {
                **django("config('MEDIA_ROOT', default='x')"),
                ".env": "MEDIA_ROOT=/srv/files\n",
            },
            "/srv/files",
        ),
        ({**django("BASE_DIR / 'media'"), "media/logo.png": ""}, "/app/media"),
        ({**PYTHON, "a.py": "app.config['UPLOAD_FOLDER'] = 'uploads'\n"}, "/app/uploads"),
        (
            {
                **PYTHON,
                "a.py": "UPLOAD_FOLDER = os.path.join(app.root_path, 'static', 'up')\n",
            },
            "/app/static/up",
        ),
        (rails(":local"), "/app/storage"),
        (
            rails("ENV.fetch('STORE', 'local').to_sym", "storage/files"),
            "/app/storage/files",
        ),
        (PHP, "/app/storage/app"),
        ({**NODE, "a.js": "const up = multer({ dest: 'tmp/up/' })\n"}, "/app/tmp/up"),
    ],
)
def test_uploads_of_production_lie_in_a_volume_of_every_service(
    files: dict[str, str], target: str
) -> None:
    result = converted(files)
    assert said(result).keys() == {"TC419"} and target in said(result)["TC419"]
    owned = [service for service in result.stack.services if service.build]
    mounts = {(mount.source, mount.target) for service in owned for mount in service.mounts}
    ((name, mounted_at),) = mounts
    assert mounted_at == target and [one.name for one in result.stack.volumes] == [name]
    assert all(service.mounts for service in owned)
    text = next(
        file.content.decode() for file in result.stack.files if file.path == "Dockerfile"
    )
    # A new volume belongs to the user who owns the folder in the image.
    assert f" {target.removeprefix('/app/')}\nUSER " in text


@pytest.mark.parametrize(
    ("files", "code"),
    [
        # A folder that only another file tells.
        (django("MEDIA_FOLDER / 'x'"), "TC427"),
        (django("os.environ['MEDIA_ROOT']"), "TC427"),
        # The settings may use a store elsewhere.
        (
            {**django("BASE_DIR / 'media'"), "shop/s3.py": "X = 'storages.backends.s3'\n"},
            "TC352",
        ),
        (rails("ENV['FAR'] ? :far : :local"), "TC352"),
        # A volume would hide what a later image brings.
        ({**django("BASE_DIR / 'media'"), "media/models.py": ""}, "TC352"),
        # The user of the source's own image could not write to a new volume.
        (
            {
                **django("BASE_DIR / 'media'"),
                "Dockerfile": "FROM python:3.12\nWORKDIR /code\nCOPY . .\nUSER 1000\n",
            },
            "TC352",
        ),
    ],
)
def test_what_gets_no_volume_is_said(files: dict[str, str], code: str) -> None:
    result = converted(files)
    assert said(result).keys() == {code} and not result.stack.volumes


def test_the_note_names_the_folder_in_the_image_of_the_source() -> None:
    dockerfile = "FROM python:3.12\nWORKDIR /code\nCOPY . .\n"
    result = converted({**django("BASE_DIR / 'media'"), "Dockerfile": dockerfile})
    assert "/code/media" in said(result)["TC419"]


@pytest.mark.parametrize(
    "files",
    [
        rails(":far"),
        django("BASE_DIR / 'media'", "shop/settings/local.py"),
        {**PHP, ".env": "FILESYSTEM_DISK=s3\n"},
    ],
)
def test_a_store_elsewhere_needs_neither_volume_nor_note(files: dict[str, str]) -> None:
    result = converted(files)
    assert not said(result) and not result.stack.volumes
