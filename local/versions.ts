/** The Pulumi engine that spawn builds; `engine/go.mod` pins the same. */
export const ENGINE_VERSION = "3.259.0";

/** The minimum engine on PATH: the requirement of the Automation API of `@pulumi/pulumi`. */
export const OLDEST_ENGINE_VERSION = "3.181.0";

/** The emulator behind the local cloud; `cloud/requirements.txt` pins the same. */
export const CLOUD_VERSION = "1.5.33";

/** The minimum Python for the emulator. */
export const OLDEST_PYTHON = [3, 10] as const;

/** Whether a version such as `1.26.8` is `needed`, such as `1.26`, or newer. */
export const isAtLeast = (version: string, needed: string): boolean =>
  version.localeCompare(needed, "en", { numeric: true }) >= 0;
