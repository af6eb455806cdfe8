"""The items in a DynamoDB request, for the condition keys of DynamoDB.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html"""

import json
import re

from ministack.core.responses import get_account_id, get_region
from ministack.services import dynamodb

# For a request with unknown partition keys: no policy has it.
_UNKNOWN = "\0"
_ITEM_MEMBERS = ("ConditionCheck", "Put", "Update", "Delete", "Get")
_EXPRESSIONS = ("UpdateExpression", "ConditionExpression", "ProjectionExpression", "KeyConditionExpression", "FilterExpression")
# A name at the beginning of a path, and whether it is a function's.
_NAME = re.compile(r"(?<![A-Za-z0-9_:.#-])(#?[A-Za-z_][A-Za-z0-9_-]*|#[A-Za-z0-9_-]+)\s*(\()?")
_KEYWORDS = frozenset(("ADD", "AND", "BETWEEN", "DELETE", "IN", "NOT", "OR", "REMOVE", "SET"))
_EQUALS = re.compile(r"(#?[A-Za-z0-9_.-]+)\s*=\s*(:[A-Za-z0-9_]+)")


def parse(body):
    """The parameters of a request, or an empty mapping."""
    try:
        data = json.loads(body or b"{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def condition_keys(body):
    """For a request that is not a transaction. A key without a value is absent."""
    data = parse(body)
    return _present(_leading_keys(data), _attributes(data), data.get("ReturnValues"))


def transaction_items(body):
    """For each item of a transaction: its member, its table, and its condition keys."""
    items = parse(body).get("TransactItems")
    for item in items if isinstance(items, list) else []:
        for member in _ITEM_MEMBERS:
            detail = item.get(member) if isinstance(item, dict) else None
            if isinstance(detail, dict):
                yield member, str(detail.get("TableName", "")), _present(_of_item(detail), _attributes(detail), None)


def _present(leading_keys, attributes, return_values):
    keys = {
        "dynamodb:LeadingKeys": leading_keys,
        "dynamodb:Attributes": attributes or None,
        "dynamodb:ReturnValues": return_values,
    }
    return {name: value for name, value in keys.items() if value is not None}


def _attributes(data):
    """The top-level attributes in a request, including its keys."""
    aliases = data.get("ExpressionAttributeNames")
    aliases = aliases if isinstance(aliases, dict) else {}
    names = []
    for expression in _EXPRESSIONS:
        for name, is_function in _NAME.findall(str(data.get(expression, ""))):
            if not is_function and name.upper() not in _KEYWORDS:
                names.append(aliases.get(name, name))
    for member in ("Item", "Key", "AttributeUpdates", "Expected"):
        if isinstance(data.get(member), dict):
            names += data[member]
    if isinstance(data.get("AttributesToGet"), list):
        names += data["AttributesToGet"]
    # A key alone reads all attributes, and names none.
    writes_or_projects = any(data.get(name) for name in (*_EXPRESSIONS, "Item", "AttributeUpdates", "AttributesToGet"))
    return sorted(set(names)) if writes_or_projects else []


def _leading_keys(data):
    """The partition key values in a request, or None if it names none, as Scan.

    A request may have members of other operations, which ministack ignores: all values in them must be allowed."""
    values = []
    if "RequestItems" in data:
        values += _of_batch(data["RequestItems"])
    if "KeyConditionExpression" in data or "KeyConditions" in data:
        values += _of_query(data)
    if "Key" in data or "Item" in data:
        values += _of_item(data)
    return values or None


def _of_item(detail):
    name = _hash_key(detail.get("TableName"))
    return [_value(detail[member], name) for member in ("Key", "Item") if member in detail] or [_UNKNOWN]


def _of_batch(requests):
    values = []
    for table, asked in requests.items() if isinstance(requests, dict) else ():
        name = _hash_key(table)
        if isinstance(asked, dict):
            values += [_value(key, name) for key in asked.get("Keys", [])]
            continue
        for request in asked if isinstance(asked, list) else []:
            writes = [request[member] for member in ("PutRequest", "DeleteRequest") if member in request]
            keys = [write.get(member) for write in writes for member in ("Item", "Key") if member in write]
            values += [_value(key, name) for key in keys] or [_UNKNOWN]
    return values


def _of_query(data):
    name = _hash_key(data.get("TableName"), data.get("IndexName"))
    legacy, found = data.get("KeyConditions"), []
    if isinstance(legacy, dict):
        found = [_value({"": each}, "") for each in legacy.get(name, {}).get("AttributeValueList", [])] or [_UNKNOWN]
    if legacy is not None and "KeyConditionExpression" not in data:
        return found or [_UNKNOWN]
    aliases = data.get("ExpressionAttributeNames") or {}
    found += [
        _value(data.get("ExpressionAttributeValues"), value)
        for attribute, value in _EQUALS.findall(str(data.get("KeyConditionExpression", "")))
        if aliases.get(attribute, attribute) == name
    ]
    return found or [_UNKNOWN]


def _value(attributes, name):
    typed = attributes.get(name) if isinstance(attributes, dict) else None
    if isinstance(typed, dict) and len(typed) == 1:
        return str(next(iter(typed.values())))
    return _UNKNOWN


def _hash_key(table, index=None):
    """The name of a table's or index's partition key, or None."""
    name = table.rpartition("/")[2] if isinstance(table, str) else None
    record = dynamodb._tables.get_scoped(get_account_id(), get_region(), name)
    if record is None:
        return None
    schema = record.get("KeySchema", [])
    if index is not None:
        indexes = [*(record.get("GlobalSecondaryIndexes") or []), *(record.get("LocalSecondaryIndexes") or [])]
        schema = next((each["KeySchema"] for each in indexes if each["IndexName"] == index), [])
    return next((key["AttributeName"] for key in schema if key["KeyType"] == "HASH"), None)
