"""The members of a request with a form (IAM, STS, Auto Scaling, EC2).

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html and https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html
"""

from urllib.parse import parse_qsl

from .scalars import scalar_of


def members_of(operation, request, problems):
    model = operation.service_model
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        problems.add("content-type", f"is {request.headers.get('content-type')}")
    for name in request.query:
        problems.add("", f"unknown parameter {name[0]} in the query")
    pairs = parse_qsl(
        (request.body or b"").decode("ascii", "replace"), keep_blank_values=True, strict_parsing=True, errors="strict"
    )
    tree = {}
    for key, value in pairs:
        if key == "Action":
            continue
        if key == "Version":
            if value != model.metadata["apiVersion"]:
                problems.add("Version", f"is {value}, not {model.metadata['apiVersion']}")
            continue
        _put(tree, key, value, problems)
    shape = operation.input_shape
    if shape is None:
        for name in tree:
            problems.add(name, "unknown member")
        return {}
    names = _Ec2Names if model.metadata["protocol"] == "ec2" else _QueryNames
    return _structure_of(shape, tree, "", problems, names)


def _put(tree, key, value, problems):
    *path, last = key.split(".")
    node = tree
    for part in path:
        node = node.setdefault(part, {})
        if not isinstance(node, dict):
            problems.add(key, "is both a text and a structure")
            return
    if last in node:
        problems.add(key, "is there twice")
    node[last] = value


class _QueryNames:
    @staticmethod
    def of_member(name, member):
        if member.type_name == "list" and member.serialization.get("flattened"):
            return member.member.serialization.get("name", member.serialization.get("name", name))
        return member.serialization.get("name", name)

    @staticmethod
    def of_items(shape):
        """The word between a list's name and the number; None without one."""
        return None if shape.serialization.get("flattened") else shape.member.serialization.get("name", "member")


class _Ec2Names:
    @staticmethod
    def of_member(name, member):
        if "queryName" in member.serialization:
            return member.serialization["queryName"]
        name = member.serialization.get("name", name)
        return name[0].upper() + name[1:]

    @staticmethod
    def of_items(_shape):
        return None


def _value_of(shape, node, path, problems, names):
    kind = shape.type_name
    if kind == "structure":
        return _structure_of(shape, node, path, problems, names)
    if kind == "list":
        return _list_of(shape, node, path, problems, names)
    if kind == "map":
        raise NotImplementedError("no operation of spawn has a map in a form")
    if isinstance(node, dict):
        problems.add(path, "unknown member: it is no structure")
        return None
    return scalar_of(shape, node, path, problems)


def _structure_of(shape, node, path, problems, names):
    if not isinstance(node, dict):
        problems.add(path, "is a text, not a structure")
        return None
    members = {names.of_member(name, member): name for name, member in shape.members.items()}
    found = {}
    for key, inner in node.items():
        if key not in members:
            problems.add(f"{path}.{key}".lstrip("."), "unknown member")
        else:
            name = members[key]
            found[name] = _value_of(shape.members[name], inner, f"{path}.{name}".lstrip("."), problems, names)
    return found


def _list_of(shape, node, path, problems, names):
    if node == "":
        return []
    word = names.of_items(shape)
    if word is not None and isinstance(node, dict):
        for key in node.keys() - {word}:
            problems.add(f"{path}.{key}", "unknown member")
        node = node.get(word, {})
    if not isinstance(node, dict) or not all(key.isascii() and key.isdigit() for key in node):
        problems.add(path, "is no list with numbers")
        return None
    numbers = sorted(int(key) for key in node)
    if numbers != list(range(1, len(numbers) + 1)):
        problems.add(path, f"is not numbered from 1 on: {numbers[:5]}")
    return [_value_of(shape.member, node[str(at)], f"{path}[{at - 1}]", problems, names) for at in numbers]
