import { copiedPartSize, partSizeFor, SMALLEST_COPIED_PART } from "../../../staging/part-size.ts";
import { GIB } from "../../../staging/units.ts";
import type { StoredObject } from "../../store/stored-object.ts";

/** The largest object that CopyObject copies. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
const MAX_SINGLE_BYTES = 5 * GIB;

const FULL_OBJECT_CRC32 = "CRC32/FULL_OBJECT";

/** The parts of a copy by multipart upload, and their checksums. */
export interface PartsPlan {
  readonly partSize: number;
  /** The algorithm of the parts' checksums. Without one, the caller compares ETags. */
  readonly algorithm: "CRC32" | undefined;
  /** The full-object checksum that the copy must have; undefined if the source has none, or if the parts have no checksums. */
  readonly fullCrc32: string | undefined;
  /** Whether one request may copy the whole object, if parts have no usable checksums and the first part is fast enough. */
  readonly mayBeWhole: boolean;
}

/** The part size of the object itself; 0 if it is not in parts. */
export const ownPartSize = ({ facts, size }: StoredObject): number => facts?.partSize ?? partSizeFor(size);

/**
 * The plan for a copy in parts, and the plan if the server's checksums of parts are wrong; nothing if one request should copy
 * the object.
 * @param keepParts whether to keep the source's part boundaries even if it has a full-object checksum
 */
export function planParts(
  object: StoredObject,
  keepParts: boolean,
): readonly [] | readonly [checked: PartsPlan, unchecked: PartsPlan] {
  const { size, checksums } = object;
  const partSize = ownPartSize(object);
  const fullCrc32 = checksums.get(FULL_OBJECT_CRC32);
  const isFree = fullCrc32 !== undefined && !keepParts;
  if (partSize === 0 || (isFree && size <= SMALLEST_COPIED_PART)) return [];
  return [
    {
      partSize: isFree ? copiedPartSize(size, partSize) : partSize,
      algorithm: "CRC32",
      fullCrc32,
      mayBeWhole: isFree && size <= MAX_SINGLE_BYTES,
    },
    { partSize, algorithm: undefined, fullCrc32: undefined, mayBeWhole: false },
  ];
}

/**
 * Whether a part has the checksum of the whole source. versitygw up to 1.8.0 returns such checksums, and would then refuse to
 * complete the upload.
 * @param crc32 of a part of `length` bytes
 */
export const isMeaningless = (
  crc32: string | undefined,
  length: number,
  { fullCrc32 }: PartsPlan,
  size: number,
): boolean => crc32 !== undefined && crc32 === fullCrc32 && length < size;
