"""How files are called that settle what a server does, or that it is given."""

from __future__ import annotations

CONFIGURATION_ENDINGS = tuple(
    (
        ".conf .cfg .cnf .ini .toml .yml .yaml .json .xml .properties .env .config "
        ".tmpl .template .vcl .hcl .alloy .river"
    ).split()
)
# Endings of the other files that a service is given; a folder is rarely called so.
_FILE_ENDINGS = (
    *CONFIGURATION_ENDINGS,
    *".rules .crt .cert .pem .key .sql .sh .lua .acl .htpasswd .txt .html .py .js".split(),
)
# Files whose names have no ending, by their kind.
_NAMED_FILES = frozenset(
    "caddyfile corefile dockerfile gemfile jenkinsfile makefile pipfile procfile".split()
)


def looks_like_file(source: str) -> bool:
    """Whether the path is by its name that of a file that a service is given, not of a folder."""
    leaf = source.rpartition("/")[2].lower()
    return leaf in _NAMED_FILES or source.lower().endswith(_FILE_ENDINGS)
