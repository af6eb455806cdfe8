import * as pulumi from "@pulumi/pulumi";
import { isRecord } from "../staging/environment.ts";
import { type Held, NOTHING_HELD } from "../staging/ownership/names.ts";
import { BUCKET_ADOPTION } from "../staging/resources.ts";

const TABLE = "aws:dynamodb/table:Table";
const BUCKET = "aws:s3/bucket:Bucket";
const ROLE = "aws:iam/role:Role";

/** A resource of a stack's state. */
export interface StateEntry {
  readonly urn: string;
  readonly type: string;
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** What the running stack's own state holds; nothing before its first whole update. */
export async function readOwnState(): Promise<Held> {
  const name = ownName();
  // A stack without a state has no outputs; the engine cannot read the resources of one.
  const { outputs } = await engineFunction("readStackOutputs", { name });
  if (!isRecord(outputs) || Object.keys(outputs).length === 0) return NOTHING_HELD;
  const resources = await engineFunction("readStackResourceOutputs", { stackName: name });
  if (!isRecord(resources["outputs"])) return NOTHING_HELD;
  const entries = Object.entries(resources["outputs"]).flatMap(([urn, value]) => {
    if (!isRecord(value) || typeof value["type"] !== "string") return [];
    return { urn, type: value["type"], outputs: isRecord(value["outputs"]) ? value["outputs"] : {} };
  });
  return heldIn(entries, outputs["cloud"]);
}

/** What of a stack's resources decides over data. */
export function heldIn(entries: readonly StateEntry[], cloud: unknown): Held {
  const texts = (type: string, key: string) =>
    entries
      .filter((entry) => entry.type === type)
      .flatMap(({ urn, outputs: { region, [key]: name } }) =>
        typeof name === "string" ? { urn, name, region: typeof region === "string" ? region : "" } : [],
      );
  return {
    cloud: typeof cloud === "string" ? cloud : undefined,
    tables: texts(TABLE, "name").map(({ urn, name, region }) => ({
      role: urn.endsWith("-usage") ? "usage" : "records",
      name,
      region,
    })),
    buckets: [
      ...texts(BUCKET, "bucket").map(({ name, region }) => ({ name, region, adopted: false })),
      ...texts(BUCKET_ADOPTION, "bucket").map(({ name, region }) => ({ name, region, adopted: true })),
    ],
    role: texts(ROLE, "name")[0]?.name,
  };
}

/** In Pulumi Cloud a name needs its organization; elsewhere the project's own stacks go by their short name. */
function ownName(): string {
  const organization = pulumi.getOrganization();
  const stack = pulumi.getStack();
  return organization === "organization" ? stack : `${organization}/${pulumi.getProject()}/${stack}`;
}

async function engineFunction(
  name: string,
  args: Record<string, string>,
): Promise<Readonly<Record<string, unknown>>> {
  const result: unknown = await pulumi.runtime.invoke(`pulumi:pulumi:${name}`, args);
  return isRecord(result) ? result : {};
}
