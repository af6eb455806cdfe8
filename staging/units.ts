export const KIB = 1024;
export const MIB = 1024 ** 2;
export const GIB = 1024 ** 3;
export const TIB = 1024 ** 4;

const SIZE_UNITS = [
  ["KB", KIB],
  ["MB", MIB],
  ["GB", GIB],
  ["TB", TIB],
] as const;

/** `100.0 GB`: binary units with their customary names, as in all output (1 GB here is 1,073,741,824 bytes). */
export function formatBytes(bytes: number): string {
  if (bytes < KIB) return `${bytes} B`;
  // The first unit in which the rounded number stays below 1,024.
  const [name, unit] = SIZE_UNITS.find(([, size]) => Math.round((bytes / size) * 10) < 10_240) ?? ["TB", TIB];
  return `${(bytes / unit).toFixed(1)} ${name}`;
}

/** `107,374,182,400` */
export function formatInteger(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

/** `4s`, `2m 05s`, `3h 20m`: a duration in seconds, rounded up. */
export function formatDuration(seconds: number): string {
  const total = Math.max(0, Math.ceil(seconds));
  if (total < 60) return `${total}s`;
  if (total < 3600) return `${Math.floor(total / 60)}m ${String(total % 60).padStart(2, "0")}s`;
  return `${Math.floor(total / 3600)}h ${String(Math.floor((total % 3600) / 60)).padStart(2, "0")}m`;
}
