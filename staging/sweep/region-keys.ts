import { isMap, isSeq, type Node } from "yaml";
import { REGIONS, type Region } from "../regions.ts";
import type { Reader, Shape } from "./reader.ts";
import { MAX_INDICES } from "./row-checks.ts";
import { integer } from "./shapes.ts";

/** A region of a parameter file, with its count if the file has one. */
export interface RegionCount {
  readonly region: Region;
  readonly count: number | undefined;
}

const EXPECTED =
  "a list of regions, a list of regions with counts (- us-east-1: 25), or a mapping from regions to counts";

/**
 * The regions of a sweep in one of three forms: names, mappings of one region to its count, or one mapping. Either all regions have
 * counts or none has.
 */
export function regionsShape(region: Shape<Region>): Shape<readonly RegionCount[]> {
  const count = integer(1, MAX_INDICES);
  const counts = {
    type: "object",
    propertyNames: region.schema,
    additionalProperties: count.schema,
    minProperties: 1,
  };
  const sequence = { type: "array", minItems: 1, maxItems: REGIONS.length, uniqueItems: true };
  return {
    expected: EXPECTED,
    schema: {
      anyOf: [
        { ...sequence, items: region.schema },
        { ...sequence, items: { ...counts, maxProperties: 1 } },
        counts,
      ],
    },
    read(node, path, reader) {
      const size = isSeq(node) || isMap(node) ? node.items.length : 0;
      if (size === 0) return reader.wrong(node, path, EXPECTED);
      const found: { readonly item: RegionCount; readonly node: Node }[] = [];
      const pairsOf = (map: Node | null, at: string): void => {
        if (!isMap(map)) return;
        for (const pair of map.items) {
          const keyNode = pair.key as Node;
          const name = region.read(keyNode, at, reader);
          const number = reader.under(keyNode, () =>
            count.read(pair.value as Node | null, `${at}.${name ?? "?"}`, reader),
          );
          if (name !== undefined && number !== undefined)
            found.push({ item: { region: name, count: number }, node: keyNode });
        }
      };
      if (isMap(node)) pairsOf(node, path);
      const items = isSeq(node) ? (node.items as readonly (Node | null)[]) : [];
      for (const [place, item] of items.entries()) {
        const at = `${path}[${place}]`;
        if (isMap(item) && item.items.length === 1) pairsOf(item, at);
        else if (isMap(item))
          reader.add(item, `${at}: expected one region with its count, got ${item.items.length}`);
        else {
          const name = region.read(item, at, reader);
          if (name !== undefined && item !== null)
            found.push({ item: { region: name, count: undefined }, node: item });
        }
      }
      const before = reader.problems.length;
      refuseTwice(found, path, reader);
      const counted = found.filter(({ item }) => item.count !== undefined).length;
      if (counted !== 0 && counted !== found.length) {
        reader.add(node, `${path}: expected counts for all regions or for none`);
      }
      return reader.problems.length === before && found.length === size
        ? found.map(({ item }) => item)
        : undefined;
    },
  };
}

function refuseTwice(
  found: readonly { readonly item: RegionCount; readonly node: Node }[],
  path: string,
  reader: Reader,
): void {
  const seen = new Set<Region>();
  for (const { item, node } of found) {
    if (seen.has(item.region)) reader.add(node, `${path}: the region ${item.region} is given twice`);
    seen.add(item.region);
  }
}
