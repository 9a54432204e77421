#!/usr/bin/env python3
"""cri.py SOCKET VERB [ARGUMENT...]: asks a container manager what a kubelet asks, over the Container Runtime Interface.

  run POD.json HANDLER                 start a pod's sandbox; prints its id
  create POD-ID CONTAINER.json POD.json   make a container in it; prints its id
  start ID | stop ID | remove ID | status ID      a container
  exec ID COMMAND...                   as `kubectl exec`, with its exit code
  stop-pod ID | remove-pod ID | address ID        a pod's sandbox

Only the messages and fields that the tests need are known here; unknown ones are skipped, as protobuf does.
"""
import json
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

# message: its fields as name:number[:type], type a message, "string" (the default), int32, int64, uint32, bool or bytes;
# "*" repeats, "map" is string to string.
MESSAGES = {
    "PodSandboxMetadata": "name:1 uid:2 namespace:3 attempt:4:uint32",
    "DNSConfig": "servers:1:*string searches:2:*string options:3:*string",
    "NamespaceOption": "network:1:int32 pid:2:int32 ipc:3:int32",
    "LinuxSandboxSecurityContext": "namespace_options:1:NamespaceOption",
    "LinuxPodSandboxConfig": "cgroup_parent:1 security_context:2:LinuxSandboxSecurityContext",
    "PodSandboxConfig": "metadata:1:PodSandboxMetadata hostname:2 log_directory:3 dns_config:4:DNSConfig labels:6:map "
                        "annotations:7:map linux:8:LinuxPodSandboxConfig",
    "ContainerMetadata": "name:1 attempt:2:uint32",
    "ImageSpec": "image:1",
    "KeyValue": "key:1 value:2",
    "Mount": "container_path:1 host_path:2 readonly:3:bool",
    "LinuxContainerSecurityContext": "namespace_options:3:NamespaceOption",
    "LinuxContainerConfig": "security_context:2:LinuxContainerSecurityContext",
    "ContainerConfig": "metadata:1:ContainerMetadata image:2:ImageSpec command:3:*string args:4:*string working_dir:5 "
                       "envs:6:*KeyValue mounts:7:*Mount labels:9:map annotations:10:map log_path:11 "
                       "linux:15:LinuxContainerConfig",
    "RunPodSandboxRequest": "config:1:PodSandboxConfig runtime_handler:2",
    "RunPodSandboxResponse": "pod_sandbox_id:1",
    "PodRequest": "pod_sandbox_id:1",
    "PodSandboxNetworkStatus": "ip:1",
    "PodSandboxStatus": "id:1 state:3:int32 network:5:PodSandboxNetworkStatus",
    "PodSandboxStatusResponse": "status:1:PodSandboxStatus",
    "CreateContainerRequest": "pod_sandbox_id:1 config:2:ContainerConfig sandbox_config:3:PodSandboxConfig",
    "CreateContainerResponse": "container_id:1",
    "ContainerRequest": "container_id:1 timeout:2:int64",
    "ContainerStatus": "id:1 state:3:int32 exit_code:7:int32 reason:10 message:11",
    "ContainerStatusResponse": "status:1:ContainerStatus",
    "ExecSyncRequest": "container_id:1 cmd:2:*string timeout:3:int64",
    "ExecSyncResponse": "stdout:1:bytes stderr:2:bytes exit_code:3:int32",
    "VersionRequest": "version:1",
    "Empty": "",
}
PACKAGE = "runtime.v1"


def add_field(message, word):
    name, number, kind = (word.split(":") + ["string"])[:3]
    field = message.field.add(name=name, number=int(number), label=3 if kind[0] == "*" or kind == "map" else 1)
    kind = kind.lstrip("*")
    scalars = {"string": 9, "int32": 5, "int64": 3, "uint32": 13, "bool": 8, "bytes": 12}
    if kind == "map":
        entry = message.nested_type.add(name=name.title().replace("_", "") + "Entry")
        entry.options.map_entry = True
        entry.field.add(name="key", number=1, label=1, type=9)
        entry.field.add(name="value", number=2, label=1, type=9)
        field.type, field.type_name = 11, ".%s.%s.%s" % (PACKAGE, message.name, entry.name)
    elif kind in scalars:
        field.type = scalars[kind]
    else:
        field.type, field.type_name = 11, ".%s.%s" % (PACKAGE, kind)


def load_messages():
    file = descriptor_pb2.FileDescriptorProto(name="cri.proto", package=PACKAGE, syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for word in fields.split():
            add_field(message, word)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return {name: factory.GetPrototype(pool.FindMessageTypeByName(PACKAGE + "." + name)) for name in MESSAGES}


TYPES = load_messages()


class Manager:
    def __init__(self, socket):
        self.channel = grpc.insecure_channel("unix://" + socket)

    def ask(self, method, request, fields, response="Empty"):
        call = self.channel.unary_unary("/%s.RuntimeService/%s" % (PACKAGE, method),
                                        request_serializer=lambda message: message.SerializeToString(),
                                        response_deserializer=TYPES[response].FromString)
        return call(json_format.ParseDict(fields, TYPES[request]()), timeout=60)


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def main():
    manager, verb, arguments = Manager(sys.argv[1]), sys.argv[2], sys.argv[3:]
    if verb == "version":
        manager.ask("Version", "VersionRequest", {"version": "v1"})
    elif verb == "run":
        print(manager.ask("RunPodSandbox", "RunPodSandboxRequest",
                          {"config": read(arguments[0]), "runtime_handler": arguments[1]},
                          "RunPodSandboxResponse").pod_sandbox_id)
    elif verb == "create":
        print(manager.ask("CreateContainer", "CreateContainerRequest",
                          {"pod_sandbox_id": arguments[0], "config": read(arguments[1]),
                           "sandbox_config": read(arguments[2])}, "CreateContainerResponse").container_id)
    elif verb in ("start", "stop", "remove"):
        manager.ask(verb.title() + "Container", "ContainerRequest", {"container_id": arguments[0]})
    elif verb == "status":
        status = manager.ask("ContainerStatus", "ContainerRequest", {"container_id": arguments[0]},
                             "ContainerStatusResponse").status
        print("created running exited unknown".split()[status.state], status.exit_code, status.message)
    elif verb in ("stop-pod", "remove-pod"):
        manager.ask(verb.split("-")[0].title() + "PodSandbox", "PodRequest", {"pod_sandbox_id": arguments[0]})
    elif verb == "address":
        print(manager.ask("PodSandboxStatus", "PodRequest", {"pod_sandbox_id": arguments[0]},
                          "PodSandboxStatusResponse").status.network.ip)
    elif verb == "exec":
        answer = manager.ask("ExecSync", "ExecSyncRequest", {"container_id": arguments[0], "cmd": arguments[1:]},
                             "ExecSyncResponse")
        sys.stdout.buffer.write(answer.stdout)
        sys.stderr.buffer.write(answer.stderr)
        return answer.exit_code
    else:
        sys.exit(__doc__)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except grpc.RpcError as failure:
        sys.exit("%s: %s" % (failure.code().name, failure.details()))
