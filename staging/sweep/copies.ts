import { isAccessPointArn } from "../access-point.ts";
import { parseBucketName } from "../environment.ts";
import type { Region } from "../regions.ts";

/** The location of a copy of a dataset. */
export interface CopyPlace {
  readonly region: Region;
  /** The bucket, or an access point. */
  readonly bucket: string;
}

/** The copies that workers read: in their own region, or the first one if there is none. */
export function copiesToRead(
  { copies }: { readonly copies: readonly CopyPlace[] },
  regions: readonly { readonly region: Region }[],
): CopyPlace[] {
  const isMissing = regions.some(({ region }) => copies.every((copy) => copy.region !== region));
  return copies.filter(
    (copy, at) => (at === 0 && isMissing) || regions.some(({ region }) => region === copy.region),
  );
}

/** @throws InputError if `text` names neither a bucket nor an access point by its alias or ARN */
export const parseCopyBucket = (text: string): string =>
  isAccessPointArn(text) ? text : parseBucketName(text);
