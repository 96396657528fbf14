"""Asks whether a package that CI installs has a known weakness; exits with 1 when one has.

A service that cannot be reached does not fail the build, but is said: a machine behind a mirror of PyPI gets packages
and no advisories (pip-audit then counts each as skipped, and says "no known vulnerabilities" all the same).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

CONSTRAINTS = Path(__file__).with_name("constraints.txt")


def asked(service: str) -> dict[str, Any] | None:
    """What pip-audit found out from a service; None when the service did not answer."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(CONSTRAINTS), "--disable-pip", "--no-deps"]
    command += ["-s", service, "--format", "json", "--timeout", "20"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 2 or "No module named" in done.stderr:
        raise SystemExit(f"pip-audit was called wrongly: {done.stderr.strip()[-500:]}")
    try:
        return dict(json.loads(done.stdout))
    except ValueError:
        print(f"pip-audit: could not ask {service}: {(done.stderr.strip().splitlines() or ['no answer'])[-1][:300]}")
        return None


def judged(found: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The packages with a weakness, a line each, and the names of those that nothing is known about."""
    weak = [
        f"{item['name']} {item['version']}: {each['id']}, put right in {', '.join(each['fix_versions']) or 'nothing'}"
        for item in found["dependencies"]
        for each in item.get("vulns", ())
    ]
    return weak, [item["name"] for item in found["dependencies"] if "skip_reason" in item]


def main() -> int:
    """Asks PyPI, and OSV about what PyPI did not answer."""
    open_questions, silent = True, "any package"
    for service in ("pypi", "osv"):
        found = asked(service) if open_questions else None
        if found is None:
            continue
        weak, unknown = judged(found)
        if weak:
            print(*weak, sep="\n", file=sys.stderr)
            return 1
        total = len(found["dependencies"])
        if len(unknown) < total:
            print(f"pip-audit: {service} knows of no weakness in {total - len(unknown)} of {total} packages")
            silent = f"{len(unknown)} of {total} packages"
        open_questions = bool(unknown)
    if open_questions:
        print(f"pip-audit: could not ask about {silent}: no service with advisories answered from this machine")
    return 0


if __name__ == "__main__":
    sys.exit(main())
