import { readdir, readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { stopCloud } from "../../local/cloud/cloud.ts";
import { machinesStatus, stopMachines } from "../../local/machines/machines.ts";
import { resumeMachines } from "../../local/machines/resume.ts";
import { parseRegion } from "../../staging/regions.ts";
import { processesOf } from "../e2e/support/processes.ts";
import { MachinesWorld, waitFor } from "./machines-world.ts";

/** Requests metadata as scripts do. */
const IMDS = `
imds=$AWS_EC2_METADATA_SERVICE_ENDPOINT/latest
token=$(curl -sS -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$imds/api/token")
get() { curl -sS -H "X-aws-ec2-metadata-token: $token" "$imds/$1"; echo; }
`;

describe("Machines of the local cloud", () => {
  let world: MachinesWorld;

  before(async () => {
    world = await MachinesWorld.start();
    await world.ensure({ regions: [parseRegion("us-east-1")], capacity: 2 });
  });
  after(() => world?.stop());

  it("run user data as root with the metadata and the role's credentials of their instance", async () => {
    const s3 = new S3Client({
      endpoint: world.cloud.endpoint,
      credentials: world.cloud.keys,
      region: "us-east-1",
      forcePathStyle: true,
    });
    await s3.send(new CreateBucketCommand({ Bucket: "data" }));
    for (const Key of ["mine/a", "theirs/b"]) {
      await s3.send(new PutObjectCommand({ Bucket: "data", Key, Body: `text of ${Key}` }));
    }
    s3.destroy();
    const id = await world.launch(`#!/bin/sh
${IMDS}
id -u
for path in instance-id placement/region placement/availability-zone instance-type iam/security-credentials/; do get "meta-data/$path"; done
get dynamic/instance-identity/document | tr -d '\\n'; echo
curl -sS -o /dev/null -w 'without a token %{http_code}\\n' "$imds/meta-data/instance-id"
curl -sS -o /dev/null -w 'by another name %{http_code}\\n' -H 'Host: attacker.example' -H "X-aws-ec2-metadata-token: $token" "$imds/meta-data/instance-id"
curl -sS -o /dev/null -w 'no notice %{http_code}\\n' -H "X-aws-ec2-metadata-token: $token" "$imds/meta-data/spot/instance-action"
export AWS_DEFAULT_REGION=us-east-1
aws sts get-caller-identity --query Arn --output text
aws s3 cp s3://data/mine/a - ; echo
aws s3 cp s3://data/theirs/b - 2>&1 | grep -o 403
shutdown -h now
`);
    await world.terminated(id);
    const said = await world.console(id);
    expect(said.split("\n").slice(0, 6)).to.deep.equal(
      ["0", id, "us-east-1", "us-east-1a", "c5.large", "worker-role"],
      said,
    );
    expect(said).to.include(`"instanceId": "${id}"`);
    expect(said).to.include("without a token 401\nby another name 403\nno notice 404\n");
    expect(said, said).to.include(`:assumed-role/worker-role/${id}\ntext of mine/a\n403\n`);
    await waitFor(
      async () => ((await readdir(world.files.instances)).includes(id) ? undefined : true),
      "the disk to be removed",
    );
  });

  it("run compressed user data, once, and start enabled units again after each reboot", async () => {
    const script = `#!/bin/sh
echo user data run
cat >/opt/unit.sh <<'UNIT'
n=$(cat /opt/count 2>/dev/null || echo 0); n=$((n + 1)); echo $n >/opt/count
echo "unit starts: $n HOME=\${HOME-none}"
[ $n != 2 ] || reboot
[ $n -lt 4 ] || shutdown -h now
sleep 600
UNIT
printf '[Service]\\nExecStart=/bin/sh /opt/unit.sh\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/u.service
systemctl daemon-reload
systemctl enable --now --no-block u.service
`;
    const id = await world.launch(gzipSync(script));
    await world.printed(id, "unit starts: 1");
    await world.control.reboot(id);
    // The instance itself does the second reboot.
    await world.printed(id, "unit starts: 3");
    await world.control.reboot(id);
    await world.terminated(id);
    const said = await world.console(id);
    const runs = said.match(/user data run|unit starts: .*/g);
    expect(runs).to.deep.equal(["user data run", ...[1, 2, 3, 4].map((n) => `unit starts: ${n} HOME=none`)]);
  });

  it("restart a failing unit up to its limit, then run its limit action", async () => {
    const id = await world.launch(`#!/bin/sh
cat >/etc/systemd/system/u.service <<'UNIT'
[Unit]
StartLimitBurst=3
StartLimitIntervalSec=60
StartLimitAction=poweroff
[Service]
Environment=A=1 "B=two words"
Environment='C=$A'
ExecStart=/bin/sh -c 'echo "try: $A, $B, $C"; exit 9'
Restart=on-failure
RestartSec=100ms
UNIT
systemctl enable --now u
`);
    await world.terminated(id);
    const said = await world.console(id);
    expect(said.match(/try: .*/g), said).to.deep.equal(Array(3).fill("try: 1, two words, $A"));
    expect(said).to.include("Start request repeated too quickly.");
  });

  it("are killed with all their processes when their instance is terminated, and the reverse", async () => {
    const script = "#!/bin/sh\n(setsid sleep 7654 &)\nsleep 7655 & echo ready; wait\n";
    const ids = [await world.launch(script), await world.launch(script)];
    for (const id of ids) await world.printed(id, "ready");
    const [first = "", second = ""] = ids;
    await world.terminate(first);
    const pid = await waitFor(() => world.pidOf(second), "the process of the second machine");
    process.kill(pid, "SIGKILL");
    await world.terminated(second);
    await waitFor(async () => {
      const left = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
      const lines = await Promise.all(
        left.map((name) => readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "")),
      );
      return lines.some((line) => line.startsWith("sleep\x00765")) ? undefined : true;
    }, "the processes of both machines to end");
  });

  it("start while there is room; the next one waits", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.push(await world.launch("#!/bin/sh\necho ready\n"));
    const states = async () => {
      const status = await machinesStatus({ paths: world.paths });
      const machines = status.state === "running" ? status.machines : [];
      return machines
        .filter(({ instance }) => ids.includes(instance))
        .map(({ state }) => state)
        .sort()
        .join();
    };
    await waitFor(
      async () => ((await states()) === "running,running,waiting" ? true : undefined),
      "two of three machines to run",
    );
    const started = await waitFor(async () => {
      const consoles = await Promise.all(ids.map((id) => world.console(id)));
      const ready = ids.filter((_, at) => consoles[at]?.includes("ready"));
      return ready.length === 2 ? ready : undefined;
    }, "two machines to be ready");
    const last = ids.find((id) => !started.includes(id)) ?? "";
    await world.terminate(started[0] ?? "");
    await world.printed(last, "ready");
    for (const id of ids) await world.terminate(id);
  });

  it("announce a spot interruption before their termination", async () => {
    const id = await world.launch(`#!/bin/sh
${IMDS}
echo ready
until get meta-data/spot/instance-action | grep terminate; do sleep 0.2; done
get meta-data/events/recommendations/rebalance
`);
    await world.printed(id, "ready");
    await world.control.interrupt(id, 4);
    await world.terminated(id);
    const said = await world.console(id);
    expect(said).to.match(/"action": "terminate"/);
    expect(said).to.match(/"noticeTime": "20/);
  });

  it("have a small disk and slow metadata on request", async () => {
    await world.control.smallDisk(1024 * 1024);
    await world.control.slowImds(1);
    const id = await world.launch(`#!/bin/sh
before=$(date +%s)
${IMDS}
get meta-data/instance-id
[ $(($(date +%s) - before)) -ge 2 ] && echo slow
head -c 3000000 /dev/zero >/mnt/full || echo disk full
shutdown -h now
`);
    await world.terminated(id);
    await world.control.smallDisk(undefined);
    await world.control.slowImds(0);
    const said = await world.console(id);
    expect(said).to.include("slow\n");
    expect(said).to.include("No space left on device");
    expect(said).to.include("disk full");
  });

  it("end with their process and leave nothing running; their instances boot again with their disks", async () => {
    const id = await world.launch(`#!/bin/sh
printf '[Service]\\nExecStart=/bin/sh -c "echo unit; sleep 600"\\n' >/etc/systemd/system/u.service
systemctl enable --now u
`);
    await world.printed(id, "unit");
    expect(await stopMachines({ paths: world.paths })).to.deep.equal({ stopped: true });
    const left = await processesOf(world.cloud.home);
    expect(left.filter((line) => !line.includes("serve.py"))).to.deep.equal([]);
    expect(await stopMachines({ paths: world.paths })).to.deep.equal({ stopped: false });
    expect(await machinesStatus({ paths: world.paths })).to.deep.equal({ state: "stopped" });
    expect(await world.stateOf(id)).to.equal("running");
    expect(await resumeMachines({ paths: world.paths })).to.include({ started: true });
    await world.printed(id, /unit\n[\s\S]*unit\n/);
    await world.terminate(id);
  });

  it("end with the local cloud", async () => {
    const id = await world.launch("#!/bin/sh\necho ready\n");
    await world.printed(id, "ready");
    await stopCloud({ paths: world.paths });
    await waitFor(
      async () => ((await processesOf(world.cloud.home)).length === 0 ? true : undefined),
      "all processes to end",
      async () => (await processesOf(world.cloud.home)).join("\n"),
    );
  });
});
