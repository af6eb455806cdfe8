/** A quota of EC2: vCPUs of running instances of some families, per region. */
export interface VcpuQuota {
  /** Its code in Service Quotas, service `ec2`. */
  readonly code: string;
  readonly name: string;
}

interface Family {
  /** First letters of the instance types. */
  readonly prefixes: readonly string[];
  readonly name: string;
  readonly onDemand: string;
  readonly spot: string;
}

/** https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html */
const FAMILIES: readonly Family[] = [
  {
    prefixes: ["a", "c", "d", "h", "i", "m", "r", "t", "z"],
    name: "Standard (A, C, D, H, I, M, R, T, Z)",
    onDemand: "L-1216C47A",
    spot: "L-34B43A08",
  },
  { prefixes: ["g", "gr", "vt"], name: "G and VT", onDemand: "L-DB2E81BA", spot: "L-3819A6DF" },
  { prefixes: ["p"], name: "P", onDemand: "L-417A185B", spot: "L-7212CCBC" },
  { prefixes: ["x"], name: "X", onDemand: "L-7295265B", spot: "L-E3A00192" },
  { prefixes: ["f"], name: "F", onDemand: "L-74FC7D96", spot: "L-88CF9481" },
  { prefixes: ["inf"], name: "Inf", onDemand: "L-1945791B", spot: "L-B5D1601B" },
];

/** Families of two letters that belong to those of their first letter: `im4gn`, `is4gen`. */
const STANDARD_PAIRS: ReadonlySet<string> = new Set(["im", "is"]);

/** The quota that limits instances of a type; undefined for an unknown family. */
export function vcpuQuotaOf(instanceType: string, spot: boolean): VcpuQuota | undefined {
  const [letters = ""] = /^[a-z]+/.exec(instanceType) ?? [];
  const prefix = STANDARD_PAIRS.has(letters) ? (letters[0] ?? "") : letters;
  const family = FAMILIES.find(({ prefixes }) => prefixes.includes(prefix));
  if (family === undefined) return undefined;
  return spot
    ? { code: family.spot, name: `All ${family.name} Spot Instance Requests` }
    : { code: family.onDemand, name: `Running On-Demand ${family.name} instances` };
}
