import { stat } from "node:fs/promises";
import { listEnvironments } from "../../../stacks/environment-file.ts";
import { parseBackendUrl, parseSetting } from "../../../stacks/user-config.ts";
import { bucketOf, parseBucketName } from "../../../staging/environment.ts";
import { InputError, spelledAs } from "../../../staging/errors.ts";
import type { Spelling } from "../../../staging/option.ts";
import { parseRegionList } from "../../../staging/regions.ts";
import { shellPath, shellQuoted } from "../../../staging/shell.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import { backendFolder } from "../../engine/backend.ts";
import { findBucketOwner } from "../environment/bucket-owner.ts";
import type { ConfigKey } from "./keys.ts";
import type { ConfigChange } from "./write.ts";

interface ValueOptions {
  /** For a bucket: whether the user created it. Undefined: its tags decide. */
  readonly adopt: boolean | undefined;
}

/**
 * Checks a value against the environment before it is stored.
 * @throws InputError for a value that the key does not accept, or if the owner of a bucket is neither given nor readable
 */
export async function parseConfigValue(
  context: Pick<Context, "account" | "anyBucketsS3" | "environmentName" | "projectFolder" | "settings">,
  key: ConfigKey,
  text: string,
  { adopt }: ValueOptions,
): Promise<ConfigChange> {
  if (key.kind !== "bucket" && adopt !== undefined) {
    throw new InputError(`--${adopt ? "" : "no-"}adopt does not apply to ${key.name}`, {
      why: "Only a bucket can be adopted: staging.bucket.<region>.",
    });
  }
  switch (key.kind) {
    case "setting": {
      const { name } = key;
      const inCommand: Spelling = (_, value) =>
        value === undefined
          ? name
          : commandLine(`spawn config set ${name} ${shellQuoted(String(value))}`, context.environmentName);
      const value = await spelledAs(inCommand, () => parseSetting(name, text));
      if (key.name === "environment") await requireEnvironment(context, value);
      if (key.name === "staging.regions") {
        const settings = await context.settings();
        for (const region of parseRegionList(value)) bucketOf(settings, region);
      }
      return { kind: "setting", name: key.name, value };
    }
    case "backend":
      return { kind: "backend", value: await requireFolder(parseBackendUrl(text)) };
    case "bucket": {
      const name = parseBucketName(text);
      const settings = await context.settings();
      bucketOf(settings, key.region);
      const twin = [...settings.buckets].find(([region, bucket]) => region !== key.region && bucket === name);
      if (twin !== undefined) {
        throw new InputError(`${name} is already the bucket of ${twin[0]}`, {
          why: "A bucket is in one region.",
          fix: `${commandLine(`spawn config set ${key.name} NAME`, context.environmentName)}, with another name`,
        });
      }
      if (adopt !== undefined) return { kind: "bucket", region: key.region, value: { name, adopt } };
      const owner = await findBucketOwner(context, key.region, name);
      if (owner === "another environment's") {
        throw new InputError(`another environment has created the bucket ${name}`, {
          why: "Each of two environments in one bucket would treat the other's data as orphans.",
          fix: `${commandLine(`spawn config set ${key.name} NAME`, context.environmentName)}, with a bucket of this environment's own`,
        });
      }
      return { kind: "bucket", region: key.region, value: { name, adopt: owner === "theirs" } };
    }
  }
}

async function requireEnvironment(context: Pick<Context, "projectFolder">, name: string): Promise<void> {
  const there = await listEnvironments(context.projectFolder);
  if (there.includes(name)) return;
  throw new InputError(`there is no environment ${name}`, {
    why: `${context.projectFolder} has no Pulumi.${name}.yaml; its environments: ${there.join(", ") || "none"}.`,
    fix: `Write Pulumi.${name}.yaml from the example Pulumi.prod.example.yaml, then run the command again.`,
  });
}

/** The engine requires the folder of its backend to exist. */
async function requireFolder(url: string): Promise<string> {
  const folder = backendFolder(url);
  if (folder === undefined) return url;
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() === true) return url;
  throw new InputError(`the backend ${url} is not a folder`, {
    why: `${folder} does not exist, or is a file.`,
    fix: `mkdir -p ${shellPath(folder)}, then run the command again`,
  });
}
