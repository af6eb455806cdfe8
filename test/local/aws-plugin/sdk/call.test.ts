import { expect } from "chai";
import { Server } from "../../../../local/aws-plugin/sdk/call.ts";
import { testContext } from "../handlers.ts";

describe("The server of the local aws plugin", () => {
  it("shows each warning once, whichever calls cause it", () => {
    const shown: string[] = [];
    const context = () => ({
      ...testContext(),
      log: (severity: string, message: string) => void shown.push(`${severity}: ${message}`),
    });
    const server = new Server();
    for (const warning of ["one", "two", "one"]) server.warnOnce(context(), warning);
    new Server().warnOnce(context(), "one");
    expect(shown).to.deep.equal(["warning: one", "warning: two", "warning: one"]);
  });
});
