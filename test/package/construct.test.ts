import aliasProto from "@pulumi/pulumi/proto/alias_pb.js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import { expect } from "chai";
import { construct } from "../../package/construct.ts";
import { InvalidInputs, type Properties } from "../../provider/plugin/types.ts";
import { UNKNOWN } from "../../provider/plugin/values.ts";
import { stagingEntryComponent } from "../../staging/components/staging-entry.ts";
import { sweepComponent } from "../../staging/components/sweep.ts";
import { TestContext } from "../provider/cloud-fixture.ts";
import { struct } from "../provider/plugin/client.ts";
import { errorOf } from "../support/failure.ts";
import { Monitor } from "./monitor.ts";

const ENTRY = stagingEntryComponent.token;
const DATA = "staging:index:StagedData";
const ENVIRONMENT = { name: "dev", cloud: "local", regions: ["us-east-1"] };
const STACK = "urn:pulumi:test::spawn::pulumi:pulumi:Stack::spawn-test";

describe("construct", () => {
  let monitor: Monitor;
  let endpoint: string;
  beforeEach(async () => {
    monitor = new Monitor("test");
    endpoint = await monitor.start();
  });
  afterEach(() => monitor.stop());

  const entry = (inputs: Parameters<typeof struct>[0], name = "weights") =>
    new proto.ConstructRequest()
      .setProject("spawn")
      .setStack("test")
      .setParent(STACK)
      .setMonitorendpoint(endpoint)
      .setType(ENTRY)
      .setName(name)
      .setInputs(struct({ environment: ENVIRONMENT, source: "/data/weights.pt", ...inputs }));
  const run = (request: proto.ConstructRequest, context = new TestContext()) =>
    construct(request, context, "127.0.0.1:1");
  const stateOf = (response: proto.ConstructResponse) => response.getState()?.toJavaScript() as Properties;
  const failuresOf = async (request: proto.ConstructRequest) =>
    (await errorOf(run(request), InvalidInputs)).failures;

  it("declares the component with the requested type, by which the engine finds its transforms", async () => {
    const response = await run(entry({ ttl: 3 }));
    expect(response.getUrn()).to.equal(`urn:pulumi:test::spawn::${ENTRY}::weights`);
    expect(monitor.get(ENTRY).getParent()).to.equal(STACK);
    expect(monitor.get(DATA).getParent()).to.equal(response.getUrn());
    const { stagingId, uris, expiresAt } = stateOf(response);
    expect(stagingId).to.match(/^stage-[0-9a-f]{12}$/);
    expect(monitor.get(DATA).getObject()?.toJavaScript()).to.deep.include({ stagingId, ttlDays: 3 });
    expect(uris).to.deep.equal({
      "us-east-1": "s3://spawn-staging-us-east-1/stage-abc123def456/weights.pt",
    });
    expect(expiresAt).to.equal("2024-01-25T10:30:15Z");
  });

  it("returns the resources that each output depends on", async () => {
    const response = await run(entry({}));
    const urns = response.getStatedependenciesMap().get("uris")?.getUrnsList() ?? [];
    expect(urns.map((urn) => urn.split("::").at(-2))).to.include.members([
      DATA,
      "aws:dynamodb/tableItem:TableItem",
    ]);
  });

  it("creates the data after the resources that the arguments depend on", async () => {
    const guard = "urn:pulumi:test::spawn::staging:index:VersioningReadiness::guard";
    const request = entry({});
    const dependencies = new proto.ConstructRequest.PropertyDependencies().setUrnsList([guard]);
    request.getInputdependenciesMap().set("environment", dependencies);
    await run(request);
    expect(monitor.get(DATA).getDependenciesList()).to.include(guard);
  });

  it("applies the options: protection, aliases, dependencies and providers", async () => {
    const other = "urn:pulumi:test::spawn::other:index:Thing::other";
    const provider = "urn:pulumi:test::spawn::pulumi:providers:aws::mine::an-id";
    const request = entry({}).setProtect(true).setDependenciesList([other]);
    const alias = new aliasProto.Alias.Spec().setName("old").setNoparent(true);
    request.setAliasesList([new aliasProto.Alias().setSpec(alias)]);
    request.getProvidersMap().set("aws", provider);
    await run(request);
    const component = monitor.get(ENTRY);
    expect(component.getProtect()).to.equal(true);
    expect(component.getDependenciesList()).to.deep.equal([other]);
    const aliases = component.getAliasesList().map((one) => one.getSpec()?.toObject());
    // Stacks of older programs have the other type, under the current or an earlier name.
    expect(aliases.map((one) => [one?.name, one?.type, one?.noparent])).to.deep.equal([
      ["old", "", true],
      ["", "spawn:index:StagingEntry", undefined],
      ["old", "spawn:index:StagingEntry", true],
    ]);
    expect(monitor.get("aws:dynamodb/tableItem:TableItem").getProvider()).to.equal(provider);
  });

  it("gives the same entry the same ID, and another owner, environment or source another one", async () => {
    const idOf = async (request: proto.ConstructRequest) => stateOf(await run(request))["stagingId"];
    const first = await idOf(entry({}));
    expect(await idOf(entry({ ttl: 9 }))).to.equal(first);
    const [token, type] = [entry({}), entry({})];
    const parent = (kind: string) => `urn:pulumi:test::spawn::${kind}:index:StagingEnvironment::lab`;
    expect(await idOf(token.setParent(parent("staging")))).to.equal(
      await idOf(type.setParent(parent("spawn"))),
    );
    const others = [
      ...["my-staging:index:Sweeper", "my-spawn:index:Sweeper"].map((kind) =>
        entry({}).setParent(`urn:pulumi:test::spawn::${kind}$other:index:Part::part`),
      ),
      entry({}, "other"),
      entry({}).setParent(STACK.replace("test", "second")),
      entry({ environment: { ...ENVIRONMENT, name: "prod" } }),
      entry({ environment: { ...ENVIRONMENT, namePrefix: "lab" } }),
      entry({ source: "/data/other.pt" }),
    ];
    const ids = await Promise.all(others.map(idOf));
    expect(new Set([first, ...ids])).to.have.property("size", others.length + 1);
  });

  it("keeps the stacks of concurrent calls apart", async () => {
    const second = new Monitor("second");
    const other = await second.start();
    await Promise.all([
      run(entry({})),
      run(entry({}).setStack("second").setMonitorendpoint(other)),
      run(entry({}, "more")),
    ]);
    second.stop();
    const data = (one: Monitor) => one.requests.filter((request) => request.getType() === DATA);
    expect([data(monitor).length, data(second).length]).to.deep.equal([2, 1]);
    expect(new Set(second.requests.map((request) => request.getParent().split(":")[2]))).to.deep.equal(
      new Set(["test", "second"]),
    );
  });

  it("has no resources in a preview that does not know an argument, and says so", async () => {
    const context = new TestContext();
    const response = await run(entry({ source: UNKNOWN }).setDryrun(true), context);
    expect(monitor.requests.map((request) => request.getType())).to.deep.equal([ENTRY]);
    expect(stateOf(response)).to.have.property("stagingId", UNKNOWN);
    expect(context.messages.join()).to.contain("weights depend on values that this preview does not know");
  });

  it("names the path of each invalid argument", async () => {
    const paths = async (inputs: Parameters<typeof entry>[0]) =>
      (await failuresOf(entry(inputs))).map(({ property }) => property);
    expect(await paths({ ttl: 91, regions: ["mars"] })).to.have.members(["regions[0]", "ttl"]);
    expect(await paths({ environment: { cloud: "local", regions: ["us-east-1"] } })).to.deep.equal([
      "environment.name",
    ]);
    expect(await paths({ noSha256: true })).to.deep.equal(["noSha256"]);
    expect(await paths({ regions: ["us-west-2"] })).to.deep.equal(["regions"]);
    expect(await paths({ other: 1 })).to.deep.equal(["other"]);
    expect(monitor.requests).to.deep.equal([]);
  });

  for (const [inputs, reason] of [
    [{ ttl: 91 }, "Fix: ttl: 7"],
    [{ dest: "data" }, "Fix: dest: /mnt/data/NAME"],
    [{ bandwidthLimit: "50" }, "Fix: bandwidthLimit: 50MB/s"],
    [{ exclude: [" "] }, 'Fix: exclude: ["*.tmp"]'],
    [{ filename: "a/b" }, "It has a slash; dest sets the path on the instances."],
    [{ noSha256: true }, "Fix: Remove noSha256."],
    [{ requestPayer: true }, "Fix: Remove requestPayer."],
    [{ followLinks: true, source: "s3://bucket/key" }, "Fix: Remove followLinks."],
  ] as const) {
    it(`names ${Object.keys(inputs)[0]} and a valid value by the component's input`, async () => {
      const [failure] = await failuresOf(entry(inputs));
      expect(failure?.reason).to.contain(reason).and.not.contain("--");
    });
  }

  it("refuses a secret and does not show it", async () => {
    const secret = {
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      value: "s3cr3t",
    };
    const failures = await failuresOf(entry({ exclude: ["a", secret] }));
    expect(failures.map(({ property }) => property)).to.deep.equal(["exclude[1]"]);
    expect(JSON.stringify(failures)).to.not.contain("s3cr3t");
  });

  it("ends when the engine cancels", async () => {
    const context = new TestContext();
    const ended = run(entry({}), context).catch((error: unknown) => error);
    context.controller.abort(new Error("interrupted"));
    expect(await ended).to.have.property("message", "interrupted");
  });

  it("declares a sweep over staged data", async () => {
    const environment = { ...ENVIRONMENT, regions: ["us-east-1", "us-west-2"] };
    const { dataset } = stateOf(await run(entry({ environment })));
    const inputs = {
      ...{ environment, command: "echo $SWEEP_INDEX", count: 5, maxConcurrent: 3 },
      regions: [{ region: "us-east-1" }, { region: "us-west-2", subnets: ["subnet-0123456789abcdef0"] }],
    };
    const sweep = entry({}, "study").setType(sweepComponent.token);
    const response = await run(sweep.setInputs(struct({ ...inputs, datasets: [dataset as object] })));
    expect(response.getUrn()).to.contain("::staging:index:Sweep::study");
    const { sweepId, startedAt } = stateOf(response);
    expect(sweepId).to.match(/^sweep-[0-9a-f]{12}$/);
    expect(startedAt).to.equal("2024-01-22T10:30:10Z");
    const ran = monitor.get("staging:index:SweepRun").getObject()?.toJavaScript() as Properties;
    expect(ran).to.deep.include({ sweepId, count: 5, name: "study", deadlineSeconds: 86_400, generation: 0 });
    const shares = (ran["regions"] as Properties[]).map(({ start, end, workers }) => [start, end, workers]);
    expect(shares).to.deep.equal([
      [0, 3, 2],
      [3, 5, 1],
    ]);
    expect(ran["entries"]).to.deep.equal([(dataset as Properties)["stagingId"]]);
  });

  it("names the path of each invalid argument of a sweep", async () => {
    const paths = async (inputs: Parameters<typeof entry>[0]) => {
      const regions = [{ region: "us-east-1" }];
      const given = { environment: ENVIRONMENT, command: "true", count: 2, regions };
      const request = entry({}, "study").setType(sweepComponent.token);
      const failures = await failuresOf(request.setInputs(struct({ ...given, ...inputs })));
      return failures.map(({ property }) => property);
    };
    expect(await paths({ command: " ", count: 0 })).to.have.members(["command", "count"]);
    expect(await paths({ regions: [{ region: "us-west-2" }] })).to.deep.equal(["regions"]);
    expect(await paths({ regions: [{ region: "mars" }] })).to.deep.equal(["regions[0].region"]);
    expect(await paths({ iamActions: ["everything"] })).to.deep.equal(["iamActions[0]"]);
  });

  it("refuses a component that the package does not have", async () => {
    const request = entry({}).setType("staging:index:Other");
    expect(await run(request).catch(String)).to.contain("no component staging:index:Other");
  });
});
