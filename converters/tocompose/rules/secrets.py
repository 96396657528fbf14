"""SEC-OUT: secrets stand in `.env`, not in the compose file.

Whether a text holds a secret is decided by where it stands (a variable, a label, a word of a command …) and by its
form; what goes out is the span of the text that is the secret. Only then are repeated values of secrets looked for.
"""

from __future__ import annotations

from tocompose.model import Role, Stack
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Rule
from tocompose.rules.clear_words import clear_word_notes
from tocompose.rules.config_files import in_secrets
from tocompose.rules.evidence import data_addresses
from tocompose.rules.roles import is_data
from tocompose.rules.secret_pass import SecretPass
from tocompose.rules.secret_vault import Vault, address_passwords, clashing_names


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with each secret of environment, command and labels as a variable, its value in the settings."""
    if context.inline_secrets:
        return Outcome(stack=stack)
    vault = Vault(stack, clashing_names(stack))
    secret_pass = SecretPass(vault, address_passwords(stack))
    # Servers first: they give their passwords the names under which others share them; jobs last, which set them.
    reached_as_data = data_addresses(stack)
    in_turn = sorted(
        stack.services,
        key=lambda service: (
            not (is_data(service) or service.name in reached_as_data),
            service.role is Role.JOB,
        ),
    )
    moved = {each.name: secret_pass.service_without_secrets(each) for each in in_turn}
    stack = replace(
        stack,
        services=tuple(moved[service.name] for service in stack.services),
        networks=tuple(
            secret_pass.resource_without_secrets(resource) for resource in stack.networks
        ),
        volumes=tuple(
            secret_pass.resource_without_secrets(resource) for resource in stack.volumes
        ),
    )
    configs = (secret_pass.config_without_secrets(config) for config in stack.configs)
    stack = replace(stack, configs=tuple(configs))
    stack = replace(stack, extensions=secret_pass.extensions_without_secrets(stack))
    vault.mark_named_secrets()
    stack = secret_pass.without_repeated_secrets(stack)
    notes = (*secret_pass.notes, *clear_word_notes(stack))
    if not context.split:
        return Outcome(stack=stack, notes=notes)
    outcome = in_secrets(stack)
    notes += outcome.notes
    return Outcome(stack=outcome.stack, notes=notes, moves=outcome.moves)


RULE = Rule(
    id="SEC-OUT",
    title="Keep secrets out of the compose file",
    summary=(
        "Moves passwords, tokens and keys to .env; the compose file refers to them by "
        "variables."
    ),
    severity="must",
    mend=apply,
    covers=("A-03", "Q-11", "Q-12", "S-04"),
    url="https://docs.docker.com/compose/how-tos/environment-variables/best-practices/",
    examples=(
        Example(
            """
            services:
              web:
                image: corp/web:1
                depends_on: [db]
                environment:
                  DATABASE_URL: postgres://app:tops3cret@db:5432/app
                  SESSION_SECRET: another-one
                  TOKEN_TTL: 3600
              db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: tops3cret}}
            """,
            """
            services:
              web:
                image: corp/web:1
                depends_on: {db: {condition: service_started}}
                environment:
                  DATABASE_URL: 'postgres://app:${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD in .env}@db:5432/app'
                  SESSION_SECRET: ${SESSION_SECRET:?set SESSION_SECRET in .env}
                  TOKEN_TTL: 3600
              db:
                image: postgres:16
                environment: {POSTGRES_PASSWORD: '${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD in .env}'}
            """,
        ),
        Example(
            "services: {cache: {image: 'redis:7', command: [redis-server, --requirepass, hunter-22]}}",
            """
            services:
              cache:
                image: redis:7
                command: [redis-server, --requirepass, '${CACHE_PASSWORD:?set CACHE_PASSWORD in .env}']
            """,
        ),
    ),
)
