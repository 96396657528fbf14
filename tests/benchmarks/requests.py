"""200 requests at once, hostile ones among them: how long each takes, and what the server needs of memory."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from web.serving import Answered, Served, ask, family, serve

REQUESTS, SECONDS = 200, 20
RUN = "docker run -d --name web -p 8080:80 -e API_KEY=k3y-9Kq2 --gpus all nginx:1.27\n"
SLOW = "".join(
    f"docker run -d --name s{n} --link s{(n + 1) % 900}:x -e A{n}=s{n + 1}:80 nginx\n"
    for n in range(900)
)
ALIASES = "a0: &a0 [x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)
FILES = {
    "run.sh": "docker run --env-file /etc/passwd --env-file ../../.env nginx",
    ".env": "A=b",
}
# What is asked, in turn: half of it ordinary, half hostile.
MIXTURE: tuple[bytes, ...] = (
    json.dumps({"text": RUN}).encode(),
    json.dumps({"text": RUN * 40}).encode(),
    json.dumps({"text": "kind: Pod\nspec: {containers: [{name: a, image: b}]}"}).encode(),
    json.dumps({"text": RUN, "options": {"one-file": True}}).encode(),
    json.dumps({"text": SLOW}).encode(),
    json.dumps({"text": ALIASES}).encode(),
    json.dumps({"files": FILES}).encode(),
    json.dumps({"files": {"../../etc/passwd": "x"}}).encode(),
    b"[" * 100_000,
    b'{"text": "' + b"a" * 6_000_000 + b'"}',
)
# Cut off in the middle: the client says more than it sends, and goes.
CANCELLED = (
    b"POST /api/convert HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 100000\r\n\r\n{"
)


class Timed(NamedTuple):
    """An answer, and after how many seconds it came."""

    kind: int
    status: int
    seconds: float
    body: bytes


def main() -> None:
    """Prints the figures, and whether they hold."""
    with serve("--timeout", str(SECONDS)) as served:
        ask(served.port, "/", method="GET")
        burst(served)
        before = memory(served.process.pid)
        for turn in range(3):
            started = time.monotonic()
            answers = burst(served)
            report(turn, answers, time.monotonic() - started)
            print(
                f"   server and template: {memory(served.process.pid)} MB, before {before} MB"
            )


def burst(served: Served) -> list[Timed]:
    """All requests at once."""
    answers: list[Timed] = []

    def send(number: int) -> None:
        if number % 25 == 24:
            with socket.create_connection(("127.0.0.1", served.port), 30) as cut:
                cut.sendall(CANCELLED)
            return
        kind = number % len(MIXTURE)
        started = time.monotonic()
        reply = posted(served.port, MIXTURE[kind])
        answers.append(Timed(kind, reply.status, time.monotonic() - started, reply.body))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(REQUESTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def posted(port: int, body: bytes) -> Answered:
    """The answer; a connection that is closed while much is sent counts as refused."""
    try:
        return ask(port, "/api/convert", body, content_type="application/json")
    except (ConnectionError, BrokenPipeError):
        return Answered(413, {}, b"")


def report(turn: int, answers: list[Timed], seconds: float) -> None:
    """Prints what became of a burst."""
    # Waiting in the queue and finding the answer may each take so long.
    bar = 2 * SECONDS + 2
    slowest = max(answer.seconds for answer in answers)
    leaks = sum(b"root:x:" in answer.body for answer in answers)
    statuses = dict(sorted(Counter(answer.status for answer in answers).items()))
    ordinary = sorted(answer.seconds for answer in answers if answer.kind < 4)
    print(
        f"{turn}: {len(answers)} answers in {seconds:.1f} s, by status {statuses}, {leaks} with a file"
    )
    print(
        f"   ordinary ones: median {ordinary[len(ordinary) // 2]:.2f} s, slowest {ordinary[-1]:.2f} s"
    )
    print(
        f"   slowest of all {slowest:.1f} s ({'within' if slowest <= bar else 'OVER'} {bar} s)"
    )


def memory(pid: int) -> int:
    """The memory of a process and its children in MB, what they share counted once."""
    return sum(_proportional(process) for process in family(pid)) // 1000


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (OSError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
