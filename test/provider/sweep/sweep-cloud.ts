import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { createBulkDynamoClients } from "../../../provider/dynamo-clients.ts";
import type { SweepAccess } from "../../../provider/sweep/access.ts";
import type { SweepGroups } from "../../../provider/sweep/groups.ts";
import { queryPages } from "../../../provider/sweep/queries.ts";
import { sweepRun } from "../../../provider/sweep-run.ts";
import { newStagingId } from "../../../staging/ids.ts";
import type { SweepRunInputs } from "../../../staging/resources/sweep-run.ts";
import { newSweepId, parseLaunchedSweepId, type SweepId } from "../../../staging/sweep/id.ts";
import { ITEM_KEY } from "../../../staging/sweep/item-keys.ts";
import { createSweepsTable } from "../../support/tables.ts";
import { CloudFixture, PRIMARY, SECOND } from "../cloud-fixture.ts";
import { Kill } from "./kill.ts";

export const TABLE = "spawn-sweeps-test";
export const GROUP = "spawn-sweep-test";
export const START = new Date("2026-11-10T12:00:00Z");

type Plain = Record<string, unknown>;

/** A local cloud with a sweeps table. */
export class SweepCloud {
  readonly fixture: CloudFixture;
  readonly client: DynamoDBClient;
  now = START;

  private constructor(fixture: CloudFixture) {
    this.fixture = fixture;
    this.client = createBulkDynamoClients()(PRIMARY);
  }

  static async start(): Promise<SweepCloud> {
    const cloud = new SweepCloud(await CloudFixture.start());
    await createSweepsTable(cloud.client, TABLE);
    return cloud;
  }

  stop(): Promise<void> {
    return this.fixture.stop();
  }

  /** The resource, in a simulated process that `kill` ends. */
  handler(groups: SweepGroups, kill: Kill = new Kill(0, "before")): ReturnType<typeof sweepRun> {
    const dynamo = createBulkDynamoClients();
    const watched = kill.watch(dynamo(PRIMARY));
    const deps = { now: () => this.now, settling: { attempts: 2, firstDelayMs: 1 } };
    return sweepRun(deps, () => watched, kill.groups(groups));
  }

  access(sweepId: string, groups: SweepGroups, notes: string[] = []): SweepAccess {
    return {
      sweepId: parseLaunchedSweepId(sweepId),
      table: TABLE,
      client: this.client,
      groups,
      now: () => this.now,
      signal: new AbortController().signal,
      progress: () => undefined,
      note: (text) => notes.push(text),
    };
  }

  /** All items of a sweep, by their key. */
  async items(sweepId: string): Promise<Map<string, Plain>> {
    const found = new Map<string, Plain>();
    const query = {
      TableName: TABLE,
      KeyConditionExpression: "sweep_id = :id",
      ExpressionAttributeValues: { ":id": { S: sweepId } },
      ConsistentRead: true,
    };
    for await (const page of queryPages(this.client, query))
      for (const item of page) found.set(String(item[ITEM_KEY]?.S), unmarshall(item));
    return found;
  }

  /** A file of rows, and its SHA-256. */
  async rows(rows: readonly object[] | string): Promise<{ rowsFile: string; rowsSha256: string }> {
    const text = typeof rows === "string" ? rows : rows.map((row) => `${JSON.stringify(row)}\n`).join("");
    const rowsSha256 = createHash("sha256").update(text).digest("hex");
    const rowsFile = join(this.fixture.folder, `${rowsSha256}.jsonl`);
    await writeFile(rowsFile, text);
    return { rowsFile, rowsSha256 };
  }
}

/** A sweep of five indices in two regions, with two workers in each. */
export function runInputs(changes: Partial<SweepRunInputs> = {}): SweepRunInputs {
  const sweepId: SweepId = newSweepId();
  return {
    sweepId,
    table: TABLE,
    tableRegion: PRIMARY,
    name: "search",
    stack: `dev.${sweepId}`,
    count: 5,
    regions: [
      { region: PRIMARY, start: 0, end: 3, workers: 2, group: GROUP },
      { region: SECOND, start: 3, end: 5, workers: 2, group: GROUP },
    ],
    entries: [newStagingId()],
    command: "#!/bin/sh\necho $SWEEP_INDEX\n",
    retriesInterrupted: 3,
    retriesError: 0,
    deadlineSeconds: 86_400,
    generation: 0,
    ...changes,
  };
}
