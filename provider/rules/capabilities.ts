import { hasAccounts } from "../../connection/account.ts";
import { connectionOfProcess } from "../../connection/connection.ts";
import { undefinedIf } from "../../connection/errors/failure.ts";
import { isNotImplemented } from "../../connection/errors/kinds.ts";
import { replicationRuleId } from "../../staging/classes.ts";
import type { Words } from "../../staging/option.ts";
import { REGIONS } from "../../staging/regions.ts";
import type { Target } from "./configuration.ts";
import { filterTags } from "./in-force.ts";
import { readLifecycle } from "./lifecycle.ts";
import { readReplication } from "./replication.ts";

/** Optional features of an S3 server. If one is missing, a warning says how entries work without it. */
interface Capabilities {
  /** Replication rules that select objects by tag, and that the server returns with their tags. */
  readonly replicationRules: boolean;
  /** Lifecycle rules that expire objects by tag. */
  readonly lifecycleRules: boolean;
}

export const EVERYTHING: Capabilities = { replicationRules: true, lifecycleRules: true };

const WITHOUT: Readonly<Record<keyof Capabilities, Words>> = {
  replicationRules:
    "This S3 server has no replication rules whose tags can be read back: copies are made in their place.",
  lifecycleRules: (_spell, command) =>
    `This S3 server has no lifecycle rules: data do not expire by themselves. Delete what has expired: ${command("spawn stage cleanup --expired")}`,
};

const OWN_RULE_IDS: ReadonlySet<string> = new Set(REGIONS.map(replicationRuleId));

/** The capabilities of the server that all S3 clients of this process use. */
export class ServerCapabilities {
  #detected: Promise<Capabilities> | undefined;
  readonly #warned = new Set<keyof Capabilities>();

  /**
   * AWS and the local cloud have all capabilities. For any other server, the responses of the first bucket decide.
   * @param place a bucket of the environment. It has spawn's rules if the server supports rules
   */
  of(place: Target): Promise<Capabilities> {
    const connection = connectionOfProcess();
    if (connection === undefined || connection.isLocalCloud || hasAccounts(connection) === "always") {
      return Promise.resolve(EVERYTHING);
    }
    if (this.#detected === undefined) {
      const detected = probeServer(place);
      this.#detected = detected;
      // The next call retries after an error.
      detected.catch(() => {
        this.#detected = undefined;
      });
    }
    return this.#detected;
  }

  /** Whether the server has the capability. If it has not, logs one warning. */
  async has(
    name: keyof Capabilities,
    place: Target,
    { log }: { log(severity: "warning", message: Words): void },
  ): Promise<boolean> {
    const found = (await this.of(place))[name];
    if (!found && !this.#warned.has(name)) {
      this.#warned.add(name);
      log("warning", WITHOUT[name]);
    }
    return found;
  }
}

async function probeServer(place: Target): Promise<Capabilities> {
  const [replicationRules, lifecycleRules] = await Promise.all([
    supports(async () => {
      const { Rules = [] } = (await readReplication(place)) ?? {};
      const ownRules = Rules.filter(({ ID = "" }) => OWN_RULE_IDS.has(ID));
      // spawn's rules always have a tag. If no rule has one, the server drops tags. Entries report a missing rule or
      // another tag.
      return ownRules.length === 0 || ownRules.some(({ Filter }) => filterTags(Filter).length > 0);
    }),
    supports(async () => {
      await readLifecycle(place);
      return true;
    }),
  ]);
  return { replicationRules, lifecycleRules };
}

const supports = async (probe: () => Promise<boolean>): Promise<boolean> =>
  (await undefinedIf(isNotImplemented, probe())) ?? false;
