import { expect } from "chai";
import { parseStageBuckets, parseStageDestinations } from "../../../staging/sweep/stage-options.ts";

const ID = "stage-abc123def456";
const ARN = `arn:aws:s3:us-east-1:111111111111:accesspoint/spawn-${ID}`;

describe("where data of another account are", () => {
  it("is a bucket, an alias or an ARN for each region, or several", () => {
    const texts = ["us-east-1=a-bucket", `us-east-1=${ARN}`, "us-west-2=point-abc-s3alias"];
    expect([...parseStageBuckets(texts)]).to.deep.equal([
      ["us-east-1", ["a-bucket", ARN]],
      ["us-west-2", ["point-abc-s3alias"]],
    ]);
    expect(() => parseStageBuckets(["us-east-1"])).to.throw("is not a region with a bucket");
    expect(() => parseStageBuckets(["us-east-1=No Bucket"])).to.throw("No Bucket");
    expect(() => parseStageBuckets(["nowhere=a-bucket"])).to.throw("nowhere");
  });

  it("is an absolute path on the workers for each entry", () => {
    expect([...parseStageDestinations([`${ID}=/data/a=b`])]).to.deep.equal([[ID, "/data/a=b"]]);
    expect(() => parseStageDestinations([ID])).to.throw("is not a staging ID with a path");
    expect(() => parseStageDestinations([`${ID}=data`])).to.throw("not an absolute path");
    expect(() => parseStageDestinations(["stage-abc=/data"])).to.throw("stage-abc");
    expect(() => parseStageDestinations([`${ID}=/a`, `${ID}=/b`])).to.throw("twice");
  });
});
