import { TerminateInstanceInAutoScalingGroupCommand } from "@aws-sdk/client-auto-scaling";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { RunInstancesCommand } from "@aws-sdk/client-ec2";
import { DeleteRoleCommand, DeleteRolePolicyCommand } from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand, GetSessionTokenCommand } from "@aws-sdk/client-sts";
import { expect } from "chai";
import { errorOf } from "../support/failure.ts";
import { createSweepsTable } from "../support/tables.ts";
import type { RoleCloud } from "./role-cloud.ts";
import { outcomeOf, Roles } from "./roles.ts";
import { send, signed } from "./signed-request.ts";

const TABLE = "sweeps";
const OWN = { sweep_id: { S: "own" }, item: { S: "meta" } };
const OTHER = { sweep_id: { S: "other" }, item: { S: "meta" } };

/** Requests that no SDK sends: all parts of the local cloud must interpret them in the same way. */
describe("an ambiguous request of a role on the local cloud", () => {
  let worker: RoleCloud;
  const roles = Roles.forSuite(async ({ root }) => {
    await createSweepsTable(root.dynamodb, TABLE);
    for (const item of [OWN, OTHER])
      await root.dynamodb.send(
        new PutItemCommand({ TableName: TABLE, Item: { ...item, text: { S: `of ${item.sweep_id.S}` } } }),
      );
    worker = await workerOf("worker");
  });

  const workerOf = (name: string): Promise<RoleCloud> =>
    roles.make(name, [
      {
        Effect: "Allow",
        Action: ["GetItem", "PutItem", "UpdateItem", "Query"].map((action) => `dynamodb:${action}`),
        Resource: `arn:aws:dynamodb:us-east-1:000000000000:table/${TABLE}`,
        Condition: { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["own"] } },
      },
      {
        Effect: "Allow",
        Action: "autoscaling:TerminateInstanceInAutoScalingGroup",
        Resource: "arn:aws:autoscaling:us-east-1:000000000000:autoScalingGroup:*:autoScalingGroupName/own",
      },
    ]);
  const ask = (service: string, body: string, headers: Record<string, string>) => {
    const { sessionToken = "" } = worker.credentials;
    const wire = {
      method: "POST",
      body,
      headers: { "x-amz-security-token": sessionToken, ...headers },
    };
    return send(roles.cloud.endpoint, signed(roles.cloud.endpoint, worker.credentials, service, wire));
  };
  const dynamodb = (operation: string, body: object) =>
    ask("dynamodb", JSON.stringify({ TableName: TABLE, ...body }), {
      "x-amz-target": `DynamoDB_20120810.${operation}`,
      "content-type": "application/x-amz-json-1.0",
    });

  it("reaches no other sweep's item by members of another operation", async () => {
    const values = { ":own": { S: "own" }, ":other": { S: "other" } };
    const legacy = (id: string) => ({
      sweep_id: { ComparisonOperator: "EQ", AttributeValueList: [{ S: id }] },
    });
    const batch = { RequestItems: { [TABLE]: { Keys: [OWN] } } };
    const attacks: [string, object][] = [
      ["GetItem", { Key: OTHER, ...batch }],
      ["GetItem", { Key: OTHER, Item: OWN }],
      ["PutItem", { Item: { ...OTHER, text: { S: "changed" } }, Key: OWN }],
      ["PutItem", { Item: { ...OTHER, text: { S: "changed" } }, ...batch }],
      [
        "UpdateItem",
        { Key: OTHER, UpdateExpression: "REMOVE #t", ExpressionAttributeNames: { "#t": "text" }, ...batch },
      ],
      [
        "Query",
        {
          KeyConditionExpression: "sweep_id = :other",
          KeyConditions: legacy("own"),
          ExpressionAttributeValues: values,
        },
      ],
      [
        "Query",
        {
          KeyConditionExpression: "sweep_id = :own",
          KeyConditions: legacy("other"),
          ExpressionAttributeValues: values,
        },
      ],
      ["Query", { KeyConditionExpression: "sweep_id = :other", ExpressionAttributeValues: values, ...batch }],
    ];
    for (const [operation, body] of attacks) {
      const { status, body: text } = await dynamodb(operation, body);
      expect(status, `${operation} ${JSON.stringify(body)}: ${text}`).to.equal(403);
      expect(text).to.include("AccessDenied").and.not.include("of other");
    }
    const { status, body } = await dynamodb("GetItem", { Key: OWN });
    expect({ status, body }).to.deep.include({ status: 200 });
    expect(body).to.include("of own");
  });

  it("terminates no other group's member by a repeated parameter", async () => {
    await roles.aws.group("own", { DesiredCapacity: 1 });
    await roles.aws.group("other", { DesiredCapacity: 1 });
    const [own = ""] = await roles.aws.ids("own");
    const [other = ""] = await roles.aws.ids("other");
    const type = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
    const end = (named: string) =>
      `Action=TerminateInstanceInAutoScalingGroup&ShouldDecrementDesiredCapacity=true&Version=2011-01-01&${named}`;
    const attacks: [string, Record<string, string>][] = [
      [`InstanceId=${own}&InstanceId=${other}`, type],
      [`InstanceId=${other}&InstanceId=${own}`, type],
      [`InstanceId=${own}&%49nstanceId=${other}`, type],
      [`AutoScalingGroupName=own&InstanceId=${other}`, type],
      [`Tags.member.1.ResourceId=own&InstanceId=${other}`, type],
      [`InstanceId=${other}`, type],
      [`InstanceId=${other}`, { "content-type": "application/json" }],
      [`InstanceId=${other}`, { "content-type": "text/plain" }],
    ];
    for (const [named, headers] of attacks) {
      const { status, body } = await ask("autoscaling", end(named), headers);
      expect(status, `${named}: ${body}`).to.be.within(400, 403);
    }
    expect(await roles.aws.ids("other")).to.deep.equal([other]);
    expect(await roles.aws.ids("own")).to.deep.equal([own]);
    await worker.groups.send(
      new TerminateInstanceInAutoScalingGroupCommand({
        InstanceId: own,
        ShouldDecrementDesiredCapacity: true,
      }),
    );
  });

  it("gets neither a longer session nor one of a deleted role", async () => {
    expect(await outcomeOf(worker.sts.send(new GetSessionTokenCommand({})))).to.equal("AccessDenied");
    const gone = await workerOf("gone");
    await gone.sts.send(new GetCallerIdentityCommand({}));
    await roles.root.iam.send(new DeleteRolePolicyCommand({ RoleName: "gone", PolicyName: "worker" }));
    await roles.root.iam.send(new DeleteRoleCommand({ RoleName: "gone" }));
    const write = gone.dynamodb.send(new PutItemCommand({ TableName: TABLE, Item: OWN }));
    expect(await outcomeOf(write)).to.equal("AccessDeniedException");
  });

  it("is refused RunInstances at once, like its account's root", async () => {
    for (const each of [worker, roles.root]) {
      const request = new RunInstancesCommand({ ImageId: "ami-0", MinCount: 1, MaxCount: 1 });
      const { message } = await errorOf(each.ec2.send(request));
      expect(message).to.equal("The local cloud does not serve RunInstances of ec2.");
    }
  });
});
