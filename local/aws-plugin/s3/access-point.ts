import {
  CreateAccessPointCommand,
  DeleteAccessPointCommand,
  DeleteAccessPointPolicyCommand,
  GetAccessPointCommand,
  GetAccessPointPolicyCommand,
  GetAccessPointPolicyStatusCommand,
  PutAccessPointPolicyCommand,
} from "@aws-sdk/client-s3-control";
import { UserError } from "../../../staging/errors.ts";
import { boolean, document, object, string } from "../../../staging/schema/fields.ts";
import { policyProblem, samePolicy } from "../iam/same-policy.ts";
import { mustMatch } from "../problem.ts";
import { defineResource } from "../resource.ts";
import type { Call } from "../sdk/call.ts";
import { undefinedIfCreated, undefinedOn } from "../sdk/errors.ts";
import { s3Control } from "../sdk/s3-control.ts";
import { accountId } from "../sdk/sts.ts";

const on = boolean({ default: true });
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-restrictions-limitations-naming-rules.html */
const nameProblem = mustMatch(
  /^(?!.*-s3alias$)[a-z0-9](?!.*--)[a-z0-9-]{1,48}[a-z0-9]$/,
  "must have 3 to 50 lower-case letters, digits and single hyphens, a letter or digit at either end",
);

const fields = {
  name: string({ required: true, replaces: true, names: true, problem: nameProblem }),
  bucket: string({ required: true, replaces: true }),
  accountId: string({ computed: true, replaces: true }),
  bucketAccountId: string({ computed: true, replaces: true }),
  // Removing it from the program leaves it unchanged; "{}" removes it, as with the official provider.
  policy: document(samePolicy, { computed: true, problem: policyProblem }),
  publicAccessBlockConfiguration: object(
    { blockPublicAcls: on, blockPublicPolicy: on, ignorePublicAcls: on, restrictPublicBuckets: on },
    { computed: true, replaces: true },
  ),
  vpcConfiguration: object({ vpcId: string({ required: true }) }, { replaces: true }),
};

type Computed = {
  alias: string;
  arn: string;
  domainName: string;
  endpoints: Record<string, string>;
  hasPublicAccessPolicy: boolean;
  networkOrigin: string;
};

const NO_POLICY = "{}";
const GONE = ["NoSuchAccessPoint"];

export default defineResource<typeof fields, Computed>({
  title: "access point",
  fields,
  computed: ["alias", "arn", "domainName", "endpoints", "hasPublicAccessPolicy", "networkOrigin"],

  async create(inputs, call) {
    const AccountId = inputs.accountId ?? (await accountId(call));
    const { name, bucket, bucketAccountId, publicAccessBlockConfiguration: block, vpcConfiguration } = inputs;
    await undefinedIfCreated(
      ["AccessPointAlreadyOwnedByYou"],
      s3Control(call).send(
        new CreateAccessPointCommand({
          AccountId,
          Name: name,
          Bucket: bucket,
          BucketAccountId: bucketAccountId || undefined,
          VpcConfiguration: vpcConfiguration && { VpcId: vpcConfiguration.vpcId },
          PublicAccessBlockConfiguration: {
            BlockPublicAcls: block?.blockPublicAcls ?? true,
            BlockPublicPolicy: block?.blockPublicPolicy ?? true,
            IgnorePublicAcls: block?.ignorePublicAcls ?? true,
            RestrictPublicBuckets: block?.restrictPublicBuckets ?? true,
          },
        }),
      ),
    );
    return `${AccountId}:${name}`;
  },
  async finish(id, { policy }, call) {
    if (policy !== undefined && policy !== NO_POLICY) await setPolicy(id, policy, call);
  },
  async update(id, { policy }, actual, call) {
    if (policy !== undefined && !samePolicy(policy, actual.policy ?? NO_POLICY))
      await setPolicy(id, policy, call);
  },

  async read(id, call) {
    const point = await undefinedOn(GONE, s3Control(call).send(new GetAccessPointCommand(parseId(id))));
    if (point === undefined) return undefined;
    const { AccountId, Name } = parseId(id);
    const block = point.PublicAccessBlockConfiguration;
    return {
      name: Name,
      bucket: point.Bucket ?? "",
      accountId: AccountId,
      bucketAccountId: point.BucketAccountId || AccountId,
      policy: await getPolicy(id, call),
      ...(block && {
        publicAccessBlockConfiguration: {
          blockPublicAcls: block.BlockPublicAcls ?? false,
          blockPublicPolicy: block.BlockPublicPolicy ?? false,
          ignorePublicAcls: block.IgnorePublicAcls ?? false,
          restrictPublicBuckets: block.RestrictPublicBuckets ?? false,
        },
      }),
      ...(point.VpcConfiguration?.VpcId && { vpcConfiguration: { vpcId: point.VpcConfiguration.VpcId } }),
      alias: point.Alias ?? "",
      arn: point.AccessPointArn ?? `arn:aws:s3:${call.region}:${AccountId}:accesspoint/${Name}`,
      domainName: `${Name}-${AccountId}.s3-accesspoint.${call.region}.amazonaws.com`,
      endpoints: point.Endpoints ?? {},
      hasPublicAccessPolicy: await isPublic(id, call),
      networkOrigin: point.NetworkOrigin ?? "Internet",
    };
  },
  inForce: (wanted, actual) =>
    wanted.policy === undefined || samePolicy(wanted.policy, actual.policy ?? NO_POLICY),

  async delete(id, _outputs, call) {
    await undefinedOn(GONE, s3Control(call).send(new DeleteAccessPointCommand(parseId(id))));
  },
});

function parseId(id: string): { AccountId: string; Name: string } {
  const [, AccountId, Name] = /^(\d{12}):(.+)$/.exec(id) ?? [];
  if (AccountId === undefined || Name === undefined) {
    throw new UserError(`"${id}" is not the id of an access point`, { why: "It is ACCOUNT:NAME." });
  }
  return { AccountId, Name };
}

async function setPolicy(id: string, policy: string, call: Call): Promise<void> {
  if (samePolicy(policy, NO_POLICY)) {
    const request = s3Control(call).send(new DeleteAccessPointPolicyCommand(parseId(id)));
    await undefinedOn(["NoSuchAccessPointPolicy"], request);
  } else {
    await s3Control(call).send(new PutAccessPointPolicyCommand({ ...parseId(id), Policy: policy }));
  }
}

/** The policy's text; "{}" if there is none. */
async function getPolicy(id: string, call: Call): Promise<string> {
  const request = s3Control(call).send(new GetAccessPointPolicyCommand(parseId(id)));
  return (await undefinedOn(["NoSuchAccessPointPolicy"], request))?.Policy ?? NO_POLICY;
}

/** An endpoint without policy status returns the error for a missing access point: then nothing is public. */
async function isPublic(id: string, call: Call): Promise<boolean> {
  const request = s3Control(call).send(new GetAccessPointPolicyStatusCommand(parseId(id)));
  return (await undefinedOn(["NoSuchAccessPointPolicy", ...GONE], request))?.PolicyStatus?.IsPublic ?? false;
}
