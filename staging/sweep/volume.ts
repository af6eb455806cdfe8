/*
 * The root volume of a worker is of type gp3, whose price and speed do not depend on its size:
 * https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
 */

/** Throughput that is in the price of every volume, in MiB/s. */
const INCLUDED_MIBPS = 125;
/** What the 3,000 operations a second that are in the price allow, in MiB/s: a quarter of one for each. */
const MOST_MIBPS = 750;
/** Seconds in which a full volume is written. At 125 MiB/s, 100 GiB take 14 minutes. */
const FILL_SECONDS = 300;

/**
 * The throughput of a worker's root volume in MiB/s, enough to write all of it in five minutes, from 125 to 750 MiB/s. Each MiB/s above 125
 * has a price.
 */
export function throughputMibps(diskGib: number): number {
  const wanted = Math.ceil((diskGib * 1024) / FILL_SECONDS);
  return Math.min(MOST_MIBPS, Math.max(INCLUDED_MIBPS, wanted));
}
