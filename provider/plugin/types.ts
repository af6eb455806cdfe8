import type proto from "@pulumi/pulumi/proto/provider_pb.js";
import { describeError, InputError, type UserError } from "../../staging/errors.ts";
import type { Words } from "../../staging/option.ts";
import type { Json, Properties } from "../../staging/schema/json.ts";

export type { Json, Properties };

/** The scope of a handler's work on one resource. */
export interface CallContext {
  readonly urn: string;
  /** Aborted when the engine cancels (Ctrl-C) or the call's timeout ends: stop cleanly and throw. */
  readonly signal: AbortSignal;
  /** Shows a message on the resource's line. Ephemeral messages are progress. Never throws. */
  log(
    severity: "debug" | "info" | "warning" | "error",
    message: Words,
    options?: { ephemeral?: boolean },
  ): void;
}

export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
  /** The error that `reason` describes, if any. */
  readonly error?: UserError;
}

export const checkFailure = (property: string, error: UserError): CheckFailure => ({
  property,
  reason: describeError(error),
  error,
});

export interface Difference {
  /** Names of inputs whose change replaces the resource. */
  readonly replaces: readonly string[];
  /** Names of inputs whose change updates the resource in place. */
  readonly updates: readonly string[];
  readonly deleteBeforeReplace?: boolean;
}

/**
 * The behaviour of one resource type. `I` are its inputs, `O` its outputs (which repeat the inputs). Methods throw an
 * `Error` whose message is for the user; {@link PartialFailure} if the resource exists but is incomplete.
 */
export interface ResourceHandler<I extends object = Properties, O extends I = I> {
  /** Outputs that are not inputs: unknown in the preview of a creation. */
  readonly computed: readonly string[];
  /** Outputs of {@link computed} that an update may change: unknown in its preview. Default: none. */
  readonly changing?: readonly string[];
  /** Adds defaults and validates inputs. Leaves unknowns in `news` unchanged (see `isUnknown`). */
  check?(
    news: Properties,
    olds: I | undefined,
    context: CallContext,
  ): Promise<{ inputs: Properties; failures?: CheckFailure[] }>;
  /** Compares the state with the inputs. `news` may have unknowns. */
  diff(id: string, oldInputs: I, oldOutputs: O, news: I): Difference | Promise<Difference>;
  create(inputs: I, context: CallContext): Promise<{ id: string; outputs: O }>;
  /** Outputs that the preview of a creation knows. `inputs` may have unknowns. Changes nothing. Default: none. */
  preview?(inputs: I, context: CallContext): Promise<Partial<O>>;
  /** The resource in AWS, or undefined if it no longer exists. `inputs` are undefined during an import. */
  read(
    id: string,
    inputs: I | undefined,
    outputs: O | undefined,
    context: CallContext,
  ): Promise<{ id: string; inputs: I; outputs: O } | undefined>;
  update?(id: string, oldOutputs: O, news: I, context: CallContext): Promise<O>;
  /** Idempotent: a missing resource is no error. */
  delete(id: string, outputs: O, context: CallContext): Promise<void>;
}

/** The resource exists but is incomplete: it stays in the state with these outputs, and the next update completes it. */
export class PartialFailure extends Error {
  override readonly name = "PartialFailure";
  readonly id: string;
  readonly outputs: Properties;
  readonly reason: unknown;

  /** @param reason the error for the user */
  constructor(id: string, outputs: Properties, reason: unknown, options?: ErrorOptions) {
    super(describeError(reason), options);
    this.id = id;
    this.reason = reason;
    this.outputs = outputs;
  }
}

/** Invalid inputs, with the path of each property. The engine shows them with the values. */
export class InvalidInputs extends InputError {
  readonly failures: readonly CheckFailure[];

  constructor(message: string, failures: readonly CheckFailure[]) {
    super(message, { why: failures.map(({ property, reason }) => `${property}: ${reason}`).join("; ") });
    this.failures = failures;
  }
}

// One table has handlers of different types, so it erases their parameters.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AnyResourceHandler = ResourceHandler<any, any>;

export interface Plugin {
  readonly version: string;
  /** The text of the package's schema. Default: none. */
  readonly schema?: () => Promise<string>;
  /** By type token. Loaded at first use, so that the plugin starts fast. */
  readonly resources: Readonly<Record<string, () => Promise<AnyResourceHandler>>>;
  /** Functions (invokes) by token. */
  readonly functions?: Readonly<
    Record<string, (args: Properties, context: CallContext) => Promise<Properties>>
  >;
  /** Loads the code that most updates need, while the engine still starts. Default: no code. */
  readonly preload?: () => void;
  /** Declares the resources of a component. @param engine the engine's address. Default: the package has no components */
  readonly construct?: (
    request: proto.ConstructRequest,
    context: CallContext,
    engine: string,
  ) => Promise<proto.ConstructResponse>;
}
