"""Commands that print what ConfigMaps and Secrets hold in the cluster, where the manifests do not hold them.

https://kubernetes.io/docs/reference/kubectl/jsonpath/ and
https://kubernetes.io/docs/tasks/configmap-secret/managing-secret-using-kubectl/#decode-secret
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from tocompose.record import NamedTuple

# What a template writes of each key: a Secret's values are in base64.
_VALUES = {"Secret": "{{base64decode $v}}", "ConfigMap": "{{$v}}"}


class KeptObject(NamedTuple):
    """A ConfigMap or Secret of the cluster; without a namespace it is in the one that kubectl is set to."""

    kind: str
    namespace: str
    name: str

    def reading_command(self, keys: Sequence[str]) -> str:
        """The command that prints the value of the key, or of several keys each after its name; of all without any."""
        if len(keys) == 1:
            path = keys[0].replace(".", "\\.")
            quoted_path = shlex.quote(f"{{.data.{path}}}")
            decoded = " | base64 -d" if self.kind == "Secret" else ""
            return f"{self._get()} -o jsonpath={quoted_path}{decoded}"
        template = '{{range $k, $v := .data}}{{$k}}=%s{{"\\n"}}{{end}}'
        quoted_template = shlex.quote(template % _VALUES[self.kind])
        return f"{self._get()} -o go-template={quoted_template}"

    def saving_command(self) -> str:
        """The command that writes the object into a manifest of its own."""
        file = f"{self.kind.lower()}-{self.name}.yaml"
        return f"{self._get()} -o yaml > {shlex.quote(file)}"

    def _get(self) -> str:
        namespace = f" -n {shlex.quote(self.namespace)}" if self.namespace else ""
        return f"kubectl{namespace} get {self.kind.lower()} {shlex.quote(self.name)}"
