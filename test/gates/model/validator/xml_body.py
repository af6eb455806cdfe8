"""XML of a request's body as values of a model."""

import xml.etree.ElementTree as ElementTree

from .scalars import scalar_of

_SCHEMA = "{http://www.w3.org/2001/XMLSchema-instance}"


def element_of(body, root, namespace, problems):
    """The root element, which must have this name and be in this namespace."""
    if b"<!" in body:
        problems.add("", "the XML has declarations")
        return None
    try:
        element = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        problems.add("", f"the body is no XML: {error}")
        return None
    given_namespace, name = _split(element.tag)
    if name != root:
        problems.add("", f"the root element is {name}, not {root}")
        return None
    wanted = (namespace or {}).get("uri", "")
    if given_namespace != wanted:
        problems.add("", f"the namespace is {given_namespace!r}, not {wanted!r}")
    return element


def _split(tag):
    """Namespace and name."""
    return tuple(tag[1:].split("}", 1)) if tag.startswith("{") else ("", tag)


def value_of(shape, element, path, problems, only_body=False):
    """The value of an element. `only_body`: skips members that are outside the body."""
    kind = shape.type_name
    if kind == "structure":
        return _structure_of(shape, element, path, problems, only_body)
    _no_attributes(element, path, problems)
    if kind == "list":
        name = shape.member.serialization.get("name", "member")
        return _items_of(shape, [child for child in element], name, path, problems)
    if kind == "map":
        raise NotImplementedError("no operation of spawn has a map in XML")
    if len(element) > 0:
        problems.add(f"{path}.{_split(element[0].tag)[1]}", "unknown member")
    return scalar_of(shape, element.text or "", path, problems)


def _items_of(shape, elements, name, path, problems):
    values = []
    for at, element in enumerate(elements):
        if _split(element.tag)[1] != name:
            problems.add(f"{path}.{_split(element.tag)[1]}", "unknown member")
        else:
            values.append(value_of(shape.member, element, f"{path}[{at}]", problems))
    return values


def _structure_of(shape, element, path, problems, only_body):
    members, attributes = {}, {}
    for name, member in shape.members.items():
        how = member.serialization
        if only_body and "location" in how:
            continue
        (attributes if how.get("xmlAttribute") else members)[how.get("name", name)] = (name, member)
    found, lists = {}, {}
    if (element.text or "").strip() or any((child.tail or "").strip() for child in element):
        problems.add(path, "has text between its members")
    for key, text in element.attrib.items():
        key = key.replace(_SCHEMA, "xsi:")
        if key not in attributes:
            problems.add(f"{path}@{key}", "unknown member")
        else:
            found[attributes[key][0]] = text
    for child in element:
        key = _split(child.tag)[1]
        if key not in members:
            problems.add(f"{path}.{key}".lstrip("."), "unknown member")
            continue
        name, member = members[key]
        inner = f"{path}.{name}".lstrip(".")
        if member.type_name == "list" and member.serialization.get("flattened"):
            lists.setdefault(name, []).append(child)
        elif name in found:
            problems.add(inner, "is there twice")
        else:
            found[name] = value_of(member, child, inner, problems)
    for name, children in lists.items():
        member = shape.members[name]
        key = member.serialization.get("name", name)
        found[name] = _items_of(member, children, key, f"{path}.{name}".lstrip("."), problems)
    return found


def _no_attributes(element, path, problems):
    for key in element.attrib:
        problems.add(f"{path}@{key}", "unknown member")
