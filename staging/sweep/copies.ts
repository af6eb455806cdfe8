import { isAccessPointArn } from "../access-point.ts";
import { parseBucketName } from "../environment.ts";
import type { SweepDataset, SweepRegion } from "./spec.ts";

/** Where a copy of a dataset is. */
export type CopyPlace = SweepDataset["copies"][number];

/** The copies that workers read: that of their own region, or the first one where it has none. */
export function copiesToRead(
  { copies }: Pick<SweepDataset, "copies">,
  regions: readonly Pick<SweepRegion, "region">[],
): CopyPlace[] {
  const isMissing = regions.some(({ region }) => copies.every((copy) => copy.region !== region));
  return copies.filter(
    (copy, at) => (at === 0 && isMissing) || regions.some(({ region }) => region === copy.region),
  );
}

/** @throws InputError unless `text` names a bucket, or an access point by its alias or ARN */
export const parseCopyBucket = (text: string): string =>
  isAccessPointArn(text) ? text : parseBucketName(text);
