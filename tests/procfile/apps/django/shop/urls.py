"""The pages."""

import os
import signal

from django.http import HttpRequest, HttpResponse
from django.urls import path

from shop.models import Visit
from shop.tasks import finish


def visits(request: HttpRequest) -> HttpResponse:
    """How often the shop was visited, and how many visits the worker has seen."""
    finish.delay(Visit.objects.create().id)
    done = Visit.objects.filter(done=True).count()
    return HttpResponse(f"visits {Visit.objects.count()} done {done}")


def die(request: HttpRequest) -> HttpResponse:
    """Ends the server as a crash would."""
    os.kill(os.getppid(), signal.SIGKILL)
    os._exit(3)


urlpatterns = [path("", visits), path("die", die)]
