"""What documentation writes where each reader must put a value of their own."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from functools import cache
from itertools import chain

from tocompose.knowledge.secrets.names import names_login, secret_name, words_of
from tocompose.patterns import HintedPattern, regex
from tocompose.record import record
from tocompose.tables import load

# Nobody's own domain, although some are registered: `wiki.domain.com`, `mydomain.org`, `app.your-company.tld`.
_DOMAIN_OF_READER = regex(
    r"(?i)(?:https?://)?(?:[\w.+*-]+[@.])?"
    r"(?:(?:your|my)[-_.]?(?:domain|site|server|host|company|organization|website)(?:-?name)?\.[a-z]+"
    r"|(?:domain|company|website|site)\.(?:com|org|net)|foo\.(?:bar\.)?com|[\w-]+\.tld|my\.domain"
    r"|(?:change(?:[-_]?me)?|replace(?:[-_]?me)?|your[-_]?app(?:[-_]?name)?|app[-_]?name)"
    r"\.(?:herokuapp\.com|onrender\.com|fly\.dev|vercel\.app|netlify\.app|azurewebsites\.net|up\.railway\.app)"
    r")(?::\d+)?(?:/[\w./-]*)?",
    hints=["your my domain. company. site. foo. .tld change replace app".split()],
)
# https://www.rfc-editor.org/rfc/rfc2606: names that belong to nobody. Documentation leaves them to its reader; what
# somebody runs keeps them, for whoever wrote it may have meant this one.
_EXAMPLE_DOMAIN = regex(
    r"(?i)(?:[a-z][\w+.-]*://)?(?:[^\s/@]*@)?(?:[\w*-]+\.)*example\.(?:com|org|net|edu)(?::\d+)?(?:[/?]\S*)?",
    hints=[["example."]],
)
# https://www.rfc-editor.org/rfc/rfc5737: addresses of documentation; and the one that everybody writes for any other.
_EXAMPLE_ADDRESS = regex(
    r"(?<![\w.])(?:1\.2\.3\.4|192\.0\.2\.\d+|198\.51\.100\.\d+|203\.0\.113\.\d+)(?![\w.])",
    hints=[["1.2.3.4", "192.0.2.", "198.51.100.", "203.0.113."]],
)
_ASKS_ADDRESS = regex(
    r"(?i)host|addr|ip$|url|uri|server|dsn|endpoint|database|redis|broker"
)
_ASKS_DOMAIN = regex(
    r"(?i)domain|host|url|uri|fqdn|server_?name|proxy_?name|mail|smtp|imap|origin|site|endpoint|issuer|realm|relay|zone|gateway"
)
_EXAMPLE_PATH = regex(
    r"(?i)(?:[a-z]:|\.|~)?[/\\]{0,2}"
    r"(?:(?:your|my|some|the|local|host|full|absolute|actual|real)[/\\]){0,3}"
    r"(?:path|dir|directory|folder)[/\\](?:to|on|of|for)(?:[/\\][\w. <>-]+)*[/\\]?"
    r"|/?(?:your|host|some|local)[/_-](?:[\w-]+/)?(?:path|dir|folder|directory)(?:/[\w.<>-]+)*/?"
    r"|[/~.][\w./-]*(?<=/)your(?:[-_](?!spotify)[a-z]|domain|path|user|name|site|app|folder|dir)[\w.-]*(?:/[\w.-]+)*/?"
    r"|/(?:your|my|some)[-_/][\w/.-]+|/(?:home|Users)/(?:your-?)?(?:user)?name(?:/[\w.-]+)*/?|<[^<>]+>(?:/[\w./-]+)?",
    hints=[["path", "dir", "folder", "your", "/my", "/some", "<", "/home/", "/users/"]],
)
_IN_CAPITALS = regex(r"[A-Z]+(?:[-_][A-Z]+)*\d?")
# A text that is longer is none of a few words.
_LONGEST_OF_WORDS = 80

# The names of files of documentation, in lower case and without their folders.
DOCUMENTATION_NAME = regex(r"\.(?:md|markdown|rst|adoc)$|^readme(?!.*\.txt$)")
# A text that was pasted, mostly from a page.
_PASTED = ("<stdin>", "<command>")


def is_documentation(path: str) -> bool:
    """Whether a file speaks to its reader: a page of documentation, or a text that was pasted, mostly from one."""
    name = posixpath.basename(path).lower()
    return name in _PASTED or DOCUMENTATION_NAME.search(name) is not None


def is_placeholder(name: str, value: str, *, is_documented: bool = False) -> bool:
    """Whether the value of a variable waits for the reader's own, as `YOUR_KEY_HERE`, `<password>` and `changeme` do.

    So does the last word of its own name: `AWS_REGION=REGION`.

    A domain that is the reader's is one where the name asks for a domain; one that belongs to nobody, as
    `app.example.com`, only where documentation says it.
    """
    text = value.strip()
    if any(form.matches(text) for form in _forms(is_documented) if form.is_asked(name)):
        return True
    if is_placeholder_path(text) or _names_what_is_asked(name, text, is_documented):
        return True
    if secret_name(name) and _stands_for_secret(name, text, is_documented):
        return True
    if _EXAMPLE_ADDRESS.search(text) and _ASKS_ADDRESS.search(name):
        return True
    return _names_domains_of_nobody(name, text, is_documented)


def _stands_for_secret(name: str, text: str, is_documented: bool) -> bool:
    """Whether what stands for a secret is made of words that no secret is; documentation repeats its name, too."""
    if _is_of_words(text, is_documented):
        return True
    return is_documented and _repeats_name(name, text)


def is_placeholder_text(text: str) -> bool:
    """Whether a text is nothing but a placeholder, whatever it is for."""
    return any(
        form.matches(text.strip())
        for form in _forms(False)
        if not form.is_inside and not form.asks
    )


def is_placeholder_path(path: str) -> bool:
    """Whether a path of the host waits for the reader's own, as `/path/to/config` does."""
    return _EXAMPLE_PATH.fullmatch(path.strip()) is not None


@record
class _Form:
    """A form of placeholders, from a row of the table."""

    pattern: HintedPattern
    is_inside: bool
    asks: str

    def matches(self, text: str) -> bool:
        """Whether the text is of this form."""
        if not self.is_inside:
            return self.pattern.fullmatch(text) is not None
        if self.pattern.search(text) is None:
            return False
        return not _BLANK.search(self.pattern.sub("", text))

    def is_asked(self, name: str) -> bool:
        """Whether the form can be the value of a variable of that name."""
        return not self.asks or _ASKS[self.asks](name)


_BLANK = regex(r"\s")
_ASKS_USER = regex(r"(?i)(?:user|username|login)\d?$")


def _asks_what_is_issued(name: str) -> bool:
    return words_of(name)[-1:] in (["TOKEN"], ["KEY"])


_ASKS: Mapping[str, Callable[[str], bool]] = {
    "secret": secret_name,
    "user": lambda name: _ASKS_USER.search(name) is not None,
    "login": names_login,
    "issued": _asks_what_is_issued,
}


@cache
def _forms(is_documented: bool) -> tuple[_Form, ...]:
    """The forms that count in documentation, or those that count everywhere."""
    rows = load("placeholders")["forms"]
    return tuple(
        _Form(
            pattern=HintedPattern(f"(?i){row['pattern']}", 0, [row["hints"]]),
            is_inside=row.get("inside", False),
            asks=row.get("asks", ""),
        )
        for row in rows
        if is_documented or not row.get("documented")
    )


def _names_what_is_asked(name: str, text: str, is_documented: bool) -> bool:
    """Whether the value says in capitals what the name asks for: `MYSQL_PASSWORD=DATABASE_PASSWORD`."""
    if not text.isupper() or not _IN_CAPITALS.fullmatch(text):
        return False
    name_words, value_words = words_of(name), words_of(text)
    if not value_words[1:]:
        own_words = load("placeholders")["own_last_words"]
        return text in own_words and name.upper().endswith(f"_{text}")
    if name_words == value_words:
        return True
    last_word = value_words[-1].rstrip("0123456789")
    return any(
        last_word in row["last"] and name_words[-1] in row["asked_by"]
        for row in load("placeholders")["capitals"]
        if is_documented or not row.get("documented")
    )


def _repeats_name(name: str, text: str) -> bool:
    """Whether a secret is called as its variable is: `refresh_token_secret`."""
    name_words = words_of(name)
    is_name = text.replace("_", "").replace("-", "").isalnum()
    return is_name and bool(name_words[1:]) and words_of(text) == name_words


@cache
def _words_pattern(is_documented: bool) -> HintedPattern:
    """What matches a text of nothing but words for a secret, one of which tells that it is none."""
    placeholder_words = load("placeholders")["words"]
    telling = placeholder_words["telling"] + (
        placeholder_words["documented"] if is_documented else []
    )
    # The longest first, and none given back: the time grows with the text alone.
    all_words = sorted(
        chain.from_iterable(placeholder_words.values()), key=len, reverse=True
    )
    some_telling, some_noun, any_word = map(
        "|".join, (telling, placeholder_words["nouns"], all_words)
    )
    source = (
        rf"(?i)(?=.*(?:{some_telling}))(?=.*(?:{some_noun}))(?>(?:{any_word})[-_ ]?)+\d*"
    )
    return HintedPattern(source, 0, [telling, placeholder_words["nouns"]])


def _is_of_words(text: str, is_documented: bool) -> bool:
    """Whether the text is a secret that is described rather than told: `MySecureLoginPassword`."""
    bare = text.strip("[]'\"!*")
    if len(bare) > _LONGEST_OF_WORDS:
        return False
    return _words_pattern(is_documented).fullmatch(bare) is not None


def _names_domains_of_nobody(name: str, text: str, is_documented: bool) -> bool:
    is_asked = _ASKS_DOMAIN.search(name) is not None or "@" in text or "://" in text
    return is_asked and any(
        _DOMAIN_OF_READER.fullmatch(domain)
        or (is_documented and _EXAMPLE_DOMAIN.fullmatch(domain))
        for domain in text.replace(",", " ").split()
    )
