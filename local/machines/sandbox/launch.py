"""Starts bwrap so that it ends with its parent and, for root, runs with an unused user ID.

Usage: launch.py UID STAGE PATH... -- COMMAND...
UID is 0 to keep the user. Otherwise each PATH is mounted at STAGE/0, STAGE/1, … in a mount namespace of this process alone, because
the user UID has no access to the folders above them. Then this process permanently becomes that user and executes COMMAND with an
empty environment.

Why a separate user: without capabilities, root still owns /proc/sys on this machine, also inside of a user namespace that maps it to
itself. Tried: bwrap started by root wrote /proc/sys/kernel/core_pattern, which names a program that the kernel starts outside of every
sandbox.
"""

import ctypes
import os
import signal
import stat
import sys

# linux/sched.h, linux/mount.h, linux/prctl.h
CLONE_NEWNS = 0x00020000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
PR_SET_PDEATHSIG = 1

libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source, target, kind, flags, data=None):
    arguments = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    check(libc.mount(*arguments, ctypes.c_ulong(flags), None if data is None else data.encode()), f"mount on {target}")


def become(uid, stage, paths):
    check(libc.unshare(CLONE_NEWNS), "unshare")
    # Mounts here must not appear on the machine.
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    files = [os.open(path, os.O_PATH) for path in paths]
    mount("tmpfs", stage, "tmpfs", 0, "mode=755,size=1m")
    for number, file in enumerate(files):
        target = f"{stage}/{number}"
        if stat.S_ISDIR(os.fstat(file).st_mode):
            os.mkdir(target, 0o755)
        else:
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT, 0o644))
        mount(f"/proc/self/fd/{file}", target, None, MS_BIND | MS_REC)
        os.close(file)
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)


def main():
    split = sys.argv.index("--")
    uid, stage, paths, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:split], sys.argv[split + 1 :]
    parent = os.getppid()
    if uid != 0:
        become(uid, stage, paths)
    # After the change of user, which would reset it.
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
    if os.getppid() != parent:
        sys.exit("the parent has ended")
    os.chdir("/")
    os.execve(command[0], command, {})


main()
