"""The list of the operations that spawn's programs send, each with its programs."""

_HEADER = """\
# Every operation of AWS that spawn sends in its tests from end to end, and the programs that send it: the model gate
# (docs/architecture.md) keeps it complete. Policies and docs are compared with it. `worker` is the AWS CLI with a role's
# credentials, `aws-cli` with others; `aws-plugin` and `machines` stand in for AWS's own and for the official plugin.
# npm test -- --update-operations FILES adds what FILES send.
"""


class Known:
    """Operations by name, each with a set of programs."""

    def __init__(self, operations):
        self._operations = operations

    @classmethod
    def read(cls, file):
        operations = {}
        with open(file, encoding="utf-8") as lines:
            for line in lines:
                words = line.partition("#")[0].split()
                if words:
                    operations[words[0]] = set(words[1:])
        return cls(operations)

    @property
    def names(self):
        return sorted(self._operations)

    def write(self, file):
        width = max(map(len, self._operations)) + 1
        lines = [f"{name:{width}} {' '.join(sorted(self._operations[name]))}\n" for name in sorted(self._operations)]
        with open(file, "w", encoding="utf-8") as text:
            text.write(_HEADER + "".join(lines))

    def add(self, seen):
        for name, clients in seen.items():
            self._operations.setdefault(name, set()).update(clients)

    def missing(self, seen):
        """The pairs of an operation and a program in `seen` that the list lacks."""
        return [
            (name, client)
            for name in sorted(seen)
            for client in sorted(seen[name] - self._operations.get(name, set()))
        ]
