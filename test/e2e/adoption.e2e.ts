import {
  CreateBucketCommand,
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { makeBucket, settingsOf } from "../provider/adopted.ts";
import { type Aws, sha256 } from "./support/aws.ts";
import { succeed } from "./support/process.ts";
import { randomFile, sharedWorld, type World } from "./support/world.ts";

const REGION = "us-east-1";
const OTHER = "us-west-2";
const Bucket = "my-spawn-staging-us-east-1";
const MANAGED = `e2e-adopting-${OTHER}`;
const HERE = ["--environment", "adopting"];

const settingsFile = (adopt: readonly string[]): string =>
  [
    "config:",
    "  spawn:cloud: local",
    `  spawn:regions: [${REGION}, ${OTHER}]`,
    "  spawn:bucketPrefix: e2e-adopting-",
    `  spawn:buckets: { ${REGION}: ${Bucket} }`,
    `  spawn:adopt: [${adopt.join(", ")}]`,
    "",
  ].join("\n");

/** The guide's lifecycle.json. */
const GUIDES_RULE = {
  ID: "cleanup-after-7-days",
  Status: "Enabled",
  Filter: {},
  Expiration: { Days: 7 },
  NoncurrentVersionExpiration: { NoncurrentDays: 1 },
} as const;

describe("An adopted bucket", () => {
  let world: World;
  let aws: Aws;
  let asMade: Record<string, unknown>;
  const environment = (...args: string[]) => world.spawn("environment", ...args, ...HERE);
  const adopt = (...regions: string[]) =>
    world.writeProjectFile("Pulumi.adopting.yaml", settingsFile(regions));
  const ruleIds = async () => {
    const command = new GetBucketLifecycleConfigurationCommand({ Bucket });
    return ((await aws.s3(REGION).send(command)).Rules ?? []).map(({ ID }) => ID);
  };

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    await adopt(REGION);
  });

  it("must exist: environment up prints the command that creates it", async () => {
    const { code, stderr } = await environment("up");
    expect(code).to.equal(1);
    expect(stderr).to.contain(`there is no bucket ${Bucket}, which is to be adopted in ${REGION}`);
    expect(stderr).to.contain(`Fix: aws s3 mb s3://${Bucket} --region ${REGION}`);
    expect(await aws.hasBucket(REGION, Bucket)).to.equal(false);
  });

  it("keeps its own rule, policy, tags and objects when environment up adopts it", async () => {
    const s3 = aws.s3(REGION);
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    const LifecycleConfiguration = { Rules: [GUIDES_RULE] };
    await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
    const statement = `{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::${Bucket}/secret/*"}`;
    const Policy = `{ "Version": "2012-10-17", "Statement": [${statement}] }`;
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    const Tagging = { TagSet: [{ Key: "team", Value: "genomics" }] };
    await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging }));
    await s3.send(new PutObjectCommand({ Bucket, Key: "mine.txt", Body: "mine\n" }));
    asMade = await settingsOf(s3, Bucket);

    await succeed(environment("up"));
    const again = await succeed(environment("up", "--json"));
    expect(Object.keys(JSON.parse(again.stdout).result.changes)).to.deep.equal(["same"]);
    const [first, ...others] = await ruleIds();
    expect(first).to.equal(GUIDES_RULE.ID);
    expect(others).to.have.length(91);
    expect(others).to.include.members(["spawn-ttl-1", "spawn-ttl-90", "spawn-housekeeping"]);
    const status = await succeed(environment("status"));
    expect(status.stdout).to.match(/^ {2}us-east-1 +my-spawn-staging-us-east-1 +up \(yours, adopted\)$/m);
    expect(status.stdout).to.match(/^ {2}us-west-2 +e2e-adopting-us-west-2 +up$/m);
  });

  it("takes an entry whose TTL its own rule allows, and refuses one that the rule would end early", async () => {
    const bytes = randomFile(20_000);
    await world.writeFile("adopted.dat", bytes);
    const before = await world.traces();
    const refused = await world.spawn(
      "stage",
      "upload",
      "adopted.dat",
      "--regions",
      `${OTHER},${REGION}`,
      "--ttl",
      "14",
      ...HERE,
    );
    expect(refused.code).to.equal(2);
    expect(refused.stderr).to.contain(
      `Error: the lifecycle rule cleanup-after-7-days of your bucket ${Bucket} in ${REGION} would delete the data after 7 days`,
    );
    expect(refused.stderr).to.match(/^Fix: --ttl 7; or, in the bucket, /m);
    expect(await world.traces()).to.deep.equal(before);

    const id = await world.upload("adopted.dat", "--regions", `${REGION},${OTHER}`, ...HERE);
    for (const [region, bucket] of [
      [REGION, Bucket],
      [OTHER, MANAGED],
    ] as const) {
      expect(await aws.sha256(region, bucket, `${id}/adopted.dat`)).to.equal(sha256(bytes));
    }
    const update = await world.spawn("stage", "update", id, "--ttl", "8", ...HERE);
    expect(update.code).to.equal(2);
    expect(update.stderr).to.contain("would delete the data after 7 days");
  });

  it("is refused to an environment that would delete it and to one that did not create it", async () => {
    const now = await settingsOf(aws.s3(REGION), Bucket);
    await adopt();
    const managed = await environment("up");
    expect(managed.code).to.equal(2);
    expect(managed.stderr).to.contain(`spawn:adopt leaves out ${REGION}, whose bucket ${Bucket} you created`);
    await adopt(REGION, OTHER);
    const adopted = await environment("up");
    expect(adopted.code).to.equal(2);
    expect(adopted.stderr).to.contain(`spawn:adopt names ${OTHER}, whose bucket ${MANAGED} spawn created`);
    const [file, unused] = [settingsFile([REGION, OTHER]), "my-other-bucket"];
    await makeBucket(aws.s3(OTHER), unused, OTHER);
    await world.writeProjectFile("Pulumi.adopting.yaml", file.replace("{ ", `{ ${OTHER}: ${unused}, `));
    const moved = await environment("up");
    expect(moved.code).to.equal(2);
    expect(moved.stderr).to.contain(
      `spawn:buckets would replace the bucket ${MANAGED} in ${OTHER} by ${unused}, and it holds data`,
    );
    await adopt(REGION);
    await succeed(environment("up"));
    expect(await settingsOf(aws.s3(REGION), Bucket)).to.deep.equal(now);
    expect((await settingsOf(aws.s3(OTHER), unused))["lifecycle"]).to.equal(null);
    expect(await aws.versions(OTHER, MANAGED)).to.have.length(2);
    expect((await settingsOf(aws.s3(OTHER), MANAGED))["lifecycle"]).to.not.equal(null);
  });

  it("has its original settings and the user's objects after the environment is destroyed", async () => {
    const { stdout } = await succeed(world.spawn("stage", "list", "--format", "json", ...HERE));
    const [id] = [...(/stage-[0-9a-f]{12}/.exec(stdout) ?? [])];
    expect((await environment("destroy", "--yes")).code).to.equal(2);
    await succeed(world.spawn("stage", "delete", String(id), "--yes", ...HERE));
    const destroyed = await succeed(environment("destroy", "--yes"));
    expect(destroyed.stderr).to.contain(`Buckets: ${MANAGED}\nKept, without spawn's rules: ${Bucket}\n`);
    expect(await aws.hasBucket(OTHER, MANAGED)).to.equal(false);
    expect(await settingsOf(aws.s3(REGION), Bucket)).to.deep.equal(asMade);
    expect((await aws.versions(REGION, Bucket)).map(({ key }) => key)).to.deep.equal(["mine.txt"]);
  });
});
