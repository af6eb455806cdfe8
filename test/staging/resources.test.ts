import { expect } from "chai";
import { decodeProgress, encodeProgress, type Progress } from "../../staging/resources.ts";

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

  it("travels behind a text for people", () => {
    const message = encodeProgress("Uploading to us-east-1: 45 %", progress);
    expect(message).to.match(/^Uploading to us-east-1: 45 %\u2063/);
    expect(decodeProgress(message)).to.deep.equal(progress);
  });

  it("is in no other message", () => {
    for (const message of ["", "Uploading", "{}", "a\u2063b", "a\u2063{"]) {
      expect(decodeProgress(message), message).to.equal(undefined);
    }
  });
});
