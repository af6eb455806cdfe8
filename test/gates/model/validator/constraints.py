"""A model's constraints: required members, lengths, ranges, patterns, enumerations."""

from .patterns import matches
from .problems import short


def check(shape, value, path, problems):
    """Adds a problem for each violated constraint. None: an unreadable value, which was reported before."""
    if value is None:
        return
    kind = shape.type_name
    if kind == "structure":
        _check_structure(shape, value, path, problems)
    elif kind == "list":
        _check_size(shape, len(value), "items", path, problems)
        for at, each in enumerate(value):
            check(shape.member, each, f"{path}[{at}]", problems)
    elif kind == "map":
        _check_size(shape, len(value), "entries", path, problems)
        for key, each in value.items():
            check(shape.key, key, f"{path}[{key}] (key)", problems)
            check(shape.value, each, f"{path}[{key}]", problems)
    elif kind == "string":
        _check_size(shape, len(value), "characters", path, problems)
        if shape.enum and value not in shape.enum:
            problems.add(path, f"{short(value)!r} is not one of {', '.join(shape.enum[:12])}")
        pattern = shape.metadata.get("pattern")
        if pattern is not None and not matches(pattern, value):
            problems.add(path, f"{short(value)!r} does not match {pattern}")
    elif kind == "blob":
        _check_size(shape, len(value), "bytes", path, problems)
    elif kind in ("integer", "long", "float", "double"):
        _check_size(shape, value, "", path, problems)
        bits = {"integer": 31, "long": 63}.get(kind)
        if bits is not None and not -(2**bits) <= value < 2**bits:
            problems.add(path, f"{value} is no {kind}")


def _check_structure(shape, value, path, problems):
    if shape.is_document_type:
        return
    for name in shape.required_members:
        if name not in value:
            problems.add(f"{path}.{name}".lstrip("."), "required member is missing")
    if shape.is_tagged_union and len(value) != 1:
        problems.add(path, f"a union has exactly one member, not {len(value)}")
    for name, each in value.items():
        check(shape.members[name], each, f"{path}.{name}".lstrip("."), problems)


def _check_size(shape, size, unit, path, problems):
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        problems.add(path, f"{size} {unit}".rstrip() + f" is below the least, {least}")
    if most is not None and size > most:
        problems.add(path, f"{size} {unit}".rstrip() + f" is above the most, {most}")
