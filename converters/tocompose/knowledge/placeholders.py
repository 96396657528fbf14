"""What documentation writes where each reader must put a value of their own."""

from __future__ import annotations

import posixpath

from tocompose.patterns import regex

_FORMS = (
    r"<[^<>]+>|\[[a-z][\w -]*\]|\{\{?[ ]?[a-z][\w -]*[ ]?\}?\}|%[A-Z_]+%",
    r"(?:please[-_ ]?)?(?:change|replace|fill|edit)[-_ ]?(?:me|this|it|in|with)(?![A-Za-z0-9])[\w -]*!*",
    r"(?:change|replace)me\d*!*",
    r"(?:see|insert|enter|set|put|your|my[-_ ]own|todo|fixme|add)[-_ ][\w ./@:-]+",
    r"[\w-]*[-_ ](?:goes[-_ ])?here",
    r"x{3,}(?:-x{3,})*|\*{3,}|\.{3}|…|todo|fixme|tbd",
    r"(?:your|region|area|continent|country)/(?:time[-_]?zone|city|location|region|zone)",
    r"(?:your|my)(?:-|_)?(?:domain|site|host|server|company|name|email|password|token|key|secret)[\w.@-]*",
)
_PLACEHOLDER = regex(rf"(?i)(?:{'|'.join(_FORMS)})")
# A word for the reader inside a longer value: `https://YOUR_HOST/`, `admin:YOUR_PASSWORD@db`.
_INNER = regex(r"(?<![A-Za-z0-9])YOUR_[A-Z0-9_]+(?![a-z])")
# Nobody's own domain, although some are registered: `wiki.domain.com`, `mydomain.org`, `app.your-company.tld`.
_DOMAIN_OF_READER = regex(
    r"(?i)(?:https?://)?(?:[\w.+*-]+[@.])?"
    r"(?:(?:your|my)[-_.]?(?:domain|site|server|host|company|organization|website)(?:-?name)?\.[a-z]+"
    r"|(?:domain|company|website|site)\.(?:com|org|net)|[\w-]+\.tld)(?::\d+)?(?:/[\w./-]*)?"
)
# https://www.rfc-editor.org/rfc/rfc2606: names that belong to nobody. Documentation leaves them to its reader; what
# somebody runs keeps them, for whoever wrote it may have meant this one.
_EXAMPLE_DOMAIN = regex(
    r"(?i)(?:https?://)?(?:[\w.+-]+[@.])?example\.(?:com|org|net)(?::\d+)?/?"
)
_ASKS_DOMAIN = regex(r"(?i)domain|host|url|fqdn|server_?name|mail|origin|site")
_EXAMPLE_PATH = regex(
    r"(?i)(?:[a-z]:)?/?(?:(?:your|my|some|the)/)?(?:path|dir|folder)/(?:to|on|of|for)(?:/[\w.<>-]+)*/?"
    r"|/?(?:your|host)[/_-](?:path|dir|folder|directory)(?:/[\w.<>-]+)*/?|/(?:your|my)[-_/][\w/.-]+|<[^<>]+>(?:/[\w./-]+)?"
)


# The names of files of documentation, in lower case and without their folders.
DOCUMENTATION_NAME = regex(r"\.(?:md|markdown|rst|adoc)$|^readme(?!.*\.txt$)")
_PASTED = "<stdin>"


def is_documentation(path: str) -> bool:
    """Whether a file speaks to its reader: a page of documentation, or a text that was pasted, mostly from one."""
    name = posixpath.basename(path).lower()
    return name == _PASTED or DOCUMENTATION_NAME.search(name) is not None


def is_placeholder(name: str, value: str, *, is_documented: bool = False) -> bool:
    """Whether the value of a variable waits for the reader's own, as `YOUR_KEY_HERE`, `<password>` and `changeme` do.

    A domain that is the reader's is one where the name asks for a domain; one that belongs to nobody, as
    `app.example.com`, only where documentation says it.
    """
    text = value.strip()
    if _PLACEHOLDER.fullmatch(text) or _INNER.search(text) or is_placeholder_path(text):
        return True
    domains = text.replace(",", " ").split()
    return _ASKS_DOMAIN.search(name) is not None and all(
        _is_domain_of_nobody(domain, is_documented) for domain in domains
    )


def _is_domain_of_nobody(text: str, is_documented: bool) -> bool:
    return _DOMAIN_OF_READER.fullmatch(text) is not None or (
        is_documented and _EXAMPLE_DOMAIN.fullmatch(text) is not None
    )


def is_placeholder_text(text: str) -> bool:
    """Whether a text is nothing but a placeholder."""
    return _PLACEHOLDER.fullmatch(text.strip()) is not None


def is_placeholder_path(path: str) -> bool:
    """Whether a path of the host waits for the reader's own, as `/path/to/config` does."""
    return _EXAMPLE_PATH.fullmatch(path.strip()) is not None
