/**
 * The root volume of a worker has the type gp3, whose base price and speed do not depend on its size:
 * https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
 */

/** Throughput included in the price of every volume, in MiB/s. */
const INCLUDED_MIBPS = 125;
/** The maximum throughput with the included 3,000 operations per second, in MiB/s: a quarter per operation. */
const MOST_MIBPS = 750;
/** Target time to write a full volume, in seconds. At 125 MiB/s, 100 GiB take 14 minutes. */
const FILL_SECONDS = 300;

/**
 * The throughput of a worker's root volume in MiB/s, enough to fill it in five minutes, from 125 to 750 MiB/s. Each
 * MiB/s above 125 costs extra.
 */
export function throughputMibps(diskGib: number): number {
  const wanted = Math.ceil((diskGib * 1024) / FILL_SECONDS);
  return Math.min(MOST_MIBPS, Math.max(INCLUDED_MIBPS, wanted));
}
