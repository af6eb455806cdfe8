import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { StagingEntry, StagingEnvironment, Sweep } from "../../library/index.ts";

const ENVIRONMENT = { name: "dev", cloud: "local", regions: ["us-east-1"] } as const;

describe("The components of the npm package", () => {
  let declared: pulumi.runtime.MockResourceArgs[];
  beforeEach(async () => {
    declared = [];
    await pulumi.runtime.setMocks(
      {
        newResource: (args) => {
          declared.push(args);
          return { id: undefined, state: { ...args.inputs, stagingId: "stage-abc123def456" } };
        },
        call: () => ({}),
      },
      "example",
      "test",
    );
  });
  const value = <T>(output: pulumi.Output<T>): Promise<T> =>
    new Promise((resolve) => output.apply((known) => resolve(known)));

  it("pass their arguments to the plugin and return its outputs", async () => {
    const entry = new StagingEntry("reference", { environment: ENVIRONMENT, source: "a.fasta", ttl: 3 });
    expect(await value(entry.stagingId)).to.equal("stage-abc123def456");
    expect(declared.map(({ type, name }) => ({ type, name }))).to.deep.equal([
      { type: "staging:index:StagingEntry", name: "reference" },
    ]);
    expect(declared[0]?.inputs).to.deep.include({ environment: ENVIRONMENT, source: "a.fasta", ttl: 3 });
  });

  it("accept the environment of another component", async () => {
    const lab = new StagingEnvironment("lab", { regions: ["us-east-1"] });
    const { environment } = lab;
    const sweep = new Sweep("s", {
      environment,
      command: "true",
      count: 1,
      regions: [{ region: "us-east-1" }],
    });
    await value(sweep.urn);
    expect(declared.map(({ type }) => type)).to.deep.equal([
      "staging:index:StagingEnvironment",
      "staging:index:Sweep",
    ]);
  });

  it("refuse transformations, which would have no effect, and name the option that has one", () => {
    const options = { transformations: [() => undefined] };
    expect(() => new StagingEntry("a", { environment: ENVIRONMENT, source: "a" }, options)).to.throw(
      "use transforms",
    );
  });
});
