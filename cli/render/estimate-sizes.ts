import { formatBytes, GIB } from "../../staging/units.ts";

/** `100 GB`, `2,000 GB`, `120.7 MB`: the size in GB, or in a smaller unit below one GB. */
export function formatSize(bytes: number): string {
  return bytes < GIB ? formatBytes(bytes).replace(/\.0(?= )/, "") : formatGb(bytes);
}

/** The same in a formula: `2000GB`. */
export const compactSize = (bytes: number): string => formatSize(bytes).replaceAll(/[ ,]/g, "");

/** `1,000 GB`, `1.179 GB`: the size of transfers, in the unit of their price. */
export function formatGb(bytes: number): string {
  const gb = bytes / GIB;
  return `${gb.toLocaleString("en-US", { maximumFractionDigits: gb < 10 ? 3 : 1 })} GB`;
}
