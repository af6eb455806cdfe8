import type { Dependencies } from "../../provider/deps.ts";
import { expiration } from "../../provider/expiration.ts";
import type { RunningCalls } from "../../provider/plugin/calls.ts";
import { type AnyResourceHandler, type CallContext, PartialFailure } from "../../provider/plugin/types.ts";
import { replication } from "../../provider/replication.ts";
import { stagedData } from "../../provider/staged-data.ts";
import { usageRow } from "../../provider/usage-row.ts";
import type { ReplicationMethod } from "../../staging/entry.ts";
import type { ExpirationInputs, ExpirationOutputs } from "../../staging/resources/expiration.ts";
import type { ReplicationInputs, ReplicationOutputs } from "../../staging/resources/replication.ts";
import type { StagedDataInputs, StagedDataOutputs } from "../../staging/resources/staged-data.ts";
import type { UsageRowInputs, UsageRowOutputs } from "../../staging/resources/usage-row.ts";
import { replicaInputs } from "../provider/cloud-fixture.ts";

interface EntrySettings {
  readonly staged: StagedDataInputs;
  /** The other regions and their buckets. */
  readonly replicas: readonly { readonly region: string; readonly bucket: string }[];
  readonly method: ReplicationMethod;
  readonly usageTable: string;
}

/** The settings of one update; another update may have other connections. */
export interface UpdateTools {
  readonly deps: Dependencies;
  readonly dynamo: Parameters<typeof usageRow>[1];
  /** The context in which the plugin's server runs calls; cancelling it has the effect of Ctrl-C. */
  readonly calls: RunningCalls;
}

interface State {
  readonly id: string;
  readonly inputs: object;
  readonly outputs: object;
  /** Its creation or update failed midway. */
  readonly unfinished: boolean;
}

/** The entry's resources, in the order of a deployment. Their state outlives each update, as in the engine. */
export class Deployment {
  readonly #settings: EntrySettings;
  readonly #states = new Map<string, State>();

  constructor(settings: EntrySettings) {
    this.#settings = settings;
  }

  get staged(): StagedDataOutputs | undefined {
    return this.#states.get("staged data")?.outputs as StagedDataOutputs | undefined;
  }

  /** The failures; empty after a success. Resources that depend on a failed one wait for the next update. */
  async update(tools: UpdateTools): Promise<unknown[]> {
    const errors: unknown[] = [];
    const bring = async <I extends object, O extends object>(
      name: string,
      handler: AnyResourceHandler,
      inputs: I,
    ): Promise<O | undefined> => {
      try {
        return (await this.#bring(name, handler, inputs, tools)) as O;
      } catch (error) {
        errors.push(error);
        return undefined;
      }
    };
    const { deps } = tools;
    const { staged: inputs, replicas, method, usageTable } = this.#settings;
    const staged = await bring<StagedDataInputs, StagedDataOutputs>("staged data", stagedData(deps), inputs);
    if (staged === undefined) return errors;
    const { stagingId, region, bucket, uploadedAt, ttlDays, manifestSha256, filename, sizeBytes } = staged;
    const expire = (where: { region: string; bucket: string }) =>
      bring<ExpirationInputs, ExpirationOutputs>(`expiration in ${where.region}`, expiration(deps), {
        ...where,
        ...{ stagingId, ttlDays, uploadedAt, manifestSha256 },
      });
    const replicate = async (where: { region: string; bucket: string }) => {
      const made = await bring<ReplicationInputs, ReplicationOutputs>(
        `replication to ${where.region}`,
        replication(deps),
        replicaInputs(staged, where.region, { ...where, method }),
      );
      return made && expire(where);
    };
    await Promise.all([expire({ region, bucket }), ...replicas.map(replicate)]);
    if (errors.length > 0) return errors;
    const regions = [region, ...replicas.map((replica) => replica.region)];
    await bring<UsageRowInputs, UsageRowOutputs>("usage row", usageRow(deps, tools.dynamo), {
      ...{ table: usageTable, region, regions, stagingId, filename, sizeBytes, uploadedAt, ttlDays },
    });
    return errors;
  }

  /** Deletes everything, in reverse order. */
  async destroy(tools: UpdateTools): Promise<void> {
    for (const [name, { id, outputs }] of [...this.#states].reverse()) {
      await called(tools, (context) => this.#handlerOf(name, tools).delete(id, outputs, context));
      this.#states.delete(name);
    }
  }

  #handlerOf(name: string, { deps, dynamo }: UpdateTools): AnyResourceHandler {
    if (name === "staged data") return stagedData(deps);
    if (name === "usage row") return usageRow(deps, dynamo);
    return name.startsWith("replication") ? replication(deps) : expiration(deps);
  }

  async #bring(
    name: string,
    handler: AnyResourceHandler,
    inputs: object,
    tools: UpdateTools,
  ): Promise<object> {
    try {
      return await called(tools, (context) => this.#bringCalled(name, handler, inputs, context));
    } catch (error) {
      if (error instanceof PartialFailure) {
        this.#states.set(name, { id: error.id, inputs, outputs: error.outputs, unfinished: true });
      }
      throw error;
    }
  }

  async #bringCalled(
    name: string,
    handler: AnyResourceHandler,
    inputs: object,
    context: CallContext,
  ): Promise<object> {
    const state = this.#states.get(name);
    if (state === undefined) return this.#keep(name, inputs, await handler.create(inputs, context));
    const { id } = state;
    const { replaces, updates } = await handler.diff(id, state.inputs, state.outputs, inputs);
    if (replaces.length > 0) {
      await handler.delete(id, state.outputs, context);
      this.#states.delete(name);
      return this.#keep(name, inputs, await handler.create(inputs, context));
    }
    if (updates.length === 0 && !state.unfinished) return state.outputs;
    if (handler.update === undefined) throw new TypeError(`${name} cannot be updated`);
    return this.#keep(name, inputs, {
      id,
      outputs: await handler.update(id, state.outputs, inputs, context),
    });
  }

  #keep(name: string, inputs: object, { id, outputs }: { id: string; outputs: object }): object {
    this.#states.set(name, { id, inputs, outputs, unfinished: false });
    return outputs;
  }
}

function called<T>({ calls }: UpdateTools, work: (context: CallContext) => Promise<T>): Promise<T> {
  const urn = "urn:pulumi:dev::spawn::staging:index:Test::it";
  return calls.run(0, (signal) => work({ urn, signal, log: () => undefined }));
}
