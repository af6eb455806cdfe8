import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BatchGetItemCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { expect } from "chai";
import { expiredDeclared, itemsInStack } from "../../../../../cli/services/entry/listing/expired-declared.ts";
import { parseEnvironmentConfig } from "../../../../../stacks/environment-file.ts";
import { parseStagingId, type StagingId } from "../../../../../staging/ids.ts";
import { ledgerItem, NOW } from "../../../ledger.ts";
import { testSettings } from "../../../records.ts";

const declare = (...names: string[]) =>
  parseEnvironmentConfig(
    "dev",
    { regions: ["us-east-1"], cloud: "local", entries: names.map((name) => ({ name, source: "data/x" })) },
    "/p",
  );

async function expired(
  config: ReturnType<typeof declare>,
  rows: readonly Record<string, unknown>[],
  inState: ReadonlyMap<StagingId, string> = new Map(),
): Promise<{ items: string[]; errors: string[]; requests: number }> {
  const errors: string[] = [];
  let requests = 0;
  const client = {
    send: async ({ input }: BatchGetItemCommand) => {
      requests += 1;
      const keys = input.RequestItems?.["usage"]?.Keys ?? [];
      const found = rows.filter((row) => keys.some((key) => key["staging_id"]?.S === row["staging_id"]));
      return { Responses: { usage: found.map((row) => marshall(row)) } };
    },
  };
  const tables = { client: client as unknown as DynamoDBClient, settings: testSettings() };
  const context = { environment: async () => config };
  const found = await expiredDeclared(
    context,
    tables,
    () => NOW,
    async () => inState,
    ({ message }) => errors.push(message),
  );
  return { items: found.map(({ item }) => item), errors, requests };
}

const config = declare("genome", "other");
const [genome, other] = config.entries;
const rowOf = (id: string | undefined, changes: Record<string, unknown> = {}) =>
  ledgerItem("", { staging_id: id, ...changes });

describe("expired declared entries in a list", () => {
  it("are found in the ledger, without their records", async () => {
    const rows = [rowOf(genome?.id), rowOf(other?.id, { uploaded_at: "2026-11-20T12:00:00Z" })];
    expect(await expired(config, rows)).to.deep.equal({ items: ["genome"], errors: [], requests: 1 });
  });

  it("are found under the ID of an earlier version", async () => {
    expect((await expired(config, [rowOf(genome?.formerIds?.[0])])).items).to.deep.equal(["genome"]);
  });

  it("are found under the ID of a renamed item, which only the state knows", async () => {
    const kept = parseStagingId("stage-abc123def456");
    const rows = [rowOf(genome?.id), rowOf(kept)];
    const inState = new Map([[kept, "other"]]);
    expect((await expired(config, rows, inState)).items).to.deep.equal(["genome", "other"]);
  });

  it("have the name that the state has, although another item would have their ID", async () => {
    if (genome === undefined) throw new Error("there is no entry");
    const inState = new Map([[genome.id, "other"]]);
    expect((await expired(config, [rowOf(genome.id)], inState)).items).to.deep.equal(["other"]);
  });

  it("exclude deleted entries, and entries that were never staged", async () => {
    const deleted = rowOf(genome?.id, { closed_at: "2026-11-12T12:00:00Z" });
    expect((await expired(config, [deleted])).items).to.deep.equal([]);
    expect((await expired(config, [])).items).to.deep.equal([]);
  });

  it("take no request if the file declares none", async () => {
    expect((await expired(declare(), [])).requests).to.equal(0);
  });

  it("leave out a corrupt row, with its error", async () => {
    const { items, errors } = await expired(config, [rowOf(genome?.id, { ttl_days: "x", history: "x" })]);
    expect(items).to.deep.equal([]);
    expect(errors[0]).to.contain(`the usage row of ${genome?.id} cannot be read`);
  });

  it("are not looked up in the state without an engine, which a list must not build", async () => {
    const saved = { ...process.env };
    const home = await mkdtemp(join(tmpdir(), "spawn-list-"));
    Object.assign(process.env, { PATH: home, SPAWN_HOME: home, SPAWN_CACHE: home });
    const unused = () => Promise.reject(new Error("it opens a session"));
    const source = { settings: unused, connection: unused, target: unused, stateUrl: unused };
    try {
      const context = { ...source, stateObjects: unused, environmentName: "dev" };
      expect((await itemsInStack(context, config.entries)).size).to.equal(0);
    } finally {
      for (const name of ["PATH", "SPAWN_HOME", "SPAWN_CACHE"]) {
        if (saved[name] === undefined) delete process.env[name];
        else process.env[name] = saved[name];
      }
      await rm(home, { recursive: true });
    }
  });
});
