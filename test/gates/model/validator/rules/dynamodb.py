"""Items and tables. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""

import json
import re

from .expressions import check_expressions
from .tags import check_tags, pairs_of

KIB, MIB = 1024, 1024**2
_ITEM = 400 * KIB
_NUMBER = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")


def check_request(members, _request, problems):
    """A request for one item."""
    _check_action(members, "", problems)


def check_transaction(members, _request, problems):
    """
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html: 4 MB in all, no item twice. Of a Put the key
    is not known without the table, so puts are compared as wholes.
    """
    seen, size = set(), 0
    for at, action in enumerate(members.get("TransactItems", [])):
        if len(action) != 1:
            problems.add(f"TransactItems[{at}]", f"has {len(action)} actions, not one")
        for kind, inner in action.items():
            path = f"TransactItems[{at}].{kind}"
            _check_action(inner, path, problems)
            size += _size_of(inner.get("Item", {})) + _size_of(inner.get("Key", {}))
            size += _size_of(inner.get("ExpressionAttributeValues", {}))
            item = inner.get("Key", inner.get("Item"))
            name = (inner.get("TableName"), _text_of(item))
            if name in seen:
                problems.add(path, "the same item is there twice")
            seen.add(name)
    if size > 4 * MIB:
        problems.add("TransactItems", f"{size} bytes are above the most, 4 MiB")


def check_batch_write(members, _request, problems):
    """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html"""
    seen = []
    for table, requests in members.get("RequestItems", {}).items():
        for each in requests:
            if len(each) != 1:
                problems.add("RequestItems", f"a request has {len(each)} actions, not one")
            for inner in each.values():
                _check_action(inner, "RequestItems", problems)
                seen.append(_text_of([table, inner.get("Key", inner.get("Item"))]))
    _check_batch(seen, 25, problems)


def check_batch_get(members, _request, problems):
    """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html"""
    seen = []
    for table, asked in members.get("RequestItems", {}).items():
        check_expressions(asked, f"RequestItems[{table}]", problems)
        for key in asked.get("Keys", []):
            _check_attributes(key, "Keys", problems)
            seen.append(_text_of([table, key]))
    _check_batch(seen, 100, problems)


def _check_batch(seen, most, problems):
    if not 1 <= len(seen) <= most:
        problems.add("RequestItems", f"{len(seen)} items are not from 1 to {most}")
    if len(set(seen)) < len(seen):
        problems.add("RequestItems", "the same item is there twice")


def check_table(members, _request, problems):
    """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html"""
    used = {each["AttributeName"] for each in members.get("KeySchema", [])}
    for index in [*members.get("GlobalSecondaryIndexes", []), *members.get("LocalSecondaryIndexes", [])]:
        used |= {each["AttributeName"] for each in index.get("KeySchema", [])}
    defined = {each["AttributeName"] for each in members.get("AttributeDefinitions", [])}
    if used != defined:
        problems.add("AttributeDefinitions", f"defines {sorted(defined)}, and keys use {sorted(used)}")
    if members.get("BillingMode") == "PAY_PER_REQUEST" and "ProvisionedThroughput" in members:
        problems.add("ProvisionedThroughput", "cannot be beside PAY_PER_REQUEST")
    check_tags(pairs_of(members.get("Tags")), 50, "Tags", problems)


def _text_of(value):
    """A key that is equal for equal values."""
    return json.dumps(value, sort_keys=True, default=repr)


def _check_action(members, path, problems):
    check_expressions(members, path, problems)
    for name in ("Item", "Key", "ExpressionAttributeValues", "ExclusiveStartKey"):
        _check_attributes(members.get(name, {}), f"{path}.{name}".lstrip("."), problems)
    size = _size_of(members.get("Item", {}))
    if size > _ITEM:
        problems.add(path, f"the item's {size} bytes are above the most, {_ITEM}")
    for name, value in members.get("Key", {}).items():
        if not {"S", "N", "B"} & value.keys() or "" in value.values():
            problems.add(path, f"the key's {name} is empty or no text, number or blob")


def _check_attributes(attributes, path, problems):
    for name, value in attributes.items():
        _check_value(value, f"{path}[{name}]", problems)


def _check_value(value, path, problems):
    if len(value) != 1:
        problems.add(path, f"a value has exactly one type, not {len(value)}")
    for kind, inner in value.items():
        if kind == "N" and (not _NUMBER.fullmatch(inner) or len(re.sub(r"[eE].*|\D", "", inner).strip("0")) > 38):
            problems.add(path, f"{inner[:50]!r} is no number of at most 38 digits")
        elif kind in ("SS", "NS", "BS") and (not inner or len({str(each) for each in inner}) < len(inner)):
            problems.add(path, "a set is not empty and has nothing twice")
        elif kind == "M":
            _check_attributes(inner, path, problems)
        elif kind == "L":
            for at, each in enumerate(inner):
                _check_value(each, f"{path}[{at}]", problems)


def _size_of(attributes):
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html, a little above"""
    return sum(len(name.encode()) + _size_of_value(value) for name, value in attributes.items())


def _size_of_value(value):
    size = 0
    for kind, inner in value.items():
        if kind == "M":
            size += 3 + len(inner) + _size_of(inner)
        elif kind == "L":
            size += 3 + len(inner) + sum(map(_size_of_value, inner))
        elif kind in ("SS", "NS", "BS"):
            size += sum(len(each) for each in inner)
        elif kind in ("BOOL", "NULL"):
            size += 1
        else:
            size += len(inner.encode() if isinstance(inner, str) else inner)
    return size


_OF_ITEMS = ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan")
RULES = (
    (tuple(f"dynamodb:{name}" for name in _OF_ITEMS), check_request),
    (("dynamodb:TransactWriteItems", "dynamodb:TransactGetItems"), check_transaction),
    (("dynamodb:BatchWriteItem",), check_batch_write),
    (("dynamodb:BatchGetItem",), check_batch_get),
    (("dynamodb:CreateTable",), check_table),
)
