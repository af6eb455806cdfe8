"""Compares recorded requests with AWS's models, and the operations among them with the list of those that are known.

Usage: check.py FOLDER LIST [--update] [--whole]. FOLDER has what record.py wrote, in a folder for each kind of test. LIST has a line for each operation and the programs that
send it; --update adds what is new; with --whole, of all tests, no request at all is wrong. Exit code: 0 where nothing is wrong, else 1.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from validator.known import Known  # noqa: E402
from validator.recorded import client_of, requests_in  # noqa: E402
from validator.validate import validate  # noqa: E402

# Examples of one fault, at most.
SHOWN = 3


def main(folder, list_file, update, whole):
    seen, faults, others, count = {}, {}, 0, 0
    for request, from_end_to_end in requests_in(folder):
        client = client_of(request)
        if client is None:
            others += 1
            continue
        count += 1
        verdict = validate(request)
        if from_end_to_end:
            seen.setdefault(verdict.operation, set()).add(client)
        for text in verdict.problems:
            faults.setdefault((verdict.operation, client, text), []).append(request)
    print(f"{count} different requests, from end to end of {len(seen)} operations. Not checked: {others} of tests' own clients.")
    for (operation, client, text), requests in faults.items():
        print(f"\n{operation} of {client}, {len(requests)} times\n  {text}")
        for request in requests[:SHOWN]:
            query = "&".join(f"{name}={value}" for name, value in request.query)
            print(f"  {request.method} {request.path}{'?' if query else ''}{query} (answered {request.status})")
    if count == 0 and whole:
        print("No request was recorded: the gate has seen nothing.")
        return 1
    known = Known.read(list_file)
    if update:
        known.add(seen)
        known.write(list_file)
    unknown = known.missing(seen)
    if unknown:
        print(f"\nNot in {list_file}:")
        print("\n".join(f"  {operation} {client}" for operation, client in unknown))
        print("Check that the policies allow them, then add them: npm test -- --update-operations TEST_FILES")
    return 1 if faults or unknown else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], "--update" in sys.argv[3:], "--whole" in sys.argv[3:]))
