import { describeError, type UserError } from "../../staging/errors.ts";
import type { Json, Properties } from "../../staging/schema/json.ts";

export type { Json, Properties };

/** What a handler may use while it works on one resource. */
export interface CallContext {
  readonly urn: string;
  /** Aborted when the engine cancels (Ctrl-C) or the call's time is over: stop cleanly and throw. */
  readonly signal: AbortSignal;
  /** Shows a message on the resource's line. Ephemeral ones are progress and leave no trace. Never throws. */
  log(
    severity: "debug" | "info" | "warning" | "error",
    message: string,
    options?: { ephemeral?: boolean },
  ): void;
}

export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
  /** The error that `reason` describes, where there is one. */
  readonly error?: UserError;
}

export interface Difference {
  /** Names of inputs whose change replaces the resource. */
  readonly replaces: readonly string[];
  /** Names of inputs whose change updates the resource in place. */
  readonly updates: readonly string[];
  readonly deleteBeforeReplace?: boolean;
}

/**
 * The behaviour of one resource type. `I` are its inputs, `O` its outputs (which repeat the inputs).
 * Methods throw an `Error` whose message is for the user; {@link PartialFailure} where the resource exists all the same.
 */
export interface ResourceHandler<I extends object = Properties, O extends I = I> {
  /** Outputs that are not inputs: unknown in the preview of a creation. */
  readonly computed: readonly string[];
  /** Those of {@link computed} that an update may change: unknown in its preview. Default: none. */
  readonly changing?: readonly string[];
  /** Completes (defaults) and validates inputs. `news` may hold unknowns (see `isUnknown`): leave those alone. */
  check?(
    news: Properties,
    olds: I | undefined,
    context: CallContext,
  ): Promise<{ inputs: Properties; failures?: CheckFailure[] }>;
  /** Compares what is with what is wanted. `news` may hold unknowns. */
  diff(id: string, oldInputs: I, oldOutputs: O, news: I): Difference | Promise<Difference>;
  create(inputs: I, context: CallContext): Promise<{ id: string; outputs: O }>;
  /** The resource as it really is, or undefined when it is gone. `inputs` are undefined while importing. */
  read(
    id: string,
    inputs: I | undefined,
    outputs: O | undefined,
    context: CallContext,
  ): Promise<{ id: string; inputs: I; outputs: O } | undefined>;
  update?(id: string, oldOutputs: O, news: I, context: CallContext): Promise<O>;
  /** Idempotent: what is gone already is deleted. */
  delete(id: string, outputs: O, context: CallContext): Promise<void>;
}

/** The resource exists but did not come up whole: it stays in the state with these outputs, and the next update goes on. */
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

// Handlers of different types stand in one table, so their parameters are erased here and nowhere else.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AnyResourceHandler = ResourceHandler<any, any>;

export interface Plugin {
  readonly version: string;
  /** The text of the package's schema. Default: none, so only the SDK that declares its types can use the plugin. */
  readonly schema?: () => Promise<string>;
  /** By type token. Loaded when first used, so that a plugin that starts loads only what it needs. */
  readonly resources: Readonly<Record<string, () => Promise<AnyResourceHandler>>>;
  /** Functions (invokes) by token. */
  readonly functions?: Readonly<
    Record<string, (args: Properties, context: CallContext) => Promise<Properties>>
  >;
}
