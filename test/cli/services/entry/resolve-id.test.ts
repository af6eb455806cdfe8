import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import { type IdScope, resolveId, resolveIds } from "../../../../cli/services/entry/resolve-id.ts";
import { beginUpload } from "../../../../cli/services/entry/upload/unfinished.ts";
import { entryStackName } from "../../../../staging/entry.ts";
import { failureOf } from "../../../support/failure.ts";
import { testId } from "../../records.ts";
import { Machine } from "../machine.ts";

const SOURCE = { sizeBytes: 1, version: { modifiedMs: 1 } };

describe("a shortened staging ID", () => {
  const machine = Machine.forEachTest();

  /** Resolves among stored IDs; the table returns one item per page. */
  const resolve = (text: string, stored: readonly string[], scope?: IdScope) => {
    const pages = [...stored];
    const context = machine.context({
      dynamo: (_command, { ExpressionAttributeValues: values }) => {
        const start = values?.[":start"]?.S ?? "";
        const id = pages.shift();
        const isMatch = id?.startsWith(start) ?? false;
        const item: Record<string, AttributeValue> = { staging_id: { S: id ?? "" }, filename: { S: "a\n" } };
        return { Items: isMatch ? [item] : [], ...(pages.length > 0 ? { LastEvaluatedKey: item } : {}) };
      },
    });
    return resolveId(context, text, scope);
  };

  it("is not looked up if it is whole", async () => {
    const context = machine.context({
      dynamo: () => {
        throw new Error("not expected: a request");
      },
    });
    expect(await resolveIds(context, [testId(1), testId(2)])).to.deep.equal([testId(1), testId(2)]);
  });

  it("is found on any page of the table", async () => {
    expect(await resolve("0000000000f", [testId(1), testId(2), testId(0xf1)])).to.equal(testId(0xf1));
  });

  it("is found among uploads of this machine, and else among the stacks of the backend", async () => {
    await machine.stack(`dev.${testId(0xa1)}`);
    expect(await resolve("0000000000a", [])).to.equal(testId(0xa1));
    await beginUpload(entryStackName("dev", testId(0xa2)), SOURCE);
    expect(await resolve("0000000000a", [])).to.equal(testId(0xa2));
  });

  it("is not found in the ledger if only a stack has it", async () => {
    await machine.stack(`dev.${testId(0xa1)}`);
    expect(await failureOf(resolve("0000000000a", [], "ledger"))).to.include({
      message: "no staging ID in environment dev begins with stage-0000000000a",
      fix: "spawn stage cost",
    });
    expect(await failureOf(resolve("0000000000b", []))).to.include({ fix: "spawn stage list" });
  });

  it("is refused if several entries have it; the error lists ten of them", async () => {
    await beginUpload(entryStackName("dev", testId(0xf0)), SOURCE);
    const stored = Array.from({ length: 11 }, (_, at) => testId(0xf1 + at));
    const { message, why = "" } = await failureOf(resolve("0000000000f", stored));
    expect(message).to.equal("12 staging IDs begin with stage-0000000000f");
    expect(why.startsWith(`${testId(0xf0)} (interrupted), ${testId(0xf1)} (`)).to.equal(true);
    expect(why).to.match(/, and 2 more\.$/);
    expect(why).to.not.contain("\n");
  });
});
