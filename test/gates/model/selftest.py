"""Tries the gate: every operation of the list with all its members is right, and wrong after each of many changes.

Usage: selftest.py LIST. Prints JSON: how many changes of each kind were tried, and what was judged wrongly.
"""

import json
import os
import sys
from collections import Counter

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from rule_cases import CASES  # noqa: E402
from samples import as_json, body_of, operations, record_of, value_for, with_body  # noqa: E402
from validator.known import Known  # noqa: E402
from validator.request import of_record  # noqa: E402
from validator.rules import RULES  # noqa: E402
from validator.validate import validate  # noqa: E402


def problems_of(record):
    # The inputs come from the models alone.
    return validate(of_record(record), with_rules=False).problems


def unknown_members(operation, record):
    """The record with an addition that the model lacks: in the query, the headers, the body."""
    protocol = operation.service_model.metadata["protocol"]
    yield {**record, "query": "&".join(filter(None, (record["query"], "nope=1")))}
    yield {**record, "headers": [*record["headers"], ["x-amz-nope", "1"]]}
    body = body_of(record)
    if protocol == "json":
        yield with_body(record, json.dumps({**json.loads(body), "Nope": 1}).encode())
    elif protocol in ("query", "ec2"):
        yield with_body(record, body + b"&Nope=1")
    elif body.startswith(b"<"):
        end = body.rindex(b"</")
        yield with_body(record, body[:end] + b"<Nope>1</Nope>" + body[end:])


def changed_values(shape, values):
    """Pairs of a kind of fault and a copy of the values with one such fault, at any depth."""
    for name in shape.required_members:
        how = shape.members[name].serialization
        # Without a part of its address, a request is impossible or another one.
        if how.get("location") != "uri" and "hostLabel" not in how and name in values:
            without = {key: value for key, value in values.items() if key != name}
            if without:
                yield "missing", without
    for name, value in values.items():
        for kind, wrong in wrong_values(shape.members[name], value):
            yield kind, {**values, name: wrong}


def wrong_values(shape, value):
    if shape.type_name == "structure" and not shape.is_document_type:
        yield from changed_values(shape, value)
    elif shape.type_name == "list":
        for kind, wrong in wrong_values(shape.member, value[0]):
            yield kind, [wrong, *value[1:]]
        most = shape.metadata.get("max")
        if most is not None and most < 1000:
            yield "items", value[:1] * (most + 1)
    elif shape.type_name == "string":
        if shape.enum:
            yield "enum", "nope"
        elif shape.metadata.get("max", 100_000) < 100_000:
            yield "long", "a" * (shape.metadata["max"] + 1)
        if "pattern" in shape.metadata and not shape.serialization.get("location") and "\\s\\S" not in shape.metadata["pattern"]:
            yield "pattern", "\uffff"
    elif shape.type_name in ("integer", "long") and "max" in shape.metadata:
        yield "range", shape.metadata["max"] + 1


def judged_cases(names=None):
    for name, values, message in CASES:
        if names is not None and name not in names:
            continue
        (operation,) = operations([name])
        yield name, message, validate(of_record(record_of(operation, values))).problems


def is_right(message, problems):
    return problems == [] if message is None else any(message in problem for problem in problems)


def rules_without_case():
    """Rules that no case needs."""
    kept = {name: list(rules) for name, rules in RULES.items()}
    for rule in {rule for rules in kept.values() for rule in rules}:
        without = {name: [each for each in rules if each is not rule] for name, rules in kept.items() if rule in rules}
        RULES.update({**kept, **without})
        if all(is_right(message, problems) for _, message, problems in judged_cases(without)):
            yield rule
    RULES.update(kept)


def main(list_file):
    tried, wrong = Counter(), []
    for operation in operations(Known.read(list_file).names):
        name = f"{operation.service_model.service_name}:{operation.name}"
        shape = operation.input_shape
        values = (value_for(shape) or {}) if shape is not None else {}
        record = record_of(operation, values)
        verdict = validate(of_record(record), with_rules=False)
        tried["right"] += 1
        if verdict.operation != name or verdict.problems:
            wrong.append([name, "right", verdict.operation, verdict.problems])
            continue
        # The digest is the real one, and objects are not recorded.
        read, given = ({k: v for k, v in all_.items() if k not in ("ContentMD5", "Body")} for all_ in (verdict.members, values))
        if as_json(read) != as_json(given):
            wrong.append([name, "members", as_json(read), as_json(given)])
        for changed in unknown_members(operation, record):
            tried["unknown"] += 1
            if not problems_of(changed):
                wrong.append([name, "unknown", changed["query"], body_of(changed).decode()])
        for kind, changed in changed_values(shape, values) if shape is not None else ():
            tried[kind] += 1
            if not problems_of(record_of(operation, changed)):
                wrong.append([name, kind, as_json(changed)])
    for name, message, problems in judged_cases():
        tried["rules"] += 1
        if not is_right(message, problems):
            wrong.append([name, "rule", message, problems])
    wrong += [["rule without a case", rule.__qualname__, rule.__doc__] for rule in rules_without_case()]
    print(json.dumps({"tried": tried, "wrong": wrong}))


main(sys.argv[1])
