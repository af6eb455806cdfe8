import { expect } from "chai";
import { vcpuQuotaOf } from "../../../staging/sweep/vcpu-quotas.ts";

describe("the quota of an instance type", () => {
  for (const [type, onDemand, spot] of [
    ["m5.xlarge", "L-1216C47A", "L-34B43A08"],
    ["c7gn.16xlarge", "L-1216C47A", "L-34B43A08"],
    ["im4gn.large", "L-1216C47A", "L-34B43A08"],
    ["t3.micro", "L-1216C47A", "L-34B43A08"],
    ["g4dn.xlarge", "L-DB2E81BA", "L-3819A6DF"],
    ["vt1.3xlarge", "L-DB2E81BA", "L-3819A6DF"],
    ["p3.2xlarge", "L-417A185B", "L-7212CCBC"],
    ["x2gd.large", "L-7295265B", "L-E3A00192"],
    ["inf2.xlarge", "L-1945791B", "L-B5D1601B"],
    ["mac1.metal", undefined, undefined],
    ["trn1.2xlarge", undefined, undefined],
    ["hpc6a.48xlarge", undefined, undefined],
    ["u-6tb1.112xlarge", undefined, undefined],
  ] as const) {
    it(`is ${onDemand}, or ${spot} for spot: ${type}`, () => {
      expect([vcpuQuotaOf(type, false)?.code, vcpuQuotaOf(type, true)?.code]).to.deep.equal([onDemand, spot]);
    });
  }
});
