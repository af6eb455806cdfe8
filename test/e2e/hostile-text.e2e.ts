import { DeleteItemCommand, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { expect } from "chai";
import { parseCsv } from "../cli/csv.ts";
import { ledgerItem } from "../cli/ledger.ts";
import type { Ended } from "./support/process.ts";
import { RECORDS, randomFile, sharedWorld, USAGE, type World } from "./support/world.ts";

/** Writes to the clipboard, clears the screen, sets colours, forges a success line, reverses text, and is a formula. */
const EVIL = "=evil\u001b]52;c;ZXZpbA==\u0007\u001b[2J\u009b31m\r\n✅ forged\u2028✅ forged\u202egnp";

/** The program's own escapes on a terminal: colours of labels, bold and underlined help, bars, prompt. */
const OWN = new RegExp(
  [
    "\u001b\\[(?:1|22|4|24|31|32|33|39)m",
    "\u001b\\[\\d+A\r\u001b\\[J",
    "\r\u001b\\[K",
    "\u001b\\[\\d+G",
    "\u001b\\[0?J",
    "\r+(?=\n)",
  ].join("|"),
  "g",
);
const CONTROL = /[^\P{Cc}\n]|[\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

/** Names, IDs, records and server messages from others, on a terminal and in a pipe. */
describe("hostile text", () => {
  let world: World;
  let id: string;
  const forged = ["stage-00000000f001", "stage-00000000f002", `stage-${EVIL}`];

  const put = async (table: string, item: Record<string, unknown>) => {
    const dynamo = (await world.aws()).dynamo("us-east-1");
    await dynamo.send(
      new PutItemCommand({ TableName: table, Item: marshall(item, { removeUndefinedValues: true }) }),
    );
  };

  before(async () => {
    world = await sharedWorld();
    await world.writeFile("hostile.bin", randomFile(1_000));
    id = await world.upload("hostile.bin", "--regions", "us-east-1", "--sweep-id", "sweep-hostile");
    const dynamo = (await world.aws()).dynamo("us-east-1");
    const { Item = {} } = await dynamo.send(
      new GetItemCommand({ TableName: RECORDS, Key: marshall({ staging_id: id }) }),
    );
    const record = unmarshall(Item);
    await put(RECORDS, { ...record, staging_id: forged[0], filename: EVIL, destination: `/mnt/${EVIL}` });
    await put(RECORDS, { ...record, staging_id: forged[1], sweep_id: EVIL, stack: EVIL, declared_as: EVIL });
    await put(RECORDS, { ...record, staging_id: forged[2] });
    await put(USAGE, ledgerItem("f003", { filename: EVIL, uploaded_at: "2024-05-10T00:00:00Z" }));
    await put(USAGE, ledgerItem("f005", { sweep_id: EVIL, uploaded_at: "2024-05-10T00:00:00Z" }));
    await put(USAGE, {
      ...ledgerItem("f004", { uploaded_at: "2024-05-11T00:00:00Z" }),
      staging_id: `stage-${EVIL}`,
    });
  });

  after(async () => {
    const dynamo = (await world.aws()).dynamo("us-east-1");
    const remove = (table: string, key: string) =>
      dynamo.send(new DeleteItemCommand({ TableName: table, Key: marshall({ staging_id: key }) }));
    for (const key of forged) await remove(RECORDS, key);
    for (const key of ["stage-f00300000000", "stage-f00500000000", `stage-${EVIL}`]) await remove(USAGE, key);
  });

  function expectHarmless(text: string, what: string): void {
    const rest = text.replace(OWN, "");
    expect(rest.match(CONTROL)?.[0], `${what}: ${JSON.stringify(text)}`).to.equal(undefined);
    expect(rest, what).to.not.match(/^\s*✅ forged/m);
  }

  async function inPipe(...args: string[]): Promise<Ended> {
    const piped = await world.spawn(...args);
    expectHarmless(piped.stdout + piped.stderr, `${args.join(" ")} in a pipe`);
    return piped;
  }

  async function inBoth(...args: string[]): Promise<Ended> {
    const piped = await inPipe(...args);
    const onTerminal = world.startOnTerminal(100, ...args);
    if (!args.includes("delete"))
      expectHarmless((await onTerminal.ended).stdout, `${args.join(" ")} on a terminal`);
    else {
      await onTerminal.wrote("Continue?").catch(() => undefined);
      onTerminal.type("n\n");
      expectHarmless((await onTerminal.ended).stdout, `${args.join(" ")} on a terminal`);
    }
    return piped;
  }

  it("in records is harmless in lists, details, prompts, warnings and errors", async () => {
    await inBoth("stage", "list");
    await inPipe("stage", "list", "--format", "csv");
    await inPipe("stage", "list", "--sweep-id", "sweep-hostile", "--verify");
    for (const key of forged.slice(0, 2)) {
      await inBoth("stage", "info", key);
      await inBoth("stage", "delete", key);
    }
    await inPipe("stage", "cleanup", "--expired", "--dry-run");
  });

  it("in the ledger is harmless in the cost report", async () => {
    const may = ["stage", "cost", "--since", "2024-05-01", "--until", "2024-05-31"];
    await inBoth(...may);
    const csv = await inPipe(...may, "--format", "csv");
    expect(parseCsv(csv.stdout).map(([, filename = ""]) => filename.slice(0, 8))).to.include("'=evil\\x");
    const raw = await world.spawn(...may, "--format", "csv", "--raw");
    expect(parseCsv(raw.stdout).map(([, filename]) => filename)).to.include(EVIL);
    const page = await inPipe(...may, "--format", "html");
    expect(page.stdout).to.contain("=evil\\x1b");
  });

  it("is exact in JSON and YAML, without a control character", async () => {
    for (const format of ["json", "yaml"]) {
      const { stdout } = await inPipe("stage", "list", "--format", format);
      expect(stdout).to.contain(id);
    }
    const { stdout } = await inPipe(
      "stage",
      "cost",
      "--since",
      "2024-05-01",
      "--until",
      "2024-05-31",
      "--format",
      "json",
    );
    const report = JSON.parse(stdout) as { entries: { filename: string }[] };
    expect(report.entries.map(({ filename }) => filename)).to.include(EVIL);
  });

  it("on the command line is harmless in errors", async () => {
    await inBoth("stage", "list", `--${EVIL}`);
    await inBoth("stage", "upload", EVIL);
    for (const args of [
      [EVIL],
      [`--${EVIL}`],
      ["stage", "list", EVIL],
      ["stage", "info", EVIL],
      ["stage", "info", `stage-${EVIL}`],
      ["stage", "upload", "hostile.bin", "--regions", EVIL],
      ["stage", "upload", "hostile.bin", "--exclude", EVIL],
      ["stage", "list", "--environment", EVIL],
      ["config", "set", EVIL, EVIL],
    ]) {
      const { code } = await inPipe(...args);
      expect(code, args.join(" ")).to.equal(2);
    }
  });
});
