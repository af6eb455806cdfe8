import type { Properties } from "../../../../provider/plugin/types.ts";

/** Another AWS resource that a case needs first. */
export interface Step {
  readonly type: string;
  readonly inputs: Properties;
}

/** What one AWS type is put through; see ../conformance.integration.ts. */
export interface Case {
  readonly name: string;
  readonly type: string;
  readonly needs?: readonly Step[];
  /** `ACCOUNT` stands for the account's number, `IMAGE`, `SUBNET_0` and `SUBNET_1` for what {@link REGION} has; in changes, too. */
  readonly inputs: Properties;
  /** The id that the official provider gives it, and under which it is imported: a text, or a pattern where AWS makes it up. */
  readonly id: string | RegExp;
  /** The id for an import after the change, where it is another; the engine keeps the first. */
  readonly idAfterChange?: string;
  /** Outputs, besides the inputs. */
  readonly outputs?: Properties;
  /** Inputs that mean the same, said in another way. */
  readonly same?: Properties;
  /** New values of some inputs that can be changed in place. */
  readonly change: Properties;
  /** New values of single inputs that make another resource, and whether the old one has to go first. */
  readonly replacing: readonly { readonly change: Properties; readonly deleteFirst?: true }[];
  /** Inputs that only the state knows, so not an import. */
  readonly notImported?: readonly string[];
  /** What AWS leaves when the settings are removed, if it isn't nothing. */
  readonly remains?: Properties;
  /** Emulators that cannot do this, and why. */
  readonly beyond?: { readonly [emulator: string]: string };
}

export const REGION = "us-west-2";

/** A step that makes a bucket. */
export const bucket = (name: string, region = REGION): Step => ({
  type: "aws:s3/bucket:Bucket",
  inputs: { bucket: name, region },
});

export const json = (value: unknown, indent?: number): string => JSON.stringify(value, undefined, indent);

/** A policy of one statement. */
export const allow = (Action: string | string[], Resource: string | string[], more = {}) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action, Resource, ...more }],
});
