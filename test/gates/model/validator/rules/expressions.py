"""Expressions of DynamoDB.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html
"""

import re

# The list of the reserved words, which ministack has as data.
from ministack.services._dynamodb_keywords import AWS_KEYWORDS

_EXPRESSIONS = (
    ("ConditionExpression", "UpdateExpression", "FilterExpression", "KeyConditionExpression") + ("ProjectionExpression",)
)
_TOKEN = re.compile(r"[#:]?[A-Za-z_][A-Za-z0-9_]*|[#:][0-9][A-Za-z0-9_]*")
_GRAMMAR = frozenset(("SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "BETWEEN", "IN", "SIZE", "CONTAINS"))
_OPERATOR = re.compile(r"<>|<=|>=|[=<>+\-]|\b(?:AND|OR|NOT|BETWEEN|IN|attribute_\w+|if_not_exists|begins_with)\b", re.I)


def check_expressions(members, path, problems):
    """Every placeholder is defined and used, no word is reserved, and no expression is too long."""
    used = set()
    for kind in _EXPRESSIONS:
        text = members.get(kind)
        if text is None:
            continue
        where = f"{path}.{kind}".lstrip(".")
        if not 1 <= len(text.encode()) <= 4096:
            problems.add(where, f"{len(text.encode())} bytes are not from 1 to 4096")
        if len(_OPERATOR.findall(text)) > 300:
            problems.add(where, "has more than 300 operators")
        for word in _TOKEN.findall(text):
            if word[0] in "#:":
                used.add(word)
            elif word.upper() in AWS_KEYWORDS - _GRAMMAR:
                problems.add(where, f"{word} is a reserved word")
    defined = {*members.get("ExpressionAttributeNames", {}), *members.get("ExpressionAttributeValues", {})}
    for word in sorted(used - defined):
        problems.add(path, f"{word} is not defined")
    for word in sorted(defined - used):
        problems.add(path, f"{word} is defined and not used")
