"""Tokens of services by their forms, made at random, and ways to hold a secret in structured texts and commands."""

from __future__ import annotations

import string
from base64 import b64encode
from collections.abc import Callable, Mapping
from random import Random

LOWER_HEX, HEX = "0123456789abcdef", "0123456789abcdefABCDEF"
ALNUM = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + string.digits
BASE32 = string.ascii_uppercase + "234567"

# Where a token of a service is random: how many letters of which alphabet; other text stands as it is.
_PATTERNS: Mapping[str, tuple[str | tuple[int, str], ...]] = {
    "aws": ("AKIA", (16, BASE32)), "aws for a while": ("ASIA", (16, BASE32)), "github": ("ghp_", (36, ALNUM)),
    "github app": ("ghs_", (36, ALNUM)), "github oauth": ("gho_", (36, ALNUM)), "github fine": ("github_pat_", (82, ALNUM)),
    "gitlab": ("glpat-", (20, ALNUM)), "gitlab runner": ("glrt-", (20, ALNUM)), "gitlab old runner": ("GR1348941", (20, ALNUM)),
    "gitlab deploy": ("gldt-", (20, ALNUM)), "slack": ("xoxb-", (11, "0123456789"), "-", (12, "0123456789"), "-", (24, ALNUM)),
    "slack app": ("xapp-1-", (11, UPPER), "-", (13, "0123456789"), "-", (40, LOWER_HEX)),
    "stripe": ("sk_live_", (24, ALNUM)), "stripe restricted": ("rk_test_", (24, ALNUM)), "openai": ("sk-proj-", (48, ALNUM)),
    "anthropic": ("sk-ant-api03-", (93, ALNUM), "AA"), "google": ("AIza", (35, ALNUM)), "google secret": ("GOCSPX-", (28, ALNUM)),
    "vault": ("hvs.", (95, ALNUM)), "vault batch": ("hvb.", (140, ALNUM)), "hugging face": ("hf_", (34, string.ascii_letters)),
    "npm": ("npm_", (36, ALNUM)), "pypi": ("pypi-AgEIcHlwaS5vcmc", (60, ALNUM)), "docker hub": ("dckr_pat_", (27, ALNUM)),
    "digital ocean": ("dop_v1_", (64, LOWER_HEX)), "shopify": ("shpat_", (32, HEX)), "databricks": ("dapi", (32, LOWER_HEX)),
    "grafana": ("glsa_", (32, ALNUM), "_", (8, HEX)), "grafana cloud": ("glc_", (60, ALNUM)), "linear": ("lin_api_", (40, ALNUM)),
    "doppler": ("dp.pt.", (43, ALNUM)), "tailscale": ("tskey-auth-", (16, ALNUM), "-", (32, ALNUM)), "age": ("AGE-SECRET-KEY-1", (58, BASE32)),
    "telegram": ((9, "123456789"), ":AA", (33, ALNUM)), "twilio": ("SK", (32, LOWER_HEX)), "mailgun": ("key-", (32, LOWER_HEX)),
    "mailchimp": ((32, LOWER_HEX), "-us12"), "atlassian": ("ATATT3", (180, ALNUM)), "sendgrid": ("SG.", (22, ALNUM), ".", (43, ALNUM)),
    "1password": ("ops_eyJ", (260, ALNUM)), "adobe": ("p8e-", (32, ALNUM)), "airtable": ("pat", (14, ALNUM), ".", (64, LOWER_HEX)),
    "alibaba": ("LTAI", (20, ALNUM)), "artifactory": ("AKCp", (69, ALNUM)), "bedrock": ("ABSK", (120, ALNUM)),
    "azure": ((3, ALNUM), "8Q~", (34, ALNUM)), "clojars": ("CLOJARS_", (60, string.ascii_lowercase)),
    "dynatrace": ("dt0c01.", (24, UPPER), ".", (64, UPPER)), "duffel": ("duffel_live_", (43, ALNUM)), "easypost": ("EZAK", (54, ALNUM)),
    "fly": ("fo1_", (43, ALNUM)), "frame.io": ("fio-u-", (64, ALNUM)), "harness": ("pat.", (22, ALNUM), ".", (24, ALNUM), ".", (20, ALNUM)),
    "terraform": ((14, ALNUM), ".atlasv1.", (64, ALNUM)), "heroku": ("HRKU-AA", (58, ALNUM)), "infracost": ("ico-", (32, ALNUM)),
    "maxmind": ((6, ALNUM), "_", (29, ALNUM), "_mmk"), "notion": ("ntn_", (11, "0123456789"), (35, ALNUM)), "octopus": ("API-", (26, UPPER)),
    "openshift": ("sha256~", (43, ALNUM)), "perplexity": ("pplx-", (48, ALNUM)), "planetscale": ("pscale_tkn_", (43, ALNUM)),
    "postman": ("PMAK-", (24, LOWER_HEX), "-", (34, LOWER_HEX)), "prefect": ("pnu_", (36, ALNUM)), "pulumi": ("pul-", (40, LOWER_HEX)),
    "readme": ("rdme_", (70, string.ascii_lowercase)), "rubygems": ("rubygems_", (48, LOWER_HEX)), "scalingo": ("tk-us-", (48, ALNUM)),
    "brevo": ("xkeysib-", (64, LOWER_HEX), "-", (16, ALNUM)), "sentry": ("sntryu_", (64, LOWER_HEX)), "shippo": ("shippo_live_", (40, HEX)),
    "sourcegraph": ("sgp_", (40, HEX)), "square": ("sq0atp-", (22, ALNUM)), "new relic": ("NRAK-", (27, UPPER)),
    "jwt": ("eyJhbGciOiJIUzI1NiJ9.eyJ", (30, ALNUM), ".", (43, ALNUM)), "bcrypt": ("$2y$10$", (53, ALNUM)), "apache hash": ("$apr1$", (8, ALNUM), "$", (22, ALNUM)),
    "argon": ("$argon2id$v=19$m=65536,t=3,p=4$", (22, ALNUM), "$", (43, ALNUM)), "slack hook": ("https://hooks.slack.com/services/T", (8, UPPER), "/B", (8, UPPER), "/", (24, ALNUM)),
    "discord hook": ("https://discord.com/api/webhooks/", (18, "123456789"), "/", (68, ALNUM)),
    "address": ("postgres://app:", (14, ALNUM), "@db:5432/x"), "token in an address": ("https://", (24, ALNUM), ":x-oauth-basic@git.example/a.git"),
    "connection string": ("Server=db;User Id=sa;Password=", (14, ALNUM), ";"), "query": ("https://h.example/x?access_token=", (24, ALNUM)),
    "storage": ("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=", (64, ALNUM), "==;EndpointSuffix=core.windows.net"),
}  # fmt: skip


def token(name: str, random: Random) -> tuple[str, tuple[str, ...]]:
    """A token of that form, and the random parts of it, none of which may be seen."""
    parts: list[str] = []
    secret_parts: list[str] = []
    for part in _PATTERNS[name]:
        if isinstance(part, str):
            parts.append(part)
            continue
        made = "".join(random.choices(part[1], k=part[0]))
        parts.append(made)
        secret_parts += [made] if len(made) > 10 else []
    return "".join(parts), tuple(secret_parts)


TOKENS = tuple(_PATTERNS)

# Texts of configuration files with a secret at `@@`, as their own parsers read them.
CONFIGS: Mapping[str, str] = {
    "yaml map": "db:\n  user: app\n  password: @@\n", "yaml flow": "db: {user: app, password: @@}\n", "yaml quoted": 'db:\n  password: "@@"\n',
    "yaml single": "api:\n  token: '@@'\n", "yaml block": "private_key: |\n  @@\n", "yaml folded": "secret: >-\n  @@\n",
    "yaml anchor": "a: &p @@\npassword: *p\n", "yaml tag": "password: !!str @@\n", "yaml list of passwords": "passwords:\n  - @@\n  - b\n",
    "yaml camel": "clientSecret: @@\n", "yaml dashes": "client-secret: @@\n", "yaml dotted": "spring.datasource.password: @@\n",
    "yaml name and value": "- name: DB_PASSWORD\n  value: @@\n", "yaml key and value": "- key: api_token\n  value: @@\n",
    "yaml deep": "a:\n  b:\n    c:\n      auth_token: @@\n", "yaml with a comment": "password: @@ # the one of production\n",
    "json": '{"db": {"password": "@@"}}\n', "json spaced": '{ "apiKey" : "@@" }\n', "json name and value": '[{"name": "TOKEN", "value": "@@"}]\n',
    "json list": '{"tokens": ["@@", "b"]}\n', "json upper": '{"DB_PASSWORD": "@@"}\n', "json escaped": '{"config": "{\\"password\\": \\"@@\\"}"}\n',
    "docker auth": '{"auths": {"r.example": {"auth": "@b@"}}}\n', "xml element": "<c><password>@@</password></c>\n",
    "xml attribute": '<db user="a" password="@@"/>\n', "xml property": '<property name="db.password" value="@@"/>\n',
    "xml named text": '<property name="db.password">@@</property>\n', "xml cdata": "<password><![CDATA[@@]]></password>\n",
    "xml hadoop": "<property><name>fs.s3a.secret.key</name><value>@@</value></property>\n", "xml entry": '<entry key="token">@@</entry>\n',
    "ini": "[db]\nuser=a\npassword=@@\n", "ini spaced": "[db]\npassword = @@\n", "ini quoted": '[db]\npassword = "@@"\n',
    "properties": "db.password=@@\n", "properties colon": "db.password: @@\n", "toml": '[db]\npassword = "@@"\n', "toml inline": 'db = { user = "a", password = "@@" }\n',
    "toml single": "token = '@@'\n", "hcl": 'provider "x" {\n  token = "@@"\n}\n', "env": "DB_PASSWORD=@@\n", "env export": "export API_TOKEN=@@\n",
    "netrc": "machine h.example login a password @@\n", "netrc lines": "machine h\n  login a\n  password @@\n", "pgpass": "db:5432:app:app:@@\n",
    "htpasswd": "admin:$apr1$abcdefgh$@@abcdefgh\n", "my.cnf": "[client]\nuser=root\npassword=@@\n", "odbc": "Driver=x;Server=db;Uid=a;Pwd=@@;\n",
    "nginx header": 'location / { proxy_set_header Authorization "Bearer @@"; }\n', "nginx key": "proxy_set_header X-Api-Key @@;\n",
    "apache": "AuthLDAPBindPassword @@\n", "redis": "requirepass @@\n", "redis user": "user app on >@@ ~* +@all\n", "redis master": "masterauth @@\n",
    "haproxy": "userlist u\n  user a insecure-password @@\n", "haproxy stats": "stats auth admin:@@\n", "squid": "cache_peer h parent 3128 0 login=a:@@\n",
    "prometheus": "basic_auth:\n  username: a\n  password: @@\n", "prometheus bearer": "authorization:\n  credentials: @@\n",
    "alertmanager": "slack_api_url: https://hooks.slack.com/services/T0/B0/@@\n", "smtp": "smtp_auth_password: @@\n", "slapd": "rootpw @@\n",
    "slapd config": "olcRootPW: @@\n", "sssd": "ldap_default_authtok = @@\n", "wpa": 'network={\n psk="@@"\n}\n', "ipsec": '%any %any : PSK "@@"\n',
    "ppp": '"user" * "@@" *\n# secret: @@\n', "sql": "CREATE USER a WITH PASSWORD '@@';\n", "sql mysql": "CREATE USER a IDENTIFIED BY '@@';\n",
    "sql oracle": "CREATE USER a IDENTIFIED BY @@;\n", "sql server": "CREATE LOGIN a WITH PASSWORD = N'@@';\n", "sql alter": "ALTER ROLE a PASSWORD '@@';\n",
    "sql set": "SET PASSWORD FOR a = PASSWORD('@@');\n", "sql insert": "-- password: @@\nSELECT 1;\n", "php": "<?php $db = ['password' => '@@'];\n",
    "php define": "<?php define('DB_PASSWORD', '@@');\n", "ruby": "config.password = '@@'\n", "ruby hash": "{ :password => '@@' }\n", "python": 'PASSWORD = "@@"\n',
    "python dict": "DATABASES = {'default': {'PASSWORD': '@@'}}\n", "python env": 'os.environ.get("API_TOKEN", "@@")\n', "javascript": "module.exports = { apiKey: '@@' };\n",
    "javascript const": 'const token = "@@";\n', "java": 'ds.setPassword("@@");\n', "jaas": 'KafkaServer { x required user_admin="@@"; };\n',
    "erlang": '[{rabbit, [{default_pass, <<"@@">>}]}].\n', "rabbitmq": "default_pass = @@\n", "crontab": "0 3 * * * PGPASSWORD=@@ pg_dump app\n",
    "crontab curl": "0 3 * * * curl -u a:@@ https://h/\n", "shell mysql": "mysql -u root -p@@ app < a.sql\n", "shell curl": "curl -H 'Authorization: Bearer @@' https://h\n",
    "shell here": "psql <<EOF\nALTER USER a PASSWORD '@@';\nEOF\n", "shell sshpass": "sshpass -p @@ ssh a@h\n", "shell redis": "redis-cli -a @@ ping\n",
    "shell mongo": "mongosh -u a -p @@ admin\n", "shell openssl": "openssl enc -aes-256-cbc -pass pass:@@ -in a\n", "dockerfile": "FROM x\nENV API_TOKEN=@@\n",
    "dockerfile old": "FROM x\nENV API_TOKEN @@\n", "dockerfile arg": "FROM x\nARG NPM_TOKEN=@@\n", "npmrc": "//registry.npmjs.org/:_authToken=@@\n",
    "pip": "[global]\nindex-url = https://a:@@@pypi.example/simple\n", "git": '[url "https://a:@@@h/"]\n  insteadOf = https://h/\n', "maven": "<server><password>@@</password></server>\n",
    "gradle": "signing.password=@@\n", "ansible": "ansible_become_password: @@\n", "kubeconfig": "users:\n- name: a\n  user:\n    token: @@\n", "snmp": "rocommunity @@\n",
    "freeradius": 'bob Cleartext-Password := "@@"\n', "dovecot": "dovecot_passdb_password = @@\n", "traefik": 'users = ["a:$apr1$abcdefgh$@@"]\n',
    "telegraf": '[[outputs.influxdb_v2]]\n  token = "@@"\n', "logstash": 'output { elasticsearch { user => "a" password => "@@" } }\n', "fluentd": "<store>\n  password @@\n</store>\n",
    "mosquitto": "bridge remote_password @@\nremote_password @@\n", "caddy": "basic_auth {\n  a @@\n}\n# password @@\n", "liquibase": "password: @@\nurl: x\n",
}  # fmt: skip

# Commands with a secret at `@@`, as a shell runs them.
COMMANDS: tuple[str, ...] = (
    "redis-server --requirepass @@", "serve --password=@@", "serve --api-token @@", "app --db.password=@@", "app --client-secret @@",
    "sh -c 'API_TOKEN=@@ exec app'", "sh -c 'export DB_PASSWORD=@@; app'", "sh -c 'mysql -uroot -p@@ app'", "sh -c 'mysqladmin --password=@@ ping'",
    "sh -c 'psql postgresql://a:@@@db/x'", "sh -c 'PGPASSWORD=@@ psql -h db'", "sh -c 'curl -u a:@@ http://h/'", "sh -c 'curl --user a:@@ http://h/'",
    "sh -c 'curl -H \"Authorization: Bearer @@\" http://h/'", "sh -c 'curl -H \"X-Api-Key: @@\" http://h/'", "sh -c 'wget --password=@@ http://h/'",
    "sh -c 'wget --header=\"Authorization: token @@\" http://h/'", "sh -c 'mongosh -u a -p @@'", "sh -c 'mongosh mongodb://a:@@@h/'", "sh -c 'redis-cli -a @@ ping'",
    "sh -c 'redis-cli AUTH @@'", "sh -c 'sshpass -p @@ ssh h'", "sh -c 'sshpass -p@@ ssh h'", "sh -c 'echo @@ | passwd --stdin a'", "sh -c 'echo a:@@ | chpasswd'",
    "sh -c 'echo @@ | sudo -S id'", "sh -c 'rabbitmqctl add_user a @@'", "sh -c 'rabbitmqctl change_password a @@'", "sh -c 'sqlplus a/@@@db'",
    "sh -c 'sqlcmd -S db -U sa -P @@'", "sh -c 'htpasswd -bc f a @@'", "sh -c '7z x -p@@ a.7z'", "sh -c 'unzip -P @@ a.zip'", "sh -c 'openssl rsa -passin pass:@@'",
    "sh -c 'vault login @@'", "sh -c 'az login -u a -p @@'", "sh -c 'docker login -u a -p @@ r'", "sh -c 'mc alias set m http://h a @@'", "sh -c 'ldapsearch -x -w @@ -D cn=a'",
    "sh -c 'smbclient -U a%@@ //h/s'", "sh -c 'keytool -list -storepass @@'", "sh -c 'kubectl create secret generic a --from-literal=k=@@'",
    "java -Ddb.password=@@ -jar a.jar", "java -Djavax.net.ssl.keyStorePassword=@@ -jar a.jar", "app --url=amqp://a:@@@mq", "app --dsn 'host=db password=@@'",
    "sh -c 'aws configure set aws_secret_access_key @@'", "sh -c 'npm config set //r/:_authToken @@'", "sh -c 'git clone https://a:@@@h/x.git'", "sh -c 'ngrok authtoken @@'",
    "sh -c 'printf \"%s\" @@ | docker login --password-stdin r'", "sh -c 'echo \"token: @@\" > f'", "sh -c 'gpg --passphrase @@ -d f'", "sh -c 'influx -username a -password @@'",
    "sh -c 'clickhouse-client --password @@'", "sh -c 'cqlsh -u a -p @@'", "sh -c 'wp user create a a@h --user_pass=@@'", "sh -c 'curl --oauth2-bearer @@ h'",
    "start --db-username keycloak --db-password @@", "minio server --secret-key @@",
)  # fmt: skip


def secret_text(random: Random) -> str:
    """A secret that no form gives away."""
    return "".join(random.choices(ALNUM, k=18))


def filled(template: str, secret: str) -> str:
    """The template with the secret in its places; `@b@` is a login in base64."""
    login = b64encode(f"user:{secret}".encode()).decode()
    return template.replace("@b@", login).replace("@@", secret)


Fill = Callable[[Random], str]
