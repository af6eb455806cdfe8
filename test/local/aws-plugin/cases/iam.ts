import { allow, type Case, json, type Step } from "./case.ts";

const ROLE = "aws:iam/role:Role";
const PROFILE = "aws:iam/instanceProfile:InstanceProfile";
const READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
const trust = (service: string) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
});

const role = (name: string): Step => ({
  type: ROLE,
  inputs: { name, assumeRolePolicy: json(trust("ec2.amazonaws.com")) },
});

export const iamCases: readonly Case[] = [
  {
    name: "Role",
    type: ROLE,
    inputs: {
      name: "conf-role",
      description: "Replicates",
      assumeRolePolicy: json(trust("s3.amazonaws.com")),
      tags: { team: "genomics", old: "x" },
    },
    id: "conf-role",
    outputs: { tagsAll: { team: "genomics", old: "x" } },
    same: { assumeRolePolicy: json(trust("s3.amazonaws.com"), 2) },
    change: {
      description: "Copies",
      maxSessionDuration: 7200,
      assumeRolePolicy: json(trust("ec2.amazonaws.com")),
      tags: { team: "physics", new: "y" },
    },
    replacing: [{ change: { name: "conf-role-two" } }, { change: { path: "/spawn/" }, deleteFirst: true }],
    notImported: ["forceDetachPolicies"],
  },
  {
    name: "RolePolicy",
    type: "aws:iam/rolePolicy:RolePolicy",
    needs: [role("conf-holder")],
    inputs: {
      name: "replicate",
      role: "conf-holder",
      policy: json(allow(["s3:GetObject", "s3:ListBucket"], "*")),
    },
    id: "conf-holder:replicate",
    same: { policy: json(allow(["s3:ListBucket", "s3:GetObject"], ["*"]), 2) },
    change: { policy: json(allow("s3:GetObject", "arn:aws:s3:::a+b%20c/*")) },
    replacing: [{ change: { name: "other" } }, { change: { role: "other-role" }, deleteFirst: true }],
  },
  {
    name: "RolePolicyAttachment",
    type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    needs: [role("conf-attached")],
    inputs: { role: "conf-attached", policyArn: READ_ONLY },
    id: `conf-attached/${READ_ONLY}`,
    change: {}, // immutable
    replacing: [
      { change: { role: "other-role" } },
      { change: { policyArn: "arn:aws:iam::aws:policy/AmazonS3FullAccess" } },
    ],
  },
  {
    name: "InstanceProfile",
    type: PROFILE,
    needs: [role("conf-worker"), role("conf-other")],
    inputs: { name: "conf-profile", role: "conf-worker", tags: { team: "genomics", old: "x" } },
    id: "conf-profile",
    outputs: {
      arn: "arn:aws:iam::ACCOUNT:instance-profile/conf-profile",
      path: "/",
      tagsAll: { team: "genomics", old: "x" },
    },
    change: { role: "conf-other", tags: { team: "physics", new: "y" } },
    replacing: [{ change: { name: "conf-profile-two" } }, { change: { path: "/spawn/" }, deleteFirst: true }],
  },
  {
    name: "InstanceProfile without a role",
    type: PROFILE,
    needs: [role("conf-late")],
    inputs: { name: "conf-empty-profile" },
    id: "conf-empty-profile",
    outputs: { tagsAll: {} },
    change: { role: "conf-late" },
    replacing: [],
  },
];
