"""Runs commands and prints their wall time, CPU seconds and the peak memory of the largest process as JSON.

The argument is a JSON list of steps; a step is a list of concurrent commands; a command is a list of strings. Python,
because Node cannot measure a single child and wait4 can."""

import json
import os
import subprocess
import sys
import time

wall = time.monotonic()
user = system = 0.0
peak_kib = 0
for step in json.loads(sys.argv[1]):
    running = {}
    for command in step:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        running[process.pid] = command
    while running:
        pid, status, usage = os.wait4(-1, 0)
        command = running.pop(pid)
        user += usage.ru_utime
        system += usage.ru_stime
        peak_kib = max(peak_kib, usage.ru_maxrss)
        if status != 0:
            for other in running:
                os.kill(other, 15)
            sys.exit(f"{command[0]} failed with status {os.waitstatus_to_exitcode(status)}: {' '.join(command)}")
wall = time.monotonic() - wall
print(json.dumps({"wallSeconds": wall, "userSeconds": user, "systemSeconds": system, "peakBytes": peak_kib * 1024}))
