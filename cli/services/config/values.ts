import { stat } from "node:fs/promises";
import { listEnvironments } from "../../../stacks/environment-config.ts";
import {
  parseBackendUrl,
  parseSetting,
  type SettingKey,
  type UserSettings,
} from "../../../stacks/user-config.ts";
import { bucketOf, parseBucketName } from "../../../staging/environment.ts";
import { InputError } from "../../../staging/errors.ts";
import { parseRegionList } from "../../../staging/regions.ts";
import { shellPath } from "../../../staging/shell.ts";
import type { Context } from "../../context.ts";
import { backendFolder } from "../../engine/backend.ts";
import { lookAtBucket } from "../environment/bucket-owner.ts";
import type { ConfigKey } from "./keys.ts";
import type { ConfigChange } from "./write.ts";

export interface ValueOptions {
  /** Of a bucket: whether the user made it. Undefined: it is looked at. */
  readonly adopt: boolean | undefined;
}

/**
 * Checks a value before it is stored, against what the environment is like.
 * @throws InputError when it is no value of the key, or a bucket is neither told of nor can be looked at
 */
export async function parseConfigValue(
  context: Pick<Context, "account" | "anyBucketsS3" | "environmentName" | "projectFolder" | "settings">,
  key: ConfigKey,
  text: string,
  { adopt }: ValueOptions,
): Promise<ConfigChange> {
  if (key.kind !== "bucket" && adopt !== undefined) {
    throw new InputError(`--${adopt ? "" : "no-"}adopt says nothing about ${key.name}`, {
      why: "Only a bucket can be adopted: staging.bucket.<region>.",
    });
  }
  switch (key.kind) {
    case "setting": {
      const value = parseValue(key.name, text);
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
        throw new InputError(`${name} is the bucket of ${twin[0]} already`, {
          why: "A bucket is in one region.",
          fix: `spawn config set ${key.name} NAME, with another name`,
        });
      }
      if (adopt !== undefined) return { kind: "bucket", region: key.region, value: { name, adopt } };
      const owner = await lookAtBucket(context, key.region, name);
      if (owner === "another environment's") {
        throw new InputError(`another environment has made the bucket ${name}`, {
          why: "What two environments stage in one bucket, each would take for nobody's.",
          fix: `spawn config set ${key.name} NAME, with a bucket of this environment's own`,
        });
      }
      return { kind: "bucket", region: key.region, value: { name, adopt: owner === "theirs" } };
    }
  }
}

/** The errors of a value are those of the flag that takes it, too: their remedy becomes one for this command. */
function parseValue<K extends SettingKey>(name: K, text: string): UserSettings[K] {
  try {
    return parseSetting(name, text);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const [, example] = /^--\S+ (\S+)$/.exec(error.fix ?? "") ?? [];
    const fix = example === undefined ? error.fix : `spawn config set ${name} ${example}`;
    throw new InputError(error.message, {
      ...(error.why === undefined ? {} : { why: error.why }),
      ...(fix === undefined ? {} : { fix }),
    });
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

/** The engine takes a folder as its backend only where it exists. */
async function requireFolder(url: string): Promise<string> {
  const folder = backendFolder(url);
  if (folder === undefined) return url;
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() === true) return url;
  throw new InputError(`the backend ${url} is no folder`, {
    why: `${folder} does not exist, or is a file.`,
    fix: `mkdir -p ${shellPath(folder)}, then run the command again`,
  });
}
