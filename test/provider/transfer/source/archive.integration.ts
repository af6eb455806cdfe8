import {
  HeadObjectCommand,
  PutObjectCommand,
  RestoreObjectCommand,
  type StorageClass,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { findS3Source } from "../../../../provider/transfer/source/s3.ts";
import { InputError } from "../../../../staging/errors.ts";
import { errorOf } from "../../../support/failure.ts";
import { bucketOf, CloudFixture, PRIMARY } from "../../cloud-fixture.ts";

describe("An archived source on S3", () => {
  const Bucket = bucketOf(PRIMARY);
  const fixture = CloudFixture.forSuite();
  before(async () => {
    for (const [key, StorageClass] of [
      ["old/1 o'clock", "GLACIER"],
      ["old/2", "STANDARD"],
      ["deep/1", "DEEP_ARCHIVE"],
      ["instant/1", "GLACIER_IR"],
      ["folder/empty/", "GLACIER"],
    ] as [string, StorageClass][]) {
      const Body = Buffer.from(key.endsWith("/") ? "" : "data");
      await fixture.s3.of(PRIMARY).send(new PutObjectCommand({ Bucket, Key: key, Body, StorageClass }));
    }
    // Later requests could use the fast path, too.
    await fixture.s3.of(PRIMARY).send(new HeadObjectCommand({ Bucket, Key: "old/2" }));
  });

  const find = (key: string, exclude: string[] = []) =>
    findS3Source(`s3://${Bucket}/${key}`, {
      clients: fixture.s3,
      exclude,
      signal: new AbortController().signal,
    });
  const refusal = (key: string): Promise<InputError> => errorOf(find(key), InputError);

  it("is refused by name with the restore command, alone and below a prefix", async () => {
    for (const source of ["old/1 o'clock", "old/"]) {
      const { message, why, fix } = await refusal(source);
      expect(message).to.equal(`s3://${Bucket}/old/1 o'clock is archived (GLACIER)`);
      expect(why).to.contain("before it is restored");
      expect(fix).to.contain(
        `aws s3api restore-object --bucket ${Bucket} --key 'old/1 o'\\''clock' --restore-request Days=7`,
      );
    }
    expect((await refusal("deep/1")).message).to.contain("deep/1 is archived (DEEP_ARCHIVE)");
  });

  it("is accepted if it is readable at once, excluded or empty", async () => {
    expect((await find("instant/1")).kind).to.equal("file");
    expect(await find("instant/")).to.include({ fileCount: 1 });
    expect(await find("old/", ["1*"])).to.include({ fileCount: 1 });
    expect(await find("folder/")).to.deep.include({
      fileCount: 0,
      warnings: [`s3://${Bucket}/folder/ has no files: the entry will be empty`],
    });
  });

  it("is accepted after its restore, and not before", async () => {
    const restore = { Bucket, Key: "old/1 o'clock", RestoreRequest: { Days: 1 } };
    await fixture.s3.of(PRIMARY).send(new RestoreObjectCommand(restore));
    const { why, fix } = await refusal("old/");
    expect(why).to.contain("It is being restored");
    expect(fix).to.contain("aws s3api head-object");
    // The emulator restores within two seconds.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await find("old/")).to.include({ fileCount: 2 });
    expect((await find("old/1 o'clock")).kind).to.equal("file");
  });
});
