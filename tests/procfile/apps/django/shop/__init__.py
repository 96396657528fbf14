"""The shop and its queue."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
app = Celery("shop", broker=os.environ["REDIS_URL"])
app.autodiscover_tasks(["shop"])
