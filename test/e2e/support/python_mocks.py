"""Runs the Pulumi program in a folder under Pulumi's mocks, and prints the resources that it declares as JSON."""

import json
import os
import runpy
import sys

import pulumi
from pulumi.runtime import mocks, stack, sync_await


class Recorder(mocks.Mocks):
    def __init__(self):
        self.resources = []

    def new_resource(self, args):
        self.resources.append({"type": args.typ, "name": args.name, "inputs": args.inputs})
        known = {"environment": {"name": args.name, **args.inputs}, "stagingId": "stage-abc123def456"}
        return args.name + "-id", {**args.inputs, **known}

    def call(self, args):
        return {}


recorder = Recorder()
pulumi.runtime.set_mocks(recorder, project="example", stack="test")
os.chdir(sys.argv[1])


def program():
    runpy.run_path("__main__.py", run_name="__main__")


sync_await._sync_await(stack.run_pulumi_func(program))
print(json.dumps(recorder.resources))
