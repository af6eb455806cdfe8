import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  GetBucketEncryptionCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  PutBucketEncryptionCommand,
  type ServerSideEncryption,
} from "@aws-sdk/client-s3";
import type { Run, Seen } from "../run.ts";
import { compared, type Step } from "../step.ts";
import { idIn } from "./environment.ts";

async function head(run: Run, region: string, key: string): Promise<HeadObjectCommandOutput> {
  const client = await run.s3(region);
  return await client.send(
    new HeadObjectCommand({ Bucket: run.bucketOf(region), Key: key, ChecksumMode: "ENABLED" }),
  );
}

async function writeRandomFile(run: Run, name: string, bytes: number): Promise<void> {
  await writeFile(join(run.settings.folder, name), randomBytes(bytes));
}

/** A multipart file in three regions, one of them with an adopted bucket. */
export const upload: Step = {
  name: "an upload in parts to three regions",
  points: ["replication-by-rule", "full-object-checksums", "versioning-settles", "settings-spread"],
  usd: 0.02,
  minutes: 20,
  run: async (run) => {
    const { regions, megabytes } = run.settings;
    await writeRandomFile(run, "parts.bin", megabytes * 1024 ** 2);
    const ended = await run.succeed(
      "stage",
      "upload",
      "parts.bin",
      "--multipart",
      "--regions",
      regions.join(","),
    );
    const key = `${idIn(ended.stdout, "stage")}/parts.bin`;
    const [primary, ...replicas] = await Promise.all(regions.map((region) => head(run, region, key)));
    const statuses = replicas.map(({ ReplicationStatus = "none" }) => ReplicationStatus);
    const command = `spawn stage upload parts.bin --multipart --regions ${regions.join(",")}; HeadObject`;
    const versions = [primary, ...replicas].map((one) => one?.VersionId ?? "none");
    return [
      compared(
        "replication-by-rule",
        command,
        "S3 has made both replicas (REPLICA)",
        `${statuses.join(", ")}, after ${ended.seconds.toFixed(0)} s`,
        statuses.every((status) => status === "REPLICA"),
      ),
      compared(
        "settings-spread",
        command,
        "the role replicates, and no request is refused because a setting is new",
        `${statuses.join(", ")}; ${remarksIn(ended.stderr)}`,
        statuses.every((status) => status === "REPLICA") && remarksIn(ended.stderr) === "no warning",
      ),
      compared(
        "full-object-checksums",
        command,
        "FULL_OBJECT",
        primary?.ChecksumType ?? "none",
        primary?.ChecksumType === "FULL_OBJECT",
      ),
      compared(
        "versioning-settles",
        command,
        "every object has a version, right after the buckets were made",
        versions.join(", "),
        versions.every((version) => version !== "none" && version !== "null"),
      ),
    ];
  },
};

/** Temporarily sets the buckets' default encryption to SSE-KMS with the AWS managed key, which is free. */
export const kms: Step = {
  name: "buckets with SSE-KMS",
  points: ["kms", "kms-replication"],
  usd: 0.01,
  minutes: 12,
  run: async (run) => {
    const { regions } = run.settings;
    const before = await Promise.all(regions.map((region) => defaultEncryption(run, region)));
    try {
      for (const region of regions) await setEncryption(run, region, "aws:kms");
      await writeRandomFile(run, "kms.bin", 100_000);
      const ended = await run.spawn(["stage", "upload", "kms.bin", "--regions", regions.join(",")]);
      const command = `PutBucketEncryption aws:kms; spawn stage upload kms.bin --regions ${regions.join(",")}`;
      const expected = "complete, each region encrypted with aws:kms";
      const refusal = lastLines(ended.stderr);
      if (ended.code !== 0)
        return ["kms", "kms-replication"].map((point) => compared(point, command, expected, refusal, false));
      const key = `${idIn(ended.stdout, "stage")}/kms.bin`;
      const heads = await Promise.all(regions.map((region) => head(run, region, key)));
      const algorithms = heads.map((one) => one.ServerSideEncryption ?? "none");
      const statuses = heads.map((one) => one.ReplicationStatus ?? "none");
      const isEncrypted = algorithms.every((one) => one === "aws:kms");
      return [
        compared(
          "kms",
          command,
          expected,
          `${algorithms.join(", ")}, after ${ended.seconds.toFixed(0)} s`,
          isEncrypted,
        ),
        compared(
          "kms-replication",
          command,
          "S3 says FAILED of the primary object, and the copies take over",
          statuses.join(", "),
          statuses[0] === "FAILED",
        ),
      ];
    } finally {
      for (const [index, region] of regions.entries())
        await setEncryption(run, region, before[index] ?? "AES256");
    }
  },
};

const lastLines = (text: string): string => text.trim().split("\n").slice(-3).join(" ");

const remarksIn = (text: string): string =>
  text
    .split("\n")
    .filter((line) => /warning/i.test(line))
    .join(" ") || "no warning";

async function defaultEncryption(run: Run, region: string): Promise<ServerSideEncryption | undefined> {
  const client = await run.s3(region);
  const answer = await client.send(new GetBucketEncryptionCommand({ Bucket: run.bucketOf(region) }));
  const [rule] = answer.ServerSideEncryptionConfiguration?.Rules ?? [];
  return rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm;
}

async function setEncryption(run: Run, region: string, SSEAlgorithm: ServerSideEncryption): Promise<void> {
  const client = await run.s3(region);
  const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm } }];
  await client.send(
    new PutBucketEncryptionCommand({
      Bucket: run.bucketOf(region),
      ServerSideEncryptionConfiguration: { Rules },
    }),
  );
}

const HOUR_MS = 3_600_000;

/** Takes two days: a run with --keep begins it, and a later run with the same folder completes it. */
export const expiration: Step = {
  name: "the expiry of an entry with a TTL of one day",
  points: ["expiration"],
  usd: 0.01,
  minutes: 1,
  run: async (run) => {
    const [region] = run.settings.regions;
    const command =
      "spawn stage upload day.bin --ttl 1; HeadObject after the midnight (UTC) that follows its end";
    const expected = "404 within a day of that midnight";
    const begun = run.journal.answers["expiration"]?.seen.match(/(stage-\w+) since (\S+Z)/);
    const [, id, since] = begun ?? [];
    if (id === undefined || since === undefined) {
      await writeRandomFile(run, "day.bin", 1_000);
      const ended = await run.succeed("stage", "upload", "day.bin", "--ttl", "1", "--regions", region);
      const seen = `${idIn(ended.stdout, "stage")} since ${new Date().toISOString()}: run the script with --keep, and again after two days`;
      return [{ point: "expiration", command, expected, seen, verdict: "open" }] satisfies Seen[];
    }
    const hours = (Date.now() - Date.parse(since)) / HOUR_MS;
    const isThere = await head(run, region, `${id}/day.bin`).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Error && error.name === "NotFound") return false;
        throw error;
      },
    );
    const seen = `${id} since ${since}: ${isThere ? "still there" : "gone"} after ${hours.toFixed(0)} h`;
    const verdict = !isThere && hours >= 24 ? "as expected" : hours > 72 || !isThere ? "different" : "open";
    return [{ point: "expiration", command, expected, seen, verdict }] satisfies Seen[];
  },
};
