"""Prints parliament's findings in policies: a JSON object of names and texts on stdin, a JSON list of findings on stdout."""

import json
import sys

import parliament

findings = []
for name, text in json.load(sys.stdin).items():
    for finding in parliament.analyze_policy_string(text, name).findings:
        findings.append({"policy": name, "issue": finding.issue, "detail": finding.detail})
json.dump(findings, sys.stdout)
