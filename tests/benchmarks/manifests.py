"""Kubernetes manifests: documents a second and memory for 2,048 documents, and a cold run on a stack of 28."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from clock import ratio, timings
from installed import environment

PAIR = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{n}
  labels:
    app: app-{n}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: app-{n}
  template:
    metadata:
      labels:
        app: app-{n}
    spec:
      containers:
        - name: app
          image: registry.example.com/app-{n}:1.{n}
          env:
            - name: UPSTREAM
              value: http://app-{next}:80/api
            - name: NAME
              value: app-{n}
          ports:
            - name: http
              containerPort: 8080
          readinessProbe:
            httpGet:
              path: /healthz
              port: http
          resources:
            limits:
              memory: 256Mi
              cpu: 500m
            requests:
              memory: 128Mi
              cpu: 100m
          volumeMounts:
            - name: tmp
              mountPath: /tmp
      volumes:
        - name: tmp
          emptyDir: {{}}
---
apiVersion: v1
kind: Service
metadata:
  name: app-{n}
spec:
  selector:
    app: app-{n}
  ports:
    - port: 80
      targetPort: http
"""
# Runs in a process of its own, so that the peak memory is that of one conversion.
MEASURE = """
import resource, sys, time
from pathlib import Path
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
text = Path(sys.argv[1]).read_bytes()
best = 1e9
for _ in range(3):
    start = time.process_time()
    convert(Memory({"all.yaml": text}), Options(source="kubernetes"))
    best = min(best, time.process_time() - start)
print(best, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "kubernetes" in sys.modules)
"""


def manifests(pairs: int) -> str:
    """That many Deployments, each with its Service, each calling the next."""
    return "---\n".join(PAIR.format(n=n, next=(n + 1) % pairs) for n in range(pairs))


def main() -> None:
    """Prints the figures."""
    folder = environment()
    with tempfile.TemporaryDirectory() as place:
        large, small = Path(place, "large.yaml"), Path(place, "small.yaml")
        large.write_text(manifests(1024), encoding="utf-8")
        small.write_text(manifests(14), encoding="utf-8")
        command = [str(folder / "python"), "-c", MEASURE, str(large)]
        seconds, memory, loaded = subprocess.run(
            command, capture_output=True, text=True, check=True
        ).stdout.split()
        verdict = (
            "within" if 2048 / float(seconds) >= 1000 and int(memory) <= 200 else "OVER"
        )
        print(
            f"2048 documents: {2048 / float(seconds):.0f} a second, {memory} MB ({verdict} 1000 a second, 200 MB)"
        )
        print(f"the kubernetes package was loaded: {loaded}")
        found = timings(
            {
                "tocompose on 28 documents": [
                    str(folder / "tocompose"),
                    "convert",
                    str(small),
                ],
                "import click, yaml": [str(folder / "python"), "-c", "import click, yaml"],
            }
        )
        print(ratio(found, "tocompose on 28 documents", "import click, yaml", 3.2))


if __name__ == "__main__":
    main()
