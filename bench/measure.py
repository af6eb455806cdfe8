"""Runs commands and prints what they took as JSON: wall and CPU seconds, peak memory of the largest process.

The argument is a JSON list of steps; a step is a list of commands that run at the same time; a command is a list of
strings. Node cannot tell the resources of one child, wait4 can.
"""

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
