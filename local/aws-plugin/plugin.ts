import type { AnyResourceHandler, Plugin } from "../../provider/plugin/types.ts";
import type { Server } from "./sdk/call.ts";

type PluginFunction = NonNullable<Plugin["functions"]>[string];

/**
 * The local cloud's replacement for Pulumi's official aws plugin: the AWS types that spawn's programs declare,
 * implemented with the official plugin's calls, for the server at AWS_ENDPOINT_URL. A new type takes a file and a
 * line here.
 */
export const awsPlugin = (server: Server): Plugin => {
  const load = (module: () => Promise<{ default: (server: Server) => AnyResourceHandler }>) => async () =>
    (await module()).default(server);
  const loadFunction =
    (module: () => Promise<{ default: (server: Server) => PluginFunction }>): PluginFunction =>
    async (args, context) =>
      (await module()).default(server)(args, context);
  return {
    version: "7.48.0", // the version of @pulumi/aws with these types
    resources: {
      "aws:autoscaling/group:Group": load(() => import("./autoscaling/group.ts")),
      "aws:dynamodb/table:Table": load(() => import("./dynamodb/table.ts")),
      "aws:dynamodb/tableItem:TableItem": load(() => import("./dynamodb/table-item.ts")),
      "aws:ec2/launchTemplate:LaunchTemplate": load(() => import("./ec2/launch-template.ts")),
      "aws:ec2/securityGroup:SecurityGroup": load(() => import("./ec2/security-group.ts")),
      "aws:iam/instanceProfile:InstanceProfile": load(() => import("./iam/instance-profile.ts")),
      "aws:iam/role:Role": load(() => import("./iam/role.ts")),
      "aws:iam/rolePolicy:RolePolicy": load(() => import("./iam/role-policy.ts")),
      "aws:iam/rolePolicyAttachment:RolePolicyAttachment": load(
        () => import("./iam/role-policy-attachment.ts"),
      ),
      "aws:s3/accessPoint:AccessPoint": load(() => import("./s3/access-point.ts")),
      "aws:s3/bucket:Bucket": load(() => import("./s3/bucket.ts")),
      "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": load(
        () => import("./s3/bucket-lifecycle-configuration.ts"),
      ),
      "aws:s3/bucketOwnershipControls:BucketOwnershipControls": load(
        () => import("./s3/bucket-ownership-controls.ts"),
      ),
      "aws:s3/bucketPolicy:BucketPolicy": load(() => import("./s3/bucket-policy.ts")),
      "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": load(
        () => import("./s3/bucket-public-access-block.ts"),
      ),
      "aws:s3/bucketReplicationConfig:BucketReplicationConfig": load(
        () => import("./s3/bucket-replication-config.ts"),
      ),
      "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": load(
        () => import("./s3/bucket-encryption.ts"),
      ),
      "aws:s3/bucketVersioning:BucketVersioning": load(() => import("./s3/bucket-versioning.ts")),
    },
    functions: {
      "aws:ec2/getSubnet:getSubnet": loadFunction(() => import("./ec2/get-subnet.ts")),
      "aws:ec2/getSubnets:getSubnets": loadFunction(() => import("./ec2/get-subnets.ts")),
      "aws:ec2/getVpc:getVpc": loadFunction(() => import("./ec2/get-vpc.ts")),
      "aws:index/getCallerIdentity:getCallerIdentity": loadFunction(
        () => import("./sts/get-caller-identity.ts"),
      ),
      "aws:ssm/getParameter:getParameter": loadFunction(() => import("./ssm/get-parameter.ts")),
    },
  };
};
