"""Limits ministack to the services that spawn uses; no code of a caller runs, and no request leaves the machine.

ministack has about 100 services, and several run code for their caller: Lambda, ECS, CodeBuild, Step Functions, RDS. Three
independent locks block all others than SERVICES:
- the gate (gate.py) passes on only requests that are signed for one of SERVICES,
- ministack's other routes and handlers are removed, and its other modules cannot be imported,
- the interpreter refuses to start a process or to open a connection, whatever the caller (an audit hook cannot be removed).
"""

import importlib.abc
import sys
from dataclasses import dataclass

from .operations import AUTO_SCALING, EC2, SSM


@dataclass(frozen=True)
class Service:
    """An AWS service that the local cloud serves."""

    # The name in the signature's scope, and of ministack's handler.
    name: str
    # "rest": any method and path. "json": POST / with X-Amz-Target. "query": POST / with a form. "ec2": the same,
    # with other errors.
    protocol: str
    # The prefix of X-Amz-Target; only for "json".
    target: bytes = b""
    # The modules below ministack.services that it needs.
    modules: tuple = ()
    # The served operations. None: all of ministack's.
    operations: frozenset | None = None


# The services that spawn uses. A new service needs a line here and a reason. Before adding one, read its module: ministack's EC2
# can start containers for instances, and SSM can run commands in them (operations.py).
# - s3: data, rules of buckets, and S3 Control (access points), which is signed as "s3", too
# - dynamodb: the records and the usage rows
# - iam: the role of replication
# - sts: GetCallerIdentity, for the account ID, and AssumeRole, for the workers of a sweep
# - ec2: networks, launch templates and the instances of groups (compute.py)
# - autoscaling: the groups of a sweep's workers (groups.py, which is not ministack's)
# - ssm: the IDs of machine images (parameters.py, which is not ministack's)
SERVICES = {
    service.name: service
    for service in (
        Service("s3", "rest", modules=("s3",)),
        Service("dynamodb", "json", b"DynamoDB_20120810.", modules=("dynamodb", "_dynamodb_keywords")),
        Service("iam", "query", modules=("iam",)),
        Service("sts", "query", modules=("sts",)),
        Service("ec2", "ec2", modules=("ec2",), operations=EC2),
        Service("autoscaling", "query", operations=AUTO_SCALING),
        Service("ssm", "json", b"AmazonSSM.", operations=SSM),
    )
}

# The modules below ministack.core that these need. The others run code (lambda_runtime, node_pool), or serve other
# protocols.
CORE = frozenset(
    ("arn", "concurrency", "container_reaper", "hypercorn_compat", "iam_actions", "iam_evaluator")
    + ("persistence", "responses", "router", "sigv4")
)

_MODULES = frozenset(module for service in SERVICES.values() for module in service.modules)

# https://docs.python.org/3/library/audit_events.html
_REFUSED_EVENTS = frozenset(
    ("os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile", "os.system")
    + ("pty.spawn", "subprocess.Popen", "socket.connect", "socket.sendto", "socket.sendmsg")
)


def _refuse(event, _args):
    if event in _REFUSED_EVENTS:
        raise PermissionError(f"The local cloud starts no process and opens no connection ({event}).")


class _OnlyOurModules(importlib.abc.MetaPathFinder):
    """Blocks every import of a ministack module that is not listed here."""

    def find_spec(self, fullname, path=None, target=None):
        parent, _, name = fullname.rpartition(".")
        if (parent == "ministack.services" and name not in _MODULES) or (parent == "ministack.core" and name not in CORE):
            raise ModuleNotFoundError(f"{fullname} is not part of the local cloud", name=fullname)
        return None


def confine():
    """Locks this process. Must be called before ministack is imported."""
    sys.meta_path.insert(0, _OnlyOurModules())
    sys.addaudithook(_refuse)


def load_app():
    """ministack's ASGI application without its routes to anything but SERVICES, the function that saves its state, the
    function that reconciles groups (returns whether anything changed), and the function that finds the secret of a
    role's credentials."""
    # ministack is pinned exactly, so using its internal names is safe: a missing name fails here, at the start.
    from ministack import app as ministack
    from ministack.core.persistence import save_all
    from ministack.services import s3

    from . import accounts, authorization, compute, group_store, groups, parameters, sessions

    for name in (
        ("_handle_pre_body_request", "_handle_post_body_shortcuts", "_handle_special_data_plane_request")
        + ("_collect_scripts", "_start_iot_mtls", "_stop_docker_containers", "SERVICE_HANDLERS", "_state_map")
        + ("_build_persistence_save_dict", "_load_persisted_state")
    ):
        if not hasattr(ministack, name):
            raise RuntimeError(f"ministack has no {name}: services.py does not fit this version")
    if not hasattr(s3, "_verify_presigned_sigv4"):
        raise RuntimeError("ministack's S3 has no _verify_presigned_sigv4: services.py does not fit this version")

    async def special_paths(method, path, headers, body, query_params, request_id, **_):
        """S3 Control, and buckets in the host name."""
        return await ministack._handle_s3_control_request(
            path, method, body, query_params, request_id, headers
        ) or await ministack._handle_s3_vhost_request(
            headers.get("host", ""), path, method, headers, body, query_params
        )

    # Administration, health, CORS, and the endpoints of Cognito, SES, SQS, SNS, Transfer, IoT, RDS and ElastiCache.
    ministack._handle_pre_body_request = _no_response
    # CloudFormation, Cognito, and the administration's settings.
    ministack._handle_post_body_shortcuts = _no_response
    # The data planes of API Gateway, load balancers, CloudFront, ECR, Lambda URLs, Iceberg and others.
    ministack._handle_special_data_plane_request = special_paths
    # Scripts of /docker-entrypoint-initaws.d and /etc/localstack, which run at the start.
    ministack._collect_scripts = lambda *_folders: []
    ministack._stop_docker_containers = lambda *_args: None
    ministack.SERVICE_HANDLERS = {
        name: handler for name, handler in ministack.SERVICE_HANDLERS.items() if name in SERVICES
    } | {
        "ec2": compute.handler(),
        "autoscaling": groups.handle_request,
        "ssm": parameters.handle_request,
    }
    # Saved data of other services stay on the disk.
    ministack._state_map = {key: module for key, module in ministack._state_map.items() if module in _MODULES}
    state_of_ministack, load_of_ministack = ministack._build_persistence_save_dict, ministack._load_persisted_state

    def load_state():
        load_of_ministack()
        group_store.load()
        sessions.load()

    ministack._build_persistence_save_dict = lambda: state_of_ministack() | {
        module.STATE: module.get_state for module in (group_store, sessions)
    }
    ministack._load_persisted_state = load_state
    # ministack's start reports two missing modules, which are removed on purpose.
    ministack.logger.addFilter(lambda record: "cheduler startup failed" not in record.msg)
    # The gate has verified the signature, with a secret that ministack does not have.
    s3._verify_presigned_sigv4 = lambda *_args, **_options: None
    authorization.install()
    accounts.install()
    sessions.install()
    def save_state():
        save_all(ministack._build_persistence_save_dict())

    return ministack.app, save_state, group_store.tend, sessions.secret_of


async def _no_response(*_args):
    return None
