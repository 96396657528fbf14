"""Where a secret goes a way through variables and arguments before something names it.

`%u` is the secret, which has letters and digits only. A file whose name ends in `.sh` beside a Makefile is called by it.
"""

from __future__ import annotations

from collections.abc import Mapping

from fuzz.places import Place
from fuzz.stack_places import planted

_RUN = "docker run -d --name web"
_TAKES_FIRST = f'#!/bin/sh\n{_RUN} -e DB_PASSWORD="$1" acme/web:1\n'
_UP = f"up:\n\t{_RUN}"

# What make computes, or is told, and a recipe hands on.
MAKE_FLOWS: Mapping[str, str] = {
    "variable that eval names": f"n := a\n$(eval T_$(n) := %u)\n{_UP} -e API_TOKEN=$(T_a) acme/web:1\n",
    "variable that eval sets": f"$(eval T := %u)\n{_UP} -e API_TOKEN=$(T) acme/web:1\n",
    "variable that eval sets in a recipe": f"up:\n\t$(eval T := %u)\n\t{_RUN} -e API_TOKEN=$(T) acme/web:1\n",
    "variable that a loop sets": f"$(foreach n,a b,$(eval T_$(n) := %u))\n{_UP} -e API_TOKEN=$(T_b) acme/web:1\n",
    "variable that a template sets": f"define PW_template\n$(1)_T := %u\nendef\n$(eval $(call PW_template,web))\n{_UP} -e API_TOKEN=$(web_T) acme/web:1\n",
    "variable of a computed name": f"T_a := %u\nn := a\n{_UP} -e API_TOKEN=$(T_$(n)) acme/web:1\n",
    "variable of a computed name set": f"n := a\nT_$(n) := %u\n{_UP} -e API_TOKEN=$(T_a) acme/web:1\n",
    "variable of a variable": f"A := %u\nB = $(A)\n{_UP} -e API_TOKEN=$(B) acme/web:1\n",
    "variable of two letters' difference": f"A := x%u\nB = $(A:x%=%)\n{_UP} -e API_TOKEN=$(B) acme/web:1\n",
    "value of a name": f"A := %u\n{_UP} -e API_TOKEN=$(value A) acme/web:1\n",
    "first word": f"A := %u other\n{_UP} -e API_TOKEN=$(firstword $(A)) acme/web:1\n",
    "word by number": f"A := other %u\n{_UP} -e API_TOKEN=$(word 2,$(A)) acme/web:1\n",
    "stripped": f"A := %u\n{_UP} -e API_TOKEN=$(strip $(A)) acme/web:1\n",
    "substituted": f"A := -%u\n{_UP} -e API_TOKEN=$(subst -,,$(A)) acme/web:1\n",
    "choice": f"A := $(if $(CI),ci,%u)\n{_UP} -e API_TOKEN=$(A) acme/web:1\n",
    "one or the other": f"A := $(or $(CI_TOKEN),%u)\n{_UP} -e API_TOKEN=$(A) acme/web:1\n",
    "prefix added": f"A := $(addprefix API_TOKEN=,%u)\n{_UP} -e $(A) acme/web:1\n",
    "loop over secrets": f"up:\n\t$(foreach t,%u,{_RUN} -e API_TOKEN=$(t) acme/web:1)\n",
    "called with a variable": f"start = {_RUN} -e API_TOKEN=$(1) acme/web:1\nA := %u\nup:\n\t$(call start,$(A))\n",
    "called within a call": f"inner = {_RUN} -e API_TOKEN=$(2) acme/web:1\nouter = $(call inner,x,$(1))\nup:\n\t$(call outer,%u)\n",
    "called with a defined recipe": f"define start\n{_RUN} -e API_TOKEN=$(1) acme/web:1\nendef\nup:\n\t$(call start,%u)\n",
    "called with a defined recipe of two lines": f"define start\ndocker rm -f web\n{_RUN} -e API_TOKEN=$(2) acme/web:1\nendef\nup:\n\t$(call start,web,%u)\n",
    "defined over lines": f"define PW :=\n%u\nendef\n{_UP} -e API_TOKEN=$(PW) acme/web:1\n",
    "exported under a plain name": f"export X := %u\n{_UP} -e API_TOKEN=$$X acme/web:1\n",
    "exported of a variable": f"A := %u\nexport DB_PASSWORD = $(A)\n{_UP} -e DB_PASSWORD acme/web:1\n",
    "exported all": f"X = %u\nexport\n{_UP} -e API_TOKEN=$$X acme/web:1\n",
    "of a pattern": f"%p: X = %u\nup:\n\t{_RUN} -e API_TOKEN=$(X) acme/web:1\n",
    "of several targets": f"up down: X := %u\nup:\n\t{_RUN} -e API_TOKEN=$(X) acme/web:1\n",
    "of a target needed": f"all: X = %u\nall: up\nup:\n\t{_RUN} -e API_TOKEN=$(X) acme/web:1\n",
    "of a target, private": f"up: private X = %u\nup:\n\t{_RUN} -e API_TOKEN=$(X) acme/web:1\n",
    "of a target that appends": f"up: F += -e API_TOKEN=%u\nup:\n\t{_RUN} $(F) acme/web:1\n",
    "recursive make": f"all:\n\t$(MAKE) up X=%u\nup:\n\t{_RUN} -e API_TOKEN=$(X) acme/web:1\n",
    "recursive make with a variable": f"A = %u\nall:\n\t$(MAKE) up X=$(A)\nup:\n\t{_RUN} -e API_TOKEN=$(X) acme/web:1\n",
    "shell assignment": f"X != echo %u\n{_UP} -e API_TOKEN=$(X) acme/web:1\n",
    "undone": f"X := %u\n{_UP} -e API_TOKEN=$(X) acme/web:1\nundefine X\n",
    "variable of a shell": f"up:\n\tx=%u; {_RUN} -e API_TOKEN=$$x acme/web:1\n",
    "overridden": f"override X := %u\n{_UP} -e API_TOKEN=$(X) acme/web:1\n",
    "variable in braces in an address": f"X := %u\n{_UP} -e DATABASE_URL=postgres://a:${{X}}@db/a acme/web:1\n",
    "variable of one letter": f"P = %u\n{_UP} -e API_TOKEN=$P acme/web:1\n",
    "login of an evaluated variable": f"$(eval P := %u)\nup:\n\tdocker login -u ci -p $(P) r.example\n\t{_RUN} acme/web:1\n",
    "file written": f"up:\n\t$(file >.env,API_TOKEN=%u)\n\t{_RUN} --env-file .env acme/web:1\n",
    "warning": f"X := %u\n$(warning $(X) is used)\n{_UP} -e API_TOKEN=$(X) acme/web:1\n",
    "condition on the value": f"X := %u\nifeq ($(X),%u)\nY := 1\nendif\n{_UP} -e API_TOKEN=$(X) acme/web:1\n",
}  # fmt: skip

_SCRIPTS = {
    "first argument": (_TAKES_FIRST, "./run.sh %u"),
    "second argument": (f'{_RUN} -e API_TOKEN="$2" acme/web:1\n', "./run.sh web %u"),
    "first argument in a variable": (f'pw=$1\n{_RUN} -e API_TOKEN="$pw" acme/web:1\n', "./run.sh %u"),
    "first argument exported": (f'export DB_PASSWORD=$1\n{_RUN} -e DB_PASSWORD acme/web:1\n', "bash run.sh %u"),
    "first argument with a default": (f'{_RUN} -e API_TOKEN="${{1:-none}}" acme/web:1\n', "sh ./run.sh %u"),
    "argument behind a shift": (f'shift\n{_RUN} -e API_TOKEN="$1" acme/web:1\n', "./run.sh web %u"),
    "argument after two shifts": (f'a=$1; shift; pw=$1; shift\n{_RUN} -e API_TOKEN="$pw" acme/web:1\n', "./run.sh web %u x"),
    "option of getopts": (f'while getopts "p:n:" o; do\n  case $o in\n    p) pw=$OPTARG ;;\n    n) n=$OPTARG ;;\n  esac\ndone\n{_RUN} -e API_TOKEN="$pw" acme/web:1\n', "./run.sh -n web -p %u"),
    "option of a loop": (f'while [ $# -gt 0 ]; do\n  case "$1" in\n    --pw) pw="$2"; shift 2 ;;\n    *) shift ;;\n  esac\ndone\n{_RUN} -e API_TOKEN="$pw" acme/web:1\n', "./run.sh --pw %u"),
    "option of a loop, joined": (f'for a in "$@"; do\n  case "$a" in\n    --pw=*) pw="${{a#*=}}" ;;\n  esac\ndone\n{_RUN} -e API_TOKEN="$pw" acme/web:1\n', "./run.sh --pw=%u"),
    "all arguments": (f'{_RUN} -e API_TOKEN="$*" acme/web:1\n', "./run.sh %u"),
    "all arguments to docker": (f'{_RUN} "$@" acme/web:1\n', "./run.sh -e API_TOKEN=%u"),
    "function's argument": (f'up() {{ {_RUN} -e API_TOKEN="$1" acme/web:1; }}\nup "$1"\n', "./run.sh %u"),
    "function's local": (f'up() {{ local pw="$1"; {_RUN} -e API_TOKEN="$pw" acme/web:1; }}\nup "$@"\n', "./run.sh %u"),
    "argument in an address": (f'{_RUN} -e DATABASE_URL="postgres://a:$1@db/a" acme/web:1\n', "./run.sh %u"),
    "argument in a login": (f'echo "$1" | docker login -u ci --password-stdin\n{_RUN} acme/web:1\n', "./run.sh %u"),
    "argument in a heredoc": (f'cat > app.env <<EOF\nAPI_TOKEN=$1\nEOF\n{_RUN} --env-file app.env acme/web:1\n', "./run.sh %u"),
    "argument in a command": (f'{_RUN} acme/web:1 serve --password "$1"\n', "./run.sh %u"),
    "argument in a label": (f'{_RUN} -l app.token="$1" acme/web:1\n', "./run.sh %u"),
    "argument in an array": (f'opts=(-e "API_TOKEN=$1")\n{_RUN} "${{opts[@]}}" acme/web:1\n', "bash run.sh %u"),
    "variable before the script": (f'{_RUN} -e API_TOKEN="$x" acme/web:1\n', "x=%u ./run.sh"),
    "env before the script": (f'{_RUN} -e API_TOKEN="$x" acme/web:1\n', "env x=%u ./run.sh"),
}  # fmt: skip

# Flows within one script.
SHELL_FLOWS: Mapping[str, str] = {
    "set": f'set -- %u\n{_RUN} -e API_TOKEN="$1" acme/web:1\n',
    "set of two": f'set -- web %u\n{_RUN} -e API_TOKEN="$2" acme/web:1\n',
    "set and shift": f'set -- web %u\nshift\n{_RUN} -e API_TOKEN="$1" acme/web:1\n',
    "set of options": f'set -- -e API_TOKEN=%u\n{_RUN} "$@" acme/web:1\n',
    "set from a variable": f'x=%u\nset -- "$x"\n{_RUN} -e API_TOKEN="$1" acme/web:1\n',
    "set that splits": f'set -- $(echo web %u)\n{_RUN} -e API_TOKEN="$2" acme/web:1\n',
    "getopts": f'set -- -p %u\nwhile getopts p: o; do pw=$OPTARG; done\n{_RUN} -e API_TOKEN="$pw" acme/web:1\n',
    "function": f'up() {{ {_RUN} -e API_TOKEN="$1" acme/web:1; }}\nup %u\n',
    "function's second": 'up() { docker run -d --name "$1" -e API_TOKEN="$2" acme/web:1; }\nup web %u\n',
    "function that shifts": 'up() { n=$1; shift; docker run -d --name "$n" -e API_TOKEN="$1" acme/web:1; }\nup web %u\n',
    "function with a local": f'up() {{ local t=$1; {_RUN} -e API_TOKEN="$t" acme/web:1; }}\nup %u\n',
    "function within a function": f'b() {{ {_RUN} -e API_TOKEN="$1" acme/web:1; }}\na() {{ b "$2"; }}\na web %u\n',
    "function that says": f'pw() {{ echo %u; }}\n{_RUN} -e API_TOKEN="$(pw)" acme/web:1\n',
    "function that sets": f'init() {{ x=%u; }}\ninit\n{_RUN} -e API_TOKEN="$x" acme/web:1\n',
    "function with a default": f'up() {{ {_RUN} -e API_TOKEN="${{1:-%u}}" acme/web:1; }}\nup\n',
    "here-string": f'read -r x <<< "%u"\n{_RUN} -e API_TOKEN="$x" acme/web:1\n',
    "here-string of two": f'read -r n x <<< "web %u"\n{_RUN} -e API_TOKEN="$x" acme/web:1\n',
    "here-string with a separator": f'IFS=: read -r n x <<< "web:%u"\n{_RUN} -e API_TOKEN="$x" acme/web:1\n',
    "here-string to a login": f'docker login -u ci --password-stdin r.example <<< "%u"\n{_RUN} acme/web:1\n',
    "here-string to a login of a variable": f'x=%u\ndocker login -u ci --password-stdin r.example <<< "$x"\n{_RUN} acme/web:1\n',
    "here-string to an array": f'read -ra x <<< "web %u"\n{_RUN} -e API_TOKEN="${{x[1]}}" acme/web:1\n',
    "heredoc to read": f'read -r x <<EOF\n%u\nEOF\n{_RUN} -e API_TOKEN="$x" acme/web:1\n',
    "heredoc in a variable": f'x=$(cat <<EOF\n%u\nEOF\n)\n{_RUN} -e API_TOKEN="$x" acme/web:1\n',
    "pipe to read": f'echo %u | while read -r x; do {_RUN} -e API_TOKEN="$x" acme/web:1; done\n',
    "xargs": f"echo %u | xargs -I{{}} {_RUN} -e API_TOKEN={{}} acme/web:1\n",
    "xargs with a sign": f"printf '%s\\n' %u | xargs -I % {_RUN} -e API_TOKEN=% acme/web:1\n",
    "xargs of options": f"echo -e API_TOKEN=%u acme/web:1 | xargs {_RUN}\n",
    "xargs of a shell": f"echo %u | xargs -I{{}} sh -c '{_RUN} -e API_TOKEN={{}} acme/web:1'\n",
    "xargs of a shell's argument": f"echo %u | xargs sh -c '{_RUN} -e API_TOKEN=$0 acme/web:1'\n",
    "xargs of two": "echo web %u | xargs -n2 sh -c 'docker run -d --name \"$0\" -e API_TOKEN=\"$1\" acme/web:1'\n",
    "shell's argument": f"sh -c '{_RUN} -e API_TOKEN=\"$1\" acme/web:1' sh %u\n",
    "loop over words": f'for x in %u; do {_RUN} -e API_TOKEN="$x" acme/web:1; done\n',
    "loop over a list": f'xs="%u"\nfor x in $xs; do {_RUN} -e API_TOKEN="$x" acme/web:1; done\n',
    "loop over pairs": 'for p in web:%u; do docker run -d --name "${p%%:*}" -e API_TOKEN="${p#*:}" acme/web:1; done\n',
    "loop over an array": f'xs=(%u)\nfor x in "${{xs[@]}}"; do {_RUN} -e API_TOKEN="$x" acme/web:1; done\n',
    "map": f'declare -A m=([web]=%u)\n{_RUN} -e API_TOKEN="${{m[web]}}" acme/web:1\n',
    "map set apart": f'declare -A m\nm[web]=%u\n{_RUN} -e API_TOKEN="${{m[web]}}" acme/web:1\n',
    "named indirectly": f'T_a=%u\nn=T_a\n{_RUN} -e API_TOKEN="${{!n}}" acme/web:1\n',
    "evaluated": f'n=a\neval "T_$n=%u"\n{_RUN} -e API_TOKEN="$T_a" acme/web:1\n',
    "evaluated read": f'T_a=%u\nn=a\neval "x=\\$T_$n"\n{_RUN} -e API_TOKEN="$x" acme/web:1\n',
    "declared": f'n=a\ndeclare "T_$n=%u"\n{_RUN} -e API_TOKEN="$T_a" acme/web:1\n',
    "printed to a variable": f'printf -v x %s %u\n{_RUN} -e API_TOKEN="$x" acme/web:1\n',
    "reference": f'x=%u\ndeclare -n r=x\n{_RUN} -e API_TOKEN="$r" acme/web:1\n',
    "case": f'case "$STAGE" in\n  prod) x=%u ;;\n  *) x=dev ;;\nesac\n{_RUN} -e API_TOKEN="$x" acme/web:1\n',
    "prefix cut": f'x=token-%u\n{_RUN} -e API_TOKEN="${{x#token-}}" acme/web:1\n',
    "appended": f'x=a\nx+=%u\n{_RUN} -e API_TOKEN="$x" acme/web:1\n',
    "joined": f'a=x b=%u\nx="$a$b"\n{_RUN} -e API_TOKEN="$x" acme/web:1\n',
    "default assigned": f': "${{x:=%u}}"\n{_RUN} -e API_TOKEN="$x" acme/web:1\n',
    "default of another": f'x="${{CI_X:-%u}}"\n{_RUN} -e API_TOKEN="$x" acme/web:1\n',
    "or": f'[ -n "$x" ] || x=%u\n{_RUN} -e API_TOKEN="$x" acme/web:1\n',
    "cut from a text": f'x=$(echo web:%u | cut -d: -f2)\n{_RUN} -e API_TOKEN="$x" acme/web:1\n',
    "taken by awk": f"x=$(echo web %u | awk '{{print $2}}')\n{_RUN} -e API_TOKEN=\"$x\" acme/web:1\n",
    "changed by sed": f"x=$(echo x%u | sed 's/^x//')\n{_RUN} -e API_TOKEN=\"$x\" acme/web:1\n",
    "decoded": f'x=$(echo %b | base64 -d)\n{_RUN} -e API_TOKEN="$x" acme/web:1\n',
    "file written and read": f'echo %u > x.txt\n{_RUN} -e API_TOKEN="$(cat x.txt)" acme/web:1\n',
    "env file written": f'echo "API_TOKEN=%u" > app.env\n{_RUN} --env-file app.env acme/web:1\n',
    "alias": f"alias up='{_RUN} -e API_TOKEN=%u'\nup acme/web:1\n",
    "command in a variable": f'x="{_RUN} -e API_TOKEN=%u acme/web:1"\n$x\n',
    "command evaluated": f'x="{_RUN} -e API_TOKEN=%u acme/web:1"\neval "$x"\n',
    "trap": f'x=%u\ntrap \'docker login -u ci -p "$x" r.example\' EXIT\n{_RUN} acme/web:1\n',
    "subshell": f'(x=%u; {_RUN} -e API_TOKEN="$x" acme/web:1)\n',
    "unknown flag and password": f"{_RUN} --frobnicate=%u -e DB_PASSWORD=%u acme/web:1\n",
}  # fmt: skip

# One script calls another.
CALLS: Mapping[str, dict[str, str]] = {
    "script calls script": {"up.sh": "#!/bin/sh\n./run.sh %u\n", "run.sh": _TAKES_FIRST},
    "script calls script with a variable": {"up.sh": "x=%u\n./run.sh \"$x\"\n", "run.sh": _TAKES_FIRST},
    "script hands on": {"up.sh": "./mid.sh web %u\n", "mid.sh": "./run.sh \"$2\"\n", "run.sh": _TAKES_FIRST},
    "script hands all on": {"up.sh": "./mid.sh %u\n", "mid.sh": "exec ./run.sh \"$@\"\n", "run.sh": _TAKES_FIRST},
    "script sources": {"up.sh": ". ./vars.sh\n" + _RUN + ' -e API_TOKEN="$x" acme/web:1\n', "vars.sh": "x=%u\n"},
    "script sources with an argument": {"up.sh": "source ./run.sh %u\n", "run.sh": _TAKES_FIRST},
    "script sources functions": {"up.sh": ". ./lib.sh\nup %u\n", "lib.sh": f'up() {{ {_RUN} -e API_TOKEN="$1" acme/web:1; }}\n'},
    "script exports to a script": {"up.sh": "export x=%u\n./run.sh\n", "run.sh": f'{_RUN} -e API_TOKEN="$x" acme/web:1\n'},
    "script within a folder": {"up.sh": "scripts/run.sh %u\n", "scripts/run.sh": _TAKES_FIRST},
    "script in a changed folder": {"up.sh": "cd scripts && ./run.sh %u\n", "scripts/run.sh": _TAKES_FIRST},
    "package.json's script": {"package.json": '{"scripts": {"up": "./run.sh %u"}}\n', "run.sh": _TAKES_FIRST},
    "readme's call": {"README.md": "# Start\n\n```sh\n./run.sh %u\n```\n", "run.sh": _TAKES_FIRST},
    "unit's call": {"web.service": "[Service]\nExecStart=/srv/run.sh %u\n", "run.sh": _TAKES_FIRST},
    "crontab's call": {"crontab": "5 4 * * * /srv/run.sh %u\n", "run.sh": _TAKES_FIRST},
    "workflow's call": {".github/workflows/ci.yml": "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - run: ./run.sh %u\n", "run.sh": _TAKES_FIRST},
}  # fmt: skip

# A number that is a port of the machine and a password; what else is called so is public, and equal by chance.
_PORTS: Mapping[str, dict[str, str]] = {
    "make": {"Makefile": f"P := %u\n{_UP} -p $(P):80 -e DB_PASSWORD=$(P) acme/web:1\n"},
    "make, evaluated": {"Makefile": f"$(eval P := %u)\n{_UP} -p $(P):80 -e DB_PASSWORD=$(P) acme/web:1\n"},
    "shell": {"run.sh": f'x=%u\n{_RUN} -p "$x:80" -e DB_PASSWORD="$x" acme/web:1\n'},
    "shell, both written": {"run.sh": f"{_RUN} -p %u:80 -e DB_PASSWORD=%u acme/web:1\n"},
    "shell, of another service": {"run.sh": f"{_RUN} -p 127.0.0.1:%u:80 acme/web:1\ndocker run -d --name db -e DB_PASSWORD=%u acme/db:1\n"},
    "argument": {"up.sh": "./run.sh %u\n", "run.sh": f'{_RUN} -p "$1:80" -e API_TOKEN="$1" acme/web:1\n'},
    "argument of make": {"Makefile": "up:\n\t./run.sh %u\n", "run.sh": f'{_RUN} -p "$1:80" -e API_TOKEN="$1" acme/web:1\n'},
    "unit": {"web.service": "[Service]\nExecStart=/usr/bin/docker run --name web -p %u:80 -e DB_PASSWORD=%u acme/web:1\n"},
}  # fmt: skip


def _of_make(call: str) -> str:
    return f"up:\n\t{call}\n"


def _of_make_by_variable(call: str) -> str:
    return f"X := %u\nup:\n\t{call.replace('%u', '$(X)')}\n"


_WAYS: Mapping[str, Mapping[str, dict[str, str]]] = {
    "make": {
        name: {"Makefile": text.replace("%p", "%")} for name, text in MAKE_FLOWS.items()
    },
    "shell": {name: {"run.sh": text} for name, text in SHELL_FLOWS.items()},
    "call": CALLS,
    "script called by make": {
        name: {"Makefile": _of_make(call), "run.sh": script}
        for name, (script, call) in _SCRIPTS.items()
    },
    "script called with a variable of make": {
        name: {"Makefile": _of_make_by_variable(call), "run.sh": script}
        for name, (script, call) in _SCRIPTS.items()
    },
    "script called by a script": {
        name: {"up.sh": f"{call}\n", "run.sh": script}
        for name, (script, call) in _SCRIPTS.items()
    },
}
FLOW_PLACES = tuple(
    Place("docker_run", f"{way}: {name}", planted(files), plain=True)
    for way, places in _WAYS.items()
    for name, files in places.items()
)
PORT_PLACES = tuple(
    Place("docker_run", f"port, {name}", planted(files), plain=True)
    for name, files in _PORTS.items()
)
