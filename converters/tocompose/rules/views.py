"""What judges ask of a view: which services last, and which files can be seen."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.rules import Judge, ServiceJudge, Verdict, View, runs_container


def judge_lasting(judge_service: ServiceJudge) -> Judge:
    """A judge that asks about every service that `docker compose up` starts and production has too."""

    def judge(view: View) -> Iterator[Verdict]:
        lasting = {service.name for service in view.production.stack.services}
        for service in view.main.stack.services:
            if service.name in lasting and runs_container(service):
                yield from judge_service(view.main, service)

    return judge


def sees_files(view: View) -> bool:
    """Whether the files beside the compose files can be looked at: not beside standard input."""
    return view.project.named != ("<stdin>",)
