import {
  BACKEND_KEY,
  BUCKET_KEY_PREFIX,
  isSettingKey,
  SETTING_KEYS,
  type SettingKey,
} from "../../../stacks/user-config.ts";
import type { EnvironmentSettings } from "../../../staging/environment.ts";
import { InputError } from "../../../staging/errors.ts";
import { nearest } from "../../../staging/nearest.ts";
import { parseRegion, type Region } from "../../../staging/regions.ts";

/** A key of `spawn config`. Buckets and the backend belong to one environment; all other keys apply to every environment. */
export type ConfigKey =
  | { readonly kind: "setting"; readonly name: SettingKey }
  | { readonly kind: "backend"; readonly name: typeof BACKEND_KEY }
  | { readonly kind: "bucket"; readonly name: string; readonly region: Region };

const BUCKET_FORM = `${BUCKET_KEY_PREFIX}<region>`;
const FORMS = [...SETTING_KEYS, BACKEND_KEY, BUCKET_FORM].sort();

/** @throws InputError for an unknown key, with the nearest one and a list of all */
export function parseConfigKey(text: string): ConfigKey {
  if (isSettingKey(text)) return { kind: "setting", name: text };
  if (text === BACKEND_KEY) return { kind: "backend", name: BACKEND_KEY };
  if (text.startsWith(BUCKET_KEY_PREFIX)) {
    return { kind: "bucket", name: text, region: parseRegion(text.slice(BUCKET_KEY_PREFIX.length)) };
  }
  const near = nearest(text, [...SETTING_KEYS, BACKEND_KEY, BUCKET_KEY_PREFIX]);
  throw new InputError(`there is no key "${text}" to configure`, {
    why: `The keys are ${FORMS.join(", ")}.`,
    ...(near === undefined ? {} : { fix: `Use ${near === BUCKET_KEY_PREFIX ? BUCKET_FORM : near}.` }),
  });
}

/** All keys of the environment, in the order of a list. */
export function keysOf({ regions }: EnvironmentSettings): ConfigKey[] {
  return [
    ...SETTING_KEYS.map((name) => ({ kind: "setting", name }) as const),
    { kind: "backend", name: BACKEND_KEY },
    ...regions.map((region) => ({ kind: "bucket", name: `${BUCKET_KEY_PREFIX}${region}`, region }) as const),
  ];
}
