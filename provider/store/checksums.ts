import type { Checksums } from "./object-store.ts";

const ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;

/** @param read the value of a checksum by its name, such as `CRC32`, and of the type by `Type` */
export function readChecksums(read: (name: string) => string | undefined): Checksums {
  const found = new Map<string, string>();
  for (const algorithm of ALGORITHMS) {
    const value = read(algorithm);
    if (value === undefined) continue;
    // Servers from before the type was invented tell it by the number of parts at the end.
    const type = read("Type") ?? (/-\d+$/.test(value) ? "COMPOSITE" : "FULL_OBJECT");
    found.set(`${algorithm}/${type}`, value);
  }
  return found;
}
