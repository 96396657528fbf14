"""Secrets in structured texts, each value where the parser of its language sees it: YAML, JSON, XML, SQL, and what
servers are configured with.

Spans are found for the whole of a text, since a name and its value may stand on different lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.knowledge.secrets.names import secret_name
from tocompose.patterns import regex

_Span = tuple[int, int]

_NAME = r"(?P<name>[A-Za-z_][\w.-]{0,99})"
# A value whole in its quotes, or up to what ends it there.
_VALUE = (
    r"(?:\"(?P<double>(?:[^\"\\\n]|\\.)+)\"|'(?P<single>[^'\n]+)'|"
    r"(?P<bare>[^\s\"',;&|<>{}\[\]()$*][^\s\"',;<>{}\[\]()]*))"
)
# What languages write before the name of what they set.
_DECLARED = r"(?:set|local|let|const|var|val|my|our|export|declare|public|private|protected|final|static|readonly)"
_QUOTED = r"(?P<mark>[\"'])(?P<quoted>(?:(?!(?P=mark))[^\n\\]|\\.)+)(?P=mark)"
# A name and its value in one place.
_NAMED = (
    # YAML and JavaScript: `{user: a, password: x}`.
    regex(
        rf"[{{,]\s{{0,99}}[\"']?{_NAME}[\"']?\s{{0,9}}:\s{{1,9}}{_VALUE}\s{{0,9}}(?=[,}}\n])",
        hints=[["{", ","], [":"]],
    ),
    regex(
        rf"[{{,]\s{{0,99}}{_NAME}\s{{0,9}}:\s{{0,9}}{_QUOTED}",
        hints=[["{", ","], [":"], ['"', "'"]],
    ),
    # PHP and Ruby: `'password' => 'x'`; Ruby and HOCON: `password: "x"`; Erlang: `{password, <<"x">>}`.
    regex(
        rf"(?:[\"':]|(?<=[\s({{,])){_NAME}[\"']?\s{{0,9}}=>\s{{0,9}}{_QUOTED}",
        hints=[["=>"], ['"', "'"]],
    ),
    # YAML: a value with an anchor, and a key with its sign.
    regex(
        rf"(?m)^[ \t-]{{0,99}}[\"']?{_NAME}[\"']?:[ \t]{{1,9}}&[\w-]{{1,99}}[ \t]{{1,9}}{_VALUE}",
        hints=[[":"], ["&"]],
    ),
    regex(
        rf"(?m)^[ \t-]{{0,99}}\?[ \t]{{1,9}}[\"']?{_NAME}[\"']?[ \t]{{0,9}}\n[ \t]{{0,99}}:[ \t]{{1,9}}{_VALUE}",
        hints=[["?"], [":"]],
    ),
    # sed: `s/__PASSWORD__/x/`.
    regex(
        rf"\bs(?P<sign>[/|#,])[^\w\s/|#,]{{0,4}}{_NAME}[^\w\s/|#,]{{0,4}}(?P=sign)(?P<text>[^\s/|#,]{{3,}})(?P=sign)",
        hints=[["/", "|", "#", ","]],
    ),
    regex(
        rf"\b{_NAME}(?::{{1,3}}\s|\s{{0,9}}:=)\s{{0,9}}{_QUOTED}", hints=[[":"], ['"', "'"]]
    ),
    regex(
        rf"[{{\[]\s{{0,9}}[\"']?{_NAME}[\"']?\s{{0,9}},\s{{0,9}}(?:<<)?{_QUOTED}",
        hints=[["{", "["], [","], ['"', "'"]],
    ),
    # `process.env.API_KEY || "x"`: what holds where the variable is not set.
    regex(
        rf"\b{_NAME}[\"')\]]{{0,2}}\s{{0,9}}(?:\|\||\?\?|or\b)\s{{0,9}}{_QUOTED}",
        hints=[["||", "??", "or"], ['"', "'"]],
    ),
    # TOML, Python: a text of several lines.
    regex(
        rf"(?m)^[ \t]{{0,99}}{_NAME}[ \t]{{0,9}}=[ \t]{{0,9}}(?:\"{{3}}|'{{3}})\s{{0,9}}(?P<text>[^\n\"']+)",
        hints=[["="], ['""', "''"]],
    ),
    # Lists of properties of Apple: https://developer.apple.com/documentation/bundleresources/information-property-list
    regex(
        rf"<key>\s{{0,99}}{_NAME}\s{{0,99}}</key>\s{{0,99}}<string>\s{{0,99}}(?P<text>[^<>]+?)\s{{0,99}}</string>",
        hints=[["<key>"], ["<string>"]],
    ),
    # FreeRADIUS: `Cleartext-Password := "x"`; TOML, HCL and properties with spaces around the sign.
    regex(
        rf"(?m)^[ \t]{{0,99}}(?:{_DECLARED}[ \t]+){{0,4}}[$@%\"']?(?:\w{{1,40}}(?:->|\[[\"']?))?"
        rf"{_NAME}[\"']?\]?[ \t]{{0,9}}(?::[ \t]?\w+[ \t])?"
        rf":?=[ \t]{{0,9}}{_VALUE}[ \t]{{0,9}};?[ \t]*\r?$",
        hints=[["="]],
    ),
    # Dockerfiles: `ENV API_TOKEN x`; Apache: `SetEnv`; nginx: `set $api_key x;`, `fastcgi_param`; headers of both.
    regex(
        rf"(?mi)^[ \t]*(?:ENV|ARG|set|setenv|\w+_param|(?:http-request[ \t]+)?set-header|(?:request)?header[ \t]+"
        rf"(?:set|add|append)|proxy_set_header)[ \t]{{1,9}}[$]?{_NAME}[ \t]{{1,9}}(?!=){_VALUE}[ \t]*;?[ \t]*\r?$",
        hints=[["env", "arg", "set", "_param", "header"]],
    ),
    # `"name": "DB_PASSWORD", "value": "x"` in JSON, YAML and attributes of XML, in either order; `"type": "password"`.
    regex(
        rf"(?i:\b(?:name|key|id|property|type)[\"']?)\s{{0,9}}[:=]\s{{0,9}}[\"']?{_NAME}[\"']?\s{{0,9}},?\s{{0,99}}"
        rf"[\"']?(?i:value|content|secret)[\"']?\s{{0,9}}[:=]\s{{0,9}}{_VALUE}",
        hints=[["name", "key", "id", "property", "type"], ["value", "content", "secret"]],
    ),
    regex(
        rf"(?i:[\"'\s{{]value[\"']?)\s{{0,9}}[:=]\s{{0,9}}{_VALUE}\s{{0,9}},?\s{{0,99}}"
        rf"[\"']?(?i:name|key)[\"']?\s{{0,9}}[:=]\s{{0,9}}[\"']?{_NAME}",
        hints=[["value"], ["name", "key"]],
    ),
    # `<property name="db.password">x</property>`, `<password><![CDATA[x]]></password>`,
    # `<name>…</name><value>x</value>`.
    regex(
        rf"<[\w.:-]{{1,100}}\s[^<>]{{0,300}}?(?:name|key|id)=[\"']{_NAME}[\"'][^<>]{{0,300}}>\s{{0,99}}"
        r"(?:<value>\s{0,99})?(?:<!\[CDATA\[)?(?P<text>[^<>\]]+?)\s{0,99}(?:\]\]>\s{0,99})?</",
        hints=[["<"], ["name=", "key=", "id="]],
    ),
    regex(
        r"<(?P<name>[\w.:-]{1,100})(?:\s[^<>]{0,300})?>\s{0,99}<!\[CDATA\[(?P<text>(?:[^\]]|\](?!\]>))+)\]\]>",
        hints=[["<![CDATA["]],
    ),
    regex(
        rf"<name>\s{{0,99}}{_NAME}\s{{0,99}}</name>\s{{0,99}}<value>\s{{0,99}}(?P<text>[^<>]+?)\s{{0,99}}</value>",
        hints=[["<name>"], ["<value>"]],
    ),
    regex(
        r"<(?P<name>[\w.:-]{1,100})(?:\s[^<>]{1,300})>\s{0,99}(?P<text>[^<>\s]+)\s{0,99}</(?P=name)>",
        hints=[["</"]],
    ),
)
# What a language or a server writes before a secret.
_SPOKEN = (
    # SQL: Oracle without quotes, and functions of MySQL.
    regex(
        r"(?i)\bIDENTIFIED\s{1,9}BY\s{1,9}(?:VALUES\s{1,9}|PASSWORD\s{1,9})?[NEU&]{0,2}'(?P<quoted>[^'\n]+)'",
        hints=[["identified"]],
    ),
    regex(
        r"(?i)\bIDENTIFIED\s{1,9}BY\s{1,9}(?!VALUES|PASSWORD)\"?(?P<bare>[^\s'\";$&:{<][^\s'\";]*)\"?",
        hints=[["identified"]],
    ),
    regex(
        r"(?i)\bPASSWORD\s{0,9}\(\s{0,9}'(?P<quoted>[^'\n]+)'",
        hints=[["password"], ["("], ["'"]],
    ),
    regex(
        r"(?i)\b(?:PASSWORD|SECRET|BY)\s{0,9}=?\s{0,9}(?:E|N|U&)'(?P<quoted>[^'\n]+)'",
        hints=[["password", "secret", "by"], ["e'", "n'", "u&'"]],
    ),
    regex(
        r"(?i)\bPASSWORD\s{1,9}\$(?P<tag>\w{0,20})\$(?P<quoted>[^$\n]+)\$(?P=tag)\$",
        hints=[["password"], ["$"]],
    ),
    # Headers of nginx, Apache and HAProxy.
    regex(
        r"(?i)\b(?:proxy-)?authorization[\"']?[\s:=,]{1,9}[\"']?(?:basic|bearer|token)\s{1,9}(?P<bare>[\w.~+/=-]{6,})",
        hints=[["authorization"], ["basic", "bearer", "token"]],
    ),
    # netrc, with each word on a line of its own or not.
    regex(
        r"(?:^|\s)(?:machine\s{1,9}\S{1,255}|default|login\s{1,9}\S{1,255})\s{1,99}(?:account\s{1,9}\S{1,255}\s{1,99})?password\s{1,9}(?P<bare>\S+)",
        hints=[["password"], ["machine", "default", "login"]],
    ),
    # The registries of docker: a user and a password in base64.
    regex(
        r"\\?\"(?:auth|identitytoken|registrytoken)\\?\"\s{0,9}:\s{0,9}\\?\"(?P<bare>[\w+/.=-]{8,})",
        hints=[["auth", "identitytoken", "registrytoken"], ['"']],
    ),
    # Users of Redis, HAProxy, squid, tinyproxy, PPP and IPsec.
    regex(
        r"(?m)^[ \t]*user[ \t]+\S+[ \t]+(?:[^\n]{0,200}?[ \t])?[>#](?P<bare>\S+)",
        hints=[["user"], [">", "#"]],
    ),
    regex(
        r"\b(?:insecure-)?password[ \t]+(?P<bare>\$?[^\s\"'$;{<&:=]\S*)[ \t]*(?m:$)",
        hints=[["password"]],
    ),
    regex(
        r"(?m)^[ \t]*stats[ \t]+auth[ \t]+[^\s:]+:(?P<bare>\S+)",
        hints=[["stats"], ["auth"]],
    ),
    regex(
        r"(?mi)^[ \t]*(?:BasicAuth|upstream_auth)[ \t]+\S+[ \t]+[\"']?(?P<bare>[^\s\"']+)",
        hints=[["basicauth", "upstream_auth"]],
    ),
    regex(
        r"(?m)^[^\n:]{0,200}:[ \t]*(?:PSK|XAUTH|EAP)[ \t]+[\"']?(?P<bare>[^\s\"']+)",
        hints=[["PSK", "XAUTH", "EAP"]],
    ),
    regex(
        r"(?m)^[ \t]*(?:rocommunity6?|rwcommunity6?)[ \t]+(?P<bare>[^\s$]+)",
        hints=[["community"]],
    ),
    regex(r"\blogin=[^\s:]{1,99}:(?P<bare>\S+)", hints=[["login="]]),
    regex(
        r"(?m)^[\"']?[^\s\"'#]{1,99}[\"']?[ \t]+\*[ \t]+\"(?P<quoted>[^\"\n]+)\"[ \t]+(?:\*|\d)",
        hints=[["*"], ['"']],
    ),
    # Java: `.setPassword("x")`, JAAS: `user_admin="x"`.
    regex(
        r"\b\w{0,40}(?:[pP]assword|[sS]ecret)\(\s{0,9}\"(?P<quoted>[^\"\n]+)\"\s{0,9}\)",
        hints=[["assword(", "ecret("]],
    ),
    regex(r"\buser_\w{1,60}=\"(?P<quoted>[^\"\n]+)\"", hints=[["user_"], ['="']]),
    # Users whose password is told by its place: MongoDB, PHP, sbt, Redis Sentinel, OpenVPN, SNMP, coturn, Bundler.
    regex(
        r"(?:\.auth|\bchangeUserPassword|\bcreateAccount)\(\s{0,9}[\"'][^\"'\n]+[\"']\s{0,9},"
        r"\s{0,9}[\"'](?P<quoted>[^\"'\n]+)[\"']",
        hints=[[".auth(", "Password(", "createAccount("]],
    ),
    regex(
        r"\bcreate_(?:super)?user\((?:\s{0,9}[\"'][^\"'\n]*[\"']\s{0,9},){2}\s{0,9}[\"'](?P<quoted>[^\"'\n]+)[\"']",
        hints=[["user("]],
    ),
    # What a request is compared with, or sent: `"Bearer x"`, `auth = Basic x`.
    regex(
        r"(?:[\"']|[=:][ \t]{0,9})(?i:bearer|basic)[ ]{1,9}(?=[\w.~+/=-]{0,200}\d)"
        r"(?P<bare>[\w.~+/=-]{12,})(?=[\"';\s]|$)",
        hints=[["earer", "asic"]],
    ),
    # Netdata: https://learn.netdata.cloud/docs/streaming/
    regex(r"(?m)^[ \t]*api[ \t]+key[ \t]*=[ \t]*(?P<bare>\S+)", hints=[["api"], ["key"]]),
    regex(
        r"\b(?:new\s+PDO|(?:new\s+)?mysqli(?:_connect)?|mysql_connect)\((?:\s*[\"'][^\"'\n]*[\"']\s*,){2}"
        r"\s*[\"'](?P<quoted>[^\"'\n]+)[\"']",
        hints=[["PDO", "mysql"]],
    ),
    regex(
        r"\bCredentials\((?:\s*\"[^\"\n]*\"\s*,){3}\s*\"(?P<quoted>[^\"\n]+)\"",
        hints=[["Credentials("]],
    ),
    regex(
        r"(?m)^[ \t]*sentinel[ \t]+auth-pass[ \t]+\S+[ \t]+[\"']?(?P<bare>[^\s\"']+)",
        hints=[["auth-pass"]],
    ),
    regex(
        r"<auth-user-pass>\s{1,9}[^\n<]+\n[ \t]*(?P<bare>[^\s<]+)",
        hints=[["<auth-user-pass>"]],
    ),
    regex(
        r"(?m)^[ \t]*createUser[ \t]+\S+[ \t]+(?:MD5|SHA\S*)[ \t]+\"?(?P<bare>[^\s\"]+)",
        hints=[["createUser"]],
    ),
    regex(r"(?m)^[ \t]*user=[\w.-]+:(?P<bare>(?!\d+$)\S{8,})[ \t]*$", hints=[["user="]]),
    regex(
        r"(?m)^[ \t]*BUNDLE_\w+__\w+:[ \t]*[\"']?[^\s\"':]+:(?P<bare>[^\s\"']+)",
        hints=[["BUNDLE_"]],
    ),
    # Composer's tokens, keys of JSON Web Keys, what Consul and Nomad encrypt their gossip with, PowerShell.
    regex(
        r"\"(?:github|gitlab)-(?:oauth|token)\"\s*:\s*\{\s*\"[^\"\n]+\"\s*:\s*\"(?P<quoted>[^\"\n]+)\"",
        hints=[["github-", "gitlab-"]],
    ),
    regex(
        r"\"kty\"[^{}]{0,2000}\"(?:k|d)\"\s{0,9}:\s{0,9}\"(?P<quoted>[\w-]{16,})\"",
        hints=[['"kty"']],
    ),
    regex(
        r"\bencrypt[\"']?\s{0,9}[=:]\s{0,9}[\"'](?P<quoted>[\w+/=-]{16,})[\"']",
        hints=[["encrypt"]],
    ),
    regex(
        r"(?i)\bConvertTo-SecureString\s+(?:-String\s+)?[\"'](?P<quoted>[^\"'\n]+)[\"']",
        hints=[["convertto-securestring"]],
    ),
)
# What is a password in a text, and something else as a variable.
_SHORT_NAMES = ("pwd", "pw")
_ALIAS = regex(rf"{_NAME}[\"']?:[ ]{{1,9}}\*(?P<alias>\w{{1,99}})")
_LIST = regex(
    rf"[\"']?{_NAME}[\"']?\s{{0,9}}[:=]\s{{0,9}}\[(?P<entries>[^\[\]{{}}]{{1,2000}})\]"
)
_ENTRY = regex(r"[\"']([^\"'\n]+)[\"']|([^\s\"',\[\]$]+)")
_BLOCK = regex(
    r"(?m)^(?P<indent>[ ]*)(?P<dash>(?:-[ ]+)*)[\"']?(?P<name>[A-Za-z_][\w.-]{0,99})[\"']?[ ]*:[ ]*"
    r"(?P<scalar>[|>][-+0-9]*)?[ ]*(?:#[^\n]*)?\r?$"
)
_BLOCK_LINE = regex(r"[ ]*(?:-[ ]+)?[\"']?(?P<bare>[^\n]*?)[\"']?[ ]*\r?(?:\n|$)")
_INSERT = regex(
    r"(?i)\bINSERT\s+(?:OR\s+\w+\s+|IGNORE\s+)?INTO\s+[^\s(]+\s{0,9}\((?P<columns>[^()]{1,2000})\)\s{0,99}"
    r"VALUES\s{0,99}\((?P<values>(?:'(?:[^'\\]|''|\\.)*'|[^'()]|\([^()]*\))*)\)",
    hints=[["insert"], ["values"]],
)
_SQL_VALUE = regex(r"\s*(?:[NEU&]{0,2}'(?P<quoted>(?:[^'\\]|''|\\.)*)'|[^',]+)(?:,|$)")
_NGINX_MAP = regex(
    r"\bmap\s+\$(?P<name>\w+)\s+\$\w+\s{0,9}\{(?P<entries>[^{}]*)\}",
    hints=[["map"], ["$"]],
)
_NGINX_ENTRY = regex(
    r"(?:^|(?<=[;\n{]))\s*(?!default\b)[\"']?(?P<bare>[\w+/=-]{6,})[\"']?\s+\S+\s*(?=;)"
)
_PRINTF = regex(
    r"\bprintf\s+(?:--\s+)?(?P<quote>['\"])(?P<format>(?:(?!(?P=quote))[^\\]|\\.)*)(?P=quote)(?P<arguments>[^;|&<>\n]*)"
)
_PRINTF_FIELD = regex(r"%[-+ #0-9.]*(?P<kind>[a-zA-Z%])")
_PRINTF_NAME = regex(r"(?P<name>[A-Za-z_][\w.-]{0,99})[\"']?\s*[:=]?\s*[\"']?$")
_PRINTF_ARGUMENT = regex(r"'([^']*)'|\"([^\"]*)\"|([^\s'\"]+)")


def document_spans(text: str) -> Iterator[_Span]:
    """Where secrets stand in the text by what is written before or around them; some may overlap."""
    for pattern in _NAMED:
        for match in pattern.finditer(text):
            if secret_name(match["name"]) or match["name"] in _SHORT_NAMES:
                yield match.span(_value_group(match.groupdict()))
    for pattern in _SPOKEN:
        for match in pattern.finditer(text):
            yield match.span(_value_group(match.groupdict()))
    yield from _inserted_values(text)
    yield from _mapped_values(text)
    yield from _anchored_values(text)
    yield from _listed_values(text)
    yield from _block_values(text)
    if "printf" in text:
        yield from _printed_values(text)


def _inserted_values(text: str) -> Iterator[_Span]:
    """The values of the columns of an INSERT that are called as secrets."""
    for insert in _INSERT.finditer(text):
        columns = [column.strip(' `"[]\n') for column in insert["columns"].split(",")]
        values = _SQL_VALUE.finditer(text, *insert.span("values"))
        for column, column_value in zip(columns, values, strict=False):
            if secret_name(column) and column_value["quoted"]:
                yield column_value.span("quoted")


def _mapped_values(text: str) -> Iterator[_Span]:
    """nginx: `map $http_x_api_key $known { "x" 1; }`, whose words on the left are what lets in."""
    for block in _NGINX_MAP.finditer(text):
        if secret_name(block["name"]):
            for entry in _NGINX_ENTRY.finditer(text, *block.span("entries")):
                yield entry.span("bare")


def _anchored_values(text: str) -> Iterator[_Span]:
    """`a: &p x` where `password: *p` stands too."""
    for alias in _ALIAS.finditer(text) if "&" in text else ():
        if secret_name(alias["name"]):
            for anchor in re.finditer(rf"&{alias['alias']}[ ]+(?P<bare>\S+)", text):
                yield anchor.span("bare")


def _value_group(groups: dict[str, str | None]) -> str:
    values = ("double", "single", "bare", "quoted", "text")
    return next(name for name in values if groups.get(name) is not None)


def _names_values(name: str) -> bool:
    """Whether what stands below the name are secrets; below `secrets:` of a manifest stand their names."""
    return secret_name(name) and (name.isupper() or not name.casefold().endswith("secrets"))


def _listed_values(text: str) -> Iterator[_Span]:
    """`passwords: [a, b]`."""
    for match in _LIST.finditer(text):
        if not _names_values(match["name"]):
            continue
        start, stop = match.span("entries")
        for entry in _ENTRY.finditer(text, start, stop):
            yield entry.span(entry.lastindex or 0)


def _block_values(text: str) -> Iterator[_Span]:
    """The lines below `password: |`, and the entries below `passwords:`."""
    for match in _BLOCK.finditer(text):
        if not _names_values(match["name"]):
            continue
        is_scalar = match["scalar"] is not None
        indent = len(match["indent"])
        position = match.end() + 1
        while position < len(text):
            line = _BLOCK_LINE.match(text, position)
            if line is None or not _is_below(line[0], indent, is_scalar):
                break
            if line["bare"]:
                yield line.span("bare")
            position = max(line.end(), position + 1)


def _is_below(line: str, indent: int, is_scalar: bool) -> bool:
    content = line.lstrip(" ")
    if not content.strip():
        return is_scalar
    deeper = len(line) - len(content) > indent
    if is_scalar:
        return deeper
    is_entry = content.startswith("- ") and ": " not in content
    return is_entry and (deeper or len(line) - len(content) == indent)


def _printed_values(text: str) -> Iterator[_Span]:
    """`printf 'password=%s' x`: the words that a format puts behind a name."""
    for match in _PRINTF.finditer(text):
        words = list(_PRINTF_ARGUMENT.finditer(text, *match.span("arguments")))
        fields = [
            field
            for field in _PRINTF_FIELD.finditer(match["format"])
            if field["kind"] != "%"
        ]
        for field, argument in zip(fields, words, strict=False):
            name = _PRINTF_NAME.search(match["format"], 0, field.start())
            if name and secret_name(name["name"]):
                yield argument.span(argument.lastindex or 0)
