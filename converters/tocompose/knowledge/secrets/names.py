"""Names that say a value is a secret: of variables, options, labels, keys, headers and files."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from tocompose.patterns import regex


def _split_words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A name with one of these words holds a secret, unless it ends in a word of `_ABOUT`.
_WORDS = _split_words(
    """
    PASSWORD PASSWORDS PASSWD PASSPHRASE PASSCODE SECRET SECRETS TOKEN CREDENTIAL APIKEY
    SECRETKEY AUTHKEY PRIVKEY PRIVATEKEY ACCESSKEY REQUIREPASS MASTERAUTH CREDENTIALS
    PASSPHRASES PASSCODES TOKENS APIKEYS SECRETKEYS CREDS CRED PSK PSKS ROOTPW BINDPW AUTHTOK
    STOREPASS KEYPASS BEARER
    """
)
# A word that ends so is one of them: `AUTHTOKEN`, `dbpassword`.
_ENDINGS = (
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "APIKEY",
    "SECRETKEY",
    "PRIVATEKEY",
    "ACCESSKEY",
)
# Confluent's images: names of files in the folder of secrets.
_FILES_NAMED = ("KEY", "KEYSTORE", "TRUSTSTORE")
_ABOUT_PAIRS = frozenset(
    {
        ("EXPIRES", "IN"),
        ("KEY", "IN"),
        ("TO", "LIVE"),
        *((name, "CREDENTIALS") for name in _FILES_NAMED),
    }
)
# Vault's half of a login, whose other one, its role's, may be known; and a key that encrypts other keys.
_SECRET_PAIRS = frozenset({("SECRET", "ID"), ("KEY", "ENCRYPTION")})
_LAST_WORDS = frozenset({"PASS", "PWD", "PW", "SALT", "DBPASS", "DSN"})
# Of them those that are no secret alone: the working directory, the address of a source of data.
_NOT_ALONE = frozenset({"PWD", "DSN"})
_KEYS = _split_words(
    """
    API ACCESS PRIVATE SECRET ENCRYPTION ENCRYPT SIGNING MASTER AUTH FERNET APP ROLE
    ACCOUNT SHARED CLIENT HMAC JWT SESSION COOKIE RPC DECRYPTION NONCE
    """
)
# `…_KEY` is a secret but for the keys that things are found by, and those that anyone may know.
_OPEN_KEYS = _split_words(
    """
    PUBLIC PUB PUBLISHABLE SITE CACHE PRIMARY FOREIGN SORT PARTITION ROUTING HASH ROW
    GROUP BINDING INDEX LOOKUP MESSAGE OBJECT RECORD ITEM UNIQUE LOCK FILE LABEL TOPOLOGY
    FEATURE REGISTRY CONFIG METADATA HOST MAP TAG SELECTOR REF QUEUE TOPIC STREAM ID NAME
    PATH USER EVENT JSON LOG FIELD SHARD HEADER FLAG DEFAULT GPG PGP IDEMPOTENCY ANNOTATION HOT
    """
)
# What comes last in the name of something about a secret rather than the secret itself.
_ABOUT = _split_words(
    """
    FILE PATH DIR HOST HOSTNAME PORT NAME USER USERNAME LANGUAGE ID TTL EXPIRY EXPIRES EXPIRATION EXPIRE
    LENGTH MIN MAX SIZE TIMEOUT ENABLED ENABLE DISABLED REQUIRED ALGORITHM ALG TYPE HEADER
    ISSUER AUDIENCE POLICY ENDPOINT METHOD PREFIX SUFFIX FIELD ROUNDS AGE LIFETIME
    DURATION SECONDS MINUTES HOURS DAYS COUNT FORMAT ENGINE PROVIDER BACKEND STORE MODE
    HASHERS VALIDATORS CLASS REGION VERSION LOCATION INTERVAL LIMIT SERVICE URL URI
    ENCODING STRENGTH COMMAND CMD TEMPLATE SCOPE ENCRYPTION HASHING VALIDATION REF REFS
    MOUNT ARN NAMES FILES PATHS STDIN REGEX COMPLEXITY RATE SOURCE MS HINT HINTS DOMAIN DOMAINS TIME
    REALM ITERATIONS MODULE ATTRIBUTE LEVEL ACTIVE ALLOWED SECURE SAMESITE SCHEME
    WITHIN VOLUME VOLUMES STATUS STRATEGY HANDLER CONVERTER SERIALIZER DESERIALIZER VALIDATOR MANAGER PLUGIN FILTER
    """
)
# `MAX_TOKENS`: what a model reads.
_COUNTS = frozenset(
    {"MAX", "MIN", "NUM", "TOTAL", "COUNT", "LIMIT", "PER", "STOP", "PROMPT", "OUTPUT"}
)
# What says in which form the secret is written: `SSH_KEY_B64`, `TOKEN_2`.
_CODED = frozenset({"B64", "BASE64", "BASE", "VALUE", "HEX"})
# The users of a proxy with their passwords or hashes of them.
_USERS = ("basicauth.users", "digestauth.users", "basic_auth", "basicauth", "basic-auth")
# Parameters of an address that are secrets there and everyday words elsewhere.
_PARAMETERS = frozenset({"key", "sig", "signature", "auth", "pass", "pwd", "pw"})
_FILES = frozenset(
    {
        ".pgpass",
        "pgpass",
        ".netrc",
        "_netrc",
        ".htpasswd",
        "htpasswd",
        ".git-credentials",
        ".dockercfg",
        ".my.cnf",
    }
    | {
        ".dockerconfigjson",
        "id_rsa",
        "id_dsa",
        "id_ecdsa",
        "id_ed25519",
        "tls.key",
        "kubeconfig",
        ".vault-token",
    }
)
_CAMEL = regex(r"(?<=[a-z0-9])(?=[A-Z])")
_OWNED_KEY = regex(r"(?i)[./]key\d*$")
_APART = regex(r"[^A-Z0-9]+")
# What a text must hold for any name in it to be that of a secret.
HINT = regex(
    r"(?i)pass|pwd|identified|secret|token|key|credential|dsn|auth|salt|bearer|login|private|cert|cred|psk"
    r"|rootpw|bindpw|community|user[_ \t]|(?<![a-z])(?:pw|sig|b64|users)"
)


def words_of(name: str) -> list[str]:
    """The words of a variable's, an option's or a label's name, in capitals."""
    return [
        name_word for name_word in _APART.split(_CAMEL.sub("_", name).upper()) if name_word
    ]


def lists_users(name: str) -> bool:
    """Whether a label or an option of that name holds the users of a proxy."""
    return name.casefold().endswith(_USERS)


@lru_cache(maxsize=4096)
def secret_name(name: str) -> bool:
    """Whether what is called so is a secret."""
    if lists_users(name):
        return True
    name_words = _words_but_coding(name)
    if not name_words or _is_about_secret(name_words):
        return False
    last_word = name_words[-1].rstrip("0123456789")
    if last_word in _LAST_WORDS:
        return len(name_words) > 1 or last_word not in _NOT_ALONE
    if last_word == "KEY" and _opens_something(name, name_words):
        return True
    ends = any(name_word.endswith(_ENDINGS) for name_word in (*name_words, last_word))
    return ends or _has_secret_key(name_words) or bool(_WORDS & set(name_words))


def _words_but_coding(name: str) -> list[str]:
    """The words of a name without those that say in which form the secret is written."""
    name_words = words_of(name)
    while len(name_words) > 1 and (name_words[-1] in _CODED or name_words[-1].isdigit()):
        name_words.pop()
    return name_words


def _is_about_secret(name_words: list[str]) -> bool:
    """Whether the name is that of something about a secret, or of a key that anyone may know."""
    if tuple(name_words[-2:]) in _SECRET_PAIRS:
        return False
    return (
        name_words[-1] in _ABOUT
        or ("TOKENS" in name_words and not _COUNTS.isdisjoint(name_words))
        or tuple(name_words[-2:]) in _ABOUT_PAIRS
        or {"PUBLIC", "KEY"} <= set(name_words)
    )


def _opens_something(name: str, name_words: list[str]) -> bool:
    """Whether the key that a name ends in is one to a lock: in `com.example/key` the words say whose key it is."""
    return (
        bool(name_words[-2:-1])
        and name_words[-2] not in _OPEN_KEYS
        and not _OWNED_KEY.search(name)
    )


def _has_secret_key(name_words: list[str]) -> bool:
    return any(
        name_word in ("KEY", "KEYS") and kind in _KEYS
        for kind, name_word in pairwise(name_words)
    )


def secret_parameter(name: str) -> bool:
    """Whether a parameter of an address (`?name=value`) is a secret."""
    return name.casefold() in _PARAMETERS or secret_name(name)


def secret_file(path: str) -> bool:
    """Whether a file of that name is there to hold a secret."""
    name = re.split(r"[/\\]", path)[-1]
    return name.casefold() in _FILES or secret_name(name.removesuffix(".txt"))
