import { failureOf } from "../../../connection/errors/failure.ts";
import { isNoSuchBucket } from "../../../connection/errors/kinds.ts";
import { messageOf, UserError } from "../../../staging/errors.ts";
import { MANIFEST_NAME } from "../../../staging/manifest.ts";
import type { StagedDataOutputs } from "../../../staging/resources/staged-data.ts";
import { explainAwsError } from "../../store/explain.ts";
import type { ObjectStore } from "../../store/object-store.ts";

/** The data that each region of an entry must have, from its record or its resource. */
export interface Expected
  extends Pick<
    StagedDataOutputs,
    "stagingId" | "kind" | "key" | "manifestKey" | "sizeBytes" | "fileCount" | "sha256" | "manifestSha256"
  > {
  /** The recorded time of the primary region's object, if known: an object of this time has not changed since. */
  readonly uploadedAt?: string;
}

/** One region's copy of an entry. */
export interface RegionCopy {
  readonly region: string;
  readonly bucket: string;
  readonly store: ObjectStore;
}

/**
 * `missing`: the bucket, the manifest or some objects do not exist. `different`: some objects differ from the staged ones.
 * `unreachable`: S3 did not respond, or refused the request.
 */
export type RegionState = "whole" | "missing" | "different" | "unreachable";

/** The result of the check of one region. */
export interface RegionPresence {
  readonly region: string;
  readonly bucket: string;
  readonly state: RegionState;
  /** The reason why the state is not `whole`, as a sentence without a full stop. */
  readonly why?: string;
  /** Whether the bucket has any object of the entry. Unknown if the region is unreachable. */
  readonly holdsSome: boolean;
}

/** A fault of one object. */
export interface Fault {
  readonly state: "missing" | "different";
  readonly why: string;
  /** The key of the object, if the fault concerns one object. */
  readonly key?: string;
}

/** The limit of remembered keys, so that an object with two faults counts once. */
const MOST_KEYS = 10_000;

/** Collects the faults of one region: their numbers, and the first fault by key, whatever the order of the responses. */
export class Findings {
  readonly #copy: Pick<RegionCopy, "region" | "bucket">;
  #missing = 0;
  #different = 0;
  #first: Fault | undefined;
  readonly #keys = new Set<string>();
  #error: unknown;
  holdsSome = false;

  constructor(copy: Pick<RegionCopy, "region" | "bucket">) {
    this.#copy = copy;
  }

  add(fault: Fault): void {
    if (fault.key !== undefined && this.#keys.has(fault.key)) return;
    if (fault.key !== undefined && this.#keys.size < MOST_KEYS) this.#keys.add(fault.key);
    if (fault.state === "missing") this.#missing += 1;
    else this.#different += 1;
    if (this.#first === undefined || position(fault) < position(this.#first)) this.#first = fault;
  }

  /**
   * Records a missing bucket as a fault, and any other failure as an unreachable region.
   * @throws `error` if it is neither a response of AWS nor a network failure
   */
  fail(error: unknown): void {
    if (!(error instanceof UserError) && !isServiceFailure(error)) throw error;
    if (isNoSuchBucket(error)) {
      this.add({ state: "missing", why: `the bucket ${this.#copy.bucket} does not exist` });
    } else this.#error ??= error;
  }

  get isReachable(): boolean {
    return this.#error === undefined;
  }

  result(): RegionPresence {
    const { region, bucket } = this.#copy;
    const base = { region, bucket, holdsSome: this.holdsSome };
    if (this.#error !== undefined)
      return { ...base, state: "unreachable", why: reasonOf(this.#error, region) };
    if (this.#first === undefined) return { ...base, state: "whole" };
    // `different` takes precedence over `missing`.
    const state = this.#different > 0 ? "different" : "missing";
    const others = this.#missing + this.#different - 1;
    const more = others === 0 ? "" : `, and ${others} more`;
    return { ...base, state, why: `${this.#first.why}${more}` };
  }
}

/** A bucket comes before its objects, and data before their manifest. */
const position = ({ key = "" }: Fault): string => (key.endsWith(`/${MANIFEST_NAME}`) ? `~${key}` : key);

/**
 * The result for an unreachable region.
 * @throws `error` if it is neither a response of AWS nor a network failure
 */
export function unreachable(
  { region, bucket }: Pick<RegionCopy, "region" | "bucket">,
  error: unknown,
): RegionPresence {
  if (!(error instanceof UserError) && !isServiceFailure(error)) throw error;
  return { region, bucket, holdsSome: false, state: "unreachable", why: reasonOf(error, region) };
}

const isServiceFailure = (error: unknown): boolean => {
  const { $metadata, code, name } = failureOf(error);
  return (
    $metadata !== undefined || (code !== undefined && !code.startsWith("ERR_")) || name === "TimeoutError"
  );
};

function reasonOf(error: unknown, region: string): string {
  const explained = explainAwsError(error, `reading in ${region}`);
  if (explained instanceof UserError) return (explained.why ?? explained.message).replace(/\.$/, "");
  return messageOf(explained);
}
