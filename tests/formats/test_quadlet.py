"""Quadlet's units: every key of its groups, names of each other, systemd's quoting and variables, order, pods."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation import codes_of, compose_of, converted, losses, services_of, silent_lines
from tocompose.importers import SourceError
from tocompose.importers.quadlet.tables import field_tables
from tocompose.notes import Note
from tocompose.project import Memory
from tocompose.reports.duties import duties
from tocompose.reports.next_steps import next_steps
from tocompose.reports.report import report as report_of
from tocompose.tables import load

# Values of keys that take no plain word.
_VALUES = {
    "AddCapability": "CAP_NET_ADMIN sys_time",
    "AddDevice": "/dev/fuse:/dev/fuse:rw",
    "AddHost": "db.example:10.0.0.2",
    "AllowedCPUs": "0,1",
    "Annotation": "a=b",
    "AppArmor": "unconfined",
    "Arch": "arm64",
    "BuildArg": "VERSION=3",
    "CPUQuota": "150%",
    "Copy": "false",
    "DNS": "10.0.0.53",
    "Device": "/srv/disk",
    "DropCapability": "all",
    "Environment": "A=1 \"B=2 3\"",
    "EnvironmentFile": "./web.env",
    "Exec": "serve --port 80",
    "ExposeHostPort": "9000",
    "Gateway": "10.9.0.1",
    "GroupAdd": "audio",
    "HealthCmd": "curl -f http://localhost/",
    "HealthInterval": "7s",
    "HealthRetries": "9",
    "HealthStartPeriod": "8s",
    "HealthTimeout": "6s",
    "IP": "10.9.0.9",
    "IP6": "fd00::9",
    "IPAMDriver": "dhcp",
    "IPRange": "10.9.0.0/25",
    "IPv6": "true",
    "Internal": "true",
    "InterfaceName": "br7",
    "Label": "one=1",
    "LogDriver": "journald",
    "LogOpt": "tag=web",
    "Memory": "512m",
    "MemoryMax": "256M",
    "Mount": "type=tmpfs,target=/scratch",
    "NetworkAlias": "www",
    "NoNewPrivileges": "true",
    "Notify": "healthy",
    "OOMScoreAdjust": "200",
    "Options": "parent=eth0",
    "PidsLimit": "77",
    "PodmanArgs": "--cpu-shares 300",
    "Policy": "always",
    "PublishPort": "8080:80",
    "Pull": "missing",
    "ReadOnly": "true",
    "ReadOnlyTmpfs": "false",
    "Restart": "on-failure",
    "RunInit": "true",
    "SeccompProfile": "/etc/seccomp.json",
    "Secret": "db-password,type=env,target=PGPASSWORD",
    "SecurityLabelDisable": "true",
    "ShmSize": "64m",
    "StopTimeout": "40",
    "Subnet": "10.9.0.0/24",
    "Sysctl": "net.core.somaxconn=1024",
    "TasksMax": "88",
    "Timezone": "Europe/Rome",
    "Tmpfs": "/tmp:size=5m",
    "Type": "notify",
    "Ulimit": "nofile=1000",
    "Unmask": "ALL",
    "User": "1000",
    "Group": "2000",
    "VolatileTmp": "true",
    "WorkingDir": "/srv",
}  # fmt: skip
_BY_SECTION = {
    "Container.Image": "built.build",
    "Container.Network": "front.network",
    "Container.Pod": "",
    "Container.Entrypoint": "/init",
    "Container.Volume": "data.volume:/data:ro",
    "Container.HostName": "web.example",
    "Container.StopSignal": "SIGINT",
    "Container.ContainerName": "the-web",
    "Container.Rootfs": "/srv/root",
    "Container.UserNS": "keep-id",
    "Pod.Network": "front.network",
    "Pod.Volume": "data.volume:/pod",
    "Pod.UserNS": "auto",
    "Network.Driver": "macvlan",
    "Network.DNS": "10.0.0.54",
    "Volume.Type": "ext4",
    "Volume.Options": "noatime",
    "Volume.User": "12",
    "Volume.Group": "13",
    "Volume.UID": "14",
    "Volume.GID": "15",
    "Volume.Driver": "local",
    "Volume.PodmanArgs": "--label two=2",
    "Network.PodmanArgs": "--label two=2",
    "Build.PodmanArgs": "--no-cache",
    "Pod.PodmanArgs": "--hostname podhost",
    "Build.File": "images/Containerfile",
    "Build.SetWorkingDirectory": "file",
    "Build.ImageTag": "localhost/web:1",
    "Build.Secret": "id=token,src=token.txt",
    "Build.Network": "host",
    "Build.Pull": "always",
    "Build.Variant": "v8",
    "Image.Image": "docker.io/library/redis:7",
    "Image.ImageTag": "localhost/redis:7",
    "Kube.Yaml": "app.yaml",
    "Kube.ConfigMap": "map.yaml",
    "Kube.PublishPort": "8099:80",
    "Service.Environment": "UNUSED=1",
    "Service.EnvironmentFile": "./unit.env",
    "Service.User": "root",
    "Service.Group": "root",
    "Unit.After": "after.service",
    "Unit.Before": "late.service",
    "Unit.BindsTo": "bindsto.service",
    "Unit.PartOf": "partof.service",
    "Unit.Requires": "requires.service",
    "Unit.Requisite": "requisite.service",
    "Unit.Upholds": "upholds.service",
    "Unit.Wants": "wants.service",
    "Install.RequiredBy": "latest.service",
    "Install.WantedBy": "default.target",
    "Install.UpheldBy": "later.service",
}  # fmt: skip
# Keys that say nothing beside others, or that Quadlet refuses beside them.
_APART = frozenset({"Container.Pod", "Container.Rootfs", "Image.ImageTag", "Build.Arch"})
_SYSTEMD = ("Unit", "Service", "Install", "Quadlet")


def _section(name: str, *apart: str) -> str:
    """A section that sets every key."""
    lines = [f"[{name}]"]
    for key, row in field_tables()[name].items():
        value = _BY_SECTION.get(f"{name}.{key}", _VALUES.get(key, "word"))
        if value and f"{name}.{key}" not in (*_APART, *apart) and value != row.default:
            lines.append(f"{key}={value}")
    return "\n".join(lines)


def _container(image: str, *lines: str, sections: str = "") -> str:
    return "\n".join(("[Container]", f"Image={image}", *lines, sections))


_POD = """\
apiVersion: v1
kind: Pod
metadata: {name: kubed}
spec:
  containers:
    - {name: kubed, image: "nginx:1", ports: [{containerPort: 80}]}
"""
_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: b}\n"


# One unit for each tie, so that each shows.
_OTHERS = (
    *("after", "bindsto", "partof", "requires", "requisite", "upholds", "wants"),
    *("late", "later", "latest"),
)


def _everything() -> dict[str, str]:
    """Units that set every key of every group."""
    systemd = "\n".join(map(_section, _SYSTEMD))
    return {
        "web.container": f"{_section('Container')}\n{systemd}\n",
        "member.container": _container("cache.image", "Pod=group.pod"),
        **{f"{name}.container": _container("busybox:1") for name in _OTHERS},
        "group.pod": f"{_section('Pod')}\n",
        "front.network": f"{_section('Network')}\n",
        "data.volume": f"{_section('Volume')}\n",
        "built.build": f"{_section('Build')}\n",
        "cache.image": f"{_section('Image')}\n",
        "app.kube": f"{_section('Kube')}\n",
        "web.timer": f"{_section('Timer')}\n",
        "web.env": "X=1\n",
        "unit.env": "Y=1\n",
        "token.txt": "t\n",
        "app.yaml": _POD,
        "map.yaml": _MAP,
    }


def test_no_key_is_left_unread_or_unwritten() -> None:
    assert losses(converted(_everything(), "quadlet")) == []


@pytest.mark.slow
def test_removing_any_line_shows() -> None:
    files = _everything()
    units = {
        path: text
        for path, text in files.items()
        if not path.endswith((".yaml", ".txt", ".env"))
    }
    silent = silent_lines(
        files, "quadlet", lambda line: "=" in line and not line.startswith(" "), step=3
    )
    assert [line for line in silent if line.partition(":")[0] in units] == []


def test_every_key_of_upstream_has_a_row() -> None:
    count = sum(
        len(field_tables()[name]) for name in ("Container", "Pod", "Network", "Volume")
    )
    assert count > 140
    assert {"quadlet/units", "quadlet/systemd"} <= {"quadlet/units", "quadlet/systemd"}
    for section in field_tables():
        assert len(field_tables()[section]) > 0


def _bind(source: str, target: str) -> dict[str, Any]:
    mount = {"type": "bind", "source": source, "target": target, "read_only": True}
    return {**mount, "bind": {"create_host_path": False}}


def web(*lines: str, **files: str) -> Any:
    """The service of a container with these lines."""
    units = {"web.container": _container("nginx:1", *lines)}
    others = {name.replace("__", "."): text for name, text in files.items()}
    return services_of({**units, **others}, "quadlet")["web"]


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("Exec=sh -c 'echo $HOME'", "command", ["sh", "-c", "echo $$HOME"]),
        ("Exec=a \\\n# between\n  b", "command", ["a", "b"]),
        ("Exec=a\nExec=b c", "command", ["b", "c"]),
        ("Exec=50%%", "command", ["50%"]),
        ("Exec=%n %p", "command", ["web.service", "web"]),
        ("Entrypoint=[\"/a\", \"b\"]", "entrypoint", ["/a", "b"]),
        ("Environment=A=1\nEnvironment=\nEnvironment=\"B=x y\" C=3", "environment", {"B": "x y", "C": "3"}),
        ("HealthCmd=CMD-SHELL curl -f x || exit 1", "healthcheck", {"test": ["CMD-SHELL", "curl -f x || exit 1"]}),
        ("HealthCmd=CMD curl x", "healthcheck", {"test": ["CMD", "curl", "x"]}),
        ("HealthCmd=\"curl x\"", "healthcheck", {"test": ["CMD-SHELL", "curl x"]}),
        ("HealthCmd=sh -c \"exit 0\"", "healthcheck", {"test": ["CMD-SHELL", "sh -c \"exit 0\""]}),
        ("HealthCmd=none", "healthcheck", {"disable": True}),
        ("DropCapability=all\nAddCapability=cap_chown", "cap_add", ["CHOWN"]),
        ("User=7\nGroup=8", "user", "7:8"),
        ("Volume=%h/x:/x:ro", "volumes", [_bind("${HOME}/x", "/x")]),
        ("Volume=%t/podman/podman.sock:/s:z", "volumes", ["/var/run/docker.sock:/s:z"]),
        ("Timezone=local", "volumes", [_bind("/etc/localtime", "/etc/localtime")]),
        ("Unmask=ALL", "security_opt", ["systempaths=unconfined"]),
        ("PodmanArgs=--ulimit memlock=-1:-1", "ulimits", {"memlock": -1}),
        ("ContainerName=other", "container_name", "other"),
        ("[Service]\nRestart=always", "restart", "always"),
        ("[Service]\nRestart=on-abnormal", "restart", "on-failure"),
        ("[Service]\nRestart=unless-stopped", "restart", "unless-stopped"),
        ("PidsLimit=5", "restart", "no"),
        ("[Service]\nMemoryMax=infinity\nCPUQuota=25%", "deploy", {"resources": {"limits": {"cpus": "0.25"}}}),
    ],
)  # fmt: skip
def test_a_line_becomes_a_key(line: str, key: str, value: Any) -> None:
    assert web(line)[key] == value


def test_systemd_puts_in_what_the_unit_sets() -> None:
    service = web(
        "Environment=URL=http://${HOST}/ RAW=$HOST", "[Service]", "Environment=HOST=db"
    )
    assert service["environment"] == {"URL": "http://db/", "RAW": "$$HOST"}


def test_a_variable_that_nothing_sets_is_asked_for() -> None:
    result = converted({"web.container": _container("nginx:${TAG}")}, "quadlet")
    assert compose_of(result)["services"]["web"]["image"].startswith("nginx:${TAG:?")
    env = {file.path: file.content for file in result.files}[".env"]
    assert b"TAG has no value yet" in env
    assert "TC785" in codes_of(result)


def test_the_file_of_the_unit_says_its_value() -> None:
    files = {
        "web.container": _container("nginx:${TAG}", "[Service]", "EnvironmentFile=/etc/shop/app.env"),
        "conf/app.env": "TAG=9\n",
    }  # fmt: skip
    result = converted(files, "quadlet")
    env = {file.path: file.content for file in result.files}[".env"]
    assert b"TAG=" in env and b"9" in env and "TC785" not in codes_of(result)


def test_a_file_that_lies_elsewhere_in_the_source_is_named() -> None:
    unit = _container("nginx:1", "EnvironmentFile=/etc/shop/app.env")
    lone = converted({"web.container": unit, "conf/app.env": "TAG=9\n"}, "quadlet")
    twice = converted(
        {"web.container": unit, "conf/app.env": "TAG=9\n", "old/app.env": "TAG=8\n"},
        "quadlet",
    )
    told = [
        "".join(note.message for note in result.notes if note.code == "TC142")
        for result in (lone, twice)
    ]
    assert "copy conf/app.env there" in told[0] and told[1] and "copy" not in told[1]


def test_secrets_that_become_variables_are_asked_for_and_never_shown() -> None:
    unit = _container("nginx:1", "Secret=db-pass,type=env,target=PGPASSWORD", "Secret=cert")
    result = converted({"web.container": unit}, "quadlet")
    service = compose_of(result)["services"]["web"]
    assert service["environment"]["PGPASSWORD"].startswith("${DB_PASS")
    assert service["secrets"] and compose_of(result)["secrets"]["cert"] == {
        "environment": "CERT"
    }
    assert {"TC126"} <= codes_of(result)


def test_credentials_of_a_registry_are_never_shown() -> None:
    files = {
        "web.container": _container("app.image"),
        "app.image": "[Image]\nImage=r.example/app:1\nCreds=me:hunter2secret\n",
    }
    result = converted(files, "quadlet", "all")
    shown = [file.content for file in result.files] + [
        (item.message + item.advice).encode() for item in result.notes
    ]
    assert not any(b"hunter2secret" in text for text in shown)


def test_units_call_each_other_by_file_and_by_service() -> None:
    files = {
        "app.container": _container("a:1", "Network=back.network:alias=api", "Volume=d.volume:/d",
            sections="[Unit]\nAfter=db.service back-network.service\nRequires=db.container\n"),
        "db.container": _container("postgres:16", "Network=back.network", "Notify=healthy", "HealthCmd=pg_isready"),
        "back.network": "[Network]\nInternal=true\nSubnet=10.9.0.0/24\n",
        "d.volume": "[Volume]\nVolumeName=kept\n",
    }  # fmt: skip
    compose = compose_of(converted(files, "quadlet"))
    app = compose["services"]["app"]
    assert app["networks"] == {"back": {"aliases": ["api"]}}
    assert app["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert compose["networks"]["back"]["internal"] is True
    assert compose["volumes"]["systemd-d"] == {"name": "kept"}
    assert app["volumes"] == ["systemd-d:/d"]


@pytest.mark.parametrize(
    ("lines", "required", "restart"),
    [
        ("After=db.service", False, False),
        ("Wants=db.service", False, False),
        ("Requires=db.service", True, False),
        ("BindsTo=db.service", True, True),
        ("After=db.service\nPartOf=db.service", False, True),
    ],
)
def test_ties_of_units(lines: str, required: bool, restart: bool) -> None:
    files = {
        "app.container": _container("a:1", sections=f"[Unit]\n{lines}\n"),
        "db.container": _container("b:1"),
    }
    edge = services_of(files, "quadlet")["app"]["depends_on"]
    edge = {name: {} for name in edge} if isinstance(edge, list) else edge
    assert edge["db"].get("required", True) is required
    assert edge["db"].get("restart", False) is restart


def test_before_and_wanted_by_turn_the_tie_around() -> None:
    files = {
        "app.container": _container("a:1"),
        "init.container": _container("b:1", sections="[Unit]\nBefore=app.service\n[Service]\nType=oneshot\n"
            "[Install]\nRequiredBy=app.service\n"),
    }  # fmt: skip
    services = services_of(files, "quadlet")
    assert services["app"]["depends_on"] == {
        "init": {"condition": "service_completed_successfully"}
    }


def test_two_that_need_each_other_start_data_first() -> None:
    files = {
        "app.container": _container("a:1", sections="[Unit]\nWants=db.service\n"),
        "db.container": _container("postgres:16", sections="[Unit]\nBindsTo=app.service\n"),
    }
    result = converted(files, "quadlet")
    services = compose_of(result)["services"]
    assert "db" in services["app"]["depends_on"] and "depends_on" not in services["db"]
    assert "TC818" in codes_of(result)


def test_a_pod_is_one_network_and_its_first_container_waits_for_none_of_it() -> None:
    files = {
        "a.container": _container("a:1", "Pod=p.pod", sections="[Unit]\nAfter=b.service\n"),
        "b.container": _container("b:1", "Pod=p.pod"),
        "p.pod": "[Pod]\nPodName=shop\nPublishPort=8080:80\nVolume=./conf:/conf\n",
    }
    services = services_of(files, "quadlet")
    assert services["b"]["ports"] == ["8080:80"]
    assert services["b"]["networks"] == {"default": {"aliases": ["shop"]}}
    assert (
        services["a"]["network_mode"] == "service:b" and "b" in services["a"]["depends_on"]
    )
    assert {service["volumes"][0]["target"] for service in services.values()} == {"/conf"}


def test_drop_ins_and_templates() -> None:
    files = {
        "web@.container": _container("nginx:1", "Environment=NAME=%i"),
        "web@blue.container": _container("nginx:1", "Environment=NAME=%i"),
        "web@blue.container.d/10.conf": "[Container]\nEnvironment=B=near\n",
        "container.d/10.conf": "[Container]\nEnvironment=B=far\n",
        "container.d/20.conf": "[Container]\nLabel=all=1\n",
    }
    services = services_of(files, "quadlet")
    assert set(services) == {"web-blue"}
    assert services["web-blue"]["environment"] == {"NAME": "blue", "B": "near"}
    assert services["web-blue"]["labels"] == {"all": "1"}


def test_several_units_in_one_file() -> None:
    text = "# FileName=web\n[Container]\nImage=nginx:1\nVolume=d.volume:/d\n---\n# FileName=d\n[Volume]\n"
    compose = compose_of(converted({"shop.quadlets": text}, "quadlet"))
    assert list(compose["services"]) == ["web"] and list(compose["volumes"]) == [
        "systemd-d"
    ]


def test_a_build_and_a_pull() -> None:
    files = {
        "units/web.container": _container("web.build"),
        "units/web.build": "[Build]\nImageTag=localhost/web:2\nSetWorkingDirectory=unit\nFile=Containerfile\n",
        "units/cache.container": _container("cache.image"),
        "units/cache.image": "[Image]\nImage=redis:7\nArch=arm64\nPolicy=always\n",
    }
    services = services_of(files, "quadlet")
    assert services["web"]["build"]["context"] == "./units"
    assert services["web"]["build"]["dockerfile"] == "Containerfile"
    assert services["cache"]["image"] == "redis:7"
    assert services["cache"]["platform"] == "linux/arm64"
    assert services["cache"]["pull_policy"] == "always"


def test_a_manifest_of_kubernetes() -> None:
    files = {"app.kube": "[Kube]\nYaml=app.yaml\nPublishPort=8099:80\n", "app.yaml": _POD}
    services = services_of(files, "quadlet")
    assert services["kubed"]["ports"] == ["8099:80"]


def test_the_opposite_of_a_condition_is_not_the_same() -> None:
    path = f"/srv/{'deep/' * 8}ready"
    files = {
        "first.container": _container(
            "a:1", sections=f"[Unit]\nConditionPathExists=!{path}\n"
        ),
        "later.container": _container(
            "a:1", sections=f"[Unit]\nConditionPathExists={path}\n"
        ),
    }
    told = [one.message for one in converted(files, "quadlet").notes if one.code == "TC455"]
    assert [f": !{path}" in text for text in told] == [True, False]
    assert all(path in text for text in told)


def _asking(condition: str, more: str = "") -> str:
    return _container("a:1", sections=f"[Unit]\n{condition}\n{more}")


_READY = "ConditionPathExists=/srv/ready"
_NOT_READY = "ConditionPathExists=!/srv/ready"


def test_units_of_which_one_runs_exclude_each_other() -> None:
    files = {"init.container": _asking(_NOT_READY), "renew.container": _asking(_READY)}
    (told,) = [one for one in converted(files, "quadlet").notes if one.code == "TC443"]
    assert told.subject[1] == "init"
    assert "init.container runs only where ConditionPathExists=/srv/ready does not" in (
        told.message
    )
    assert "renew.container only where it does" in told.message
    for name in ("init", "renew"):
        assert f"`docker compose run --rm {name}`" in told.advice


@pytest.mark.parametrize(
    "files",
    [
        {"a.container": _asking(_READY), "b.container": _asking(_READY)},
        {"a.container": _asking(_NOT_READY), "b.container": _asking("ConditionPathExists=/x")},
        {"a.container": _asking(_NOT_READY), "b.container": _asking("ConditionPathExists=|/srv/ready")},
        # The second is asked when the first has made the file.
        {"a.container": _asking(_NOT_READY), "b.container": _asking(_READY, "After=a.service\n")},
        {"a.container": _asking(_NOT_READY), "b.container": _asking(_READY),
         "b.timer": "[Timer]\nOnCalendar=daily\n"},
    ],
)  # fmt: skip
def test_units_that_may_both_run_do_not_exclude_each_other(files: dict[str, str]) -> None:
    assert "TC443" not in codes_of(converted(files, "quadlet"))


_PROBE = "for i in $(seq 9); do if ! /bin/true 5<> /dev/tcp/127.0.0.1/PORT; then sleep 5; else exit 0; fi; done; exit 1"


@pytest.mark.parametrize(
    "command",
    [
        f"/bin/sh -c '{_PROBE}'".replace("PORT", "6379"),
        "/bin/bash -c 'until nc -z localhost 6379; do sleep 1; done'",
        "/bin/sh -c 'until redis-cli ping | grep -q PONG; do sleep 1; done'",
    ],
)
@pytest.mark.parametrize("reach", ["PublishPort=6379:6379", "Network=host"])
def test_a_wait_on_the_host_is_replaced_by_a_start_condition(
    command: str, reach: str
) -> None:
    files = {
        "cache.container": _container("redis:7", f"{reach}\nHealthCmd=redis-cli ping"),
        "web.container": _container(
            "a:1",
            sections=f"[Unit]\nRequires=cache.service\n[Service]\nExecStartPre={command}\n",
        ),
    }
    result = converted(files, "quadlet")
    codes = codes_of(result)
    assert "TC448" in codes
    assert "TC866" not in codes
    edge = compose_of(result)["services"]["web"]["depends_on"]["cache"]
    assert edge["condition"] == "service_healthy"


@pytest.mark.parametrize(
    "command",
    [
        f"/bin/sh -c '{_PROBE}'".replace("PORT", "5432"),
        "/bin/sh -c 'until nc -z localhost 6379; do sleep 1; done; mkdir /x'",
        "/bin/sh -c 'until nc -z cache.example.com 6379; do sleep 1; done'",
        "/bin/sh -c 'nc -z localhost 6379'",
    ],
)
def test_another_command_on_the_host_is_still_to_be_run(command: str) -> None:
    files = {
        "cache.container": _container("redis:7", "PublishPort=6379:6379"),
        "web.container": _container(
            "a:1",
            sections=f"[Unit]\nAfter=cache.service\n[Service]\nExecStartPre={command}\n",
        ),
    }
    codes = codes_of(converted(files, "quadlet"))
    assert "TC866" in codes
    assert "TC448" not in codes


def test_a_condition_of_a_network_asks_for_no_command() -> None:
    condition = "[Unit]\nConditionPathExists=/srv/x\n"
    files = {
        "web.container": _container("a:1", "Network=shop.network\nPod=pod.pod"),
        "shop.network": f"{condition}[Network]\n",
        "pod.pod": f"{condition}[Pod]\n",
    }
    notes = converted(files, "quadlet").notes
    told = [one for one in notes if one.code == "TC445"]
    assert {one.message.split()[0] for one in told} == {"shop.network", "pod.pod"}
    assert "TC455" not in [one.code for one in notes]
    assert not any("SERVICE" in one.advice for one in notes)


def test_commands_name_the_service_of_the_unit() -> None:
    sections = "[Unit]\nConditionPathExists=/srv/x\n[Service]\nType=oneshot\n"
    files = {
        "job.container": _container("j:1", "UIDMap=+5:1005:1", sections=sections),
        "data.volume": "[Unit]\nConditionPathExists=/srv/x\n[Volume]\n",
    }
    advice: dict[str, list[str]] = {}
    for note in converted(files, "quadlet").notes:
        advice.setdefault(note.code, []).append(note.advice)
    for code in ("TC455", "TC456", "TC858"):
        assert any(" job`" in text for text in advice[code]), code
    assert not any("SERVICE" in text for text in advice["TC456"] + advice["TC858"])


def test_a_timer_leaves_its_container_to_a_profile() -> None:
    files = {
        "backup.container": _container("b:1"),
        "backup.timer": "[Timer]\nOnCalendar=daily\n",
    }
    result = converted(files, "quadlet")
    assert compose_of(result)["services"]["backup"]["profiles"] == ["scheduled"]
    assert "TC789" in codes_of(result)


@pytest.mark.parametrize(
    ("kind", "timer", "is_told"),
    [("oneshot", False, True), ("oneshot", True, False), ("notify", False, False)],
)
def test_a_task_that_would_run_at_each_start_is_told(
    kind: str, timer: bool, is_told: bool
) -> None:
    files = {"init.container": _container("b:1", sections=f"[Service]\nType={kind}\n")}
    if timer:
        files["init.timer"] = "[Timer]\nOnCalendar=daily\n"
    assert ("TC858" in codes_of(converted(files, "quadlet"))) == is_told


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"w.container": _container("a:1", "Enviroment=A=1")}, "TC781"),
        ({"w.container": _container("a:1", "Volume=no.volume:/d")}, "TC452"),
        ({"w.container": _container("a:1", "HealthOnFailure=kill")}, "TC780"),
        ({"w.container": _container("a:1", "UIDMap=+5:1005:1")}, "TC456"),
        ({"w.container": "[Container]\nExec=serve\n", "a.container": _container("a:1")}, "TC002"),
        ({"w.container": _container("a:1", "AutoUpdate=registry")}, "TC786"),
        ({"w.container": _container("a:1", "Volume=data:/d")}, "TC787"),
        ({"w.container": _container("a:1", sections="[Service]\nRestartSec=9\n")}, "TC782"),
        ({"w.container": _container("a:1", sections="[Service]\nMemoryHigh=256M\n")}, "TC897"),
        ({"w.container": _container("a:1", sections="[Service]\nRestart=on-success\n")}, "TC784"),
        ({"w.container": _container("a:1", "Volume=%t/podman/podman.sock:/s")}, "TC783"),
        ({"w.container": _container("a:1", "Exec='never closed")}, "TC781"),
        ({"w.container": _container("a:1", "Volume=%h/d:/d")}, "TC868"),
    ],
)  # fmt: skip
def test_what_is_lost_is_said(files: dict[str, str], code: str) -> None:
    assert code in codes_of(converted(files, "quadlet"))


def test_a_command_of_the_host_is_shown() -> None:
    text = _container("a:1", sections="[Service]\nExecStartPre=/usr/bin/mkdir -p /x\n")
    (told,) = [
        note
        for note in converted({"w.container": text}, "quadlet").notes
        if note.code == "TC866"
    ]
    assert told.message == "ExecStartPre of w.container is not run: `/usr/bin/mkdir -p /x`"


@pytest.mark.parametrize(
    ("line", "of_systemd", "memory"),
    [
        ("PodmanArgs=--memory=2g", "3G", "2g"),
        ("PodmanArgs=--memory=2g", "1G", "1G"),
        ("Memory=2g", "3G", "2g"),
        ("Memory=2g", "1G", "1G"),
    ],
)
def test_the_lower_limit_of_podman_and_systemd_counts(
    line: str, of_systemd: str, memory: str
) -> None:
    unit = _container("a:1", line, sections=f"[Service]\nMemoryMax={of_systemd}\n")
    result = converted({"w.container": unit}, "quadlet")
    limits = compose_of(result)["services"]["w"]["deploy"]["resources"]["limits"]
    assert limits == {"memory": memory}
    assert ("TC867" in codes_of(result)) == (of_systemd == "3G")


def test_a_misspelt_key_gets_a_hint() -> None:
    result = converted({"w.container": _container("a:1", "Enviroment=A=1")}, "quadlet")
    assert any("did you mean Environment?" in item.message for item in result.notes)


@pytest.mark.parametrize(
    "files",
    [
        {"eth.network": "[Match]\nName=eth0\n[Network]\nDHCP=yes\n"},
        {"web.container": "[Service]\nExecStart=/bin/true\n"},
        {"data.volume": "[Volume]\n"},
    ],
)
def test_what_is_none_is_left_alone(files: dict[str, str]) -> None:
    with pytest.raises(SourceError):
        converted(files, "quadlet")


@given(st.text(alphabet="[]=\\\n\"' aContainerImge%$#;-", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        converted({"w.container": f"[Container]\nImage=a:1\n{text}"}, "quadlet")
    except SourceError:
        assert text is not None


def test_specifiers_are_known() -> None:
    assert all(len(texts) == 2 for texts in load("quadlet/specifiers").values())
    assert re.fullmatch(r"\w+", "".join(load("quadlet/specifiers")))


def told_of(files: dict[str, str], code: str) -> Note:
    notes = converted(files, "quadlet").notes
    return next(note for note in notes if note.code == code)


@pytest.mark.parametrize(
    ("ports", "told"),
    [
        ("", "a and b share the network namespace of a, as in their pod"),
        ("PublishPort=8080:80\n", "as in their pod; a publishes the ports of all"),
    ],
)
def test_a_pod_without_ports_publishes_none(ports: str, told: str) -> None:
    files = {
        "a.container": _container("a:1", "Pod=p.pod"),
        "b.container": _container("b:1", "Pod=p.pod"),
        "p.pod": f"[Pod]\n{ports}",
    }
    assert told_of(files, "TC869").message.endswith(told)
    # Whoever is left in the namespace of a container that is gone cannot be restarted.
    content = {name: text.encode() for name, text in files.items()}
    steps = next_steps(report_of(converted(files, "quadlet"), Memory(content)))
    assert "docker compose up -d --pull always" in [step.line for step in steps]


@pytest.mark.parametrize(
    ("setting", "told"),
    [("", "forwards to (this stack publishes none). If"), ("PublishPort=8080:80", "forwards to. If")],
)  # fmt: skip
def test_a_proxy_outside_needs_published_ports(setting: str, told: str) -> None:
    unit = "[Unit]\nRequires=proxy.service\n"
    files = {"a.container": _container("a:1", setting, sections=unit)}
    assert told in told_of(files, "TC788").advice


@pytest.mark.parametrize(
    ("others", "told"),
    [
        (0, "(this stack publishes none), all at a, whose network namespace the others share. If"),
        (1, "(this stack publishes none), those of b and c at a, whose network namespace they share. If"),
    ],
)  # fmt: skip
def test_ports_are_to_be_published_at_the_owner_of_the_namespace(
    others: int, told: str
) -> None:
    unit = "[Unit]\nRequires=proxy.service\n"
    files = {
        "a.container": _container("a:1", "Pod=p.pod", sections=unit),
        "b.container": _container("b:1", "Pod=p.pod"),
        "c.container": _container("c:1", "Pod=p.pod"),
        "p.pod": "[Pod]\n",
        **{f"d{number}.container": _container("d:1", "") for number in range(others)},
    }
    assert told in told_of(files, "TC788").advice


def test_a_podman_secret_without_a_value_is_said_once() -> None:
    files = {
        "a.container": _container("a:1", "Secret=api_pwd,type=env,target=API_PASSWORD")
    }
    notes = converted(files, "quadlet", practices="all").notes
    assert [note.code for note in notes if note.code in ("TC126", "TC553")] == ["TC126"]


def test_what_several_units_lack_is_said_once_in_their_box() -> None:
    files = {f"{name}.container": _container("x:1", "AutoUpdate=registry") for name in "ab"}
    content = {name: text.encode() for name, text in files.items()}
    report = report_of(converted(files, "quadlet"), Memory(content))
    [box] = [duty.text for duty in duties(report) if duty.code == "TC786"]
    assert box == (
        "Update the image from time to time for a, b: podman updates the image automatically"
        " (AutoUpdate: registry); Compose does not"
    )


@pytest.mark.parametrize("network", ["", "Network=pasta\n", "Network=host\n"])
def test_what_a_pod_shares_is_told_and_its_name_is_settled(network: str) -> None:
    files = {
        "a.container": _container("a:1", "Pod=p.pod"),
        "b.container": _container("b:1", "Pod=p.pod"),
        "p.pod": f"[Pod]\nPodName=shop\nPublishPort=8080:80\n{network}",
    }
    result = converted(files, "quadlet")
    codes = codes_of(result)
    assert "TC869" in codes and "TC001" not in codes


@pytest.mark.parametrize(
    ("mounted", "is_told"),
    [
        ("conf:/etc/nginx/conf.d", True),
        ("%h/.config/containers/systemd/extra.yaml:/etc/extra.yaml", True),
        ("./extra.yaml:/etc/extra.yaml", False),
    ],
)
def test_a_file_beside_the_units_is_copied_by_hand_where_none_mounts_it(
    mounted: str, is_told: bool
) -> None:
    files = {
        "web.container": f"[Container]\nImage=nginx:1.27\nVolume={mounted}\n",
        "extra.yaml": "a: 1\n",
        "README.md": "Copy extra.yaml.\n",
    }
    told = [note for note in converted(files, "quadlet").notes if note.code == "TC098"]
    assert [note.message.endswith(": extra.yaml") for note in told] == [True] * is_told
