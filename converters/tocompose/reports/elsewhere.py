"""The way over to the stack, and back, where no command can name what runs now."""

from __future__ import annotations

from tocompose.model import Runtime, Stack
from tocompose.reports.inventory import keeps_volumes_or_folders
from tocompose.reports.next_steps import base_of, down_command
from tocompose.reports.old_file import OldFile
from tocompose.reports.report import Report
from tocompose.syntax.names import old_project_name

# What is said where no command can name the containers of the source: what happens, how data move, the way back.
_ELSEWHERE = {
    Runtime.PROJECT: (
        "`docker compose up -d` replaces the containers of this project; named volumes and folders of the host stay.",
        "If “What to do” lists data to copy, copy them first, while the old containers still exist.",
        "To go back, run `{down}` in this folder{between}",
    ),
    Runtime.CLUSTER: (
        "The cluster is not changed: it keeps running what it runs.",
        "The cluster's data is not copied by itself. If “What to do” lists data to move or copy, first stop the pods"
        " that write to it in the cluster, so that nothing is written after the copy; keep the pod running that the"
        " command reads from.",
        "To go back, stop the stack{between}.",
    ),
    Runtime.PLATFORM: (
        "The platform is not changed: users keep using what runs there until its domain points to this stack.",
        "The platform's data is not copied by itself. If “What to do” lists data to move, move them before the domain"
        " is switched, while the app is in maintenance: what users write after the copy is not moved.",
        "To go back, {between}point the domain at the platform again.",
    ),
}
_BEHIND_PROXY = (
    "The stack answers on this machine alone (127.0.0.1): put a reverse proxy with a certificate in front of it before"
    " the domain is switched."
)
_DATA_STAY = "Data that was written to the stack in the meantime is not copied back."


def text_of_elsewhere(report: Report) -> str:
    """The way over and back where the source runs elsewhere; of data only where the stack keeps some."""
    stack = report.stack
    if stack.runs_in not in _ELSEWHERE:
        return ""
    what_happens, how_data_move, way_back = _ELSEWHERE[stack.runs_in]
    keeps_data = keeps_volumes_or_folders(stack)
    way_back = way_back.format(
        down=down_command(stack, base_of(report)), between=_undone(report, keeps_data)
    )
    is_used_on = stack.runs_in is Runtime.PROJECT and OldFile(report).mounts_all_data()
    stays = () if is_used_on else (_DATA_STAY,)
    data_sentences = (how_data_move, way_back, *stays) if keeps_data else (way_back,)
    proxy_sentences = (_BEHIND_PROXY,) if _waits_for_proxy(stack) else ()
    older_sentences = filter(None, [_of_older_names(report)])
    return " ".join((what_happens, *older_sentences, *proxy_sentences, *data_sentences))


def _undone(report: Report, keeps_data: bool) -> str:
    """What the way back undoes besides, where there are data: it was stopped for their copy, or replaced with them."""
    match report.stack.runs_in:
        case Runtime.PROJECT:
            return OldFile(report).way_back()
        case Runtime.CLUSTER if keeps_data:
            return " and start the stopped pods again"
        case Runtime.PLATFORM if any(_STOPPED_APP in note.advice for note in report.notes):
            return _START_OF_APP
        case Runtime.PLATFORM if keeps_data:
            return "end the maintenance and "
        case _:
            return ""


# What the notes have the reader run before the last copy, and what undoes it.
# https://devcenter.heroku.com/articles/maintenance-mode
_STOPPED_APP = "heroku maintenance:on"
_START_OF_APP = (
    "run `heroku maintenance:off -a APP`, scale each process type up to its old number (`heroku ps:scale NAME=NUMBER"
    " -a APP`) and "
)


def _of_older_names(report: Report) -> str:
    """What is not replaced: containers under the project name of an older Compose, which read files with a version."""
    stack = report.stack
    older_name = old_project_name(stack.name)
    if stack.runs_in is not Runtime.PROJECT or older_name == stack.name:
        return ""
    ledger = report.ledger
    has_version = any(ledger.path(leaf) == ("version",) for leaf in ledger.leaves())
    is_named_by_project = any(not service.container_name for service in stack.services)
    if not has_version or not is_named_by_project:
        return ""
    return (
        f"Compose before 1.21 called the project {older_name}: if the old containers are called {older_name}_…, they"
        f" are not replaced and keep their ports. Then convert again with `--name {older_name}`."
    )


def _waits_for_proxy(stack: Stack) -> bool:
    """Whether a platform's router led to what is published on this machine alone now."""
    addresses = {port.host_ip for service in stack.services for port in service.ports}
    return stack.runs_in is Runtime.PLATFORM and addresses == {"127.0.0.1"}
