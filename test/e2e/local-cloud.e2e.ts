import { join } from "node:path";
import { expect } from "chai";
import { sha256 } from "./support/aws.ts";
import { succeed } from "./support/process.ts";
import { cloudsOf, processesOf } from "./support/processes.ts";
import { bucketOf, RECORDS, randomFile, sharedWorld } from "./support/world.ts";

describe("The local cloud", () => {
  it("starts once for two concurrent uploads, which both succeed", async () => {
    const world = await sharedWorld();
    const aws = await world.aws();
    const files = { "one.dat": randomFile(1_500_000), "two.dat": randomFile(2_500_000) };
    for (const [name, bytes] of Object.entries(files)) await world.writeFile(name, bytes);
    await succeed(world.spawn("local", "down"));
    expect(await cloudsOf(world.home)).to.deep.equal([]);

    const names = Object.keys(files);
    const uploads = await Promise.all(names.map((name) => succeed(world.spawn("stage", "upload", name))));
    expect(await cloudsOf(world.home)).to.have.length(1);
    const ids = uploads.map(({ stdout }) => stdout.trim());
    expect(new Set(ids)).to.have.property("size", 2);
    for (const [index, [name, bytes]] of Object.entries(files).entries()) {
      const id = ids[index] ?? "";
      for (const region of ["us-east-1", "us-west-2"]) {
        expect(await aws.sha256(region, bucketOf(region), `${id}/${name}`)).to.equal(sha256(bytes));
      }
      expect(await aws.item(RECORDS, id)).to.include({ filename: name });
    }
    await Promise.all(ids.map((id) => succeed(world.spawn("stage", "delete", id, "--yes"))));
  });

  it("leaves no process after a stop, and has its data after a restart", async () => {
    const world = await sharedWorld();
    const bytes = randomFile(20_000_000);
    await world.writeFile("kept.dat", bytes);
    const id = await world.upload("kept.dat");
    const info = async () => (await succeed(world.spawn("stage", "info", id, "--format", "json"))).stdout;
    const before = await info();
    const down = await succeed(world.spawn("local", "down"));
    expect(down.stdout).to.equal("The local cloud is stopped. Its data are kept.\n");
    expect(await processesOf(world.home)).to.deep.equal([]);
    const status = await succeed(world.spawn("local", "status", "--json"));
    expect(JSON.parse(status.stdout).result.state).to.equal("stopped");
    expect((await succeed(world.spawn("local", "down"))).stdout).to.equal(
      "The local cloud was not running.\n",
    );

    expect(await info()).to.equal(before); // starts the cloud
    const aws = await world.aws();
    for (const region of ["us-east-1", "us-west-2"]) {
      expect(await aws.sha256(region, bucketOf(region), `${id}/kept.dat`)).to.equal(sha256(bytes));
    }
    await succeed(world.pulumi(`pulumi refresh -s dev.${id} --yes --expect-no-changes`));
    await succeed(world.spawn("stage", "delete", id, "--yes"));
    expect(await aws.versions("us-east-1", bucketOf("us-east-1"), `${id}/`)).to.deep.equal([]);
  });

  it("serves any AWS client in a shell that evaluated spawn env", async () => {
    const world = await sharedWorld();
    const script = `eval "$(spawn env)"
      node -e 'import("@aws-sdk/client-s3").then(async ({ S3Client, ListBucketsCommand }) => {
        const { Buckets } = await new S3Client({ forcePathStyle: true }).send(new ListBucketsCommand({}));
        console.log(Buckets.map(({ Name }) => Name).sort().join("\\n"));
      })'`;
    const { stdout } = await succeed(world.bash(script, world.project));
    expect(stdout.split("\n")).to.include.members([
      "spawn-staging-eu-west-1",
      "spawn-staging-us-east-1",
      "spawn-staging-us-west-2",
    ]);
  });

  it("writes its secret only into its key file: not into a state, a log or a stack's settings", async () => {
    const world = await sharedWorld();
    const { keys } = await world.aws();
    const { stdout } = await world.bash(
      `grep -rlF -e '${keys.secretAccessKey}' "$SPAWN_HOME" "$HOME" | sort -u`,
    );
    expect(stdout.trim().split("\n")).to.deep.equal([join(world.home, "data", "cloud", "key.json")]);
  });
});
