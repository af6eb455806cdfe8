/** The Pulumi engine that is built where none is found; `engine/go.mod` pins the same. */
export const ENGINE_VERSION = "3.259.0";

/** The oldest engine on PATH that is used: what the Automation API of `@pulumi/pulumi` asks for. */
export const OLDEST_ENGINE_VERSION = "3.181.0";

/** The emulator behind the local cloud; `cloud/requirements.txt` pins the same. */
export const CLOUD_VERSION = "1.5.33";

/** The oldest Python that the emulator runs on. */
export const OLDEST_PYTHON = [3, 10] as const;
