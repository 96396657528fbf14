"""Traefik in the place of ingress controllers: what it routes, as labels, a file of its own, and a service."""
