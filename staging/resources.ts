/**
 * The contract between the components, which declare resources, and the staging provider, which makes them: the type tokens, and
 * the types of inputs and state. They are plain JSON; every state repeats its inputs. Each file declares one type.
 */
export type * from "./resources/bucket-adoption.ts";
export type * from "./resources/bucket-rules.ts";
export type * from "./resources/expiration.ts";
export type { SourceKind } from "./resources/fields.ts";
export type * from "./resources/replication.ts";
export type * from "./resources/staged-data.ts";
export type * from "./resources/sweep-run.ts";
export * from "./resources/tokens.ts";
export type * from "./resources/usage-row.ts";
export type * from "./resources/versioning-readiness.ts";
