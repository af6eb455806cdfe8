import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { createDynamoClients } from "../../provider/dynamo-clients.ts";
import { RunningCalls } from "../../provider/plugin/calls.ts";
import { createS3Clients } from "../../provider/store/clients.ts";
import type { RetryPolicy } from "../../provider/store/request-retries.ts";
import { pause } from "../../provider/store/retry.ts";
import { INSIDE, retriesInside } from "../../provider/store/retrying.ts";
import { DataPlane } from "../../provider/transfer/data-plane.ts";
import {
  bucketOf,
  CloudFixture,
  PRIMARY,
  REGIONS,
  SECOND,
  stagedInputs,
  THIRD,
} from "../provider/cloud-fixture.ts";
import { createTable } from "../support/tables.ts";
import { assertStagedEverywhere, type SourceBytes } from "./contents.ts";
import { Deployment, type UpdateTools } from "./deployment.ts";
import { type Exchange, FaultProxy, passOn } from "./fault-proxy.ts";
import { type FaultKind, KINDS, type Surroundings } from "./kinds.ts";
import { assertClear } from "./messages.ts";
import { describeFault, type Fault, type Plan, planOf, shapeOf } from "./plan.ts";
import { Random } from "./random.ts";

const TABLE = "spawn-usage-faults";
/** The provider waits minutes by default; here, a stalling fault costs this time. */
const STALL_MS = 700;
const RETRY_DELAY_MS = 15;
/** As the provider's own retries, with short delays. */
const RETRIES: Pick<RetryPolicy, "patience" | "clock"> = {
  patience: { attempts: 6, forMs: 0 },
  clock: {
    now: () => performance.now(),
    random: Math.random,
    pause: (_milliseconds, signal) => pause(RETRY_DELAY_MS, signal),
  },
};
/** An update that takes longer hangs; on a loaded machine one of them takes half a minute. */
const UPDATE_LIMIT_MS = 120_000;

export interface Outcome {
  readonly seed: number;
  /** The results of the updates with faults; the last one, without faults, must succeed. */
  readonly ended: "success" | "failure, then resumed";
  /** The number of times that each fault occurred. */
  readonly injected: ReadonlyMap<FaultKind, number>;
  /** The messages of the failures. */
  readonly messages: readonly string[];
  readonly seconds: number;
}

/** Runs that follow a seed's plan, one after another, on one local cloud. */
export class FaultLab {
  readonly #fixture: CloudFixture;
  readonly #proxy: FaultProxy;

  private constructor(fixture: CloudFixture, proxy: FaultProxy) {
    this.#fixture = fixture;
    this.#proxy = proxy;
  }

  static async open(): Promise<FaultLab> {
    const fixture = await CloudFixture.start();
    const lab = new FaultLab(fixture, await FaultProxy.start(fixture.cloud.endpoint));
    const dynamo = new DynamoDBClient({ region: PRIMARY });
    await createTable(dynamo, TABLE, ["staging_id"]);
    dynamo.destroy();
    return lab;
  }

  async close(): Promise<void> {
    await this.#proxy.stop();
    await this.#fixture.stop();
  }

  /** @throws Error that names the seed and its plan if an update neither succeeds nor fails clearly */
  async run(seed: number): Promise<Outcome> {
    const plan = planOf(seed);
    const rejections: unknown[] = [];
    const note = (reason: unknown): void => void rejections.push(reason);
    process.on("unhandledRejection", note);
    try {
      const outcome = await this.#follow(plan);
      const unexpected = [...rejections, ...this.#proxy.takeErrors()];
      if (unexpected.length > 0)
        throw new AggregateError(unexpected, `not handled: ${unexpected.join("; ")}`);
      return outcome;
    } catch (error) {
      throw new Error(`${describePlan(plan)}\n${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    } finally {
      process.off("unhandledRejection", note);
    }
  }

  async #follow(plan: Plan): Promise<Outcome> {
    const started = performance.now();
    const injected = new Map<FaultKind, number>();
    const messages: string[] = [];
    const folder = join(this.#fixture.folder, `seed ${plan.seed}`);
    const { location, files } = await this.#makeSource(plan, folder);
    const inputs = stagedInputs(location, { replicateTo: plan.method === "rule" ? [SECOND, THIRD] : [] });
    const deployment = new Deployment({
      staged: inputs,
      replicas: [SECOND, THIRD].map((region) => ({ region, bucket: bucketOf(region) })),
      method: plan.method,
      usageTable: TABLE,
    });
    const check = () => assertStagedEverywhere(this.#fixture, inputs, deployment.staged, files);
    let isWhole = false;
    for (const faults of plan.rounds) {
      const errors = await this.#updateUnder(faults, deployment, injected);
      isWhole = errors.length === 0;
      if (isWhole) await check();
      for (const error of errors) messages.push(assertClear(error));
    }
    const tools = this.#tools(this.#fixture.cloud.endpoint);
    if (!isWhole) {
      const [error] = await within(UPDATE_LIMIT_MS, deployment.update(tools.tools));
      if (error !== undefined) throw new Error("the update without faults failed", { cause: error });
      await check();
    }
    await deployment.destroy(tools.tools);
    tools.close();
    for (const region of REGIONS) {
      const left = await this.#fixture.everything(region, inputs.stagingId);
      if (left.length > 0) throw new Error(`left in ${region} after the deletion: ${left.join(", ")}`);
    }
    await rm(folder, { recursive: true, force: true });
    const ended = messages.length === 0 ? "success" : "failure, then resumed";
    return { seed: plan.seed, ended, injected, messages, seconds: (performance.now() - started) / 1000 };
  }

  async #updateUnder(
    faults: readonly Fault[],
    deployment: Deployment,
    injected: Map<FaultKind, number>,
  ): Promise<unknown[]> {
    const { tools, close } = this.#tools(this.#proxy.endpoint);
    const surroundings = this.#surroundings(tools.calls);
    const pending = faults.map((fault) => ({ fault, seen: 0, done: 0 }));
    // Blocks other requests during the tampering: a later change could not be detected.
    let tampering: Promise<void> = Promise.resolve();
    this.#proxy.intercept(async (exchange) => {
      await tampering;
      const due = pending
        .filter(({ fault }) => concerns(fault, exchange))
        .filter((counter) => {
          counter.seen += 1;
          return counter.seen > counter.fault.skip && counter.done < counter.fault.times;
        })[0];
      if (due === undefined) return passOn(exchange);
      due.done += 1;
      const { kind } = due.fault;
      injected.set(kind, (injected.get(kind) ?? 0) + 1);
      const injection = KINDS[kind].inject(exchange, surroundings);
      if (kind.endsWith("tampered with")) tampering = injection.catch(() => undefined);
      await injection;
    });
    try {
      const errors = await within(UPDATE_LIMIT_MS, deployment.update(tools));
      const { lentBytes } = tools.deps.plane.pool;
      if (lentBytes !== 0) throw new Error(`${lentBytes} bytes of the pool were not given back`);
      return errors;
    } finally {
      await this.#proxy.heal();
      close();
    }
  }

  #tools(endpoint: string): { tools: UpdateTools; close: () => void } {
    const plane = new DataPlane();
    const s3 = createS3Clients({
      stallTimeoutMs: STALL_MS,
      onThrottled: (bucket) => plane.limiters.throttled(bucket),
      config: { endpoint, forcePathStyle: true },
      ...RETRIES,
    });
    const dynamo = createDynamoClients({
      stallTimeoutMs: STALL_MS,
      config: { endpoint },
    });
    dynamo(PRIMARY).middlewareStack.add(retriesInside({ region: PRIMARY, ...RETRIES }), INSIDE);
    const deps = this.#fixture.dependencies({
      s3,
      plane,
      patience: { baseMs: 500, bytesPerSecond: 1e9, firstPollMs: 20, maxPollMs: 100 },
    });
    const close = (): void => {
      for (const region of REGIONS) s3.at(region).client.destroy();
      dynamo(PRIMARY).destroy();
    };
    return { tools: { deps, dynamo, calls: new RunningCalls() }, close };
  }

  /** Creates the plan's source. `location` is its path or URL. */
  async #makeSource(
    { seed, source }: Plan,
    folder: string,
  ): Promise<{ location: string; files: SourceBytes[] }> {
    const { folder: name = "", files: shapes, isOnS3 = false } = shapeOf(source);
    const random = new Random(seed);
    const files = shapes.map(({ path, size }) => ({
      path,
      keyPath: posix.join(name, path),
      bytes: random.bytes(size),
    }));
    const [first] = files;
    if (first === undefined) throw new Error(`${source} has no files`);
    if (isOnS3) {
      const [Bucket, Key] = [bucketOf(SECOND), `sources/${seed}/${first.path}`];
      await this.#fixture.s3.of(SECOND).send(new PutObjectCommand({ Bucket, Key, Body: first.bytes }));
      return { location: `s3://${Bucket}/${Key}`, files };
    }
    for (const { keyPath, bytes } of files) {
      await mkdir(dirname(join(folder, keyPath)), { recursive: true });
      await writeFile(join(folder, keyPath), bytes);
    }
    return { location: join(folder, name === "" ? first.path : name), files };
  }

  #surroundings(calls: RunningCalls): Surroundings {
    const { s3 } = this.#fixture;
    const overwrite = async (from: string, to: string, Key: string): Promise<void> => {
      const head = await s3.of(from).send(new HeadObjectCommand({ Bucket: bucketOf(from), Key }));
      // Two empty objects cannot be distinguished.
      if (!head.ContentLength) return;
      const Body = new Random(head.ContentLength).bytes(head.ContentLength);
      await s3.of(to).send(new PutObjectCommand({ Bucket: bucketOf(to), Key, Body }));
    };
    return {
      tamperWith: (_bucket, key, region) => overwrite(region, region, key),
      tamperWithReplicas: async (key, region) => {
        const replicas = region === PRIMARY ? [SECOND, THIRD] : [region];
        for (const replica of replicas) await overwrite(PRIMARY, replica, key);
      },
      interrupt: () => calls.cancelAll("interrupted"),
    };
  }
}

const concerns = ({ kind, operation }: Fault, exchange: Exchange): boolean =>
  (operation === "*" || operation === exchange.operation.name) &&
  // An upload is a request that the primary region receives.
  (kind !== "upload tampered with" || exchange.operation.region === PRIMARY);

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not ended after ${milliseconds / 1000} s`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function describePlan({ seed, source, method, rounds }: Plan): string {
  const faults = rounds.map((round, index) => `update ${index + 1}: ${round.map(describeFault).join("; ")}`);
  return [
    `seed ${seed} (npm run test:faults -- --seed ${seed}): ${source}, replication by ${method}`,
    ...faults,
  ].join("\n");
}
