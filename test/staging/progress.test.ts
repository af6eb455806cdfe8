import { expect } from "chai";
import { decodeProgress, encodeProgress, type Progress } from "../../staging/progress.ts";

describe("progress", () => {
  const progress: Progress = {
    phase: "upload",
    region: "us-east-1",
    done: 45,
    total: 100,
    objectsDone: 0,
    objectsTotal: 1,
    finished: false,
  };

  it("reads back as it was written", () => {
    expect(decodeProgress(encodeProgress(progress))).to.deep.equal(progress);
  });

  it("is in no other message", () => {
    for (const message of [
      "",
      "Uploading",
      "{}",
      "spawn-progress:",
      "spawn-progress:{",
      " spawn-progress:{}",
    ]) {
      expect(decodeProgress(message), message).to.equal(undefined);
    }
  });
});
