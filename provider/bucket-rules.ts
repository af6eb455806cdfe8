import { undefinedIf } from "../connection/errors/failure.ts";
import { isNoSuchBucket } from "../connection/errors/kinds.ts";
import type {
  BucketRule,
  BucketRulesInputs,
  BucketRulesOutputs,
  RuleKind,
} from "../staging/resources/bucket-rules.ts";
import { bucketRulesResource } from "../staging/resources/bucket-rules.ts";
import { type Dependencies, targetIn } from "./deps.ts";
import { partialFailure } from "./partial.ts";
import { BY_ENVIRONMENT, declaredResource } from "./plugin/declared.ts";
import type { ResourceHandler } from "./plugin/types.ts";
import {
  type ConfigurationKind,
  isOurRule,
  meaningOf,
  type Target,
  usersPart,
} from "./rules/configuration.ts";
import { refuseWithEntries } from "./rules/entries.ts";
import { lifecycleKind } from "./rules/lifecycle.ts";
import { policyKind } from "./rules/policy.ts";
import { replicationKind } from "./rules/replication.ts";
import { rewrite } from "./rules/rewrite.ts";
import { retryOnNewBucket } from "./rules/spreading.ts";
import { explained } from "./store/explain.ts";

const KINDS: Readonly<Record<RuleKind, ConfigurationKind>> = {
  lifecycle: lifecycleKind,
  replication: replicationKind,
  policy: policyKind,
};

/** spawn's rules in a configuration that the user also writes. Creation merges them with the user's rules; deletion removes only them. */
export function bucketRules(deps: Dependencies): ResourceHandler<BucketRulesInputs, BucketRulesOutputs> {
  return declaredResource(bucketRulesResource, {
    notImported: { why: "Which rules it should be is not recorded in S3.", fix: BY_ENVIRONMENT },

    async create(inputs, context) {
      const id = `${inputs.region}/${inputs.bucket}/${inputs.kind}`;
      const doing = `adding ${KINDS[inputs.kind].title} to the bucket ${inputs.bucket}`;
      // Report conflicts before writing anything.
      const target = targetIn(deps, inputs, context);
      const retries = { spreading: deps.spreading, signal: context.signal };
      await explained(doing, () => retryOnNewBucket(() => assertMergeable(inputs, target), retries));
      const written: { before?: string } = {};
      try {
        await retryOnNewBucket(() => add(inputs, target, deps, written), retries);
      } catch (error) {
        throw partialFailure(id, { ...inputs, ...written }, error, doing, context.signal);
      }
      return { id, outputs: { ...inputs, ...written } };
    },

    async update(_id, oldOutputs, news, context) {
      const { before } = oldOutputs;
      const written = before === undefined ? {} : { before };
      const doing = `changing ${KINDS[news.kind].title} of the bucket ${news.bucket}`;
      await explained(doing, () => add(news, targetIn(deps, news, context), deps, written));
      return { ...news, ...written };
    },

    async read(id, inputs, outputs, context) {
      const kind = KINDS[inputs.kind];
      const found = await explained(`reading the ${kind.title} of the bucket ${inputs.bucket}`, () =>
        undefinedIf(isNoSuchBucket, readOurs(kind, inputs, targetIn(deps, inputs, context))),
      );
      if (found === undefined) return undefined;
      return { id, inputs: { ...inputs, ...found }, outputs: { ...outputs, ...found } };
    },

    async delete(_id, outputs, context) {
      const kind = KINDS[outputs.kind];
      const target = targetIn(deps, outputs, context);
      const removeOurs = async (): Promise<void> => {
        if (outputs.kind !== "replication")
          await refuseWithEntries({ ...target, store: deps.s3.store(outputs.region) }, outputs.region);
        await rewrite(kind, target, deps.spreading, (current) => {
          const users = usersPart(kind, current);
          return outputs.before === undefined ? users : (kind.restored?.(users, outputs.before) ?? users);
        });
      };
      await explained(`removing ${kind.title} from the bucket ${outputs.bucket}`, () =>
        undefinedIf(isNoSuchBucket, removeOurs()),
      );
    },
  });
}

async function assertMergeable(inputs: BucketRulesInputs, target: Target): Promise<void> {
  const kind = KINDS[inputs.kind];
  const current = await kind.get(target);
  if (current) kind.merge(target.bucket, usersPart(kind, current), inputs.rules, inputs.role);
}

/** @param written receives the user's original form before the write, so that a later deletion can restore it */
async function add(
  inputs: BucketRulesInputs,
  target: Target,
  deps: Dependencies,
  written: { before?: string },
): Promise<void> {
  const kind = KINDS[inputs.kind];
  await rewrite(kind, target, deps.spreading, (current) => {
    const users = usersPart(kind, current);
    const isUntouched = users.rules.length === current.rules.length;
    const before = isUntouched ? kind.remember?.(users) : undefined;
    if (before !== undefined) written.before = before;
    return kind.merge(target.bucket, users, inputs.rules, inputs.role);
  });
}

/** spawn's rules in the bucket: the wanted rules if they match S3's, otherwise the rules that S3 has under spawn's IDs. */
async function readOurs(
  kind: ConfigurationKind,
  { rules: wanted, role }: BucketRulesInputs,
  target: Target,
): Promise<{ rules: BucketRule[]; role?: string }> {
  const current = (await kind.get(target)) ?? { rules: [], rest: {} };
  const merged = kind.merge(target.bucket, { rules: [], rest: {} }, wanted, role).rules;
  const actual = current.rules.filter((rule) => isOurRule(kind, rule));
  const actualRules = new Set(actual.map(withoutPriority));
  const unchanged =
    actual.length === merged.length && merged.every((rule) => actualRules.has(withoutPriority(rule)));
  const currentRole = current.rest["Role"];
  return {
    rules: unchanged ? wanted : (JSON.parse(JSON.stringify(actual)) as BucketRule[]),
    ...(role === undefined ? {} : { role: typeof currentRole === "string" ? currentRole : "" }),
  };
}

/** Ignores the priority: it differs from the wanted one if the user's rules use that one. */
const withoutPriority = ({ Priority, ...rule }: BucketRule): string => meaningOf(rule);
