import { InstanceProfile, type InstanceProfileArgs } from "@pulumi/aws/iam/instanceProfile.js";
import { Role, type RoleArgs } from "@pulumi/aws/iam/role.js";
import { RolePolicy, type RolePolicyArgs } from "@pulumi/aws/iam/rolePolicy.js";
import { RolePolicyAttachment, type RolePolicyAttachmentArgs } from "@pulumi/aws/iam/rolePolicyAttachment.js";
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  output,
  type Resource,
} from "@pulumi/pulumi";
import { parseAccountId } from "../staging/accounts.ts";
import type { EnvironmentSettings } from "../staging/environment.ts";
import { sweepResourceName } from "../staging/sweep/names.ts";
import type { SweepSpec } from "../staging/sweep/spec.ts";
import { workerPolicy } from "../staging/sweep/worker-policy.ts";
import { child, type Transform } from "./child.ts";
import { sweepTags } from "./sweep-tags.ts";

/** Transforms of the children of {@link SweepRole}. */
export interface SweepRoleTransform {
  /** The role. @default none @example { permissionsBoundary: "arn:aws:iam::123456789012:policy/boundary" } */
  role?: Transform<RoleArgs>;
  /** Its own policy. @default none */
  policy?: Transform<RolePolicyArgs>;
  /** Each managed policy that the user attached to it. @default none */
  attachments?: Transform<RolePolicyAttachmentArgs>;
  /** The instance profile, which gives instances the role. @default none */
  profile?: Transform<InstanceProfileArgs>;
}

interface SweepRoleArgs {
  spec: SweepSpec;
  /** The environment of the sweep. */
  environment: EnvironmentSettings;
  /** The environment's account. @example "123456789012" */
  accountId: Input<string>;
  /** Transforms of the children. @default none */
  transform?: SweepRoleTransform | undefined;
}

/** The name of the role's own policy. */
const POLICY_NAME = "work";

/** The trust policy: only instances may assume the role. */
export const WORKER_TRUST_POLICY = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

/**
 * The role of a sweep's workers, with the permissions of `staging/sweep/worker-policy.ts` and those that the user
 * added.
 */
export class SweepRole extends ComponentResource {
  readonly role: Role;
  readonly profile: InstanceProfile;
  /** The resources that grant permissions to the role; they must outlive the instances. */
  readonly rights: readonly Resource[];

  constructor(name: string, args: SweepRoleArgs, options?: ComponentResourceOptions) {
    super("spawn:index:SweepRole", name, {}, options);
    const { spec, environment, transform = {} } = args;
    const { workersBoundary: boundary } = environment;
    const parent = this;
    const resourceName = sweepResourceName(environment, spec.id);
    const tags = sweepTags(spec, environment);

    this.role = createRole();
    this.rights = [createPolicy(this.role), ...createAttachments(this.role)];
    this.profile = createProfile(this.role);
    this.registerOutputs({ role: this.role.arn, profile: this.profile.arn });

    function createRole(): Role {
      const own: RoleArgs = {
        name: resourceName,
        description: `Workers of the sweep ${spec.name}`,
        assumeRolePolicy: WORKER_TRUST_POLICY,
        ...(boundary === undefined ? {} : { permissionsBoundary: boundary }),
        tags,
      };
      return new Role(...child(transform.role, `${spec.id}-role`, own, { parent }));
    }

    function createPolicy({ name: role }: Role): RolePolicy {
      const policy = output(args.accountId).apply((id) =>
        workerPolicy(spec, environment, parseAccountId(id)),
      );
      const own: RolePolicyArgs = { role, name: POLICY_NAME, policy };
      return new RolePolicy(...child(transform.policy, `${spec.id}-policy`, own, { parent }));
    }

    function createAttachments({ name: role }: Role): RolePolicyAttachment[] {
      return spec.managedPolicies.map((policyArn) => {
        const own: RolePolicyAttachmentArgs = { role, policyArn };
        return new RolePolicyAttachment(
          ...child(transform.attachments, `${spec.id}-policy-${labelOf(policyArn)}`, own, { parent }),
        );
      });
    }

    function createProfile({ name: role }: Role): InstanceProfile {
      const own: InstanceProfileArgs = { name: resourceName, role, tags };
      return new InstanceProfile(...child(transform.profile, `${spec.id}-profile`, own, { parent }));
    }
  }
}

/** `arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess` becomes `aws-AmazonS3ReadOnlyAccess`. Labels are unique. */
function labelOf(policyArn: string): string {
  const [, , , , account = "", ...path] = policyArn.split(":");
  return `${account}-${path.join(":").replace(/^policy\//, "")}`;
}
