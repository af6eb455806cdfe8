import { POLICIES } from "./documents.ts";
import type { Asked } from "./simulator.ts";
import type { Table } from "./table.ts";
import { A, ADOPTED_BUCKET, B, BUCKET, C, ID, instanceOf, OTHER_ID, PLAIN_HTTP, POINT } from "./world.ts";

type Request = Pick<Asked, "action"> & Partial<Asked> & { readonly key?: string };

/** Both the entry's access point and the bucket behind it must allow the request. */
function byPoint({ key, ...asked }: Request): readonly Asked[] {
  const own = { principal: instanceOf(B), owner: A, ...asked };
  const behind = { "s3:DataAccessPointAccount": A, ...asked.context };
  const { identity, ...others } = own; // about the access point
  return [
    {
      ...own,
      resource: key === undefined ? POINT : `${POINT}/object/${key}`,
      policy: POLICIES["access point"],
    },
    { ...others, resource: bucketArn(key), policy: POLICIES.bucket, context: behind },
  ];
}

type Bucket = "bucket" | "adopted bucket";

/** By the bucket's name. */
const byName = ({ key, ...asked }: Request, bucket: Bucket = "bucket"): readonly Asked[] => [
  {
    ...{ principal: instanceOf(B), owner: A, policy: POLICIES[bucket] },
    ...{ resource: bucketArn(key, bucket), ...asked },
  },
];

const NAMES = { bucket: BUCKET, "adopted bucket": ADOPTED_BUCKET };
const bucketArn = (key?: string, bucket: Bucket = "bucket"): string =>
  `arn:aws:s3:::${NAMES[bucket]}${key === undefined ? "" : `/${key}`}`;

/** The policy of instances in account B, from the guide. */
const GUIDES_POLICY = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Action: ["s3:GetObject"],
      Resource: `arn:aws:s3:::spawn-staging-*/${ID}/*`,
    },
  ],
});

const GET = { action: "s3:GetObject", key: `${ID}/data` };
const list = (prefix: string) => ({ action: "s3:ListBucket", context: { "s3:prefix": prefix } });
const tagged = (readers: string) => ({ "s3:ExistingObjectTag/spawn:readers": readers });
/** The entry's objects name B and another account. */
const SHARED = { ...GET, context: tagged(`${B}/987654321098`) };
const { "reader of a directory": READER, "reader by name": NAMED_READER } = POLICIES;

/** By the name of a bucket that spawn created, and of an adopted one. */
function byNames(bucket: Bucket): { allowed: Table; denied: Table } {
  const at = (asked: Request) => byName(asked, bucket);
  const by = `by the name of the ${bucket}`;
  return {
    allowed: {
      [`B reads ${by} what names it in a tag`]: at(SHARED),
      [`B reads ${by} what names it last in a tag`]: at({ ...GET, context: tagged(`${C}/${B}`) }),
      [`B lists the entry ${by}`]: at(list(`${ID}/`)),
      [`B lists a folder of the entry ${by}`]: at(list(`${ID}/data/`)),
    },
    denied: {
      [`B reads ${by} what has no tag`]: at(GET),
      [`B reads ${by} what names another account`]: at({ ...GET, context: tagged(C) }),
      [`C, which is not in spawn:readers, reads ${by} what names it`]: at({
        ...{ ...GET, principal: instanceOf(C) },
        context: tagged(`${B}/${C}`),
      }),
      [`C lists the entry ${by}`]: at({ ...list(`${ID}/`), principal: instanceOf(C) }),
      [`B reads ${by} what is no entry's`]: at({ ...SHARED, key: "payroll/data" }),
      [`B reads an older version ${by}`]: at({ ...SHARED, action: "s3:GetObjectVersion" }),
      [`B reads the tags ${by}`]: at({ ...SHARED, action: "s3:GetObjectTagging" }),
      [`B changes the tags ${by}`]: at({ ...SHARED, action: "s3:PutObjectTagging" }),
      [`B writes ${by}`]: at({ ...GET, action: "s3:PutObject" }),
      [`B deletes ${by}`]: at({ ...GET, action: "s3:DeleteObject" }),
      [`B reads ${by} over plain HTTP`]: at({ ...SHARED, context: { ...SHARED.context, ...PLAIN_HTTP } }),
      [`B lists ${by} over plain HTTP`]: at({
        ...list(`${ID}/`),
        context: { ...PLAIN_HTTP, "s3:prefix": `${ID}/` },
      }),
      [`B lists all names ${by}`]: at({ action: "s3:ListBucket" }),
      [`B lists all IDs ${by}`]: at(list("stage-")),
      [`B lists what is no entry's ${by}`]: at(list("payroll/")),
      [`B reads the policy ${by}`]: at({ action: "s3:GetBucketPolicy" }),
      [`B replaces the policy ${by}`]: at({ action: "s3:PutBucketPolicy" }),
    },
  };
}

const BY_NAMES = (["bucket", "adopted bucket"] as const).map(byNames);

/** The permissions of another account, which allows its users everything unless a policy is given. */
export const SHARING: { allowed: Table; denied: Table } = {
  allowed: {
    "an instance of B with the guide's policy": byName({ ...SHARED, identity: GUIDES_POLICY }),
    "B reads by the bucket's name with the policy that stage info prints": byName({
      ...{ ...SHARED, identity: NAMED_READER },
    }),
    "B lists by the bucket's name with the policy that stage info prints": byName({
      ...{ ...list(`${ID}/`), identity: NAMED_READER },
    }),
    "B reads an object by the access point": byPoint({ ...GET, identity: READER }),
    "B reads by the access point what is tagged": byPoint({ ...SHARED, identity: NAMED_READER }),
    "B lists the entry by the access point": byPoint({ ...list(`${ID}/`), identity: READER }),
    "B lists a folder of the entry": byPoint({ ...list(`${ID}/data/`), identity: READER }),
    ...Object.fromEntries(BY_NAMES.flatMap(({ allowed }) => Object.entries(allowed))),
  },
  denied: {
    "an instance of B with the guide's policy asks for another entry that names B": byName({
      ...{ ...SHARED, identity: GUIDES_POLICY, key: `${OTHER_ID}/data` },
    }),
    "an instance of B with the policy of another sweep": byName({
      ...{ ...SHARED, identity: POLICIES.worker },
    }),
    "an instance of B with a policy for access points only": byName({ ...SHARED, identity: READER }),
    "C reads by the access point": byPoint({ ...GET, principal: instanceOf(C) }),
    "C lists by the access point": byPoint({ ...list(`${ID}/`), principal: instanceOf(C) }),
    "B reads another entry by the access point": byPoint({ ...GET, key: `${OTHER_ID}/data` }),
    "B lists another entry": byPoint(list(`${OTHER_ID}/`)),
    "B lists the bucket by the access point": byPoint({ action: "s3:ListBucket" }),
    "B reads over plain HTTP": byPoint({ ...GET, context: PLAIN_HTTP }),
    "B lists over plain HTTP": byPoint({
      action: "s3:ListBucket",
      context: { ...PLAIN_HTTP, "s3:prefix": `${ID}/` },
    }),
    "A itself reads over plain HTTP": byName({ ...GET, principal: instanceOf(A), context: PLAIN_HTTP }),
    "B writes by the access point": byPoint({ ...GET, action: "s3:PutObject" }),
    "B deletes by the access point": byPoint({ ...GET, action: "s3:DeleteObject" }),
    "B changes tags by the access point": byPoint({ ...GET, action: "s3:PutObjectTagging" }),
    ...Object.fromEntries(BY_NAMES.flatMap(({ denied }) => Object.entries(denied))),
  },
};
