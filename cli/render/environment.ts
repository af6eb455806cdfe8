import { join } from "node:path";
import { workingFolder } from "../../stacks/project-folder.ts";
import { settingsFileName } from "../../staging/environment.ts";
import type { EnvironmentPlan } from "../services/environment/plan.ts";

const VERBS: Readonly<Record<string, string>> = {
  create: "created",
  import: "taken over",
  update: "updated",
  delete: "deleted",
  replace: "replaced",
  same: "unchanged",
};

/** `24 created, 3 unchanged`: the result of an update of the stack's resources. */
export function renderChanges(changes: Readonly<Record<string, number>>): string {
  const parts = Object.entries(VERBS).flatMap(([op, verb]) =>
    changes[op] ? [`${changes[op]} ${verb}`] : [],
  );
  return parts.length === 0 ? "nothing to do" : parts.join(", ");
}

/** Whether there are changes other than `same`. */
export const hasChanges = (changes: Readonly<Record<string, number>>): boolean =>
  Object.entries(changes).some(([op, count]) => op !== "same" && count > 0);

/** One line for each declared entry whose source has changed or could not be compared. */
export const describeSources = ({
  replaced,
  uncompared,
}: Pick<EnvironmentPlan, "replaced" | "uncompared">): string[] => [
  ...replaced.map(
    ({ item, stagingId, replaces }) =>
      `The source of item ${item} has changed: ${stagingId} replaces ${replaces}, which is deleted after the new entry is complete.`,
  ),
  ...uncompared.map(
    ({ item, stagingId, why }) =>
      `The source of item ${item} cannot be compared with ${stagingId}, which stays: ${why}`,
  ),
];

interface Place {
  readonly environmentName: string;
  readonly projectFolder: string;
}

/** The path of the environment's settings file; undefined if the file is in the working folder, where users see it. */
export const settingsPath = ({ environmentName, projectFolder }: Place): string | undefined =>
  projectFolder === workingFolder() ? undefined : join(projectFolder, settingsFileName(environmentName));
