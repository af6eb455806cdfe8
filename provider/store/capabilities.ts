import type { S3Client } from "@aws-sdk/client-s3";
import { hasAccounts } from "../../connection/account.ts";
import { connectionOfProcess } from "../../connection/connection.ts";
import { isNotImplemented } from "../../connection/errors/kinds.ts";
import { replicationRuleId } from "../../staging/classes.ts";
import { REGIONS } from "../../staging/regions.ts";
import type { CallContext } from "../plugin/types.ts";
import { filterTags, readLifecycleRules, readReplicationRules } from "../rules/in-force.ts";

/** What of S3 a server may lack: entries can do without, and a warning says how. */
export interface Capabilities {
  /** Rules that replicate what carries a tag, and whose tag can be read back. */
  readonly replicationRules: boolean;
  /** Rules that expire what carries a tag. */
  readonly lifecycleRules: boolean;
}

export const EVERYTHING: Capabilities = { replicationRules: true, lifecycleRules: true };

const WITHOUT: Readonly<Record<keyof Capabilities, string>> = {
  replicationRules:
    "This S3 server has no replication rules whose tags can be read back: copies are made in their place.",
  lifecycleRules:
    "This S3 server has no lifecycle rules: data do not expire by themselves. Delete what has expired: spawn stage cleanup --expired",
};

const OURS: ReadonlySet<string> = new Set(REGIONS.map(replicationRuleId));

interface Place {
  readonly client: S3Client;
  /** Of the environment, so that it has its rules where a bucket can have any. */
  readonly bucket: string;
  readonly signal: AbortSignal;
}

const known = new WeakMap<S3Client, Promise<Capabilities>>();

/**
 * What the server of a client has. AWS and the local cloud have everything; any other server is asked once, by what the first bucket
 * answers.
 */
export function capabilitiesOf(place: Place): Promise<Capabilities> {
  const connection = connectionOfProcess();
  if (connection === undefined || connection.isLocalCloud || hasAccounts(connection) === "always") {
    return Promise.resolve(EVERYTHING);
  }
  let found = known.get(place.client);
  if (found === undefined) {
    found = ask(place);
    known.set(place.client, found);
    // What failed once is asked for again.
    found.catch(() => known.delete(place.client));
  }
  return found;
}

async function ask(place: Place): Promise<Capabilities> {
  const [replicationRules, lifecycleRules] = await Promise.all([
    has(async () => {
      const ours = (await readReplicationRules(place)).filter(({ ID = "" }) => OURS.has(ID));
      // A rule without a tag is none that was written here; one that is missing, or has another tag, is told where it is needed.
      return ours.length === 0 || ours.some(({ Filter }) => filterTags(Filter).length > 0);
    }),
    has(async () => {
      await readLifecycleRules(place);
      return true;
    }),
  ]);
  return { replicationRules, lifecycleRules };
}

async function has(look: () => Promise<boolean>): Promise<boolean> {
  try {
    return await look();
  } catch (error) {
    if (isNotImplemented(error)) return false;
    throw error;
  }
}

const told = new Set<keyof Capabilities>();

/** Whether the server of a place has it. Where it has not, a warning says once in this process what is done without. */
export async function hasCapability(
  name: keyof Capabilities,
  place: Omit<Place, "signal">,
  { signal, log }: Pick<CallContext, "signal" | "log">,
): Promise<boolean> {
  const found = (await capabilitiesOf({ ...place, signal }))[name];
  if (!found && !told.has(name)) {
    told.add(name);
    log("warning", WITHOUT[name]);
  }
  return found;
}
