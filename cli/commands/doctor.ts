import { type Diagnosis, diagnose } from "../../local/doctor.ts";
import { UserError } from "../../staging/errors.ts";
import { BaseCommand } from "../base-command.ts";
import type { Context } from "../context.ts";
import { writeData } from "../output.ts";
import { renderDiagnosis } from "../render/diagnosis.ts";
import { checkAccount } from "../services/environment/check-account.ts";

export default class Doctor extends BaseCommand {
  static override summary = "Check that this machine has everything spawn needs.";
  static override description =
    "Checks Node, the Pulumi engine and its plugins, the local cloud, credentials and their account, the state and the disk, and shows how to fix each problem. Installs, starts and changes nothing. The exit code is 1 if a check fails.";
  static override examples = [
    { description: "Check this machine", command: "<%= config.bin %> doctor" },
    {
      description: "Check it for an environment in AWS",
      command: "<%= config.bin %> doctor --environment prod",
    },
  ];

  async run(): Promise<Diagnosis[]> {
    const { flags } = await this.parse(Doctor);
    const context = this.contextOf(flags);
    const environment = await checkEnvironment(context);
    const usable = environment.status !== "fail";
    const diagnoses = [
      environment,
      ...(await diagnose(
        usable ? { cloud: (await context.settings()).cloud, stateUrl: await context.stateUrl() } : {},
      )),
      ...(usable ? [await checkAccount(context)] : []),
    ];
    if (diagnoses.some(({ status }) => status === "fail")) process.exitCode = 1;
    if (!this.jsonEnabled()) await writeData(renderDiagnosis(diagnoses, process.stdout));
    return diagnoses;
  }
}

/** The environment's settings file: all other checks depend on it, but continue without it. */
async function checkEnvironment(context: Context): Promise<Diagnosis> {
  const name = "Environment";
  try {
    const { cloud, regions } = await context.settings();
    const where = cloud === "local" ? "on the local cloud" : "in AWS";
    return { name, status: "ok", found: `${context.environmentName} ${where}: ${regions.join(", ")}` };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return {
      name,
      status: "fail",
      found: error.message,
      ...(error.fix === undefined ? {} : { fix: error.fix }),
    };
  }
}
