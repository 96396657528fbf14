"""Commands that print what ConfigMaps and Secrets hold in the cluster, where the manifests do not hold them.

https://kubernetes.io/docs/reference/kubectl/jsonpath/ and
https://kubernetes.io/docs/tasks/configmap-secret/managing-secret-using-kubectl/#decode-secret
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from enum import Enum

from tocompose.record import NamedTuple

# What a template writes of each key: a Secret's values are in base64.
_VALUES = {"Secret": "{{base64decode $v}}", "ConfigMap": "{{$v}}"}


class FileForm(Enum):
    """What of an object stands in a file, or in the files of a folder."""

    KEY = "value of a key"
    FOLDER = "file for each key"
    VARIABLES = "variables"


class AskedFile(NamedTuple):
    """A file or folder of the stack that is to be filled; of variables `prefix` stands before each name."""

    path: str
    form: FileForm = FileForm.KEY
    prefix: str = ""


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

    def filling_command(self, asked_file: AskedFile, key: str) -> str:
        """The command that writes what the object holds, of a file for one key its value, into the files."""
        target = shlex.quote(asked_file.path)
        match asked_file.form:
            case FileForm.KEY:
                return f"{_making_folder(asked_file.path)}{self.reading_command([key])} > {target}"
            case FileForm.FOLDER:
                return self._filling_each(target)
            case FileForm.VARIABLES:
                return f"{self._printing_variables(asked_file.prefix)} > {target}"

    def _filling_each(self, folder: str) -> str:
        """The command that writes a file for each key."""
        keys = shlex.quote("{{range $k, $v := .data}}{{$k}} {{end}}")
        decoded = " | base64decode" if self.kind == "Secret" else ""
        template = f'"{{{{index .data \\"$key\\"{decoded}}}}}"'
        return (
            f"for key in $({self._get()} -o go-template={keys}); do "
            f'{self._get()} -o go-template={template} > {folder}/"$key"; done'
        )

    def _printing_variables(self, prefix: str) -> str:
        """The command that prints NAME='value' for each key, which Compose takes as it stands.

        https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax
        """
        decoded = "(base64decode $v)" if self.kind == "Secret" else "$v"
        line = f'printf "{prefix}%s=\\u0027%s\\u0027\\n" $k {decoded}'
        template = f"{{{{range $k, $v := .data}}}}{{{{{line}}}}}{{{{end}}}}"
        return f"{self._get()} -o go-template={shlex.quote(template)}"

    def saving_command(self) -> str:
        """The command that writes the object into a manifest of its own."""
        file = f"{self.kind.lower()}-{self.name}.yaml"
        return f"{self._get()} -o yaml > {shlex.quote(file)}"

    def _get(self) -> str:
        namespace = f" -n {shlex.quote(self.namespace)}" if self.namespace else ""
        return f"kubectl{namespace} get {self.kind.lower()} {shlex.quote(self.name)}"


def _making_folder(path: str) -> str:
    """The beginning of a command that needs a folder below that of the volume, which nothing has made."""
    folder = path.rpartition("/")[0]
    return f"mkdir -p {shlex.quote(folder)} && " if folder.count("/") > 1 else ""
