"""The Dockerfiles that are generated: one template a language."""
