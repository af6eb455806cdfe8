import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EC2Client } from "@aws-sdk/client-ec2";
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import type { Keys } from "../../connection/connection.ts";

interface Credentials extends Keys {
  readonly sessionToken?: string;
}

export type Statement = Readonly<Record<string, unknown>>;

/** Clients of the local cloud that sign with these credentials. */
export class RoleCloud {
  readonly credentials: Credentials;
  readonly s3: S3Client;
  readonly dynamodb: DynamoDBClient;
  readonly groups: AutoScalingClient;
  readonly ec2: EC2Client;
  readonly iam: IAMClient;
  readonly sts: STSClient;

  constructor(endpoint: string, { accessKeyId, secretAccessKey, sessionToken }: Credentials) {
    this.credentials = {
      ...{ accessKeyId, secretAccessKey },
      ...(sessionToken === undefined ? {} : { sessionToken }),
    };
    const settings = { endpoint, region: "us-east-1", maxAttempts: 1, credentials: this.credentials };
    this.s3 = new S3Client({ ...settings, forcePathStyle: true, followRegionRedirects: true });
    this.dynamodb = new DynamoDBClient(settings);
    this.groups = new AutoScalingClient(settings);
    this.ec2 = new EC2Client(settings);
    this.iam = new IAMClient(settings);
    this.sts = new STSClient(settings);
  }

  destroy(): void {
    for (const client of [this.s3, this.dynamodb, this.groups, this.ec2, this.iam, this.sts])
      client.destroy();
  }

  /** Creates a role for EC2 with these statements and managed policies, and returns its ARN. */
  async role(
    RoleName: string,
    statements: readonly Statement[],
    managed: readonly string[] = [],
  ): Promise<string> {
    const trust = { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" };
    const made = await this.iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: policyOf([trust]) }),
    );
    if (statements.length > 0) {
      await this.iam.send(
        new PutRolePolicyCommand({ RoleName, PolicyName: "worker", PolicyDocument: policyOf(statements) }),
      );
    }
    for (const PolicyArn of managed)
      await this.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
    return made.Role?.Arn ?? "";
  }

  /** Temporary credentials of a role. */
  async assume(RoleArn: string): Promise<Credentials> {
    const { Credentials: made } = await this.sts.send(
      new AssumeRoleCommand({ RoleArn, RoleSessionName: "i-0123" }),
    );
    return {
      accessKeyId: made?.AccessKeyId ?? "",
      secretAccessKey: made?.SecretAccessKey ?? "",
      sessionToken: made?.SessionToken ?? "",
    };
  }
}

export const policyOf = (statements: readonly Statement[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });
