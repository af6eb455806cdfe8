import { isAccessPointArn } from "../access-point.ts";
import { parseBucketName } from "../environment.ts";
import type { SweepDataset, SweepRegion } from "./spec.ts";

/** The location of a copy of a dataset. */
export type CopyPlace = SweepDataset["copies"][number];

/** The copies that workers read: in their own region, or the first one if there is none. */
export function copiesToRead(
  { copies }: Pick<SweepDataset, "copies">,
  regions: readonly Pick<SweepRegion, "region">[],
): CopyPlace[] {
  const isMissing = regions.some(({ region }) => copies.every((copy) => copy.region !== region));
  return copies.filter(
    (copy, at) => (at === 0 && isMissing) || regions.some(({ region }) => region === copy.region),
  );
}

/** @throws InputError if `text` names neither a bucket nor an access point by its alias or ARN */
export const parseCopyBucket = (text: string): string =>
  isAccessPointArn(text) ? text : parseBucketName(text);
