"""KafkaUser of Strimzi: users that log in with a password, made by a one-shot once the broker runs.

https://strimzi.io/docs/operators/latest/configuring#type-KafkaUser-reference
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.operators.parts import (
    Manifest,
    OperatedServer,
    OperatorPart,
    ReadAlong,
    ServerSecret,
    from_secret,
    shell_command,
)
from tocompose.importers.kubernetes.operators.spec_fields import (
    SERVICES,
    decode_spec,
    decode_text,
)
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.record import NamedTuple

SCRAM = "scram-sha-512"
# The name of the mechanism, and the class that checks it: https://kafka.apache.org/documentation/#security_sasl_scram
MECHANISM = "SCRAM-SHA-512"
LOGIN_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule required"
CLUSTER_LABEL = "strimzi.io/cluster"
_CONFIGS = "/opt/kafka/bin/kafka-configs.sh"
_PASSWORD = "password"
# https://kafka.apache.org/documentation/#design_quotasconfig
_QUOTAS = (
    "producer_byte_rate",
    "consumer_byte_rate",
    "request_percentage",
    "controller_mutation_rate",
)


class KafkaLogin(NamedTuple):
    """A user with a password: `source` is the Secret and key that state it, None where the operator makes it up."""

    kube_object: KubeObject
    source: tuple[str, str] | None
    quotas: Mapping[str, str]


def decode_mechanism(user: KubeObject) -> str | None:
    """How a KafkaUser logs in: one with a certificate has nobody to show it here."""
    return peek_text(decode_spec(user).at("mechanism"))


def decode_login(user: KubeObject) -> KafkaLogin:
    """The spec of a KafkaUser that has a password."""
    user.at("metadata", "labels", CLUSTER_LABEL).take(to=SERVICES)
    spec = decode_spec(user)
    decode_text(spec, "mechanism")
    secret = decode_text(spec, "EnvVarSource", "secretKeyRef", "name")
    key = decode_text(spec, "EnvVarSource", "secretKeyRef", "key")
    return KafkaLogin(
        user,
        source=(secret, key) if secret and key else None,
        quotas={option: text for option in _QUOTAS if (text := decode_text(spec, option))},
    )


def login_parts(
    logins: tuple[KafkaLogin, ...], image: str, cluster: str, address: str
) -> Iterator[OperatorPart]:
    """The Secret of each user, and the one-shot that makes them on the broker at the address."""
    env: dict[str, Manifest] = {"KAFKA_BOOTSTRAP": address}
    commands = []
    for number, login in enumerate(logins, 1):
        name = login.kube_object.name
        yield ReadAlong(login.kube_object)
        yield ServerSecret(name, _secret_entries(login))
        env[f"USER_PASSWORD_{number}"] = from_secret(name, _PASSWORD)
        commands.append(_user_command(login, f"$USER_PASSWORD_{number}"))
    yield OperatedServer(
        name=f"{cluster}-users",
        image=image,
        kind="Job",
        env=env,
        command=shell_command(commands),
    )


def _secret_entries(login: KafkaLogin) -> Mapping[str, str | None]:
    """https://strimzi.io/docs/operators/latest/deploying#con-securing-client-authentication-str"""
    user = login.kube_object.name
    return {
        _PASSWORD: "{{{}/{}}}".format(*login.source) if login.source else None,
        "sasl.jaas.config": f'{LOGIN_MODULE} username="{user}" password="{{{_PASSWORD}}}";',
    }


def _user_command(login: KafkaLogin, password: str) -> str:
    options = [f"{MECHANISM}=[password={password}]"]
    options += [f"{option}={text}" for option, text in login.quotas.items()]
    return (
        f'{_CONFIGS} --bootstrap-server "$KAFKA_BOOTSTRAP" --alter --entity-type users '
        f"--entity-name '{login.kube_object.name}' --add-config \"{','.join(options)}\""
    )
