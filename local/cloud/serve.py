"""The process of the local cloud: ministack on 127.0.0.1, with its data kept on disk.

ministack itself writes objects at once (S3_PERSIST), but the state of its services (buckets' settings, tables and
their items, roles, access points) only when it is asked to end (PERSIST_STATE). This wrapper also writes the state
shortly after requests that may have changed it, so that a crash or a `kill -9` loses about the last second and not
everything. It ends by itself when its record is removed or names another process: two must never share a folder.

What is never written: the parts of multipart uploads that are still open.

Usage: serve.py RECORD TOKEN, with ministack's settings in the environment.
RECORD is the JSON file that names the running process by TOKEN; the token is also what tells this process from another
program that was given the same process id.
"""

import asyncio
import json
import os
import resource
import signal
import sys
import time

from hypercorn.asyncio import serve
from hypercorn.config import Config

# ministack is pinned exactly, so leaning on an inner name of it is safe.
from ministack.app import _build_persistence_save_dict, app
from ministack.core.persistence import save_all

RECORD, TOKEN = sys.argv[1], sys.argv[2]

# Seconds from a change until it is written, and the least share of time that stays free of writing.
SAVE_DELAY = 0.5
IDLE_SHARE = 10
# Seconds between two looks at the record.
WATCH_EVERY = 2
# Seconds that requests under way have to end when the process is asked to.
GRACE = 2
OPEN_FILES = 8192

# DynamoDB calls that change nothing, though they are POST requests like all the others.
READS = (b"Get", b"BatchGet", b"Query", b"Scan", b"Describe", b"List", b"TransactGet")


def may_change(scope):
    """Whether a request may change the state of a service. In doubt, yes."""
    if scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return False
    for name, value in scope["headers"]:
        if name == b"x-amz-target":
            return not value.rpartition(b".")[2].startswith(READS)
    return True


async def save_changes(changed):
    """Writes the state after changes, and leaves the process time to work: a large state is written less often."""
    while True:
        await changed.wait()
        await asyncio.sleep(SAVE_DELAY)
        changed.clear()
        start = time.monotonic()
        save_all(_build_persistence_save_dict())
        await asyncio.sleep(IDLE_SHARE * (time.monotonic() - start))


async def watch_record():
    """Ends the process, writing nothing, once its record is gone or names another process."""
    seen = False
    while True:
        try:
            with open(RECORD, encoding="utf-8") as file:
                ours = json.load(file).get("token") == TOKEN
        except FileNotFoundError:
            ours = False
        seen = seen or ours
        if seen and not ours:
            print("The record of the local cloud is gone or names another process: ending.", flush=True)
            os._exit(0)
        await asyncio.sleep(WATCH_EVERY)


async def end_in_time(stop):
    """Ends the process, its state written, though a client keeps a connection open: Python 3.12 would wait for it."""
    await stop.wait()
    await asyncio.sleep(GRACE)
    save_all(_build_persistence_save_dict())
    os._exit(0)


async def main():
    changed = asyncio.Event()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)

    async def noticing_changes(scope, receive, send):
        try:
            await app(scope, receive, send)
        finally:
            if scope["type"] == "http" and may_change(scope):
                changed.set()

    config = Config()
    config.bind = [f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = GRACE / 2
    config.loglevel = os.environ["LOG_LEVEL"]
    tasks = [asyncio.create_task(work) for work in (save_changes(changed), watch_record(), end_in_time(stop))]
    # Ends with ministack's own shutdown, which writes the state a last time.
    await serve(noticing_changes, config, shutdown_trigger=stop.wait, mode="asgi")
    for task in tasks:
        task.cancel()


# Bursts of connections need more open files than the usual soft limit of 1024.
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
if soft != resource.RLIM_INFINITY and soft < OPEN_FILES:
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
asyncio.run(main())
