"""Turns docker run scripts, Kubernetes manifests and Procfiles into Docker Compose files."""

__version__ = "0.1.0"
