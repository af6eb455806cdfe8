import type { S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { makeStateBucket } from "../../../../../cli/services/environment/state-bucket/bootstrap.ts";
import type { StateSetting } from "../../../../../cli/services/environment/state-bucket/settings.ts";
import { parseRegion } from "../../../../../staging/regions.ts";

const SPREADING = { attempts: 3, firstDelayMs: 1 };
const refusal = (name: string, message = name): Error => Object.assign(new Error(message), { name });

describe("the settings of a state bucket", () => {
  const make = (setting: StateSetting) =>
    makeStateBucket(
      {
        settings: { name: "dev", namePrefix: "spawn", tableRegion: parseRegion("us-east-1") },
        client: {} as S3Client,
        place: { bucket: "state", region: parseRegion("eu-west-2") },
        isThere: true,
        missing: [setting],
      },
      SPREADING,
    );

  it("are written although S3 has not spread the bucket yet", async () => {
    for (const error of [refusal("NoSuchBucket"), refusal("OperationAborted")]) {
      let [refusals, readings, made] = [2, 0, 0];
      await make({
        what: "versioning",
        make: async () => {
          if (refusals-- > 0) throw error;
          made += 1;
        },
        isMade: async () => {
          readings += 1;
          if (readings === 1) throw error;
          return readings > 2;
        },
      });
      expect({ made, readings }).to.deep.equal({ made: 1, readings: 3 });
    }
  });

  it("fail with an error that names the missing setting, and at once after another error of S3", async () => {
    const never = { what: "versioning", make: async () => {}, isMade: async () => false };
    const late = await make(never).catch((error: unknown) => error);
    expect(late).to.have.property("message", "the bucket state did not take a setting: versioning");
    let asked = 0;
    const denied = await make({
      ...never,
      make: async () => {
        asked += 1;
        throw refusal("AccessDenied");
      },
    }).catch((error: unknown) => error);
    expect(denied).to.have.property("name", "AccessDenied");
    expect(asked).to.equal(1);
  });
});
