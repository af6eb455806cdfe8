#!/bin/sh
# User data of a sweep's instance: installs the worker as a systemd unit, which also starts it after a reboot.
# SPAWN_ROOT replaces / on a machine that is not an instance.

set -eu
umask 022
spawn=${SPAWN_ROOT:-}/opt/spawn
units=${SPAWN_ROOT:-}/etc/systemd/system
mkdir -p "$spawn" "$units"

# Files.

chmod 755 "$spawn/worker.sh" "$spawn/stage.sh"
# mixed: only the worker gets SIGTERM; it ends the command, and uploads its log. A worker that repeatedly fails ends
# the instance, and the group starts another one. OOMPolicy: if the kernel kills a command that uses too much memory, its
# index fails; by default, systemd would stop the worker and start the same attempt again.
cat >"$units/spawn-worker.service" <<UNIT
[Unit]
Description=Worker of a spawn sweep
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=900
StartLimitBurst=5
StartLimitAction=poweroff

[Service]
ExecStart=/bin/sh "$spawn/worker.sh"
Environment=HOME=/root
Restart=on-failure
RestartSec=10
KillMode=mixed
OOMPolicy=continue
TimeoutStopSec=90
IgnoreSIGPIPE=no

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now --no-block spawn-worker.service
