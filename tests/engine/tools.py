"""A root file system in which the programs of health commands are stand-ins that really connect, and a server answers.

`/bin/serve PORT…` answers on each of the ports; what is mounted anywhere in it is seen by `cat`.
"""

from __future__ import annotations

import io
import subprocess
import tarfile

from engine.images import BUSYBOX, file_of, folders, link

CONNECT = """#!/bin/sh
# connect HOST PORT: whether somebody answers there.
echo | timeout 3 busybox nc -w 2 "$1" "$2" >/dev/null 2>&1
code=$?
[ $code -eq 0 ] || [ $code -eq 143 ] || [ $code -eq 124 ]
"""
# A client program: asks the port that it is told, or its own. It prints what clients of several servers print.
CLIENT = """#!/bin/sh
port={port}
while [ $# -gt 0 ]; do
  case "$1" in
    -p|-P|--port|-port) port=$2; shift ;;
    *://*:[0-9]*|localhost:[0-9]*|127.0.0.1:[0-9]*) rest=${{1##*:}}; port=${{rest%%/*}} ;;
    localhost,[0-9]*) port=${{1##*,}} ;;
    *-addr=*|*endpoints=*) port=${{1##*:}} ;;
  esac
  shift
done
/bin/connect 127.0.0.1 "$port" || exit 1
echo PONG 200 rows affected
"""
BASH = """#!/bin/sh
case "$2" in
  *"/dev/tcp/"*) place=${2##*/dev/tcp/}; exec /bin/connect "${place%%/*}" "${place#*/}" ;;
esac
exec sh "$@"
"""
# `node -e`, `php -r`, `python -c`: the number in the program is the port.
SCRIPT = """#!/bin/sh
port=$(echo "$2" | sed -n 's/.*connect(\\([0-9]*\\),.*/\\1/p; s/.*["'"'"',] *\\([0-9][0-9]*\\)).*/\\1/p' | head -n 1)
exec /bin/connect 127.0.0.1 "$port"
"""
ANSWER = """#!/bin/sh
printf 'HTTP/1.0 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\nok\\n'
"""
SERVE = """#!/bin/sh
for port in "$@"; do nc -ll -p "$port" -e /bin/answer & done
sleep 0.3
echo ready
trap 'exit 0' TERM
while :; do sleep 1; done
"""
CLIENTS = {
    "pg_isready": 5432,
    "mysqladmin": 3306,
    "mariadb-admin": 3306,
    "healthcheck.sh": 3306,
    "redis-cli": 6379,
    "valkey-cli": 6379,
    "mongosh": 27017,
    "mongo": 27017,
    "mc": 9000,
    "consul": 8500,
    "etcdctl": 2379,
    "influx": 8086,
    "cqlsh": 9042,
    "sqlcmd": 1433,
    "curl": 80,
    "kafka-broker-api-versions.sh": 9092,
}


def root_of_tools() -> bytes:
    """The root file system."""
    names = subprocess.run(
        [BUSYBOX, "--list"], capture_output=True, text=True, check=True
    ).stdout.split()
    scripts = {name: CLIENT.format(port=port) for name, port in CLIENTS.items()}
    scripts |= dict.fromkeys(("node", "php", "python"), SCRIPT)
    scripts |= {"connect": CONNECT, "bash": BASH, "answer": ANSWER, "serve": SERVE}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        folders(tar, ("bin", "tmp", "etc", "proc", "sys", "dev", "www", "opt", "opt/kafka"))
        tar.add(BUSYBOX.resolve(), "bin/busybox")
        for name in names:
            if name not in ("busybox", *scripts):
                link(tar, f"bin/{name}", "busybox")
        for name, text in scripts.items():
            file_of(tar, f"bin/{name}", text.encode(), 0o755)
        link(tar, "opt/kafka/bin", "/bin")
    return out.getvalue()


# An entry point that runs another program as it stands, and for anything else answers on the port of its image, or the
# one that its arguments name.
ENTRY = """#!/bin/sh
case "$1" in sh|/cron.sh) exec "$@" ;; esac
port=$STANDIN_PORT
while [ $# -gt 0 ]; do
  case "$1" in
    --port|-p) port=$2; shift ;;
    --port=*) port=${1#*=} ;;
  esac
  shift
done
exec /bin/serve "$port"
"""


def root_of_servers() -> bytes:
    """The root file system with that entry point, `/bin/entry`, and a program of another kind, `/cron.sh`."""
    out = io.BytesIO(root_of_tools())
    with tarfile.open(fileobj=out, mode="a") as tar:
        file_of(tar, "bin/entry", ENTRY.encode(), 0o755)
        file_of(tar, "cron.sh", b"#!/bin/sh\nexec sleep 9999\n", 0o755)
    return out.getvalue()
