import { expect } from "chai";
import { isStateBucketThere } from "../../../../../cli/services/environment/state-bucket/look.ts";
import { parseAccountId } from "../../../../../staging/accounts.ts";
import { parseRegion } from "../../../../../staging/regions.ts";
import { failureOf } from "../../../../support/failure.ts";
import { type AnswerS3, fakeS3, type S3Response } from "../../../../support/fake-s3.ts";
import { fullSettings } from "../../../records.ts";

const PLACE = { bucket: "my-state", region: parseRegion("us-east-1") };
const OWNER = { settings: fullSettings(), account: parseAccountId("123456789012") };

/** A bucket by its responses to HEAD, to the request for tags, and to a listing. */
const bucketOf =
  (head: S3Response | undefined, tags: Record<string, string> = {}, versions = ""): AnswerS3 =>
  ({ method, query }) => {
    if (method === "HEAD") return head;
    const set = Object.entries(tags).map(
      ([key, value]) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`,
    );
    if ("tagging" in query)
      return set.length === 0 ? undefined : { body: `<T><TagSet>${set.join("")}</TagSet></T>` };
    return { body: `<R>${versions}</R>` };
  };
const look = (answer: AnswerS3) => isStateBucketThere(fakeS3(answer), PLACE, OWNER);
const VERSION = "<Version><Key>a</Key><VersionId>1</VersionId></Version>";

describe("a state bucket", () => {
  for (const [what, answer, expected] of [
    ["missing", bucketOf(404), false],
    ["made by this command", bucketOf(200, { "spawn:state": "pulumi" }, VERSION), true],
    ["made and not yet tagged, by a run that was interrupted", bucketOf(200), true],
  ] as const) {
    it(`is ${expected ? "used" : "created"} if it is ${what}`, async () => {
      expect(await look(answer)).to.equal(expected);
    });
  }

  const elsewhere = (headers: Record<string, string>, status = 301) => bucketOf({ status, headers });
  let owned = 0;
  for (const [what, answer, message, fix] of [
    ["has another use", bucketOf(200, {}, VERSION), /my-state is in use for something else/, /backend\.url/],
    [
      "has a delete marker only",
      bucketOf(200, {}, "<DeleteMarker><Key>a</Key><VersionId>1</VersionId></DeleteMarker>"),
      /is in use for something else/,
      /--bucket/,
    ],
    [
      "holds an environment's data",
      bucketOf(200, { "spawn:environment": "prod" }),
      /holds staged data of the environment prod/,
      /--bucket/,
    ],
    [
      "is in another region",
      elsewhere({ "x-amz-bucket-region": "eu-west-1" }),
      /is not in us-east-1/,
      /^spawn environment bootstrap --bucket my-state --region eu-west-1$/,
    ],
    ["is in an unknown region", elsewhere({}), /is not in us-east-1/, /--bucket/],
    ["cannot be read", bucketOf(403), /cannot be/, /spawn environment policy operator/],
    ["is in another account", bucketOf(undefined), /account/, /--bucket/],
  ] as const) {
    it(`is refused if it ${what}`, async () => {
      // The request without an expected owner is the third.
      const foreign: AnswerS3 = ({ method }) => (method === "HEAD" ? (++owned > 2 ? 200 : 403) : undefined);
      const error = await failureOf(look(what === "is in another account" ? foreign : answer));
      expect(error.message).to.match(message);
      expect(error.fix).to.match(fix);
    });
  }
});
