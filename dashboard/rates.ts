import type { Transfer } from "./snapshot.ts";

/** Bytes in a region at a time. */
interface Sample {
  readonly bytes: number;
  readonly at: number;
}

/** Milliseconds over which a rate is measured: S3 lists whole parts, so single reads differ. */
const WINDOW_MS = 20_000;

/** The measured rates of the transfers, by entry and region. */
export class Rates {
  readonly #samples = new Map<string, readonly Sample[]>();

  /** @param at the time of the read, in milliseconds */
  add(transfers: readonly Transfer[], at: number): void {
    const current = new Set<string>();
    for (const { id, regions } of transfers) {
      for (const { region, bytes } of regions) {
        const key = keyOf(id, region);
        current.add(key);
        if (bytes === null) continue;
        const kept = (this.#samples.get(key) ?? []).filter((sample) => sample.at > at - WINDOW_MS);
        // After a restart of an upload there can be fewer bytes.
        const isReset = (kept.at(-1)?.bytes ?? 0) > bytes;
        this.#samples.set(key, [...(isReset ? [] : kept), { bytes, at }]);
      }
    }
    for (const key of this.#samples.keys()) if (!current.has(key)) this.#samples.delete(key);
  }

  /** Bytes per second; undefined until two reads differ in time. */
  of(id: string, region: string): number | undefined {
    const samples = this.#samples.get(keyOf(id, region)) ?? [];
    const [first, last] = [samples[0], samples.at(-1)];
    if (first === undefined || last === undefined || last.at <= first.at) return undefined;
    return ((last.bytes - first.bytes) * 1_000) / (last.at - first.at);
  }
}

const keyOf = (id: string, region: string): string => `${id}/${region}`;
