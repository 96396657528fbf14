"""SEC-DETECT: what is a secret, told from its name and its form."""

from __future__ import annotations

import re
from itertools import pairwise

from tocompose.patterns import regex

# A name with one of these words holds a secret, unless it ends in a word of `_ABOUT`.
_WORDS = frozenset(
    {"PASSWORD", "PASSWORDS", "PASSWD", "PASSPHRASE", "SECRET", "SECRETS", "TOKEN", "CREDENTIAL", "CREDENTIALS"}
    | {"APIKEY", "SECRETKEY", "AUTHKEY", "PRIVKEY", "PRIVATEKEY", "ACCESSKEY", "REQUIREPASS", "MASTERAUTH"}
)
_LAST_WORDS = frozenset({"PASS", "PWD", "SALT", "DBPASS"})
_KEYS = frozenset(
    {"API", "ACCESS", "PRIVATE", "SECRET", "ENCRYPTION", "ENCRYPT", "SIGNING", "MASTER", "AUTH", "FERNET", "APP"}
    | {"ROLE", "ACCOUNT", "SHARED", "CLIENT", "HMAC", "JWT", "SESSION", "COOKIE", "RPC", "DECRYPTION", "NONCE"}
)
# What comes last in the name of something about a secret rather than the secret itself.
_ABOUT = frozenset(
    {"FILE", "PATH", "DIR", "HOST", "PORT", "NAME", "USER", "USERNAME", "ID", "TTL", "EXPIRY", "EXPIRES", "EXPIRATION"}
    | {"EXPIRE", "LENGTH", "MIN", "MAX", "SIZE", "TIMEOUT", "ENABLED", "ENABLE", "DISABLED", "REQUIRED", "ALGORITHM"}
    | {"ALG", "TYPE", "HEADER", "ISSUER", "AUDIENCE", "POLICY", "ENDPOINT", "METHOD", "PREFIX", "SUFFIX", "FIELD"}
    | {"ROUNDS", "AGE", "LIFETIME", "DURATION", "SECONDS", "MINUTES", "HOURS", "DAYS", "COUNT", "FORMAT", "ENGINE"}
    | {"PROVIDER", "BACKEND", "STORE", "MODE", "HASHERS", "VALIDATORS", "CLASS", "REGION", "VERSION", "LOCATION"}
    | {"INTERVAL", "LIMIT", "SERVICE", "URL", "URI", "ENCODING", "STRENGTH", "COMMAND", "CMD", "TEMPLATE", "SCOPE"}
)
_NOT_A_VALUE = frozenset(
    {"", "true", "false", "yes", "no", "on", "off", "none", "null", "enabled", "disabled", "required", "optional"}
)
_CAMEL = regex(r"(?<=[a-z0-9])(?=[A-Z])")
_PLACE = regex(r"(?:\.{0,2}/)[\w.@-]+(?:/[\w.@-]+)*/?|[A-Za-z][\w+.-]*://[^\s@]*")
_CREDENTIALS = regex(r"(?P<head>[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@]*:)(?P<password>[^\s/@]+)(?=@)")
# The same without a scheme, when it is all of the value: `app:tops3cret@db:27017/shop`.
_ACCOUNT = regex(r"^[\w.-]+:(?P<password>[^\s/@:]+)@[A-Za-z0-9][\w.-]*:[0-9]{2,5}(?:[/?]\S*)?$")
_SETTING = regex(
    r"(?P<head>(?:^|[;?&\s])(?:password|pwd|sslpassword|accountkey|sharedaccesskey|secretkey)\s*=\s*)"
    r"(?P<password>[^;&\s'\"]+)",
    re.IGNORECASE,
)
# `username=u,password=x`, as mount has its options.
_MOUNT_OPTION = regex(r"(?:^|,)(?:password|pass)=(?P<password>[^,\s'\"]+)", re.IGNORECASE)
# Forms that are secrets whatever their name: keys of well-known services, private keys, signed tokens.
_FORMS = (
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}|\bglpat-[\w-]{20}"
    r"|(?i:password|passwd|secret|token|_key)['\"]?\]?\s*=>?\s*['\"][^'\"\s$]"
    r"|\bxox[abprs]-[\w-]{10}|\b[sr]k_live_\w{10}|\bAIza[\w-]{35}\b|\beyJ[\w-]{8,}\.eyJ[\w-]+\.|\bSG\.[\w-]{16,}\."
)


def words_of(name: str) -> list[str]:
    """The words of a variable's, an option's or a label's name, in capitals."""
    return [word for word in re.split(r"[^A-Z0-9]+", _CAMEL.sub("_", name).upper()) if word]


def secret_name(name: str) -> bool:
    """Whether what is called so is a secret."""
    words = words_of(name)
    if not words or words[-1] in _ABOUT or ("PUBLIC" in words and "KEY" in words):
        return False
    if len(words) > 1 and words[-1] in _LAST_WORDS:
        return True
    glued = any(word.endswith(("PASSWORD", "PASSWD")) for word in words)
    keyed = any(word == "KEY" and before in _KEYS for before, word in pairwise(words))
    return glued or keyed or bool(_WORDS & set(words))


def secret_value(value: str) -> bool:
    """Whether the text is a secret by its form, or holds one: an address with a password, a private key."""
    return bool(re.search(_FORMS, value)) or any(True for _ in passwords(value))


def may_be_secret(value: str) -> bool:
    """Whether the text can be one at all: not empty, a switch, a small number, a path or a plain address."""
    small = value.isascii() and value.isdigit() and len(value) < 4
    return value.strip().lower() not in _NOT_A_VALUE and not small and _PLACE.fullmatch(value) is None


def passwords(text: str) -> list[tuple[int, int]]:
    """Where the passwords of addresses and connection strings stand in the text; what is a variable does not count."""
    pairs = _SETTING if ";" in text or "," not in text else _MOUNT_OPTION
    patterns = (_CREDENTIALS, _ACCOUNT, pairs)
    found = [match.span("password") for pattern in patterns for match in pattern.finditer(text)]
    return [span for span in found if "${" not in text[span[0] : span[1]] and text[span[0]] != "$"]
