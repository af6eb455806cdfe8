import { type CloudStatus, cloudStatus } from "../../../local/cloud/cloud.ts";
import { type MachinesStatus, machinesStatus } from "../../../local/machines/machines.ts";
import { UserError } from "../../../staging/errors.ts";
import { printable } from "../../../staging/printable.ts";
import { BaseCommand } from "../../base-command.ts";
import { formatUtc } from "../../render/text.ts";

export default class LocalStatus extends BaseCommand {
  static override summary = "Show whether and where the local cloud is running.";
  static override description = "Starts and changes nothing. The exit code is 1 if its process hangs.";
  static override examples = [
    { description: "Show the local cloud's address", command: "<%= config.bin %> local status" },
    {
      description: "Get its endpoint in a script",
      command: "<%= config.bin %> local status --json | jq -r .result.endpoint",
    },
  ];

  async run(): Promise<CloudStatus & { readonly machines: MachinesStatus }> {
    await this.parse(LocalStatus);
    const [status, machines] = await Promise.all([cloudStatus(), machinesStatus()]);
    if (status.state === "unresponsive") {
      throw new UserError("the local cloud's process runs but does not respond", {
        why: `Process ${status.pid} at ${status.endpoint}; its log is ${status.log}.`,
        fix: "spawn local down, then spawn local up",
      });
    }
    for (const line of [...describe(status), ...describeMachines(machines)]) this.log(line);
    return { ...status, machines };
  }
}

function describe(status: CloudStatus): string[] {
  if (status.state === "stopped") {
    const state = status.installed ? "stopped" : "not installed yet; spawn local up does it";
    return [`State: ${state}`, `Data: ${status.data}`];
  }
  return [
    `State: ${status.state}`,
    `Endpoint: ${status.endpoint}`,
    `Process: ${status.pid}, since ${formatUtc(new Date(status.startedAt))}`,
    `Log: ${status.log}`,
    `Data: ${status.data}`,
  ];
}

/** Empty if no instance has run recently. */
function describeMachines(status: MachinesStatus): string[] {
  if (status.state === "stopped") return [];
  const count = (state: string) => status.machines.filter((machine) => machine.state === state).length;
  const waiting = count("waiting");
  return [
    `Instances: ${count("running")} running${waiting === 0 ? "" : `, ${waiting} waiting`} (at most ${status.capacity} at a time)`,
    `Process of the instances: ${status.pid}, since ${formatUtc(new Date(status.startedAt))}`,
    `Log of the instances: ${status.log}`,
    ...(status.problem === undefined ? [] : [`Last problem: ${printable(status.problem)}`]),
  ];
}
