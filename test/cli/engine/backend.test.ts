import { homedir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { backendFolder } from "../../../cli/engine/backend.ts";

describe("backendFolder", () => {
  const cases: [string | undefined, string | undefined][] = [
    ["file:///srv/state%20of%20all", "/srv/state of all"],
    ["file:///srv/state?metadata=skip", "/srv/state"],
    ["file://~", homedir()],
    ["file://~/state", join(homedir(), "state")],
    ["s3://bucket", undefined],
    [undefined, undefined],
  ];
  for (const [url, expected] of cases) {
    it(`returns ${expected} for ${url}`, () => {
      expect(backendFolder(url)).to.equal(expected);
    });
  }
});
