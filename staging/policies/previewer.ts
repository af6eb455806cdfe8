import type { AccountId } from "../accounts.ts";
import type { EnvironmentSettings } from "../environment.ts";
import { allow, type PolicyDocument, policyOf, type Statement } from "./document.ts";
import { operatorPolicy } from "./operator.ts";

/** The operator's statements on the resources of an environment's stack, by the name that their reads have here. */
const READS: Readonly<Record<string, string>> = {
  ManageBuckets: "SeeBuckets",
  WriteEntries: "ReadEntries",
  ShareEntries: "SeeAccessPoints",
  ManageTables: "ReadTables",
  ManageReplicationRole: "SeeReplicationRole",
};

/**
 * The permissions for `pulumi preview` and `pulumi refresh --preview-only` on an environment and its declared entries:
 * the reads of the operator's policy. A pull request runs with them, so they allow no write.
 */
export function previewerPolicy(settings: EnvironmentSettings, account: AccountId): PolicyDocument {
  const reads = operatorPolicy(settings, account).Statement.flatMap(readsOf);
  // IAM knows no resource of this action.
  return policyOf([...reads, allow("LookAround", ["s3:GetAccessPoint"], "*")]);
}

function readsOf(statement: Statement): Statement[] {
  const Sid = READS[statement.Sid];
  if (Sid === undefined) return [];
  const Action = [statement.Action]
    .flat()
    .filter((action) => /:(Get|List|Describe|BatchGet|Query|Scan)/.test(action));
  return [{ ...statement, Sid, Action }];
}
