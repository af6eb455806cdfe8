import type { Properties } from "../../../../provider/plugin/types.ts";

/** Another AWS resource that a case needs first. */
export interface Step {
  readonly type: string;
  readonly inputs: Properties;
}

/** The conformance data of one AWS type; see ../conformance.integration.ts. */
export interface Case {
  readonly name: string;
  readonly type: string;
  readonly needs?: readonly Step[];
  /** `ACCOUNT` stands for the account's number, `IMAGE`, `SUBNET_0` and `SUBNET_1` for those of {@link REGION}; in changes, too. */
  readonly inputs: Properties;
  /** The official provider's ID, by which it is imported: a text, or a pattern if AWS chooses it. */
  readonly id: string | RegExp;
  /** The ID for an import after the change, if it differs; the engine keeps the first. */
  readonly idAfterChange?: string;
  /** Outputs besides the inputs. */
  readonly outputs?: Properties;
  /** Other inputs with the same meaning. */
  readonly same?: Properties;
  /** New values of some inputs that can be changed in place. */
  readonly change: Properties;
  /** New values of single inputs that replace the resource, and whether the old one must be deleted first. */
  readonly replacing: readonly { readonly change: Properties; readonly deleteFirst?: true }[];
  /** Inputs that only the state has, so not an import. */
  readonly notImported?: readonly string[];
  /** AWS's settings after the removal, if any. */
  readonly remains?: Properties;
  /** Emulators that do not support this, with the reason. */
  readonly beyond?: { readonly [emulator: string]: string };
}

export const REGION = "us-west-2";

/** A step that makes a bucket. */
export const bucket = (name: string, region = REGION): Step => ({
  type: "aws:s3/bucket:Bucket",
  inputs: { bucket: name, region },
});

export const blocked = {
  blockPublicAcls: true,
  blockPublicPolicy: true,
  ignorePublicAcls: true,
  restrictPublicBuckets: true,
};

export const json = (value: unknown, indent?: number): string => JSON.stringify(value, undefined, indent);

/** A policy of one statement. */
export const allow = (Action: string | string[], Resource: string | string[], more = {}) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action, Resource, ...more }],
});
