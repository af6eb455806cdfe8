import { InputError } from "./errors.ts";

declare const brand: unique symbol;

/** The code of an AWS region that spawn supports, such as `us-east-1`. */
export type Region = string & { readonly [brand]: "Region" };

/** The supported regions with their names. https://docs.aws.amazon.com/general/latest/gr/s3.html */
const REGION_NAMES = {
  "us-east-1": "US East (N. Virginia)",
  "us-east-2": "US East (Ohio)",
  "us-west-1": "US West (N. California)",
  "us-west-2": "US West (Oregon)",
  "eu-west-1": "Europe (Ireland)",
  "eu-west-2": "Europe (London)",
  "eu-central-1": "Europe (Frankfurt)",
  "ap-south-1": "Asia Pacific (Mumbai)",
  "ap-southeast-1": "Asia Pacific (Singapore)",
  "ap-southeast-2": "Asia Pacific (Sydney)",
  "ap-northeast-1": "Asia Pacific (Tokyo)",
} as const satisfies Record<string, string>;

export const REGIONS = Object.keys(REGION_NAMES) as Region[];

/** The regions with the names that AWS shows. */
export const NAMED_REGIONS = Object.entries(REGION_NAMES);

/** A list of regions in a JSON Schema. */
export const REGIONS_SHAPE = {
  anyOf: [{ type: "array", items: { enum: REGIONS }, minItems: 1, uniqueItems: true }, { type: "string" }],
} as const;

/** One or more regions without duplicates; the first is the primary region. */
export type RegionList = readonly [Region, ...Region[]];

/** Whether a list is a result of {@link parseRegionList}: known regions, at least one, no duplicates. */
export const isRegionList = (list: readonly string[]): list is RegionList =>
  list.length > 0 &&
  new Set(list).size === list.length &&
  list.every((region) => Object.hasOwn(REGION_NAMES, region));

/** @throws InputError if `text` is not a region of {@link REGION_NAMES}; it suggests the nearest name */
export function parseRegion(text: string): Region {
  if (Object.hasOwn(REGION_NAMES, text)) return text as Region;
  const near = REGIONS.find(
    (region) => region.replaceAll("-", "") === text.toLowerCase().replaceAll(/[-_ ]/g, ""),
  );
  throw new InputError(`unknown region "${text}"`, {
    why: `Staging is offered in ${REGIONS.join(", ")}.`,
    ...(near ? { fix: `Use ${near}.` } : {}),
  });
}

/** The items of a list in a string: comma-separated, or JSON, as `pulumi config set` accepts lists. */
export function listOf(text: string): readonly string[] {
  if (!/^\s*\[/.test(text)) return text.split(",");
  try {
    const items: unknown = JSON.parse(text);
    if (Array.isArray(items) && items.every((item) => typeof item === "string")) return items;
  } catch {
    // not JSON
  }
  throw new InputError(`${text} is not a list`, {
    why: "A list in brackets is JSON.",
    fix: '["us-east-1","us-west-2"]',
  });
}

/**
 * Parses a list of regions: a comma-separated string, the text of a JSON list, or its items.
 * @throws InputError if the list is empty, names an unknown region, or has duplicates
 */
export function parseRegionList(value: string | readonly string[]): RegionList {
  const texts = (typeof value === "string" ? listOf(value) : value).map((text) => text.trim());
  if (texts.every((text) => text === "")) {
    throw new InputError("no region given", {
      why: "The data needs at least one region.",
      fix: (spell) => spell("regions", ["us-east-1", "us-west-2"]),
    });
  }
  const regions: Region[] = [];
  for (const text of texts) {
    const region = parseRegion(text);
    if (regions.includes(region)) {
      throw new InputError(`region ${region} is given twice`, {
        why: "A region holds one copy of the data.",
      });
    }
    regions.push(region);
  }
  return regions as unknown as RegionList;
}
