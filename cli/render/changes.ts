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
