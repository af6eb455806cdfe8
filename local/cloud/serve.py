"""The process of the local cloud: ministack on 127.0.0.1, with its data on disk.

ministack writes objects at once (S3_PERSIST), but the state of its services (buckets' settings, tables and their items, roles,
access points) only at a graceful stop (PERSIST_STATE). This wrapper also writes the state shortly after requests that may have
changed it, so a crash or a `kill -9` loses only about the last second. It exits if its record is deleted or names another process,
because two processes must never share a folder.

Parts of open multipart uploads are never written.

Usage: serve.py RECORD INSTANCE, with ministack's settings and SPAWN_CLOUD_KEY (ID:SECRET) in the environment.
RECORD is the JSON file that names the running process by INSTANCE. INSTANCE is no secret: it distinguishes this process from
another program with a reused process ID. The key is a secret, so it is in no command line, which all users can read.
"""

import asyncio
import json
import os
import resource
import signal
import sys
import time
import traceback

# Private whatever the shell's umask: other users must not read staged data.
os.umask(0o077)
# Python starts without this folder on its path (-I), and must not write into the program's folder.
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from server.services import confine, load_app  # noqa: E402

confine()

from hypercorn.asyncio import serve  # noqa: E402
from hypercorn.config import Config  # noqa: E402

from server.gate import Gate  # noqa: E402
from server.keys import Keys  # noqa: E402

RECORD, INSTANCE = sys.argv[1], sys.argv[2]
KEYS = Keys(os.environ.pop("SPAWN_CLOUD_KEY", ""))
PORT = int(os.environ["GATEWAY_PORT"])
# ministack's settings: policies apply to all keys but this one, which is the root of its account.
os.environ["AUTH"] = "true"
os.environ["AWS_ACCESS_KEY_ID"] = KEYS.access_key_id
app, save_state, tend_groups, session_secret_of = load_app()

# Seconds from a change until it is written, and the minimum share of time without writing.
SAVE_DELAY = 0.5
IDLE_SHARE = 10
# Seconds between two checks of the record.
WATCH_EVERY = 2
# Seconds for requests in flight to end after a stop request.
GRACE = 2
OPEN_FILES = 8192

# Seconds between two reconciliations of the groups.
TEND_EVERY = 1

# Read-only operations, although they are POST requests like all the others.
READS = ("Get", "BatchGet", "Query", "Scan", "Describe", "List", "TransactGet")


def may_change(scope):
    """Whether a request may change the state of a service. In doubt, yes."""
    if scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return False
    # The gate records it for all services but S3.
    return not scope.get("operation", "").startswith(READS)


async def save_changes(changed):
    """Writes the state after changes, and leaves the process time to work: a large state is written less often."""
    while True:
        await changed.wait()
        await asyncio.sleep(SAVE_DELAY)
        changed.clear()
        start = time.monotonic()
        save_state()
        await asyncio.sleep(IDLE_SHARE * (time.monotonic() - start))


async def tend(changed):
    """Lets Auto Scaling groups replace ended members and run scheduled actions."""
    while True:
        await asyncio.sleep(TEND_EVERY)
        try:
            if tend_groups():
                changed.set()
        except Exception:
            # One group must not stop the others; the log has the error.
            traceback.print_exc()


async def watch_record():
    """Exits without writing once its record is deleted or names another process."""
    seen = False
    while True:
        try:
            with open(RECORD, encoding="utf-8") as file:
                ours = json.load(file).get("instance") == INSTANCE
        except FileNotFoundError:
            ours = False
        seen = seen or ours
        if seen and not ours:
            print("The record of the local cloud is gone or names another process: ending.", flush=True)
            os._exit(0)
        await asyncio.sleep(WATCH_EVERY)


async def end_in_time(stop):
    """Exits after writing its state, even if a client keeps a connection open: Python 3.12 would wait for it."""
    await stop.wait()
    await asyncio.sleep(GRACE)
    save_state()
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
    config.bind = [f"127.0.0.1:{PORT}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = GRACE / 2
    config.loglevel = os.environ["LOG_LEVEL"]
    works = (save_changes(changed), tend(changed), watch_record(), end_in_time(stop))
    tasks = [asyncio.create_task(work) for work in works]
    # Exits through ministack's own shutdown, which writes the state once more.
    await serve(Gate(noticing_changes, KEYS, session_secret_of, PORT), config, shutdown_trigger=stop.wait, mode="asgi")
    for task in tasks:
        task.cancel()


# Bursts of connections need more open files than the usual soft limit of 1024.
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
if soft != resource.RLIM_INFINITY and soft < OPEN_FILES:
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
asyncio.run(main())
