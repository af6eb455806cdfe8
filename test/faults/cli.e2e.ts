import { expect } from "chai";
import { type Aws, sha256 } from "../e2e/support/aws.ts";
import { type Ended, succeed } from "../e2e/support/process.ts";
import { leftRunning } from "../e2e/support/processes.ts";
import { bucketOf, RECORDS, REGIONS, randomFile, sharedWorld, type World } from "../e2e/support/world.ts";
import { type Exchange, FaultProxy, passOn } from "./fault-proxy.ts";
import { type FaultKind, KINDS, type Surroundings } from "./kinds.ts";

const MIB = 1024 ** 2;
const NAME = "in two parts.bin";

const NO_SURROUNDINGS: Surroundings = {
  tamperWith: async () => expect.fail("must not tamper here"),
  tamperWithReplicas: async () => expect.fail("must not tamper here"),
  interrupt: () => expect.fail("must not interrupt here"),
};

describe("spawn stage upload while the cloud fails", () => {
  const bytes = randomFile(20 * MIB + 1);
  let world: World;
  let aws: Aws;
  let proxy: FaultProxy;
  let injected: number;

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    proxy = await FaultProxy.start(aws.endpoint);
    await world.writeFile(NAME, bytes);
  });
  afterEach(() => proxy.heal());
  after(async () => {
    await proxy.stop();
    expect(proxy.takeErrors()).to.deep.equal([]);
  });

  /** Commands that use AWS through the proxy. */
  const spawn = (...args: string[]): Promise<Ended> =>
    world.startIn({ env: aws.variables(proxy.endpoint) }, ...args).ended;
  const upload = (): Promise<Ended> => spawn("stage", "upload", NAME, "--regions", REGIONS.join(","));

  function inject(kind: FaultKind, when: (exchange: Exchange, injectedBefore: number) => boolean): void {
    injected = 0;
    proxy.intercept(async (exchange) => {
      if (!when(exchange, injected)) return passOn(exchange);
      injected += 1;
      await KINDS[kind].inject(exchange, NO_SURROUNDINGS);
    });
  }

  async function expectEverywhere(id: string): Promise<void> {
    for (const region of REGIONS) {
      const key = `${id}/${NAME}`;
      expect(await aws.sha256(region, bucketOf(region), key), region).to.equal(sha256(bytes));
      expect(await aws.openUploads(region, bucketOf(region), `${id}/`), region).to.deep.equal([]);
    }
    expect(await aws.item(RECORDS, id)).to.include({ sha256: sha256(bytes) });
    await succeed(world.spawn("stage", "delete", id, "--yes"));
  }

  /** The error states the event, its cause and the command that fixes it, and no internals. */
  function expectFailure({ code, stdout, stderr }: Ended, what: RegExp, why: RegExp): string {
    expect(code, stderr).to.equal(1);
    expect(stdout).to.equal("");
    for (const pattern of [what, why]) expect(stderr, stderr).to.match(pattern);
    expect(stderr).to.not.match(/\n\s+at |rpc error|urn:pulumi|undefined|UnknownError|\[object/);
    const [, id] = /spawn stage resume (stage-[0-9a-f]{12})/.exec(stderr) ?? [];
    if (id === undefined) throw new Error(`nothing says how to go on: ${stderr}`);
    return id;
  }

  async function expectResumable(id: string): Promise<void> {
    expect(injected).to.be.greaterThan(0);
    expect(await leftRunning(world.home)).to.deep.equal([]);
    expect(await aws.item(RECORDS, id)).to.equal(undefined);
    await proxy.heal();
    expect((await succeed(spawn("stage", "resume", id))).stdout).to.equal(`${id}\n`);
    await expectEverywhere(id);
  }

  it("retries requests whose connections were reset midway", async () => {
    inject("reset in the request", ({ operation }, before) => operation.name === "UploadPart" && before < 2);
    const { stdout } = await succeed(upload());
    expect(injected).to.equal(2);
    await expectEverywhere(stdout.trim());
  });

  it("fails in a storm of 503 SlowDown, and is resumed", async () => {
    inject("503 SlowDown", ({ operation }) => operation.name === "UploadPart");
    const ended = await upload();
    await expectResumable(
      expectFailure(
        ended,
        /^Error: upload to us-east-1 .*failed$/m,
        /^Why: AWS is limiting the rate of requests: SlowDown: Please reduce your request rate/m,
      ),
    );
  });

  it("reports an expired token, and is resumed with a new one", async () => {
    inject("expired token", ({ operation }, before) => operation.name === "UploadPart" || before > 0);
    const ended = await upload();
    await expectResumable(
      expectFailure(
        ended,
        /^Error: upload to us-east-1 .*failed$/m,
        /^Why: The AWS credentials have expired: The provided token has expired\./m,
      ),
    );
  });

  it("names the region whose copies fail after a success status, and is resumed", async () => {
    inject(
      "error in a 200",
      ({ operation }) => operation.name === "UploadPartCopy" && operation.region === "eu-west-1",
    );
    const ended = await upload();
    await expectResumable(
      expectFailure(
        ended,
        /^Error: replication to eu-west-1 .*failed$/m,
        /^Why: AWS has a problem of its own: InternalError: /m,
      ),
    );
  });
});
