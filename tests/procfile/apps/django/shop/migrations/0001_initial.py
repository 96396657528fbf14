"""The first tables."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Makes the visits."""

    operations = (
        migrations.CreateModel(
            "Visit",
            [
                ("id", models.AutoField(primary_key=True)),
                ("done", models.BooleanField(default=False)),
            ],
        ),
    )
