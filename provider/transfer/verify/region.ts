import type { S3Client } from "@aws-sdk/client-s3";
import { failureOf } from "../../../connection/errors/failure.ts";
import { isNoSuchBucket } from "../../../connection/errors/kinds.ts";
import { messageOf, UserError } from "../../../staging/errors.ts";
import type { StagedDataOutputs } from "../../../staging/resources.ts";
import { explainAwsError } from "../../store/explain.ts";

/** What each region of an entry must hold, from its record or its resource. */
export interface Expected
  extends Pick<
    StagedDataOutputs,
    "stagingId" | "kind" | "key" | "manifestKey" | "sizeBytes" | "fileCount" | "sha256" | "manifestSha256"
  > {
  /** When the primary region's object was written, where that is known: it has not changed since. */
  readonly uploadedAt?: string;
}

/** One region's copy of an entry. */
export interface RegionCopy {
  readonly region: string;
  readonly bucket: string;
  readonly client: S3Client;
}

/**
 * `missing`: the bucket, the manifest or some of the objects do not exist. `different`: some objects differ from the staged
 * ones. `unreachable`: S3 did not answer, or refused to.
 */
export type RegionState = "whole" | "missing" | "different" | "unreachable";

/** What was found in one region. */
export interface RegionPresence {
  readonly region: string;
  readonly bucket: string;
  readonly state: RegionState;
  /** Why the state is not `whole`, as a sentence. */
  readonly why?: string;
  /** Whether the bucket holds any object of the entry. Unknown where the region is unreachable. */
  readonly holdsSome: boolean;
}

/** A fault of one object. */
export interface Fault {
  readonly state: "missing" | "different";
  readonly why: string;
  /** The object's key, where the fault is one object's. */
  readonly key?: string;
}

/** Keys that are remembered, so that an object with a fault is counted once. */
const MOST_KEYS = 10_000;

/** Collects the faults of one region: how many there are, and the first of each kind. */
export class Findings {
  readonly #copy: RegionCopy;
  #missing = 0;
  #different = 0;
  #first: Fault | undefined;
  readonly #keys = new Set<string>();
  #error: unknown;
  holdsSome = false;

  constructor(copy: RegionCopy) {
    this.#copy = copy;
  }

  add(fault: Fault): void {
    if (fault.key !== undefined && this.#keys.has(fault.key)) return;
    if (fault.key !== undefined && this.#keys.size < MOST_KEYS) this.#keys.add(fault.key);
    if (fault.state === "missing") this.#missing += 1;
    else this.#different += 1;
    this.#first ??= fault;
  }

  /** The region could not be looked at. @throws what is no answer of AWS and no failure of the network */
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
    // If both are found, the data differ from the staged ones.
    const state = this.#different > 0 ? "different" : "missing";
    const others = this.#missing + this.#different - 1;
    const more = others === 0 ? "" : `, and ${others} more`;
    return { ...base, state, why: `${this.#first.why}${more}` };
  }
}

/**
 * The result for a region that could not be looked at.
 * @throws `error` where it is no answer of AWS and no failure of the network
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
