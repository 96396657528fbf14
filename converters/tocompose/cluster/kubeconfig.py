"""Where the cluster is and how to be let in: the user's kubeconfig, or the pod that tocompose runs in."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tocompose.importers import SourceError
from tocompose.knowledge.secrets.texts import redact_secrets
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.wording import one_line

DEFAULT = "~/.kube/config"
_PASSWORD = regex(r"//[^/?#]*@")


class Connection(NamedTuple):
    """A cluster: its context's name, the namespace of that context, its address, and how to send requests there."""

    name: str
    namespace: str
    host: str
    pool: Any
    configuration: Any
    impersonated: tuple[tuple[str, str], ...] = ()

    @property
    def proxy(self) -> str:
        """The proxy on the way, without a password that its address may hold; empty when there is none."""
        return _PASSWORD.sub("//", self.configuration.proxy or "")

    @property
    def address(self) -> str:
        """The host without a password that its address may hold, to be shown."""
        return _PASSWORD.sub("//", self.host)

    def headers(self) -> list[tuple[str, str]]:
        """The headers that let a request in, asked for anew each time since a token may be renewed."""
        auth = self.configuration.auth_settings().get("BearerToken")
        # kubectl trims tokens: a line end would end the header.
        auth_headers = [(auth["key"], auth["value"].strip())] if auth else []
        return [*auth_headers, *self.impersonated]


def connect_cluster(
    path: str | None, context: str | None, *, allow_exec: bool
) -> Connection:
    """The connection that a kubeconfig describes for a context, or for its current one. Sends nothing.

    Raises SourceError when there is no kubeconfig, no such context, or one that runs a program to log in; and where the
    client of Kubernetes is missing, which nothing else needs.
    """
    try:
        from kubernetes import client, config
    except ImportError:
        raise SourceError(
            "a live cluster is read with the Python package kubernetes, which is missing: pip install kubernetes "
            "(after pipx: pipx inject tocompose kubernetes)"
        ) from None

    paths = path or os.environ.get("KUBECONFIG") or DEFAULT
    content = _read_kubeconfig(paths)
    configuration = client.Configuration()
    if content is None:
        if path or context or "KUBERNETES_SERVICE_HOST" not in os.environ:
            raise SourceError(
                f"{paths}: there is no kubeconfig here; name one with --kubeconfig or KUBECONFIG"
            )
        return _connect_inside(configuration)
    context_entry = _find_context(content, context, paths)
    if not allow_exec:
        _check_user(content, context_entry, paths)
    _check_program(content, context_entry, paths)
    user = _user_of(content, context_entry, paths)
    _load_context(
        config.load_kube_config,
        context_entry["name"],
        configuration,
        paths,
        by_program="exec" in user,
    )
    namespace = context_entry["context"].get("namespace") or "default"
    connection = _open_connection(context_entry["name"], namespace, configuration)
    return connection._replace(impersonated=tuple(_impersonation(user)))


def _load_context(
    load: Any, name: str, configuration: Any, paths: str, *, by_program: bool
) -> None:
    """Fills the configuration with what a context says; raises SourceError for one that cannot be used.

    `by_program` says that a program logs its user in.
    """
    failures = _ToldFailures()
    logging.getLogger().addHandler(failures)
    try:
        load(paths, name, configuration, persist_config=False)
    except Exception as error:  # the package raises what it meets: ConfigException, KeyError, OSError, binascii.Error …
        raise SourceError(
            f"{paths}: the context {name} cannot be used: {_error_line(error)}"
        ) from error
    finally:
        logging.getLogger().removeHandler(failures)
    if failures.messages and by_program:
        raise SourceError(
            f"{paths}: the context {name} logs in by a program, which did not let tocompose in: "
            f"{failures.messages[0]}"
        )
    if not isinstance(configuration.proxy or "", str):
        raise SourceError(f"{paths}: the proxy-url of the context {name} is no address")


class _ToldFailures(logging.Handler):
    """What the package only logs: that the program of a user gave no credentials, so that it would go on without."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps the first line of what is told, without secrets."""
        first_line = record.getMessage().strip().partition("\n")[0]
        self.messages.append(redact_secrets(one_line(first_line)))


def _impersonation(user: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The headers by which a user acts as another, which the package leaves out.

    https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
    """
    for key, header in (("as", "Impersonate-User"), ("as-uid", "Impersonate-Uid")):
        if user.get(key):
            yield header, one_line(str(user[key]))
    for group in user.get("as-groups") or ():
        yield "Impersonate-Group", one_line(str(group))
    for key, values in _as_mapping(user.get("as-user-extra")).items():
        for value in values if isinstance(values, list) else ():
            yield f"Impersonate-Extra-{quote(str(key), safe='')}", one_line(str(value))


def _open_connection(name: str, namespace: str, configuration: Any) -> Connection:
    from kubernetes import client

    pool = client.ApiClient(configuration).rest_client.pool_manager
    return Connection(name, namespace, configuration.host, pool, configuration)


def _connect_inside(configuration: Any) -> Connection:
    """The cluster whose pod this is."""
    from kubernetes import config

    load: Any = config.load_incluster_config
    try:
        load(configuration)
    except config.ConfigException as error:
        raise SourceError(
            f"there is no kubeconfig, and this pod has no service account ({error})"
        ) from error
    return _open_connection("this cluster", "default", configuration)


def _read_kubeconfig(paths: str) -> dict[str, Any] | None:
    """The kubeconfig files merged as kubectl merges them; None when none of them is there."""
    from kubernetes.config import kube_config

    merger: Any = kube_config.KubeConfigMerger
    try:
        merged = merger(paths).config
    except (
        Exception
    ) as error:  # a file that is not YAML, a folder, one that may not be read
        raise SourceError(
            f"{paths}: this is not a kubeconfig: {_error_line(error)}"
        ) from error
    return None if merged is None else merged.value


def _find_context(
    content: dict[str, Any], asked_for: str | None, paths: str
) -> dict[str, Any]:
    contexts = _entries_by_name(content, "contexts", paths)
    name = asked_for or content.get("current-context")
    if isinstance(name, str) and name in contexts:
        return contexts[name]
    names = ", ".join(sorted(contexts)) or "none"
    missing = f"has no context {name!r}" if name else "has no current context"
    raise SourceError(
        f"{paths}: the kubeconfig {missing}; name one with --context (known: {names})"
    )


def _check_program(content: dict[str, Any], context: dict[str, Any], paths: str) -> None:
    """Raises SourceError where the program that a user logs in by is not there, with the hint of the kubeconfig."""
    program = _as_mapping(_user_of(content, context, paths).get("exec"))
    command = program.get("command")
    if not isinstance(command, str) or not command:
        return
    folder = Path(paths.partition(os.pathsep)[0]).expanduser().parent
    is_relative = os.sep in command and not Path(command).is_absolute()
    if shutil.which(str(folder / command) if is_relative else command):
        return
    hint = f" {program['installHint']}" if program.get("installHint") else ""
    raise SourceError(
        f"{paths}: the context {context['name']} logs in by running {command}, which is not here.{hint}"
    )


def _user_of(
    content: dict[str, Any], context: dict[str, Any], paths: str
) -> dict[str, Any]:
    users = _entries_by_name(content, "users", paths)
    name = str(context["context"].get("user"))
    return _as_mapping(users.get(name, {}).get("user"))


def _check_user(content: dict[str, Any], context: dict[str, Any], paths: str) -> None:
    """Raises SourceError for a user who logs in through a program: tocompose runs none unasked."""
    user = _user_of(content, context, paths)
    provider = _as_mapping(user.get("auth-provider"))
    program = _as_mapping(user.get("exec")).get("command") or _as_mapping(
        provider.get("config")
    ).get("cmd-path")
    if program or "exec" in user or provider.get("name") == "gcp":
        raise SourceError(
            f"{paths}: the context {context['name']} logs in by running {program or 'gcloud'}, and tocompose runs no "
            "program of a source unasked. Allow it with --allow-exec, or pipe the objects in: kubectl get "
            "all,configmap,secret,ingress,pvc,networkpolicy -o yaml | tocompose convert -"
        )


def _entries_by_name(
    content: dict[str, Any], kind: str, paths: str
) -> dict[str, dict[str, Any]]:
    """The entries of `contexts` or `users` by name, each a mapping that holds one."""
    mappings = [
        _as_mapping(getattr(node, "value", node)) for node in content.get(kind) or ()
    ]
    entry_key = kind.removesuffix("s")
    if not all(
        isinstance(mapping.get("name"), str)
        and isinstance(mapping.get(entry_key) or {}, dict)
        for mapping in mappings
    ):
        raise SourceError(
            f"{paths}: this is not a kubeconfig: each of its {kind} has a name and a mapping {entry_key!r}"
        )
    return {
        mapping["name"]: mapping | {entry_key: mapping.get(entry_key) or {}}
        for mapping in mappings
    }


def _as_mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _error_line(error: Exception) -> str:
    """The first line of what went wrong, without the entry that the package quotes: it holds keys and tokens.

    An entry that it cannot print comes as its place in memory, which is another one each time.
    """
    first_line = str(error).strip().partition("\n")[0]
    named_line = re.sub(r"<[\w.]+ object at 0x[0-9a-f]+>", "{…}", first_line)
    return re.sub(r"\{(?!…\}).*", "{…}", named_line) or type(error).__name__
