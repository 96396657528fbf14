"""SEC-DETECT: secrets told from the form of a text: passwords of addresses, keys, pairs of a name and a value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from tocompose.knowledge.secrets.documents import document_spans
from tocompose.knowledge.secrets.names import (
    hints_at_secret,
    lists_fields,
    names_field,
    names_login,
    names_password,
    names_secrets,
    names_shown_text,
    perhaps_secret_name,
    secret_name,
    secret_parameter,
    words_of,
)
from tocompose.patterns import Forms, HintedPattern, regex
from tocompose.syntax.interpolation import (
    Literal,
    Variable,
    nested_variables,
    replace_variables,
    variables,
)
from tocompose.tables import load

# What stands where there is no secret, whatever the name is: nothing, a switch.
_NOTHING = frozenset(
    """
    true false yes no on off y n none null nil undefined [] {} "" ''
    """.split()
) | {""}
# How a secret is handled, made or sent. A password may be such a word, what a machine issues is not.
_MODES = frozenset(
    """
    enabled disabled required optional always never auto manual header cookie query body bearer basic lax strict
    opaque hashed email username
    """.split()
)
_PLACES = r"(?:\.{0,2}/)[\w.@*-]+(?:/[\w.@*-]+)*/?"
_PLACE = regex(
    rf"{_PLACES}(?:[,; ]\s?{_PLACES})*"
    # The parameters of an address are looked at by their own names; a long value may be what lets anyone in.
    r"|[A-Za-z][\w+.-]*://[^\s@?]*(?:\?(?:[\w.-]+=[\w.,:/%-]{0,19}&?)*)?"
    # Where a manager of secrets has one: Amazon's resource names, the paths of Google's Secret Manager.
    r"|arn:aws[\w-]*:[\w-]+:[\w-]*:\d*:[\w./:*@+=,-]+|projects/[\w.-]+/secrets/[\w.-]+(?:/versions/\w+)?"
)
# Base64 has slashes too, but no folder is called by capitals, small letters and digits in no order.
_CODED = regex(r"[A-Za-z0-9+/=_-]{16,}")
_HEXADECIMAL = regex(r"[0-9a-f]{32,}|[0-9A-F]{32,}")
_KINDS_OF_LETTERS = regex(r"[a-z]+|[A-Z]+|[0-9]+")
_PIN = regex(r"[0-9]{4,12}")
# A user with a password; a host has a port behind its colon.
_LOGIN = regex(r"[\w.@+-]{1,64}:(?![0-9]{1,5}$|/|true$|false$)[^\s,:]{3,}")
_PROSE = regex(r"[^\W\d]+(?:[\s'’-][^\W\d]+)*[.!?:…]*")
# Keys of the registry of Windows.
# Numbers with units, algorithms, languages, names of headers, public keys, paths of Windows, patterns, formats.
_OPEN_FORM = regex(
    r"(?i:\d+(?:\.\d+)?\s?(?:ns|us|ms|s|m|h|d|w|min|sec|mins?|hours?|days?|[kmgt]i?b?|b|%|/\w+|x)"
    r"|(?:[HREP]S|EdDSA)(?:256|384|512)|(?:hmac-?)?sha-?[0-9]{1,3}(?:[-_/]\d+)?|md5|aes-?(?:128|192|256)(?:-\w+)?"
    r"|bcrypt|scrypt|argon2(?:id?|d)?|pbkdf2(?:[-_]\w+)*|ed25519|rs[ae]-?(?:\d{4})?|x25519|chacha20(?:-\w+)?)"
    r"|[a-z]{2}[-_][A-Z]{2}(?:\.UTF-8)?|X-[A-Za-z][\w-]*|x-[a-z-]*(?:key|token|auth|secret)[a-z-]*|(?:Proxy-)?Authorization|Cookie"
    r"|(?:ssh-\w+|ecdsa-\S+) AAAA\S+(?: .*)?|-----BEGIN (?:PUBLIC KEY|CERTIFICATE)-----[\s\S]*|[A-Za-z]:\\[^*?\"<>|]*"
    r"|(?:HK(?:LM|CU|CR|U|CC)|HKEY_[A-Z_]+):?(?:\\[^\\\"]+)*"
    r"|\^.*\$|%[a-zA-Z](?:\\n)?"
)
# In an address: `//user:password@`, `//token@`, MySQL's `user:password@tcp(…)`, Oracle's `user/password@`.
_CREDENTIALS = (
    # A token for the user: `//token:@`, `//token:x-oauth-basic@`.
    r"(?<=//)([^\s/:@\"']{8,256})(?=:(?:x-oauth-basic)?@)",
    r"(?<=//)[^\s/:@\"']{0,256}:([^\s/@\"']+)(?=@)",
    r"(?<=//)([A-Za-z0-9_-]{20,256})(?=@)",
    r"(?<![^\s\"'=])[^\s:@/\"'=(]{1,256}:([^\s@\"']{1,256})(?=@(?:tcp|unix|udp)\()",
    # A registry or a host without a scheme: `user:password@registry.example/image`.
    r"(?<![^\s\"'=])(?!(?:mailto|sips?|xmpp|acct|git|ssh):)[\w.+-]{1,64}:([^\s/@:\"']{3,256})(?=@[A-Za-z0-9][\w-]*(?:\.[\w-]+)+[:/])",
    # Within a line: `forward-socks5 / user:password@proxy:1080`.
    r"(?<![^\s\"'=])[\w.+-]{1,64}:([^\s/@:\"']{3,256})(?=@[A-Za-z0-9][\w.-]*:[0-9]{2,5}(?!\w))",
    # All of a value without a scheme: `app:tops3cret@db:27017/shop`.
    r"^[\w.-]{1,256}:([^\s/@:]+)(?=@[A-Za-z0-9][\w.-]*:[0-9]{2,5}(?:[/?]\S*)?$)",
    r"jdbc:oracle:\w{1,20}:[^\s/@\"']{1,256}/([^\s@\"']+)(?=@)",
)
_PARAMETER = regex(
    r"[?&](?P<name>[\w.-]{1,100})=(?P<password>[^&\s;'\")#]+)", hints=[["?", "&"], ["="]]
)
# `-Ddb.password=x`, `export API_TOKEN=x`.
_ASSIGNMENT = regex(
    r"(?<![\w.-])(?:-D|--?)?(?P<name>[A-Za-z_][\w.-]{0,99})\\?=", hints=[["="]]
)
# Looked at behind names of secrets alone: in a chain (`a=b=c=…`) each value reaches to the end.
_ASSIGNED = regex(r"[\"']?(?P<password>[^\s;&,'\"]+)")
# `getenv("API_TOKEN", "x")`, `ENV.fetch('API_TOKEN', 'x')`, `ENV.fetch("API_TOKEN") { "x" }`.
_ARGUMENT = regex(
    r"\(\s{0,9}[\"'](?P<name>[\w.-]{1,100})[\"']\s{0,9}(?:,|\)\s{0,9}\{)\s{0,9}"
    r"[\"'](?P<password>[^\s\"']+)[\"']",
    hints=[["("], [",", "{"], ['"', "'"]],
)
# `CREATE USER a WITH PASSWORD 'x'`, `IDENTIFIED BY 'x'`; Transact-SQL writes N'x'.
_STATEMENT = regex(
    r"(?i)\b(?:PASSWORD|IDENTIFIED\b[^'\"\n;]{0,60})\s{0,9}=?\s{0,9}N?['\"](?P<password>[^'\"\s]+)['\"]",
    hints=[["password", "identified"], ['"', "'"]],
)
# `"password": "x"` in JSON, also where its quotes are escaped.
_MEMBER = regex(
    r"(?P<quote>\\?[\"'])(?P<name>[\w.-]{1,100})(?P=quote)\s{0,9}:\s{0,9}(?P=quote)(?P<password>[^\s\"'\\]+)",
    hints=[[":"], ['"', "'"]],
)
# https://www.iana.org/assignments/http-authschemes, and what services write in their place.
_SCHEMES = r"(?i:Bearer|Basic|Token|Api-?Key|GenieKey|SSWS|Splunk|Bot|Key)"
# `Bearer x` as the whole value: a header that lets anyone in, unless it speaks of one.
_CREDENTIAL = regex(
    rf"^{_SCHEMES}[ ](?!(?i:auth|token|header|login|realm))[\w.~+/=-]{{8,}}$", hints=[[" "]]
)
# `password: x` as a line, `X-Api-Key: x` between quotes, `Authorization: Bearer x` anywhere; `:password: x` in Ruby,
# `password:: 'x'` in Jsonnet.
_FIELD = regex(
    r"(?:(?m:^)[ \t#;/:-]{0,99}|[\"'])(?P<name>[A-Za-z][\w.-]{0,99}):{1,3}[ \t]{1,9}"
    rf"(?:{_SCHEMES}[ \t]+)?"
    r"(?P<password>[^\s\"',{}\[\]]+)(?=[\"']|\s*(?m:$))"
    rf"|\b[Aa]uthorization:\s{{0,9}}{_SCHEMES}\s{{1,9}}(?P<header>[^\s'\";|&]{{6,}})",
    hints=[[":"]],
)
# Headers of a request that say who asks.
_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})
_ELEMENT = regex(
    r"<(?P<name>[\w.:-]{1,100})>\s{0,99}(?P<password>[^<>\s]+)\s{0,99}</", hints=[["</"]]
)
_SETTING = regex(
    r"(?P<head>(?:^|[;?&\s])(?:password|pwd|sslpassword|accountkey|sharedaccesskey|secretkey)\s{0,99}=\s{0,99})"
    r"(?P<password>(?!N')[^;&\s'\"]+)",
    re.IGNORECASE,
    hints=[["password", "pwd", "accountkey", "accesskey", "secretkey"], ["="]],
)
# `username=u,password=x`, as mount has its options.
_MOUNT_OPTION = regex(
    r"(?:^|,)(?:password|pass)=(?P<password>[^,\s'\"]+)",
    re.IGNORECASE,
    hints=[["password=", "pass="]],
)
_ADDRESS = regex("|".join(_CREDENTIALS))
# `requirepass x`, `proxy_set_header X-Api-Key x;`: a line, or a statement of it, of nothing but a name and one word.
DIRECTIVE = regex(
    r"""(?m)(?:^|(?<=[{;]))[ \t]*(?:\w*set_header[ \t]+)?(?P<name>[\w.-]+)[ \t]+"""
    r"""["']?(?P<value>[^\s"';=:}][^\s"';]*)["']?[ \t]*(?:;|\r?$)"""
)
# Forms that are secrets whatever their name: keys of well-known services, private keys, signed tokens.
# Every one is at least so long, and most texts are words.
TOKEN = Forms(
    regex(r"\S{12}"),
    (HintedPattern(row["pattern"], 0, row["hints"]) for row in load("secrets")["forms"]),
)
# A private key, a hash of a password as Apache's htpasswd and crypt write it.
_KEY_FILE = r"-----BEGIN (?:[A-Z ]*PRIVATE KEY|OpenVPN Static key)|^PuTTY-User-Key-File-"
PRIVATE_KEY = regex(_KEY_FILE, hints=[["PRIVATE KEY", "Static key", "PuTTY-"]])
HASH = regex(
    r"(?<=:)\$\$?(?:apr1|2[abxy]|[156]|y)\$\$?[^\s,\"']{8,}"
    # The schemes of LDAP and of Dovecot: https://doc.dovecot.org/main/core/config/auth/schemes.html
    r"|(?<![\w$#%])\{(?:S?SHA\d{0,3}|S?MD5|CRYPT|PLAIN|CLEARTEXT|PBKDF2[\w-]{0,9}|ARGON2\w{0,2}"
    r"|(?:BLF|MD5|SHA\d{3})-CRYPT)\}[^\s,\"':]{4,}",
    hints=[["$", "SHA", "MD5", "CRYPT", "PLAIN", "CLEARTEXT", "PBKDF2", "ARGON2"]],
)
_LITERAL = regex(
    r"(?i:password|passwd|secret|token|_key)['\"]?\]?\s{0,9}=>?\s{0,9}['\"][^'\"\s$]",
    hints=[["password", "passwd", "secret", "token", "_key"], ["="]],
)


# A letter that hardly any source writes.
_STAND_IN = "\ua66e"


def secret_value(value: str, name: str = "") -> bool:
    """Whether the text is a secret by its form, or holds one: an address with a password, a private key.

    The name is that of the variable, label or option that has it.
    """
    forms = (TOKEN, PRIVATE_KEY, HASH, _CREDENTIAL, _LITERAL)
    return any(form.search(value) for form in forms) or any(
        True for _ in password_spans(value, name)
    )


def may_be_secret(value: str, name: str = "") -> bool:
    """Whether the text can be one at all: not empty, a switch, a small number, a path or a plain address.

    Under a name that says that it is the password itself any other word is one.
    """
    stripped = value.strip()
    folded = stripped.casefold()
    if folded in _NOTHING or _is_small(value, name) or _is_place(value):
        return False
    if names_shown_text(name) and _PROSE.fullmatch(stripped):
        return False
    if names_password(name):
        return True
    is_open = folded in _MODES or _OPEN_FORM.fullmatch(stripped) is not None
    return not is_open and not names_field(name, stripped)


def _is_small(value: str, name: str) -> bool:
    """Whether it is a number that counts something; a weak password has three digits at least."""
    if not (value.isascii() and value.isdigit()):
        return False
    return names_secrets(name) or len(value) < (3 if names_password(name) else 4)


def _is_place(value: str) -> bool:
    is_place = _PLACE.fullmatch(value) is not None
    return is_place and not looks_random(value)


def looks_random(value: str) -> bool:
    """Whether the text is a number in hexadecimal digits or as base64 writes it, long enough to be nobody's word."""
    if _HEXADECIMAL.fullmatch(value):
        return True
    runs = _KINDS_OF_LETTERS.findall(value) if _CODED.fullmatch(value) else []
    # Of random letters six in ten are followed by one of another kind, in the words of a path hardly any.
    return bool(re.search("[0-9]", value)) and len(runs) * 5 > len(value) * 2


def is_secret_under(name: str, value: str, is_named: bool = False) -> bool:
    """Whether a value is a secret by its name, or by its name and how random it looks together.

    With `is_named` something else than its name says already that a secret is there.
    """
    if is_named and may_be_secret(value, name):
        return True
    if secret_name(name):
        return may_be_secret(value, name)
    if name.upper().endswith("PIN") and _PIN.fullmatch(value):
        return words_of(name)[-1] == "PIN"
    if names_login(name) and _LOGIN.fullmatch(value):
        return True
    return perhaps_secret_name(name) and looks_random(value)


def password_spans(text: str, name: str = "") -> list[tuple[int, int]]:
    """Where the passwords of addresses and connection strings stand in the text; what is a variable does not count.

    Under a name that lists fields, what is called as a secret is the name of a field.
    """
    spans: list[tuple[int, int]] = []
    candidates = outside_messages(text, _candidate_spans(text))
    for start, stop in sorted(candidates, key=lambda span: (span[0], -span[1])):
        if (
            "${" not in text[start:stop]
            and text[start] != "$"
            and (not spans or start >= spans[-1][1])
            and not (lists_fields(name) and secret_name(text[start:stop]))
        ):
            spans.append((start, stop))
    return spans


def outside_messages(
    text: str, spans: Iterable[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """The spans that are not in the message of a required variable: `${PG_PASS:?database password required}`."""
    messages = [
        (variable.operand_start, variable.end_offset)
        for variable in (nested_variables(text) if "?" in text and "${" in text else ())
        if variable.is_required
    ]
    for start, stop in spans:
        if not any(first <= start < last for first, last in messages):
            yield start, stop


def password_variables(text: str) -> list[Variable]:
    """The variables of Compose that stand where the text has a password: `postgres://app:${PW}@db`."""
    all_variables = variables(text)
    spans = password_spans(mask_variables(text)) if all_variables else ()
    return [
        variable
        for variable in all_variables
        if any(start <= variable.start < stop for start, stop in spans)
    ]


def mask_variables(text: str) -> str:
    """The text with as many letters in the place of each variable of Compose, whose operands may look like anything."""
    return replace_variables(text, lambda variable: _STAND_IN * len(variable.source))


def secret_defaults(outermost: Variable, is_secret: bool) -> Iterator[tuple[Variable, str]]:
    """The variables with a secret as their default, this one and those in it at any depth, and its value.

    `is_secret` says that whatever the outermost comes to is a secret; one that is called so holds one anyway.
    """
    pending = [(outermost, is_secret)]
    while pending:
        variable, of_secret = pending.pop()
        if variable.is_required:
            continue
        of_secret = of_secret or secret_name(variable.name)
        match variable.parts:
            case (Literal() as operand,) if is_secret_under(
                variable.name, operand.value, of_secret
            ) or secret_value(operand.value):
                yield variable, operand.value
        nested = (
            operand_part
            for operand_part in variable.parts
            if isinstance(operand_part, Variable)
        )
        pending.extend((operand_part, of_secret) for operand_part in nested)


def replace_spans(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """The text with other text in the place of each span; one that starts within another is left out."""
    new_text, done = [], 0
    for start, stop, new in sorted(edits, key=lambda edit: (edit[0], -edit[1])):
        if start >= done:
            new_text += [text[done:start], new]
            done = stop
    return "".join([*new_text, text[done:]])


# What stands in the place of a secret that is hidden.
MASK = "•••"


@lru_cache(maxsize=4096)
def redact_secrets(text: str) -> str:
    """The text for a reader, the passwords and tokens in it hidden."""
    hidden = replace_spans(
        text, [(start, stop, MASK) for start, stop in password_spans(text)]
    )
    return TOKEN.sub(lambda _: MASK, hidden)


def _candidate_spans(text: str) -> Iterator[tuple[int, int]]:
    if "@" in text:
        for match in _ADDRESS.finditer(text):
            yield match.span(match.lastindex or 0)
    if hints_at_secret(text):
        yield from _hinted_spans(text)


def _hinted_spans(text: str) -> Iterator[tuple[int, int]]:
    """The values that stand under a name, in text where some name hints at a secret."""
    pattern = _SETTING if ";" in text or "," not in text else _MOUNT_OPTION
    yield from (match.span("password") for match in pattern.finditer(text))
    if "=" in text:
        yield from (
            match.span("password")
            for match in _PARAMETER.finditer(text)
            if secret_parameter(match["name"])
        )
    yield from (match.span("password") for match in _STATEMENT.finditer(text))
    yield from _named_values(text)
    yield from _document_values(text)


def _document_values(text: str) -> Iterator[tuple[int, int]]:
    """What a parser of the text's own format says is the value of a secret."""
    for start, stop in document_spans(text):
        if text[start] not in "$<{[|>&*%" and may_be_secret(text[start:stop]):
            yield start, stop


def _assigned_values(text: str) -> Iterator[tuple[int, int]]:
    """The values behind `NAME=` of a secret, the outermost of those that stand in each other."""
    done = 0
    for assignment in _ASSIGNMENT.finditer(text):
        name = assignment["name"]
        is_named = secret_name(name) or name.casefold() in _HEADERS
        if assignment.start() < done or not is_named:
            continue
        value = _ASSIGNED.match(text, assignment.end())
        if value is None or value["password"][0] in "$<{[|>&*":
            continue
        if may_be_secret(value["password"], name):
            done = value.end()
            yield value.span("password")


def _named_values(text: str) -> Iterator[tuple[int, int]]:
    """The values that stand under a name in JSON, YAML, XML or the headers of a request."""
    yield from _assigned_values(text)
    for pattern in (_ARGUMENT, _MEMBER, _FIELD, _ELEMENT):
        for match in pattern.finditer(text):
            group = "header" if match["password"] is None else "password"
            named = (
                group == "header"
                or secret_name(match["name"])
                or match["name"].casefold() in _HEADERS
            )
            if (
                named
                and match[group][0] not in "$<{[|>&*"
                and may_be_secret(match[group], match["name"] or "")
            ):
                yield match.span(group)
