"""What a request of DynamoDB says about items, for the condition key dynamodb:LeadingKeys.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

import json
import re

from ministack.core.responses import get_account_id, get_region
from ministack.services import dynamodb

# Of a request whose partition keys cannot be told: no policy has it.
_UNKNOWN = "\0"
_ITEM_MEMBERS = ("ConditionCheck", "Put", "Update", "Delete", "Get")
_EQUALS = re.compile(r"(#?[A-Za-z0-9_.-]+)\s*=\s*(:[A-Za-z0-9_]+)")


def parse(body):
    """The parameters of a request, or an empty mapping."""
    try:
        data = json.loads(body or b"{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def leading_keys(body):
    """The values of the partition keys that a request names, or None where it names none, as Scan."""
    data = parse(body)
    if "RequestItems" in data:
        return _of_batch(data["RequestItems"])
    if "KeyConditionExpression" in data or "KeyConditions" in data:
        return _of_query(data)
    if "Key" in data or "Item" in data:
        return [_of_item(data)]
    return None


def transaction_items(body):
    """Of each item of a transaction: its member, its table, and its leading keys."""
    items = parse(body).get("TransactItems")
    for item in items if isinstance(items, list) else []:
        for member in _ITEM_MEMBERS:
            detail = item.get(member) if isinstance(item, dict) else None
            if isinstance(detail, dict):
                yield member, str(detail.get("TableName", "")), [_of_item(detail)]


def _of_item(detail):
    attributes = detail.get("Key", detail.get("Item"))
    return _value(attributes, _hash_key(detail.get("TableName")))


def _of_batch(requests):
    values = []
    for table, asked in requests.items() if isinstance(requests, dict) else ():
        name = _hash_key(table)
        if isinstance(asked, dict):
            values += [_value(key, name) for key in asked.get("Keys", [])]
            continue
        for request in asked if isinstance(asked, list) else []:
            write = request.get("PutRequest") or request.get("DeleteRequest") or {}
            values.append(_value(write.get("Item", write.get("Key")), name))
    return values


def _of_query(data):
    name = _hash_key(data.get("TableName"), data.get("IndexName"))
    legacy = data.get("KeyConditions")
    if isinstance(legacy, dict):
        return [_value({"": each}, "") for each in legacy.get(name, {}).get("AttributeValueList", [])] or [_UNKNOWN]
    aliases = data.get("ExpressionAttributeNames") or {}
    found = [
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
