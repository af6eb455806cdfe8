import type { Tags } from "../../../staging/classes.ts";
import { copiedPartSize, partSizeFor, SMALLEST_COPIED_PART } from "../../../staging/part-size.ts";
import { GIB } from "../../../staging/units.ts";
import { mailSafe } from "../../store/object-headers.ts";
import type { CopySource } from "../../store/object-store.ts";
import { turnsFor } from "../flow/limiters.ts";
import type { ObjectPlace, StoredObject } from "../verify/stored.ts";
import { copyInParts, FULL_OBJECT_CRC32, type PartsJob } from "./parts.ts";
import { goOnWithLeft } from "./resume.ts";
import { sendCopy } from "./through-client.ts";

/** CopyObject takes no more. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
const MAX_SINGLE_BYTES = 5 * GIB;

export interface CopyOptions {
  /** Tags of the copy. Without the replicate tags, or its bucket would replicate it again. */
  readonly tags: Tags;
  /** Whether the copy gets the source's parts, whatever its checksums are. @default false */
  readonly keepParts?: boolean;
  /**
   * Whether the copy is compared with its source afterwards, whatever it takes: else what an earlier attempt left is not
   * gone on with.
   * @default true
   */
  readonly isCompared?: boolean;
  readonly signal: AbortSignal;
  onBytes(bytes: number): void;
}

/**
 * Copies an object server-side, through the destination's client: its metadata and headers are sent again. Where the
 * server has a checksum of the whole object, the copy's is compared with it, and the parts are few and large. Else the copy
 * gets the parts that the source has, so that composite checksums and ETags of equal bytes are equal.
 * The copy is of the source's very version and fails when that is gone. After a failure its parts stay, and the next
 * attempt copies the others.
 */
export async function copyObject(
  source: ObjectPlace & { readonly object: StoredObject },
  destination: ObjectPlace,
  options: CopyOptions,
): Promise<void> {
  const { object } = source;
  const sourcePartSize = object.facts?.partSize ?? partSizeFor(object.size);
  const hasFullChecksum = object.checksums.has(FULL_OBJECT_CRC32) && options.keepParts !== true;
  const { headers } = object;
  const metadata = mailSafe(object.metadata);
  const { bucket, key } = destination;
  const from = sourceOf(source, { versionId: object.versionId, ifMatch: object.etag });
  const copyWhole = async (): Promise<void> => {
    const checksum = sourcePartSize > 0 ? ("CRC32" as const) : undefined;
    const { signal, tags } = options;
    const input = { bucket, key, source: from, description: { headers, metadata }, tags, checksum };
    const way = { source, size: object.size, destination: destination.client, signal };
    await turnsFor("copy", bucket).run(0, () => sendCopy(way, input), signal);
    options.onBytes(object.size);
  };
  if (sourcePartSize === 0 || (hasFullChecksum && object.size <= SMALLEST_COPIED_PART)) return copyWhole();

  const common = { bucket, key, headers, metadata, tags: options.tags };
  const job = { source, object, from, common, destination, options };
  const checked: PartsJob = {
    ...job,
    algorithm: "CRC32",
    partSize: hasFullChecksum ? copiedPartSize(object.size, sourcePartSize) : sourcePartSize,
    mayBeWhole: hasFullChecksum && object.size <= MAX_SINGLE_BYTES,
  };
  const unchecked: PartsJob = { ...job, algorithm: undefined, partSize: sourcePartSize, mayBeWhole: false };
  // The source's parts are asked for where a copy was not the same: nothing of an earlier one is trusted then.
  const mayGoOn = options.isCompared !== false && options.keepParts !== true;
  if (await goOnWithLeft(mayGoOn ? [checked, unchecked] : [], destination, options.signal)) return;
  const outcome = await copyInParts(checked);
  if (outcome === "quick") await copyWhole();
  else if (outcome === "no checksums") await copyInParts(unchecked);
}

/** The object to copy, with who pays for the request and whose bucket it may be. */
export const sourceOf = (
  { bucket, key, requestPayer, anyOwner }: ObjectPlace,
  condition: Pick<CopySource, "versionId" | "ifMatch">,
): CopySource => ({ bucket, key, requestPayer, anyOwner, ...condition });
