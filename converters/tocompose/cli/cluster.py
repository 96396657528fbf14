"""`tocompose cluster`: what runs in a Kubernetes cluster."""

from __future__ import annotations

import click

from tocompose.cli.conversion import run_conversion
from tocompose.cli.exit import fail
from tocompose.cli.options import (
    TIMEOUT_OPTION,
    add_conversion_options,
    read_options,
)
from tocompose.cluster import ClusterRequest, read_cluster
from tocompose.importers import ImportOptions, SourceError


@click.command("cluster")
@click.option(
    "--context",
    metavar="NAME",
    help="The context of the kubeconfig; by default its current one.",
)
@click.option(
    "-n",
    "--namespace",
    "namespaces",
    metavar="NAME",
    multiple=True,
    help="A namespace; by default that of the context.",
)
@click.option(
    "-A",
    "--all-namespaces",
    is_flag=True,
    help="All namespaces except those of Kubernetes itself.",
)
@click.option(
    "-l",
    "--selector",
    metavar="LABELS",
    help="Only objects with these labels, and what they refer to.",
)
@click.option(
    "--kubeconfig", metavar="FILE", help="By default $KUBECONFIG, else ~/.kube/config."
)
@click.option(
    "--secrets/--no-secrets",
    default=True,
    help="Whether Secrets are read; without them their values are left for you to set.",
)
@click.option(
    "--allow-exec",
    is_flag=True,
    help="Run the login program that the kubeconfig names (aws, gcloud …).",
)
@TIMEOUT_OPTION
@add_conversion_options
@click.pass_context
def cluster_command(ctx: click.Context, /, **_: object) -> None:
    """Convert what runs in a Kubernetes cluster to compose files.

    Sends list requests only. A kind that you have no permission to read is named in a note; the rest is converted.

    \b
    Examples:
      tocompose cluster --context staging -n shop -o deploy
      tocompose cluster -A -l app.kubernetes.io/part-of=shop > docker-compose.yml
    """
    if ctx.params["all_namespaces"] and ctx.params["namespaces"]:
        raise click.UsageError("--all-namespaces and --namespace exclude each other", ctx)
    query = ClusterRequest(**{field: ctx.params[field] for field in ClusterRequest._fields})
    try:
        cluster_objects = read_cluster(query)
    except SourceError as problem:
        fail(str(problem))
    options = read_options(ctx)
    import_options = ImportOptions(name=options.name, notes=cluster_objects.notes)
    run_conversion(cluster_objects.project, options, import_options, "kubernetes")
