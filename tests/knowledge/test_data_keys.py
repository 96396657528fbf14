"""Which variables hold keys that open stored data: who moves it must bring the old ones."""

from __future__ import annotations

import pytest

from tocompose.exporters.bundle import Layout
from tocompose.knowledge.generators import encrypts_data
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.reports import render
from tocompose.reports.report import report

# As the documentation of these programs calls them.
KEYS = """
SECRET_KEY GF_SECURITY_SECRET_KEY GITEA__security__SECRET_KEY SUPERSET_SECRET_KEY AUTHENTIK_SECRET_KEY
PAPERLESS_SECRET_KEY WEBUI_SECRET_KEY SECRET_KEY_BASE REDMINE_SECRET_KEY_BASE GITLAB_SECRETS_DB_KEY_BASE
GITLAB_SECRETS_OTP_KEY_BASE APP_KEY APP_SECRET N8N_ENCRYPTION_KEY MB_ENCRYPTION_SECRET_KEY CREDS_KEY CREDS_IV
APPSMITH_ENCRYPTION_PASSWORD APPSMITH_ENCRYPTION_SALT AUTHELIA_STORAGE_ENCRYPTION_KEY CALENDSO_ENCRYPTION_KEY
MM_SQLSETTINGS_ATRESTENCRYPTKEY XPACK_ENCRYPTEDSAVEDOBJECTS_ENCRYPTIONKEY TOTP_VAULT_KEY LOCKBOX_MASTER_KEY
SEMAPHORE_ACCESS_KEY_ENCRYPTION ZITADEL_MASTERKEY FLOWISE_SECRETKEY_OVERWRITE DRONE_DATABASE_SECRET SECRETS_SYSTEM
SECRETS_CIPHER RESTIC_PASSWORD BORG_PASSPHRASE GPG_PASSPHRASE AIRFLOW__CORE__FERNET_KEY OTP_SECRET
ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY MINIO_KMS_SECRET_KEY ENCRYPTION_SECRET
""".split()
OTHERS = """
AWS_SECRET_KEY S3_SECRET_KEY STRIPE_SECRET_KEY RECAPTCHA_SECRET_KEY JWT_SECRET_KEY SESSION_SECRET CLIENT_SECRET
POSTGRES_PASSWORD ADMIN_TOKEN API_KEY AWS_SECRET_ACCESS_KEY GITHUB_SECRET_KEY RAILS_MASTER_KEY_FILE DATABASE_PASSWORD
AWS_STORAGE_SECRET_KEY
""".split()


@pytest.mark.parametrize("name", KEYS)
def test_keys_of_stored_data(name: str) -> None:
    assert encrypts_data(name)


@pytest.mark.parametrize("name", OTHERS)
def test_what_opens_no_data(name: str) -> None:
    assert not encrypts_data(name)


@pytest.mark.parametrize("others", [0, 12])
@pytest.mark.parametrize("name", ["SECRET_KEY", "N8N_ENCRYPTION_KEY", "APP_KEY"])
def test_a_key_that_is_asked_for_is_said_to_be_the_old_one(name: str, others: int) -> None:
    """However many other values there are to set."""
    more = " ".join(f"-e V{number}=changeme" for number in range(others))
    script = f"docker run -d --name app -v app:/data -e {name}=changeme {more} acme/app:1\n"
    project = Memory({"run.sh": script.encode()}, "shop")
    result = convert(project, Options(source="docker_run", layout=Layout(split=True)))
    text = render("markdown", report(result, project))
    assert "Use the old value, unless the volume app is empty" in text
