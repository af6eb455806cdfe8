import { readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../../package-root.ts";
import { MachinesWorld, waitFor } from "./machines-world.ts";

const isRoot = process.getuid?.() === 0;

/** The attacks of docs/security.md, "Workers of sweeps", through an instance's user data. */
describe("A machine of the local cloud", () => {
  let world: MachinesWorld;

  before(async () => {
    world = await MachinesWorld.start();
    await world.ensure();
  });
  after(() => world?.stop());

  it("neither sees nor changes its host", async () => {
    const secret = join(world.cloud.home, "secret of the host");
    await writeFile(secret, "secret of the host");
    const settings = ["core_pattern", "hostname", "panic_on_oops", "pid_max"];
    const before = await Promise.all(settings.map((name) => readFile(`/proc/sys/kernel/${name}`, "utf8")));
    // The script counts what it sees: a machine that cannot look would seem safe.
    const id = await world.launch(`#!/bin/sh
exec 2>&1
hidden() { [ -e "$1" ] && echo "SEEN $1"; checks=$((checks + 1)); }
refused() { ("$@") >/dev/null 2>&1 && echo "DONE $*"; checks=$((checks + 1)); }
write() { echo x >"$1"; }
checks=0
hidden ${homedir()}/.ssh
hidden ${homedir()}/.cache
hidden '${secret}'
hidden '${packageRoot()}'
hidden '${world.paths.data}'
hidden '${world.paths.cache}'
hidden /etc/shadow
hidden /etc/ssl/private
hidden /sys/kernel
hidden /var/run/docker.sock
hidden /opt/spawn
for name in ${settings.join(" ")}; do refused write /proc/sys/kernel/$name; done
refused write /proc/sysrq-trigger
refused write /usr/x
refused write /usr/bin/sh
refused write /usr/local/bin/aws
refused write /run/spawn/environment
refused mount -t tmpfs tmpfs /mnt
refused mknod /tmp/disk b 8 0
refused unshare -r true
refused unshare -m true
refused chroot / true
refused dmesg
refused chown 12345 /opt
refused hostname attacked
echo "uid $(id -u)"
echo "capabilities $(grep CapEff /proc/self/status | tr -d '[:alpha:][:space:]:')"
echo "variables of process 1: $(tr '\\0' '\\n' </proc/1/environ | wc -l)"
echo "processes of others: $(cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c -e 'serve[.]py' -e 'machines[.]js')"
code() { curl -sS -o /dev/null -w '%{http_code}' "$@"; }
echo "local cloud without a key: $(code "$AWS_ENDPOINT_URL/")"
echo "checks $checks"
shutdown -h now
`);
    await world.terminated(id);
    const said = await world.console(id);
    expect(said).to.not.match(/SEEN|DONE/);
    expect(said.trim().split("\n").slice(-6), said).to.deep.equal([
      "uid 0",
      "capabilities 0000000000000000",
      "variables of process 1: 0",
      "processes of others: 0",
      "local cloud without a key: 403",
      "checks 28",
    ]);
    const after = await Promise.all(settings.map((name) => readFile(`/proc/sys/kernel/${name}`, "utf8")));
    expect(after).to.deep.equal(before);
  });

  it("runs as an ordinary user of its host, even if root started it", async () => {
    const id = await world.launch("#!/bin/sh\nsleep 600 & echo ready; wait\n");
    await world.printed(id, "ready");
    const pid = await waitFor(() => world.pidOf(id), "the process of the machine");
    const text = await readFile(`/proc/${pid}/status`, "utf8");
    const uids = /^Uid:\s+(.*)$/m.exec(text)?.[1]?.split(/\s+/).map(Number);
    expect(new Set(uids).size).to.equal(1);
    expect(uids?.[0]).to.not.equal(0);
    if (!isRoot) expect(uids?.[0]).to.equal(process.getuid?.());
    expect(await readFile(`/proc/${pid}/environ`, "latin1")).to.equal("");
    await world.terminate(id);
  });

  it("cannot redirect its next boot out of its root folder by links", async () => {
    const marker = join(world.cloud.home, "not-made");
    const id = await world.launch(`#!/bin/sh
printf '[Service]\\nExecStart=/bin/sh -c "echo unit; sleep 600"\\n' >/etc/systemd/system/u.service
systemctl enable --now u
for name in hosts passwd; do ln -sfn '${marker}' /etc/$name; done
rm -rf /var/lib/cloud/instance && ln -s '${marker}' /var/lib/cloud/instance
rmdir /usr /proc /dev /run /tmp 2>/dev/null; mv /usr /usr2 2>/dev/null
echo ready
`);
    await world.printed(id, "ready");
    await world.control.reboot(id);
    await world.printed(id, /unit\n[\s\S]*unit\n/);
    await world.terminate(id);
    const made = await readFile(marker).then(
      () => true,
      () => false,
    );
    expect(made).to.equal(false);
  });
});
