import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  AutoScalingClient,
  SetDesiredCapacityCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import { GetRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { isRecord } from "../../../staging/type-guards.ts";
import { ENVIRONMENT, type Run, type Seen } from "../run.ts";
import { compared, type Step } from "../step.ts";
import { idIn } from "./environment.ts";

const LINKED_ROLES = ["AWSServiceRoleForAutoScaling", "AWSServiceRoleForEC2Spot"];
/** Reads of the list of sweeps after a launch, one per second. */
const READINGS = 30;

/** The worker's report about its machine, and a download with the script for other tools. */
const COMMAND = [
  "set -e",
  'echo "cli: $(aws --version 2>&1)"',
  'echo "system: $(. /etc/os-release && echo "$PRETTY_NAME")"',
  'echo "systemd: $(systemctl is-system-running 2>&1 || true)"',
  'sha256sum "$STAGED_PATH"',
  'echo "attempt $SWEEP_ATTEMPT of index $SWEEP_INDEX is done"',
];

/** Two indices on two small instances, for some minutes. */
export const sweep: Step = {
  name: "a sweep of two workers",
  points: ["service-linked-roles", "worker-machine", "download-script", "index-delay", "launch-checks"],
  usd: 0.05,
  minutes: 10,
  run: async (run) => {
    const [region] = run.settings.regions;
    await writeFile(join(run.settings.folder, "sweep.bin"), randomBytes(100_000));
    const uploaded = await run.succeed("stage", "upload", "sweep.bin", "--regions", region);
    const entry = idIn(uploaded.stdout, "stage");
    const parameters = [
      "count: 2",
      "max_concurrent: 2",
      `regions: [${region}]`,
      `stage_id: ${entry}`,
      "deadline: 1h",
    ];
    const file = [
      ...parameters,
      "base_command: |",
      "  #!/bin/bash",
      ...COMMAND.map((line) => `  ${line}`),
      "",
    ];
    await writeFile(join(run.settings.folder, "sweep.yaml"), file.join("\n"));
    const dry = await run.spawn(["launch", "--params", "sweep.yaml", "--dry-run"]);
    const rolesBefore = await linkedRoles(run);
    const launched = await run.succeed("launch", "--params", "sweep.yaml", "--yes", "--detach");
    const id = idIn(launched.stdout, "sweep");
    const delay = await secondsUntilListed(run, id);
    const watched = await run.spawn(["sweep", "watch", id]);
    const info = await run.result("sweep", "info", id);
    const logs = (await run.succeed("sweep", "logs", id)).stdout;
    const script = await run.spawn(["stage", "script", entry]);
    const rolesAfter = await linkedRoles(run);
    const isDone = watched.code === 0 && (logs.match(/is done/g) ?? []).length === 2;
    const told = ["cli", "system", "systemd"].map(
      (name) => logs.match(new RegExp(`${name}: (.*)`))?.[1] ?? "?",
    );
    const launch = "spawn launch --params sweep.yaml --yes --detach; spawn sweep watch";
    return [
      compared(
        "service-linked-roles",
        `GetRole ${LINKED_ROLES.join(", ")}, before and after: ${launch}`,
        "the first launch of an account succeeds",
        `before: ${rolesBefore}; after: ${rolesAfter}; the sweep: ${info["state"]}, after ${watched.seconds.toFixed(0)} s`,
        watched.code === 0,
      ),
      compared(
        "worker-machine",
        `${launch}; spawn sweep logs`,
        "both indices are done, on AWS CLI 2",
        told.join("; "),
        isDone,
      ),
      compared(
        "download-script",
        `${launch}; the worker downloads by worker/stage.sh`,
        "the data arrive, verified",
        `${isDone ? "both downloads verified" : "not both"}; spawn stage script: exit code ${script.code}`,
        isDone && script.code === 0,
      ),
      compared(
        "index-delay",
        "spawn sweep list, each second after the launch",
        `listed within ${READINGS} s`,
        delay === undefined ? "not listed" : `after ${delay} s`,
        delay !== undefined,
      ),
      compared(
        "launch-checks",
        "spawn launch --params sweep.yaml --dry-run",
        "quotas, routes and prices are read",
        dry.stderr
          .split("\n")
          .filter((line) => /warning|note/i.test(line))
          .join(" ") || `exit code ${dry.code}, no remark`,
        dry.code === 0,
      ),
    ];
  },
};

async function linkedRoles(run: Run): Promise<string> {
  const iam = new IAMClient(await run.clientOf("us-east-1"));
  const found: string[] = [];
  for (const RoleName of LINKED_ROLES)
    await iam.send(new GetRoleCommand({ RoleName })).then(
      () => found.push(RoleName),
      (error: unknown) => {
        if (!(error instanceof Error) || !/NoSuchEntity/.test(error.name)) throw error;
      },
    );
  return found.join(", ") || "none";
}

async function secondsUntilListed(run: Run, id: string): Promise<number | undefined> {
  for (let second = 0; second < READINGS; second++) {
    if ((await run.succeed("sweep", "list", "--format", "json")).stdout.includes(id)) return second;
    await sleep(1_000);
  }
  return undefined;
}

/** Many items, and no significant instance cost: the sweep is cancelled as soon as it has started. */
export const table: Step = {
  name: "a sweep with many indices",
  points: ["table-speed"],
  usd: 0.06,
  minutes: 3,
  run: async (run) => {
    const { regions, rows } = run.settings;
    const [region] = regions;
    const file = [
      `count: ${rows}`,
      "max_concurrent: 1",
      `regions: [${region}]`,
      "deadline: 1h",
      "base_command: sleep 300",
      "",
    ];
    await writeFile(join(run.settings.folder, "many.yaml"), file.join("\n"));
    const launched = await run.succeed("launch", "--params", "many.yaml", "--yes", "--detach");
    await run.succeed("sweep", "cancel", idIn(launched.stdout, "sweep"), "--yes");
    return [
      compared(
        "table-speed",
        `spawn launch with count: ${rows}`,
        "it starts, however slowly the table takes the items",
        `${rows} items, started after ${launched.seconds.toFixed(0)} s`,
        true,
      ),
    ];
  },
};

/** Auto Scaling's errors for a missing group and a missing instance. */
export const groupErrors: Step = {
  name: "errors of Auto Scaling",
  points: ["group-errors"],
  usd: 0,
  minutes: 1,
  run: async (run): Promise<Seen[]> => {
    const client = new AutoScalingClient(await run.clientOf(run.settings.regions[0]));
    const AutoScalingGroupName = `spawn-${ENVIRONMENT}-none`;
    const texts = await Promise.all([
      textOf(client.send(new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity: 0 }))),
      textOf(
        client.send(
          new TerminateInstanceInAutoScalingGroupCommand({
            InstanceId: "i-0123456789abcdef0",
            ShouldDecrementDesiredCapacity: true,
          }),
        ),
      ),
    ]);
    return [
      compared(
        "group-errors",
        "SetDesiredCapacity of a group, and TerminateInstanceInAutoScalingGroup of an instance, that are not there",
        'ValidationError with "not found"',
        texts.join(" | "),
        texts.every((text) => /^ValidationError.*not found/i.test(text)),
      ),
    ];
  },
};

const textOf = (request: Promise<unknown>): Promise<string> =>
  request.then(
    () => "no error",
    (error: unknown) =>
      isRecord(error) || error instanceof Error
        ? `${Object(error).name}: ${Object(error).message}`
        : String(error),
  );
