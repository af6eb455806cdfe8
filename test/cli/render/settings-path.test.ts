import { expect } from "chai";
import { settingsPath } from "../../../cli/render/environment.ts";

describe("The path of the settings file", () => {
  it("is shown only if the file is not in the working folder", () => {
    const environmentName = "dev";
    expect(settingsPath({ environmentName, projectFolder: process.cwd() })).to.equal(undefined);
    expect(settingsPath({ environmentName, projectFolder: "/home/u/.config/spawn" })).to.equal(
      "/home/u/.config/spawn/Pulumi.dev.yaml",
    );
  });
});
