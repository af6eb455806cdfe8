"""Tags of any resource. https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"""

from ..patterns import matches

_ALLOWED = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"


def check_tags(pairs, most, path, problems):
    """Pairs of a key and a value: count, lengths, characters, unique keys."""
    if len(pairs) > most:
        problems.add(path, f"{len(pairs)} tags are above the most, {most}")
    keys = [key for key, _ in pairs]
    for key in {key for key in keys if keys.count(key) > 1}:
        problems.add(path, f"the tag {key!r} is there twice")
    for key, value in pairs:
        if not 1 <= len(key) <= 128 or key.lower().startswith("aws:") or not matches(_ALLOWED, key):
            problems.add(path, f"{key!r} is no key of a tag")
        if len(value) > 256 or not matches(_ALLOWED, value):
            problems.add(path, f"{value!r} is no value of a tag")


def pairs_of(tags):
    """Tags of a model's form, by a shape that has `Key` and `Value`."""
    return [(tag.get("Key", ""), tag.get("Value", "")) for tag in tags or ()]
