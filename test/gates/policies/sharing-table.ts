import { POLICIES } from "./documents.ts";
import type { Asked } from "./simulator.ts";
import type { Table } from "./table.ts";
import { A, B, BUCKET, C, ID, instanceOf, OTHER_ID, PLAIN_HTTP, POINT } from "./world.ts";

type Request = Pick<Asked, "action"> & Partial<Asked> & { readonly key?: string };

/** To the entry's access point, and to the bucket behind it, which both have to allow it. */
function byPoint({ key, ...asked }: Request): readonly Asked[] {
  const own = { principal: instanceOf(B), owner: A, ...asked };
  const behind = { "s3:DataAccessPointAccount": A, ...asked.context };
  const { identity, ...others } = own; // which is about the point
  return [
    {
      ...own,
      resource: key === undefined ? POINT : `${POINT}/object/${key}`,
      policy: POLICIES["access point"],
    },
    { ...others, resource: bucketArn(key), policy: POLICIES.bucket, context: behind },
  ];
}

/** To the bucket by its name. */
const byName = ({ key, ...asked }: Request): readonly Asked[] => [
  { principal: instanceOf(B), owner: A, policy: POLICIES.bucket, resource: bucketArn(key), ...asked },
];

const bucketArn = (key?: string): string => `arn:aws:s3:::${BUCKET}${key === undefined ? "" : `/${key}`}`;

const GET = { action: "s3:GetObject", key: `${ID}/data` };
const list = (prefix: string) => ({ action: "s3:ListBucket", context: { "s3:prefix": prefix } });
const { "reader of a directory": READER } = POLICIES;

/** What another account may do, with all rights of its own where none are named. */
export const SHARING: { allowed: Table; denied: Table } = {
  allowed: {
    "B reads an object by the access point": byPoint({ ...GET, identity: READER }),
    "B lists the entry by the access point": byPoint({ ...list(`${ID}/`), identity: READER }),
    "B lists a folder of the entry": byPoint({ ...list(`${ID}/data/`), identity: READER }),
  },
  denied: {
    "C reads by the access point": byPoint({ ...GET, principal: instanceOf(C) }),
    "C lists by the access point": byPoint({ ...list(`${ID}/`), principal: instanceOf(C) }),
    "C reads by the bucket's name": byName({ ...GET, principal: instanceOf(C) }),
    "B reads another entry by the access point": byPoint({ ...GET, key: `${OTHER_ID}/data` }),
    "B reads another entry by the bucket's name": byName({ ...GET, key: `${OTHER_ID}/data` }),
    "B lists another entry": byPoint(list(`${OTHER_ID}/`)),
    "B lists the bucket by the access point": byPoint({ action: "s3:ListBucket" }),
    "B lists the bucket by its name": byName({ action: "s3:ListBucket" }),
    "B reads over plain HTTP": byPoint({ ...GET, context: PLAIN_HTTP }),
    "B lists over plain HTTP": byPoint({
      action: "s3:ListBucket",
      context: { ...PLAIN_HTTP, "s3:prefix": `${ID}/` },
    }),
    "A itself reads over plain HTTP": byName({ ...GET, principal: instanceOf(A), context: PLAIN_HTTP }),
    "B writes by the access point": byPoint({ ...GET, action: "s3:PutObject" }),
    "B deletes by the access point": byPoint({ ...GET, action: "s3:DeleteObject" }),
    "B changes tags by the access point": byPoint({ ...GET, action: "s3:PutObjectTagging" }),
    "B writes by the bucket's name": byName({ ...GET, action: "s3:PutObject" }),
    "B deletes by the bucket's name": byName({ ...GET, action: "s3:DeleteObject" }),
    "B changes tags by the bucket's name": byName({ ...GET, action: "s3:PutObjectTagging" }),
    "B reads the bucket's policy": byName({ action: "s3:GetBucketPolicy" }),
    "B replaces the bucket's policy": byName({ action: "s3:PutBucketPolicy" }),
  },
};
