"""Sets of manifests that together set every field of the supported kinds, each with what makes the fields count."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import kubernetes_everything as every
from kubernetes_models import fields

Json = Any
Scene = list[Json]
SPACE = "every"


def _own(kind: str, api: str, name: str, **parts: Json) -> Json:
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": name, "namespace": SPACE},
        **parts,
    }


def _config() -> Scene:
    """The ConfigMap and the Secret that the other objects refer to, every field set."""
    return [
        every.document("V1ConfigMap", "v1", "config"),
        every.document("V1Secret", "v1", "secret"),
    ]


def _deployment(name: str, pod: Json, **spec: Json) -> Json:
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    selector = {"matchLabels": {"app": name}}
    return _own(
        "Deployment",
        "apps/v1",
        name,
        spec={"selector": selector, "template": template, **spec},
    )


def _container(name: str = "main", **parts: Json) -> Json:
    return {"name": name, "image": "example.com/app:1.2-alpine", **parts}


def containers() -> Scene:
    """A container with every field, and all sources of variables."""
    main = every.filled("V1Container")
    main.pop("restartPolicy")
    main.pop("volumeMounts")
    main.update(name="main", volumeDevices=[{"name": "disk", "devicePath": "/dev/xvda"}])
    main["env"] = [
        {"name": f"VAR_{number}", "valueFrom": each}
        for number, each in enumerate(every.variants("V1EnvVarSource"))
    ]
    main["env"].append({"name": "NAMED", "value": "a $(VAR_0)"})
    main["envFrom"] = [
        {"prefix": "C_", "configMapRef": {"name": "config", "optional": True}},
        {"prefix": "S_", "secretRef": {"name": "secret", "optional": True}},
        {"prefix": "M_", "configMapRef": {"name": "elsewhere", "optional": True}},
    ]
    main["lifecycle"] = {
        "postStart": {"exec": {"command": ["warm", "up"]}},
        "preStop": {"sleep": {"seconds": 3}},
        "stopSignal": "SIGUSR1",
    }
    main["startupProbe"]["exec"]["command"] = ["started"]
    main["livenessProbe"]["exec"]["command"] = ["alive"]
    pod = {
        "containers": [main],
        "volumes": [{"name": "disk", "persistentVolumeClaim": {"claimName": "claim"}}],
    }
    return [*_config(), _deployment("every", pod)]


def hooks() -> Scene:
    """A container for each kind of lifecycle hook."""
    made = [
        _container(
            f"hook-{number}", lifecycle={"postStart": each, "preStop": copy.deepcopy(each)}
        )
        for number, each in enumerate(every.variants("V1LifecycleHandler"))
    ]
    return [_deployment("hooks", {"containers": made})]


def probes() -> Scene:
    """A container for each kind of probe action, in each of the three probes."""
    made = []
    for number, each in enumerate(every.probes()):
        for probe in ("readinessProbe", "livenessProbe", "startupProbe"):
            made.append(
                _container(f"{probe.lower()}-{number}", **{probe: copy.deepcopy(each)})
            )
    return [_deployment("probes", {"containers": made})]


def pods() -> Scene:
    """A pod with every field that several containers can share."""
    pod = every.filled("V1PodSpec")
    for key in ("hostNetwork", "hostPID", "hostIPC", "hostnameOverride", "volumes"):
        pod.pop(key)
    sidecar = _container(
        "sidecar", restartPolicy="Always", startupProbe={"exec": {"command": ["true"]}}
    )
    pod["initContainers"] = [_container("first"), sidecar, _container("second")]
    pod["containers"] = [
        _container("main"),
        _container("partner", resources={"limits": {"cpu": "1"}}),
    ]
    deployment = every.document("V1Deployment", "apps/v1", "every")
    deployment["spec"].update(template={"metadata": every.metadata("every"), "spec": pod})
    role = _own("Role", "rbac.authorization.k8s.io/v1", "role", rules=[{"verbs": ["get"]}])
    subject = {"kind": "ServiceAccount", "name": "robot", "namespace": SPACE}
    binding = _own(
        "RoleBinding",
        "rbac.authorization.k8s.io/v1",
        "binding",
        subjects=[subject],
        roleRef={"name": "role"},
    )
    return [deployment, role, binding, *storage_for_group()]


def storage_for_group() -> Scene:
    """A pod whose volumes belong to a group, so that how they change hands counts."""
    pod = {
        "securityContext": {"fsGroup": 3000, "fsGroupChangePolicy": "OnRootMismatch"},
        "containers": [_container(volumeMounts=[{"name": "data", "mountPath": "/data"}])],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "mine"}}],
    }
    return [_deployment("group", pod)]


def hosts() -> Scene:
    """Pods on the host's namespaces, and the ways to name a host."""
    on_host = {
        "hostNetwork": True,
        "hostPID": True,
        "hostIPC": True,
        "containers": [_container(ports=[{"containerPort": 80}])],
    }
    named = {"hostnameOverride": "boss", "containers": [_container()]}
    return [_deployment("onhost", on_host), _deployment("named", named)]


def security() -> Scene:
    """The security settings of a pod that its container does not override, in each form that a profile has."""
    forms: Scene = []
    for number, kind in enumerate(("RuntimeDefault", "Unconfined", "Localhost")):
        profile = {
            "type": kind,
            **({"localhostProfile": "own"} if kind == "Localhost" else {}),
        }
        context = {"seccompProfile": profile, "appArmorProfile": dict(profile)}
        forms.append(
            _deployment(
                f"profile-{number}",
                {"securityContext": context, "containers": [_container()]},
            )
        )
    return forms


def volumes() -> Scene:
    """A volume of each source, each mounted."""
    made, mounts = [], []
    for number, each in enumerate(every.variants("V1Volume")):
        each["name"] = f"vol-{number}"
        made.append(each)
        mounts.append({"name": f"vol-{number}", "mountPath": f"/mnt/{number}"})
    projections = list(every.variants("V1VolumeProjection"))
    projections[4]["secret"]["items"][0]["path"] = "sub/secret"
    for number, each in enumerate(made):
        if "projected" in each:
            each["projected"]["sources"] = projections
        if number % 2 == 0:
            mounts[number]["readOnly"] = True
        if "hostPath" in each:
            mounts[number].update(
                mountPropagation="HostToContainer",
                recursiveReadOnly="IfPossible",
                bindMountOptions=["x"],
            )
    mounts.append({"name": "vol-5", "mountPath": "/etc/one", "subPath": "sub/one"})
    mounts.append({"name": "memory", "mountPath": "/scratch"})
    mounts.append({"name": "claim", "mountPath": "/deep", "subPathExpr": "$(NAMED)/x"})
    made.append({"name": "memory", "emptyDir": {"sizeLimit": "1Gi"}})
    made.append({"name": "claim", "persistentVolumeClaim": {"claimName": "claim"}})
    first = _container(volumeMounts=mounts, env=[{"name": "NAMED", "value": "n"}])
    second = _container(
        "second", volumeMounts=[{"name": "memory", "mountPath": "/scratch"}]
    )
    return [
        *_config(),
        _deployment("volumes", {"containers": [first, second], "volumes": made}),
    ]


def claims() -> Scene:
    """Claims bound to each source of a PersistentVolume, all mounted, and a claim and a volume that nothing uses."""
    scene: Scene = []
    mounts, made = [], []
    sources = ("hostPath", "local", "nfs", "csi")
    others = {
        field.name
        for field in fields("V1PersistentVolumeSpec")
        if field.type.startswith("V1")
    } - {
        "claimRef",
        "nodeAffinity",
    }
    for number, source in enumerate(sources):
        volume = every.document("V1PersistentVolume", "v1", f"pv-{number}")
        volume.pop("status")
        volume["spec"] = {
            name: item
            for name, item in volume["spec"].items()
            if name not in others or name == source
        }
        volume["spec"]["claimRef"].update(name=f"claim-{number}", namespace=SPACE)
        claim = every.document(
            "V1PersistentVolumeClaim", "v1", f"claim-{number}", volumeName=f"pv-{number}"
        )
        claim.pop("status")
        if number % 2:
            claim["spec"].pop("volumeName")
        if number:
            volume["metadata"] = {"name": f"pv-{number}"}
            claim["metadata"] = {"name": f"claim-{number}", "namespace": SPACE}
        scene.extend((volume, claim))
        made.append(
            {
                "name": f"vol-{number}",
                "persistentVolumeClaim": {"claimName": f"claim-{number}", "readOnly": True},
            }
        )
        mounts.append({"name": f"vol-{number}", "mountPath": f"/mnt/{number}"})
    scene.append(
        _deployment(
            "claims", {"containers": [_container(volumeMounts=mounts)], "volumes": made}
        )
    )
    scene.append(every.document("V1PersistentVolume", "v1", "spare"))
    scene.append(
        every.document("V1PersistentVolumeClaim", "v1", "unused", volumeName="nowhere")
    )
    return scene


def workloads() -> Iterator[tuple[str, Scene]]:
    """Each kind that runs pods, every field of its own set."""
    for model, api in (
        *(
            ("V1Deployment", "apps/v1"),
            ("V1ReplicaSet", "apps/v1"),
            ("V1DaemonSet", "apps/v1"),
        ),
        *(
            ("V1StatefulSet", "apps/v1"),
            ("V1ReplicationController", "v1"),
            ("V1Job", "batch/v1"),
        ),
    ):
        made = every.document(model, api, "every")
        made["spec"]["template"] = every.small("every")
        yield model, [made]
    cron = every.document("V1CronJob", "batch/v1", "every")
    cron["spec"]["jobTemplate"]["spec"]["template"] = every.small("every")
    yield "V1CronJob", [cron]
    pod = {"containers": [_container()]}
    yield "V1Pod", [{**every.document("V1Pod", "v1", "every"), "spec": pod}]


def stateful() -> Scene:
    """A StatefulSet whose claims are mounted and whose pods start one after the other."""
    made = every.document("V1StatefulSet", "apps/v1", "every")
    template = every.small("every")
    template["spec"]["containers"][0]["volumeMounts"] = [
        {"name": "data", "mountPath": "/data"}
    ]
    made["spec"]["template"] = template
    made["spec"]["volumeClaimTemplates"][0]["metadata"]["name"] = "data"
    made["spec"].pop("podManagementPolicy")
    return [made]


def services() -> Scene:
    """A Service with every field before a pod, and the kinds that lead elsewhere."""
    pod = {
        "containers": [
            _container(ports=[{"containerPort": 8080, "name": "web", "protocol": "UDP"}])
        ]
    }
    service = every.document("V1Service", "v1", "front")
    outside = _own(
        "Service",
        "v1",
        "outside",
        spec={"type": "ExternalName", "externalName": "api.example.com"},
    )
    headless = _own(
        "Service",
        "v1",
        "headless",
        spec={
            "clusterIP": "None",
            "selector": {"app": "every"},
            "ports": [{"port": 80, "targetPort": 8080}],
        },
    )
    fixed = _own("Service", "v1", "fixed", spec={"ports": [{"port": 5432}]})
    endpoints = every.document("V1Endpoints", "v1", "fixed")
    sliced = _own("Service", "v1", "sliced", spec={"ports": [{"port": 5432}]})
    slices = every.document("V1EndpointSlice", "discovery.k8s.io/v1", "sliced-x")
    slices["metadata"]["labels"] = {"kubernetes.io/service-name": "sliced"}
    named = _own(
        "Service",
        "v1",
        "named",
        spec={
            "type": "NodePort",
            "selector": {"app": "every"},
            "ports": [
                {"port": 81, "targetPort": "web", "nodePort": 30081, "protocol": "UDP"}
            ],
        },
    )
    client = {
        "containers": [
            _container(
                env=[
                    {"name": "A", "value": "http://fixed:5432"},
                    {"name": "B", "value": "sliced:5432"},
                    {"name": "C", "value": "http://outside/x"},
                ]
            )
        ]
    }
    return [
        _deployment("every", pod),
        _deployment("client", client),
        service,
        named,
        outside,
        headless,
        fixed,
        endpoints,
        sliced,
        slices,
    ]


def scaling() -> Scene:
    """What scales, limits and permits."""
    made: Scene = [_deployment("every", {"containers": [_container()]})]
    for model, api in (
        *(
            ("V2HorizontalPodAutoscaler", "autoscaling/v2"),
            ("V1PodDisruptionBudget", "policy/v1"),
        ),
        *(
            ("V1LimitRange", "v1"),
            ("V1ResourceQuota", "v1"),
            ("V1ServiceAccount", "v1"),
            ("V1Namespace", "v1"),
        ),
        *(
            ("V1Role", "rbac.authorization.k8s.io/v1"),
            ("V1RoleBinding", "rbac.authorization.k8s.io/v1"),
        ),
        *(
            ("V1ClusterRole", "rbac.authorization.k8s.io/v1"),
            ("V1ClusterRoleBinding", "rbac.authorization.k8s.io/v1"),
        ),
    ):
        made.append(every.document(model, api, "every"))
    return made


def scenes() -> dict[str, Scene]:
    """Every scene by its name."""
    found = {
        build.__name__: build()
        for build in (
            containers,
            hooks,
            probes,
            pods,
            hosts,
            security,
            volumes,
            claims,
            stateful,
            services,
            scaling,
        )
    }
    return {**found, **dict(workloads())}
