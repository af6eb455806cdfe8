import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { CreateAccessPointCommand, ListAccessPointsCommand } from "@aws-sdk/client-s3-control";
import { expect } from "chai";
import { makeS3ControlClient } from "../../../../../cli/clients/s3-control.ts";
import { Context } from "../../../../../cli/context.ts";
import { refuseOverlapIn } from "../../../../../cli/services/entry/upload/overlap.ts";
import { InputError, type UserError } from "../../../../../staging/errors.ts";
import { newStagingId } from "../../../../../staging/ids.ts";
import type { Region } from "../../../../../staging/regions.ts";
import { startTestCloud, type TestCloud } from "../../../../support/cloud.ts";

const VARIABLES = ["AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "SPAWN_HOME"] as const;

describe("A source behind an access point", () => {
  const saved = Object.fromEntries(VARIABLES.map((name) => [name, process.env[name]]));
  const id = newStagingId();
  let cloud: TestCloud;
  let context: Context;
  const aliases = new Map<string, string>();

  before(async () => {
    cloud = await startTestCloud();
    for (const name of VARIABLES) process.env[name] = cloud.env[name];
    context = new Context("dev", { onProgress: () => {}, done: () => {} });
    const { buckets } = await context.settings();
    const [[region, staging] = []] = [...buckets];
    const client = await context.s3(region as Region);
    const control = makeS3ControlClient(await context.clientConfig("S3_CONTROL", region as Region));
    const AccountId = "000000000000";
    for (const [Name, Bucket] of [
      ["to-staging", staging],
      ["to-others", "foreign-bucket"],
    ] as const) {
      await client.send(new CreateBucketCommand({ Bucket }));
      await client.send(new PutObjectCommand({ Bucket, Key: "data/x", Body: "1" }));
      await control.send(new CreateAccessPointCommand({ AccountId, Name, Bucket }));
      const { AccessPointList = [] } = await control.send(new ListAccessPointsCommand({ AccountId, Bucket }));
      aliases.set(Name, AccessPointList.find((point) => point.Name === Name)?.Alias ?? "");
    }
    control.destroy();
  });
  after(async () => {
    for (const name of VARIABLES) {
      if (saved[name] === undefined) delete process.env[name];
      else process.env[name] = saved[name];
    }
    await cloud.stop();
  });

  const refusalOf = (source: string, exclude: string[] = []) =>
    refuseOverlapIn(context, { source, exclude, id }).then(
      () => undefined,
      (error: UserError) => error,
    );

  it("is refused if its alias belongs to a staging bucket", async () => {
    const alias = aliases.get("to-staging");
    const error = await refusalOf(`s3://${alias}/`);
    expect(error).to.be.instanceOf(InputError);
    expect(error?.message).to.equal(`s3://${alias}/ overlaps its own new entry`);
    expect(error?.why).to.contain(`The access point ${alias} leads to it.`);
  });

  it("is accepted if nothing overlaps", async () => {
    expect(await refusalOf(`s3://${aliases.get("to-staging")}/data/`)).to.equal(undefined);
    expect(await refusalOf(`s3://${aliases.get("to-staging")}/`, ["/stage-*/"])).to.equal(undefined);
    expect(await refusalOf(`s3://${aliases.get("to-others")}/`)).to.equal(undefined);
  });

  it("is refused by its ARN, and the error explains how to find the alias", async () => {
    const error = await refusalOf("s3://arn:aws:s3:us-east-1:000000000000:accesspoint/to-staging/data/");
    expect(error).to.be.instanceOf(InputError);
    expect(error?.fix).to.contain("aws s3control list-access-points");
  });
});
