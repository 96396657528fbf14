"""What is kept in the database."""

from django.db import models


class Visit(models.Model):
    """One visit, and whether the worker has seen it."""

    done = models.BooleanField(default=False)
