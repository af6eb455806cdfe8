import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GetObjectCommand, HeadObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { keysOfAccount } from "../../../local/cloud/keys.ts";
import { isRecord } from "../../../staging/type-guards.ts";
import type { Run } from "../run.ts";
import { compared, type Step } from "../step.ts";
import { idIn, sha256 } from "./environment.ts";

/** Stands in for the second account on the local cloud. */
export const LOCAL_READER = "222222222222";

/** The account of a profile. */
export async function accountOfProfile(profile: string): Promise<string | undefined> {
  const sts = new STSClient({ region: "us-east-1", profile });
  return (await sts.send(new GetCallerIdentityCommand({}))).Account;
}

/** Another account, with administrator permissions, reads the shared data, and nothing else. */
export const sharing: Step = {
  name: "reading from a second account",
  points: ["reader-of-another-account", "owner-at-access-point", "access-point-arn"],
  usd: 0.01,
  minutes: 4,
  secondAccount: true,
  run: async (run) => {
    const [region] = run.settings.regions;
    const settings = await readerOf(run, region);
    const sts = new STSClient(settings);
    const { Account: reader = "" } = await sts.send(new GetCallerIdentityCommand({}));
    const owner = String((await run.result("environment", "status"))["account"]);
    // The second account may have been added after the environment was created.
    await run.succeed("environment", "up", "--yes");
    const bytes = randomBytes(10_000);
    await writeFile(join(run.settings.folder, "shared.bin"), bytes);
    const ended = await run.succeed(
      ...["stage", "upload", "shared.bin", "--regions", region, "--allow-accounts", reader],
    );
    const id = idIn(ended.stdout, "stage");
    const points = (await run.result("stage", "info", id))["access_points"];
    const point = isRecord(points) && isRecord(points[region]) ? points[region] : {};
    const [alias, arn] = [String(point["alias"]), String(point["arn"])];
    const s3 = new S3Client({ ...settings, forcePathStyle: run.settings.cloud === "local" });
    const Key = `${id}/shared.bin`;
    const read = async (Bucket: string, ExpectedBucketOwner?: string): Promise<string> =>
      await outcomeOf(async () => {
        const { Body } = await s3.send(
          new GetObjectCommand({ Bucket, Key, ...(ExpectedBucketOwner ? { ExpectedBucketOwner } : {}) }),
        );
        return sha256((await Body?.transformToByteArray()) ?? new Uint8Array()) === sha256(bytes)
          ? "read"
          : "other bytes";
      });
    const [byBucket, byAlias, byArn, byOwner, byStranger] = [
      await read(run.bucketOf(region)),
      await read(alias),
      await read(arn),
      await read(alias, owner),
      await read(alias, "999999999999"),
    ];
    const rule = await outcomeOf(async () => {
      const { Expiration = "none" } = await s3.send(new HeadObjectCommand({ Bucket: alias, Key }));
      return Expiration;
    });
    const command = `spawn stage upload shared.bin --allow-accounts ${reader}; GetObject by the other account`;
    return [
      compared(
        "reader-of-another-account",
        command,
        "read, by the bucket and by the access point's alias",
        `bucket: ${byBucket}; alias: ${byAlias}`,
        byBucket === "read" && byAlias === "read",
      ),
      compared(
        "owner-at-access-point",
        `${command} with x-amz-expected-bucket-owner; HeadObject`,
        "read if the owner is expected, 403 for another one; the answer names the lifecycle rule",
        `owner ${owner}: ${byOwner}; 999999999999: ${byStranger}; x-amz-expiration: ${rule}`,
        byOwner === "read" && byStranger !== "read" && rule.includes("rule-id"),
      ),
      compared("access-point-arn", `${command} from ${arn}`, "read", byArn, byArn === "read"),
    ];
  },
};

async function readerOf(run: Run, region: string) {
  const { credentials, ...client } = { credentials: undefined, ...(await run.clientOf(region)) };
  const profile = run.settings.secondProfile;
  if (credentials === undefined) return { ...client, ...(profile === undefined ? {} : { profile }) };
  return { ...client, credentials: keysOfAccount(credentials, LOCAL_READER) };
}

const outcomeOf = (work: () => Promise<string>): Promise<string> =>
  work().catch((error: unknown) =>
    error instanceof Error ? `${error.name}: ${error.message}` : String(error),
  );
