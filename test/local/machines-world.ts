import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SuspendProcessesCommand } from "@aws-sdk/client-auto-scaling";
import { DescribeInstancesCommand, type EC2Client, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { machinesFiles } from "../../local/machines/files.ts";
import {
  ensureMachines,
  type MachinesOptions,
  machinesStatus,
  stopMachines,
} from "../../local/machines/machines.ts";
import { type SpawnPaths, spawnPaths } from "../../local/paths.ts";
import { startTestCloud, type TestCloud } from "../support/cloud.ts";
import { MachineControl } from "../support/machine-control.ts";
import { policyOf } from "./role-cloud.ts";
import { SweepCloud } from "./sweep-cloud.ts";

const PROFILE = "worker-profile";

/** A separate local cloud, its machines, and helpers of their tests. */
export class MachinesWorld {
  readonly cloud: TestCloud;
  readonly paths: SpawnPaths;
  readonly control: MachineControl;
  readonly #sweeps = new Map<string, SweepCloud>();

  private constructor(cloud: TestCloud) {
    this.cloud = cloud;
    this.paths = spawnPaths(cloud.env);
    this.control = new MachineControl(this.paths);
  }

  /** With a role that can read one bucket, in an instance profile. */
  static async start(): Promise<MachinesWorld> {
    const world = new MachinesWorld(await startTestCloud());
    const iam = new IAMClient({
      endpoint: world.cloud.endpoint,
      credentials: world.cloud.keys,
      region: "us-east-1",
    });
    const trust = { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" };
    const RoleName = "worker-role";
    const InstanceProfileName = PROFILE;
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: policyOf([trust]) }));
    const policy = policyOf([
      { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::data/mine/*" },
    ]);
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "worker", PolicyDocument: policy }));
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName }));
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName }));
    iam.destroy();
    return world;
  }

  async stop(): Promise<void> {
    for (const sweep of this.#sweeps.values()) sweep.destroy();
    await stopMachines({ paths: this.paths });
    await this.cloud.stop();
  }

  ensure(options: MachinesOptions = {}) {
    return ensureMachines({ paths: this.paths, ...options });
  }

  ec2(region: string): EC2Client {
    return this.#sweep(region).ec2;
  }

  #sweep(region: string): SweepCloud {
    const sweep = this.#sweeps.get(region) ?? new SweepCloud(this.cloud, region);
    this.#sweeps.set(region, sweep);
    return sweep;
  }

  /** Launches an instance of a sweep with this user data and without a replacement. */
  async launch(userData: string | Uint8Array, region = "us-east-1"): Promise<string> {
    const aws = this.#sweep(region);
    const name = `spawn-sweep-${randomBytes(6).toString("hex")}`;
    await aws.group(name, {
      DesiredCapacity: 1,
      Tags: [{ Key: "spawn:sweep", Value: name.slice("spawn-".length), PropagateAtLaunch: true }],
      data: {
        InstanceType: "c5.large",
        UserData: Buffer.from(userData).toString("base64"),
        IamInstanceProfile: { Name: PROFILE },
      },
    });
    const [id = ""] = await aws.settled(name, 1);
    await aws.groups.send(
      new SuspendProcessesCommand({ AutoScalingGroupName: name, ScalingProcesses: ["Launch"] }),
    );
    return id;
  }

  /** The ID of the process of an instance's machine; undefined while it has none. */
  async pidOf(id: string): Promise<number | undefined> {
    const status = await machinesStatus({ paths: this.paths });
    const machines = status.state === "running" ? status.machines : [];
    return machines.find(({ instance }) => instance === id)?.pid;
  }

  async terminate(id: string, region = "us-east-1"): Promise<void> {
    await this.ec2(region).send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  }

  async stateOf(id: string, region = "us-east-1"): Promise<string> {
    const { Reservations: found = [] } = await this.ec2(region).send(
      new DescribeInstancesCommand({ InstanceIds: [id] }),
    );
    return found[0]?.Instances?.[0]?.State?.Name ?? "gone";
  }

  /** The instance's output so far, without the context of each line. */
  async console(id: string): Promise<string> {
    const text = await readFile(join(machinesFiles(this.paths).consoles, `${id}.log`), "utf8").catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return "";
        throw error;
      },
    );
    return text.replace(/^\[spawn .*\n/gm, "");
  }

  /** Waits until the instance has printed a text. */
  async printed(id: string, text: string | RegExp): Promise<string> {
    return waitFor(
      async () => {
        const said = await this.console(id);
        return (typeof text === "string" ? said.includes(text) : text.test(said)) ? said : undefined;
      },
      `${id} to print ${text}`,
      () => this.console(id),
    );
  }

  async terminated(id: string, region = "us-east-1"): Promise<void> {
    await waitFor(
      async () => (["terminated", "gone"].includes(await this.stateOf(id, region)) ? true : undefined),
      `${id} to be terminated`,
      () => this.console(id),
    );
  }

  get files() {
    return machinesFiles(this.paths);
  }
}

/** Polls until there is a value. The limit only turns a hang into an error that names the missing value. */
export async function waitFor<T>(
  find: () => Promise<T | undefined>,
  what: string,
  explain: () => Promise<string> = async () => "",
): Promise<T> {
  for (const end = Date.now() + 240_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const found = await find();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}\n${await explain()}`);
  }
}
