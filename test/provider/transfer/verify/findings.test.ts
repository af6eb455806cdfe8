import { expect } from "chai";
import { type Fault, Findings } from "../../../../provider/transfer/verify/region.ts";
import { MANIFEST_NAME } from "../../../../staging/manifest.ts";

describe("The faults of a region", () => {
  const fault = (name: string): Fault => ({
    state: "missing",
    key: `stage-000000000001/${name}`,
    why: `${name} is missing`,
  });
  const faults = [fault("b.fasta"), fault(MANIFEST_NAME), fault("a.fasta")];

  for (const order of [faults, faults.toReversed()]) {
    it(`name the first object by key, with responses in the order ${order.map(({ why }) => why).join(", ")}`, () => {
      const findings = new Findings({ region: "us-east-1", bucket: "b" });
      for (const one of order) findings.add(one);
      expect(findings.result()).to.include({ state: "missing", why: "a.fasta is missing, and 2 more" });
    });
  }
});
