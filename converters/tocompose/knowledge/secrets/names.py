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
    PASSPHRASES PASSCODES TOKENS APIKEYS SECRETKEYS CREDS CRED PSK PSKS AUTHTOK
    STOREPASS KEYPASS BEARER PASSKEY PASSKEYS MNEMONIC SKEY
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
    "AUTHKEY",
    "MASTERKEY",
    "ENCRYPTIONKEY",
    "SIGNINGKEY",
    "LICENSEKEY",
)
# Words that end in PASS, PWD or PW are passwords, as `ADMINPASS` and `ROOTPW` are; these are not.
_JOINED = ("PASS", "PWD")
_NOT_JOINED = _split_words(
    "BYPASS COMPASS ENCOMPASS OLDPWD OVERPASS SURPASS TRESPASS UNDERPASS"
)
_JOINED_SHORT = regex(r"(?:ADMIN|BIND|DB|FTP|LDAP|MAIL|RCON|ROOT|SMTP|SQL|USER)PW")
# Confluent's images: names of files in the folder of secrets.
_FILES_NAMED = ("KEY", "KEYSTORE", "TRUSTSTORE")
_ABOUT_PAIRS = frozenset(
    {
        # Rails' switch that lets a build do without the key.
        ("BASE", "DUMMY"),
        ("EXPIRES", "IN"),
        ("KEY", "IN"),
        ("SAME", "SITE"),
        ("TO", "LIVE"),
        *((name, "CREDENTIALS") for name in _FILES_NAMED),
    }
)
# Vault's half of a login, whose other one, its role's, may be known; and a key that encrypts other keys.
_SECRET_PAIRS = frozenset({("SECRET", "ID"), ("KEY", "ENCRYPTION")})
# What the nodes of an Erlang cluster know each other by: https://www.erlang.org/doc/system/distributed.html
_COOKIE_PAIRS = frozenset({("ERLANG", "COOKIE"), ("RELEASE", "COOKIE")})
_LAST_WORDS = frozenset({"PASS", "PWD", "PW", "SALT", "PEPPER", "DSN", "JWT", "PAT"})
# Of them those that are no secret alone: the working directory, the address of a source of data.
_NOT_ALONE = frozenset({"PWD", "DSN", "PAT"})
_KEYS = _split_words(
    """
    API ACCESS PRIVATE SECRET ENCRYPTION ENCRYPT SIGNING MASTER AUTH FERNET APP ROLE
    ACCOUNT SHARED CLIENT HMAC JWT SESSION COOKIE RPC DECRYPTION NONCE BOUNCER WIDGET
    """
)
# `…_KEY` is a secret but for the keys that things are found by, and those that anyone may know.
_OPEN_KEYS = _split_words(
    """
    PUBLIC PUB PUBLISHABLE SITE CACHE PRIMARY FOREIGN SORT PARTITION ROUTING HASH ROW
    GROUP BINDING INDEX LOOKUP MESSAGE OBJECT RECORD ITEM UNIQUE LOCK FILE LABEL TOPOLOGY
    FEATURE REGISTRY CONFIG METADATA HOST MAP TAG SELECTOR REF QUEUE TOPIC STREAM ID NAME
    PATH USER EVENT JSON LOG FIELD SHARD HEADER FLAG DEFAULT GPG PGP IDEMPOTENCY ANNOTATION HOT
    EMAIL IDENTIFIER PREFIX CLAIM ATTRIBUTE COLUMN UID
    """
)
# A key in whose name one of these stands is one to a lock, whatever else it is called.
_LOCKS = _split_words("ENCRYPTION ENCRYPT DECRYPTION SIGNING")
# What comes last in the name of something about a secret rather than the secret itself.
_ABOUT = _split_words(
    """
    FILE PATH DIR HOST HOSTNAME PORT NAME USER USERNAME LANGUAGE ID TTL EXPIRY EXPIRES EXPIRATION EXPIRE
    LENGTH MIN MAX SIZE TIMEOUT ENABLED ENABLE DISABLED REQUIRED ALGORITHM ALG TYPE HEADER
    ISSUER AUDIENCE POLICY ENDPOINT METHOD PREFIX SUFFIX FIELD ROUNDS AGE LIFETIME
    DURATION SECONDS MINUTES HOURS DAYS COUNT FORMAT ENGINE PROVIDER BACKEND STORE MODE
    HASHER CLASS REGION VERSION LOCATION INTERVAL LIMIT SERVICE URL URI
    ENCODING STRENGTH COMMAND CMD TEMPLATE SCOPE ENCRYPTION HASHING VALIDATION REF
    MOUNT ARN STDIN REGEX COMPLEXITY RATE SOURCE MS HINT DOMAIN TIME
    REALM ITERATIONS MODULE ATTRIBUTE LEVEL ACTIVE ALLOWED SECURE SAMESITE SCHEME
    ROUTE
    WITHIN VOLUME STATUS STRATEGY HANDLER CONVERTER SERIALIZER DESERIALIZER VALIDATOR MANAGER PLUGIN FILTER
    THRESHOLD WINDOW CAPACITY BUDGET QUOTA COST BURST ATTEMPT RETRY RETRIES DELAY LEEWAY VALIDITY
    CHARSET ALPHABET PATTERN RULE PERMISSION ROLE PARAM PARAMETER STYLE FINGERPRINT THUMBPRINT CHECKSUM ALIAS
    OWNER DRIVER ADAPTER NAMESPACE HELPER VARIABLE ROTATION GENERATOR LABEL TITLE CAPTION PLACEHOLDER
    TOOLTIP DESCRIPTION ICON COLOR BUTTON ATTR COLUMN CLAIM QUERY
    """
)
# What is done with a password rather than the password: its value may be a switch or a mode.
_ACTS = _split_words(
    """
    ALLOW ASK CHANGE CHECK CONFIRM DELETE DISABLE EDIT EMPTY ENABLE EXPIRE EXPORT FORCE FORGET FORGOT FORGOTTEN
    GENERATE GET HIDE IGNORE IMPORT LIMIT LIMITER MAX MIN NO ONETIME PROMPT RANDOM REMEMBER REQUIRE REQUIRES RESET
    ROTATE SAVE SEND SHOW SKIP STORE UPDATE USE VALIDATE VERIFY WITH WITHOUT
    """
)
# What comes last in the name of a list of fields, such as those in which a directory keeps its users:
# https://doc.dovecot.org/2.3/configuration_manual/authentication/ldap_authentication/
_FIELD_LISTS = _split_words("ATTR ATTRIBUTE CLAIM COLUMN FIELD MAP MAPPING")
# Words of names that hold the texts of a user interface; a capital behind a digit begins a word.
_SHOWN = _split_words("I18 I18N L10 L10N LABEL LOCALE PLACEHOLDER TOOLTIP")
# Names whose value is the secret itself, which may then be any word.
_ITSELF = _split_words("PASSWORD PASSWD PASSPHRASE PASSCODE PASS PWD PW SECRET")
# Names under which a value is a secret where it looks random, and an everyday setting otherwise.
_PERHAPS = _split_words("AUTH CLAIM ENTROPY LICENSE NONCE SEED")
# Names of users, whose passwords may stand behind a colon.
_LOGINS = _split_words("ADMIN AUTH LOGIN SUPERUSER USERPASS USERS")
_KNOWN_TO_ALL = _split_words("PUBLIC PUB PUBLISHABLE SITE GPG PGP RELEASE")
# What ends the name of something that anyone may know, and mostly of its file: a certificate, a bundle or a chain of
# them, a public key: `REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE`.
# https://distribution.github.io/distribution/about/configuration/#token
_CERTIFICATE = regex(
    r"(?:^|_)(?:ROOT_?|TRUSTED_?|CA_?)*(?:CA|CERT|CERTIFICATE|CRT)S?(?:_?(?:BUNDLE|CHAIN)S?)?$"
)
_PUBLIC_KEY = regex(r"(?:^|_)PUB(?:LIC)?KEYS?$")
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
        # https://www.pgbouncer.org/config.html#authentication-file-format
        "userlist.txt",
        # https://artemis.apache.org/components/artemis/documentation/latest/security.html
        "artemis-users.properties",
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
# What a text in small letters must hold for any name in it to be that of a secret.
_HINT = regex(
    r"pass|pwd|identified|secret|token|key|credential|dsn|auth|salt|bearer|login|private|cert|cred|psk"
    r"|[a-z]pw|community|user[_= \t]|bundle_|mnemonic|(?:erlang|release)\W?_?cookie|jwt|pepper"
    r"|encrypt|createaccount|superuser|id_[red]|netrc|dockerc|kubeconfig|pdo|mysql|kty|convertto-|(?<![a-z])(?:pw|sig|b64|users)"
)


def hints_at_secret(text: str) -> bool:
    """Whether a name in the text may be that of a secret. Folding the case first takes a fifth of the time of a search
    in both cases."""
    return _HINT.search(text.casefold()) is not None


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
    return _holds_secret_word(name_words, last_word)


def _holds_secret_word(name_words: list[str], last_word: str) -> bool:
    """Whether some word of a name is that of a secret, written apart or joined to others."""
    if _is_joined(last_word) or tuple(name_words[-2:]) in _COOKIE_PAIRS:
        return True
    ends = any(name_word.endswith(_ENDINGS) for name_word in (*name_words, last_word))
    return ends or _has_secret_key(name_words) or bool(_WORDS & set(name_words))


@lru_cache(maxsize=4096)
def names_password(name: str) -> bool:
    """Whether the name says that its value is a password or a secret itself, so that any word may be one."""
    name_words = _words_but_coding(name)
    if not secret_name(name) or not _ACTS.isdisjoint(name_words):
        return False
    last_word = name_words[-1].rstrip("0123456789")
    return last_word in _ITSELF or _is_joined(last_word) or last_word.endswith(_ENDINGS[:4])


def names_secrets(name: str) -> bool:
    """Whether the name is that of several secrets, or of how many there are."""
    last_word = words_of(name)[-1:]
    is_plural = bool(last_word) and re.search("[^S]S$", last_word[0]) is not None
    return is_plural and secret_name(name)


def names_field(name: str, value: str) -> bool:
    """Whether the value says again what the name of a key says: `CAS_NICKNAME_KEY=nickname` is a field's name."""
    name_words = words_of(name)
    return (
        name_words[-1:] == ["KEY"]
        and name_words[-2:-1] == [value.upper()]
        and name_words[-2] not in _KEYS
    )


def lists_fields(name: str) -> bool:
    """Whether the name is that of fields, each perhaps with what it is called elsewhere: `userPassword=password`."""
    last_words = words_of(name)[-1:]
    return any(last_word.removesuffix("S") in _FIELD_LISTS for last_word in last_words)


def names_shown_text(name: str) -> bool:
    """Whether the name is that of a text of a user interface."""
    return not _SHOWN.isdisjoint(words_of(name))


def perhaps_secret_name(name: str) -> bool:
    """Whether what is called so is a secret where it looks random: a key that things are found by, a seed, a
    certificate that comes with its key in one file."""
    name_words = _words_but_coding(name)
    if not name_words or not _KNOWN_TO_ALL.isdisjoint(name_words):
        return False
    if _names_certificate(name_words):
        return not _WORDS.isdisjoint(name_words)
    last_word = name_words[-1].rstrip("0123456789")
    return last_word in _PERHAPS or (last_word == "KEY" and len(name_words) > 1)


def names_login(name: str) -> bool:
    """Whether what is called so may be a user with a password: `CREATE_SUPERUSER=admin:x`."""
    return not _LOGINS.isdisjoint(words_of(name)[-1:])


def _is_joined(name_word: str) -> bool:
    """Whether the word is a password with its owner written before it: `ADMINPASS`."""
    if name_word in _JOINED or name_word in _NOT_JOINED:
        return False
    return name_word.endswith(_JOINED) or _JOINED_SHORT.fullmatch(name_word) is not None


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
        or name_words[-1].removesuffix("S") in _ABOUT
        or ("TOKENS" in name_words and not _COUNTS.isdisjoint(name_words))
        or tuple(name_words[-2:]) in _ABOUT_PAIRS
        or {"PUBLIC", "KEY"} <= set(name_words)
        or _names_certificate(name_words)
        or _PUBLIC_KEY.search("_".join(name_words)) is not None
    )


def _names_certificate(name_words: list[str]) -> bool:
    """Whether the name is that of a certificate, or of several in one file."""
    return _CERTIFICATE.search("_".join(name_words)) is not None


def _opens_something(name: str, name_words: list[str]) -> bool:
    """Whether the key that a name ends in is one to a lock: in `com.example/key` the words say whose key it is."""
    if not _LOCKS.isdisjoint(name_words):
        return True
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
    folded = name.casefold()
    return folded in _PARAMETERS or folded.endswith("-signature") or secret_name(name)


def secret_file(path: str) -> bool:
    """Whether a file of that name is there to hold a secret."""
    name = re.split(r"[/\\]", path)[-1]
    return name.casefold() in _FILES or secret_name(name.removesuffix(".txt"))
