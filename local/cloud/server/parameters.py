"""SSM of the local cloud: only the public parameters with the IDs of Amazon Linux 2023."""

import json
import uuid

from .images import ARCHITECTURES, PARAMETER, image_of
from .operations import SSM

# The date in the image's name, in seconds since 1970.
_MODIFIED = 1_762_732_800


async def handle_request(_method, _path, headers, body, _query_params):
    """A handler in ministack's form."""
    from ministack.core.responses import get_region

    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        return _answer(400, {"__type": "SerializationException"})
    if operation not in SSM or not isinstance(asked, dict):
        return _answer(400, {"__type": "UnknownOperationException"})
    if operation == "GetParameter":
        parameter = _parameter(get_region(), asked.get("Name"))
        if parameter is None:
            return _answer(400, {"__type": "ParameterNotFound", "message": f"Parameter {asked.get('Name')} not found."})
        return _answer(200, {"Parameter": parameter})
    names = asked.get("Names")
    if not isinstance(names, list):
        return _answer(400, {"__type": "ValidationException", "message": "Names is required."})
    found = {name: _parameter(get_region(), name) for name in names if isinstance(name, str)}
    return _answer(
        200,
        {
            "Parameters": [parameter for parameter in found.values() if parameter is not None],
            "InvalidParameters": [name for name in names if found.get(name) is None],
        },
    )


def _parameter(region, name):
    for architecture in ARCHITECTURES:
        if name == PARAMETER + architecture:
            return {
                "ARN": f"arn:aws:ssm:{region}::parameter{name}",
                "DataType": "aws:ec2:image",
                "LastModifiedDate": _MODIFIED,
                "Name": name,
                "Type": "String",
                "Value": image_of(region, architecture).image_id,
                "Version": 1,
            }
    return None


def _answer(status, value):
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": str(uuid.uuid4())}
    return status, headers, json.dumps(value).encode()
