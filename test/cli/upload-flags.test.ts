import { expect } from "chai";
import { uploadFlags } from "../../cli/upload-flags.ts";
import { ITEM_KEYS } from "../../staging/entry-values.ts";

/** The key of an item of `spawn:entries` for each option of `stage upload` whose name differs. */
const KEYS: Readonly<Record<string, string>> = { name: "filename", "sweep-id": "sweep" };
/** An update never uploads an unchanged item again. */
const WITHOUT_KEY = ["reuse"];

const camelCase = (flag: string) => flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

describe("the options of stage upload", () => {
  it("are keys of declared entries", () => {
    const wanted = Object.keys(uploadFlags)
      .filter((flag) => !WITHOUT_KEY.includes(flag))
      .map((flag) => KEYS[flag] ?? camelCase(flag));
    expect(Object.keys(ITEM_KEYS)).to.include.members(wanted);
  });
});
