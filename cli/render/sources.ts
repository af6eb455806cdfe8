import type { EnvironmentPlan } from "../services/environment/plan.ts";

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
