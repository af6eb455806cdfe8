import { cruise, type ICruiseResult, type IForbiddenRuleType } from "dependency-cruiser";
import { SHIPPED, TOOLS } from "./rules.ts";

/** An import that a rule forbids. */
export interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
  readonly comment: string;
  /** The files of a cycle, from the imported file on. */
  readonly cycle?: readonly string[];
}

/** Folders and files of the repository with code. */
const CODE: readonly string[] = [...SHIPPED, ...TOOLS, "package-root.ts"];

/** @param root the folder that the paths in `rules` and in `code` are relative to */
export async function findViolations(
  root: string,
  rules: readonly IForbiddenRuleType[],
  code: readonly string[] = CODE,
): Promise<Violation[]> {
  const { output } = await cruise(
    [...code],
    {
      baseDir: root,
      validate: true,
      ruleSet: { forbidden: [...rules] },
      doNotFollow: { path: "node_modules" },
      tsPreCompilationDeps: true,
    },
    { conditionNames: ["import", "node", "default", "types"], exportsFields: ["exports"] },
  );
  const { summary } = output as ICruiseResult;
  return summary.violations.map(({ rule, from, to, cycle }) => ({
    rule: rule.name,
    ...{ from, to },
    comment: rules.find(({ name }) => name === rule.name)?.comment ?? "",
    ...(cycle === undefined ? {} : { cycle: cycle.map(({ name }) => name) }),
  }));
}

export const asText = ({ rule, from, to }: Violation): string => `${rule}: ${from} -> ${to}`;
