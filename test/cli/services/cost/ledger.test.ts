import { type DynamoDBClient, GetItemCommand, type ScanCommand } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { expect } from "chai";
import { type LedgerFilter, ledgerPages } from "../../../../cli/services/cost/ledger.ts";
import { InputError } from "../../../../staging/errors.ts";
import { parseStagingId } from "../../../../staging/ids.ts";
import { ledgerItem } from "../../ledger.ts";
import { testSettings } from "../../records.ts";

type Item = Record<string, unknown>;

/** A table that returns these pages for a scan, and records its requests. */
class Ledger {
  readonly asked: (GetItemCommand | ScanCommand)["input"][] = [];
  readonly #pages: readonly Item[][];

  constructor(...pages: Item[][]) {
    this.#pages = pages;
  }

  async send(command: GetItemCommand | ScanCommand): Promise<object> {
    this.asked.push(command.input);
    if (command instanceof GetItemCommand) {
      const found = this.#pages
        .flat()
        .find(({ staging_id }) => staging_id === command.input.Key?.["staging_id"]?.S);
      return found === undefined ? {} : { Item: marshall(found) };
    }
    const at = Number(command.input.ExclusiveStartKey?.["staging_id"]?.S ?? 0);
    return {
      Items: this.#pages[at]?.map((item) => marshall(item)) ?? [],
      ...(at + 1 < this.#pages.length ? { LastEvaluatedKey: marshall({ staging_id: String(at + 1) }) } : {}),
    };
  }

  async read(filter: LedgerFilter = {}): Promise<{ ids: string[]; problems: string[] }> {
    const [ids, problems]: [string[], string[]] = [[], []];
    const settings = testSettings("prod");
    const tables = { client: this as unknown as DynamoDBClient, settings };
    for await (const page of ledgerPages(tables, filter, ({ message }) => problems.push(message)))
      ids.push(...page.map(({ stagingId }) => stagingId));
    return { ids, problems };
  }
}

const [A, B, C] = ["a", "b", "c"].map((id) => `stage-${id.padEnd(12, "0")}`) as [string, string, string];

describe("the ledger", () => {
  it("is read page by page", async () => {
    const ledger = new Ledger([ledgerItem("a"), ledgerItem("b")], [], [ledgerItem("c")]);
    expect(await ledger.read()).to.deep.equal({ ids: [A, B, C], problems: [] });
    expect(ledger.asked).to.have.length(3);
    expect(
      ledger.asked.map((input) => ("ExclusiveStartKey" in input ? input.ExclusiveStartKey : {})),
    ).to.deep.equal([{}, { staging_id: { S: "1" } }, { staging_id: { S: "2" } }]);
    expect(ledger.asked[0]).to.include({ TableName: "usage" }).and.not.have.property("FilterExpression");
  });

  it("is filtered by sweep on the server, except rows with earlier generations", async () => {
    const ledger = new Ledger([]);
    await ledger.read({ sweepId: "sweep-1" });
    expect(ledger.asked[0]).to.deep.include({
      FilterExpression: "#sweep = :sweep OR attribute_exists(#lives)",
      ExpressionAttributeValues: { ":sweep": { S: "sweep-1" } },
    });
  });

  it("is read further after a corrupt row", async () => {
    const ledger = new Ledger([ledgerItem("a", { size_bytes: "big" }), ledgerItem("b")]);
    const { ids, problems } = await ledger.read();
    expect(ids).to.deep.equal([B]);
    expect(problems).to.have.length(1);
    expect(problems[0]).to.contain(A).and.contain("size_bytes");
  });

  it("is read by key for one entry, and reports a missing row", async () => {
    const ledger = new Ledger([ledgerItem("a"), ledgerItem("b")]);
    expect((await ledger.read({ stagingId: parseStagingId(B) })).ids).to.deep.equal([B]);
    expect(ledger.asked.every((input) => "ConsistentRead" in input)).to.equal(true);
    let refusal: unknown;
    await ledger.read({ stagingId: parseStagingId(C) }).catch((error: unknown) => {
      refusal = error;
    });
    expect(refusal).to.be.instanceOf(InputError);
    expect(refusal).to.include({ message: `no staging entry ${C} was ever in environment prod` });
    expect(refusal).to.have.property("fix").that.contains("spawn stage cost --format csv --environment prod");
  });
});
