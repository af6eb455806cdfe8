import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../../package-root.ts";
import type { Aws } from "./support/aws.ts";
import { type Ended, succeed } from "./support/process.ts";
import { sharedWorld, type World } from "./support/world.ts";

const EXAMPLE = join(packageRoot(), "examples/library/typescript");

interface Step {
  readonly op: string;
  readonly urn: string;
}
interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly provider?: string;
  readonly protect?: boolean;
  readonly outputs?: { readonly tags?: Record<string, string> };
}

/** The example's program with the options that users of components expect. */
const WITH_OPTIONS = `
import { Provider } from "@pulumi/aws/provider.js";
import { runtime } from "@pulumi/pulumi";
import { StagingEntry, StagingEnvironment } from "spawn-staging";
const tagBuckets = ({ type, props, opts }) =>
  type === "aws:s3/bucket:Bucket" ? { props: { ...props, tags: { ...props.tags, team: "genomics" } }, opts } : undefined;
runtime.registerResourceTransform(tagBuckets);
const lab = new StagingEnvironment(
  "laboratory",
  { name: "lab", cloud: "local", regions: ["us-east-1", "us-west-2"], namePrefix: "labts" },
  { aliases: [{ name: "lab" }] },
);
const reference = new StagingEntry("reference", { environment: lab.environment, source: "reference.fasta", ttl: 30 });
new StagingEntry(
  "kept",
  { environment: lab.environment, source: "reference.fasta", regions: ["us-east-1"] },
  { protect: true, providers: [new Provider("own", { region: "us-west-2" })] },
);
export const id = reference.stagingId;
`;

describe("A TypeScript program with the npm package's components", () => {
  let world: World;
  let aws: Aws;
  let folder: string;
  const pulumi = (command: string): Promise<Ended> =>
    world.bash(`eval "$(spawn env)"\ncd "${folder}"\npulumi ${command}`, world.project);
  const resources = async (): Promise<Resource[]> => {
    const { stdout } = await succeed(pulumi("stack export"));
    return (JSON.parse(stdout) as { deployment: { resources: Resource[] } }).deployment.resources;
  };

  /** The steps of a preview that change a resource. */
  const changes = async (): Promise<Step[]> => {
    const { stdout } = await succeed(pulumi("preview --json"));
    return (JSON.parse(stdout) as { steps: Step[] }).steps.filter(({ op }) => op !== "same");
  };

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    folder = join(world.home, "typescript program");
    await cp(EXAMPLE, folder, { recursive: true });
    // As npm installs it.
    const modules = join(folder, "node_modules");
    await mkdir(modules);
    await symlink(world.project, join(modules, "spawn-staging"));
    await symlink(join(packageRoot(), "node_modules/@pulumi"), join(modules, "@pulumi"));
    await succeed(pulumi("stack init example && pulumi config set aws:region us-east-1"));
  });

  it("creates the environment and the entry of examples/library/typescript", async () => {
    await succeed(pulumi("up --yes --skip-preview"));
    const { stdout } = await succeed(pulumi("stack output --json"));
    const { id, uris } = JSON.parse(stdout) as { id: string; uris: object };
    expect(uris).to.deep.equal({
      "us-east-1": `s3://labts-staging-us-east-1/${id}/reference.fasta`,
      "us-west-2": `s3://labts-staging-us-west-2/${id}/reference.fasta`,
    });
    expect(await aws.item("labts-staging-lab", id)).to.deep.include({ declared_as: "reference" });
  });

  it("applies transforms to the component's resources", async () => {
    const buckets = (await resources()).filter(({ type }) => type === "aws:s3/bucket:Bucket");
    expect(buckets).to.have.length(2);
    for (const { outputs } of buckets) expect(outputs?.tags).to.include({ team: "genomics" });
  });

  it("keeps the resources of an older program, whose URNs have the types of TypeScript stacks", async () => {
    const { stdout } = await succeed(pulumi("stack export"));
    const older = stdout.replaceAll(/staging:index:(StagingEntry|StagingEnvironment)\b/g, "spawn:index:$1");
    expect(older).to.not.equal(stdout);
    await writeFile(join(folder, "older.json"), older);
    await succeed(pulumi("stack import --file older.json"));
    expect(await changes()).to.deep.equal([]);
    await succeed(pulumi("up --yes --skip-preview"));
    const types = (await resources()).map(({ type }) => type);
    expect(types).to.include.members(["staging:index:StagingEntry", "staging:index:StagingEnvironment"]);
    expect(types).to.not.include("spawn:index:StagingEntry");
    expect(types).to.not.include("spawn:index:StagingEnvironment");
  });

  it("renames a component with an alias, and replaces nothing", async () => {
    await writeFile(join(folder, "index.ts"), WITH_OPTIONS);
    expect((await changes()).filter(({ urn }) => !/kept|own|stage-/.test(urn))).to.deep.equal([]);
  });

  it("gives the component's resources its providers, and protects them", async () => {
    await succeed(pulumi("up --yes --skip-preview"));
    const all = await resources();
    const ofEntry = all.filter(({ protect }) => protect === true);
    expect(ofEntry.map(({ type }) => type)).to.include.members([
      "staging:index:StagedData",
      "aws:dynamodb/tableItem:TableItem",
    ]);
    const record = ofEntry.find(({ type }) => type === "aws:dynamodb/tableItem:TableItem");
    expect(record?.provider).to.contain("pulumi:providers:aws::own::");
    const refused = await pulumi("destroy --yes");
    expect(refused.code).to.not.equal(0);
    expect(refused.stdout + refused.stderr).to.match(/protect/);
  });

  it("deletes everything", async () => {
    await succeed(pulumi("state unprotect --all --yes"));
    await succeed(pulumi("destroy --yes --remove"));
    expect(await aws.hasBucket("us-east-1", "labts-staging-us-east-1")).to.equal(false);
  });
});
