import { expect } from "chai";
import { type CompareSource, identifyEntries, itemsInState } from "../../staging/declared-ids.ts";
import { declaredSource } from "../../staging/declared-source.ts";
import type { EntrySpec } from "../../staging/entry.ts";
import { parseDeclaredEntries } from "../../staging/entry-values.ts";
import { InputError } from "../../staging/errors.ts";
import type { HeldEntry, StateEntry } from "../../staging/held-entry.ts";
import { declaredStagingId } from "../../staging/ids.ts";
import { heldIn } from "../../staging/ownership/held.ts";
import { parseRegionList } from "../../staging/regions.ts";
import { STAGED_DATA } from "../../staging/resources/tokens.ts";
import { errorOf } from "../support/failure.ts";

const REGIONS = parseRegionList("us-east-1,us-west-2");
const NOW = new Date("2026-11-30T00:00:00Z");
const CONTENT = "c".repeat(64);
const OTHER = "d".repeat(64);

const specs = (...items: readonly object[]): EntrySpec[] => specsIn("/project", ...items);
const specsIn = (folder: string, ...items: readonly object[]): EntrySpec[] =>
  parseDeclaredEntries("dev", items, (written) => declaredSource(written, folder), REGIONS);
const idOf = (name: string, source: string, content?: string) =>
  declaredStagingId("dev", name, source, REGIONS[0], { content });

interface State {
  readonly id: string;
  readonly item?: string;
  readonly source?: string;
  readonly relative?: string;
  readonly isWhole?: boolean;
  readonly expiresAt?: string;
  readonly uploadedAt?: string;
  readonly more?: object;
}

/** An entry in a state, as an update writes it. */
function stateOf({ id, item, source, relative, isWhole = true, more, ...times }: State): StateEntry[] {
  const { uploadedAt = "2026-11-23T00:00:00Z", expiresAt = "2026-12-30T00:00:00Z" } = times;
  const facts = { sha256: CONTENT, sizeBytes: 7, fileCount: 1, uploadedAt, sourceVersion: "version" };
  const data = {
    stagingId: id,
    source: "/elsewhere/x",
    region: "us-east-1",
    ...(isWhole ? facts : {}),
    ...more,
  };
  const details = {
    id,
    declaredAs: item,
    expiresAt,
    ...(source === undefined ? {} : { declaredSource: source }),
    ...(relative === undefined ? {} : { relativeSource: relative }),
  };
  return [
    { urn: `${id}-data`, type: STAGED_DATA, properties: data },
    ...(item === undefined ? [] : [{ urn: id, type: "spawn:index:StagingEntry", properties: details }]),
  ];
}
const held = (...states: readonly State[]): readonly HeldEntry[] =>
  heldIn(states.flatMap(stateOf), "local").entries ?? [];

const same: CompareSource = async (_, staged) => ({ state: "same", stagingId: staged[0]?.stagingId ?? "" });
const changed: CompareSource = async () => ({ state: "changed", content: OTHER, sha256: OTHER });
const unreadable: CompareSource = async () => ({ state: "unreadable", why: "no such file" });
const never: CompareSource = () => Promise.reject(new Error("the source was compared"));

const identify = (entries: readonly EntrySpec[], state: readonly HeldEntry[], compare: CompareSource) =>
  identifyEntries("dev", entries, state, compare, NOW);

/** The ID of the first entry. */
const idIn = async (...[entries, state, compare]: Parameters<typeof identify>) =>
  (await identify(entries, state, compare)).entries[0]?.id;

describe("the IDs of declared entries", () => {
  const [genome] = specs({ name: "genome", source: "data/x" });
  if (genome === undefined) throw new Error("there is no entry");
  const first = idOf("genome", "data/x");
  const second = idOf("genome", "data/x", OTHER);

  it("follow from name and source before the first update, and no source is compared", async () => {
    expect(await idIn([genome], [], never)).to.equal(first);
  });

  for (const [what, state] of [
    ["version 0.1.0", { id: first, item: "genome" }],
    ["this version", { id: first, item: "genome", source: "data/x" }],
    ["this version after a change of the source", { id: second, item: "genome", source: "data/x" }],
    ["this version after an adoption", { id: "stage-abc123def456", item: "genome", source: "data/x" }],
  ] as const) {
    it(`stay as in a state of ${what}`, async () => {
      const { entries, replaced } = await identify([genome], held(state), same);
      expect(entries[0]?.id).to.equal(state.id);
      expect(replaced).to.deep.equal([]);
    });
  }

  it("change with the content of the source, and name the entry that is replaced", async () => {
    const { entries, replaced } = await identify(
      [genome],
      held({ id: first, item: "genome", source: "data/x" }),
      changed,
    );
    expect(entries[0]?.id).to.equal(second);
    expect(replaced).to.deep.equal([{ item: "genome", stagingId: second, replaces: first }]);
  });

  it("change when the staged data of an ID are not the content that it follows from", async () => {
    // The source changed between the comparison and the upload, and then changed back.
    const state = held({ id: second, item: "genome", source: "data/x" });
    const { entries, replaced } = await identify([genome], state, changed);
    expect(entries[0]?.id).to.not.equal(second);
    expect(replaced).to.deep.equal([{ item: "genome", stagingId: entries[0]?.id, replaces: second }]);
  });

  it("let a kept source be staged again before it expires, beside the old entry, and then under its name", async () => {
    const [next] = specs({ name: "genome-2", source: "data/x" });
    if (next === undefined) throw new Error("there is no entry");
    const kept = { id: first, item: "genome", source: "data/x" };
    const idsOfItems = async (entries: readonly EntrySpec[], ...states: readonly State[]) =>
      (await identify(entries, held(...states), same)).entries.map(({ id }) => id);
    const [, added = ""] = await idsOfItems([genome, next], kept);
    expect(added).to.not.equal(first);
    const second = { id: added, item: "genome-2", source: "data/x" };
    expect(await idsOfItems([next], kept, second)).to.deep.equal([added]);
    expect(await idsOfItems([genome], second)).to.deep.equal([added]);
    // The next time: the ID that the name gives belongs to the renamed item.
    const [same2, third] = await idsOfItems([genome, next], { ...second, item: "genome" });
    expect(same2).to.equal(added);
    expect(third).to.not.be.oneOf([added, undefined]);
  });

  describe("of a source outside of the project, in a checkout at another place", () => {
    const outside = { item: "genome", source: "/home/me/data/x", relative: "../data/x" };
    const item = { name: "genome", source: "../data/x" };
    for (const [what, id, more] of [
      ["its name", idOf("genome", "/home/me/data/x"), {}],
      ["its adopted ID", "stage-abc123def456", { id: "stage-abc123def456" }],
    ] as const) {
      it(`stay for ${what} with the same content, and change with the content`, async () => {
        const moved = specsIn("/builds/ci/infra", { ...item, ...more });
        const state = held({ id, ...outside });
        expect(await idIn(moved, state, same)).to.equal(id);
        expect((await identify(moved, state, changed)).replaced[0]?.replaces).to.equal(id);
      });
    }

    it("change with another relative path, and do not go to another item", async () => {
      const state = held({ id: idOf("genome", "/home/me/data/x"), ...outside });
      for (const other of [
        { ...item, source: "../data/y" },
        { ...item, name: "hg38" },
      ]) {
        const [entry] = specsIn("/builds/ci/infra", other);
        expect(await idIn([entry ?? genome], state, never)).to.equal(entry?.id);
      }
    });
  });

  it("stay when the source is gone, and say so", async () => {
    const { entries, uncompared } = await identify([genome], held({ id: first, item: "genome" }), unreadable);
    expect(entries[0]?.id).to.equal(first);
    expect(uncompared).to.deep.equal([{ item: "genome", stagingId: first, why: "no such file" }]);
  });

  const both = held(
    { id: first, item: "genome", source: "data/x", uploadedAt: "2026-11-22T00:00:00Z" },
    { id: second, item: "genome", source: "data/x", more: { sha256: OTHER } },
  );
  it("are those of the matching content while an update has not deleted the old entry", async () => {
    for (const id of [first, second]) {
      const matches: CompareSource = async () => ({ state: "same", stagingId: id });
      expect(await idIn([genome], both, matches)).to.equal(id);
    }
    expect(await idIn([genome], both, unreadable)).to.equal(second);
  });

  it("resume an interrupted upload of a changed source", async () => {
    const state = held({ id: first, item: "genome" }, { id: second, isWhole: false });
    expect(await idIn([genome], state, changed)).to.equal(second);
  });

  it("resume an interrupted first upload, even if the source has changed", async () => {
    expect(await idIn([genome], held({ id: first, isWhole: false }), never)).to.equal(first);
  });

  it("are found by the record while the component has no outputs", async () => {
    const [data] = stateOf({ id: second });
    const item = JSON.stringify({ staging_id: { S: second }, declared_as: { S: "genome" } });
    const record = { urn: "record", type: "aws:dynamodb/tableItem:TableItem", properties: { item } };
    if (data === undefined) throw new Error("there are no data");
    expect(heldIn([data, record], "local").entries?.[0]?.item).to.equal("genome");
  });

  describe("of an adopted entry", () => {
    const adopted = specs({ name: "genome", source: "data/x", id: "stage-abc123def456" });

    it("are those that the item names, until the content changes", async () => {
      const state = held({ id: "stage-abc123def456" });
      expect(await idIn(adopted, state, same)).to.equal("stage-abc123def456");
      const { entries, replaced } = await identify(adopted, state, changed);
      expect(entries[0]?.id).to.equal(second);
      expect(replaced[0]?.replaces).to.equal("stage-abc123def456");
      const next = held({ id: second, item: "genome", source: "data/x" });
      expect(await idIn(adopted, next, same)).to.equal(second);
    });

    it("are those that the item names, although the stack still has an entry of an earlier item of that name", async () => {
      const state = held({ id: first, item: "genome", source: "data/x" }, { id: "stage-abc123def456" });
      expect(await idIn(adopted, state, same)).to.equal("stage-abc123def456");
    });

    it("are not given to another item, whose own ID would be the same", async () => {
      const [plain] = specs({ name: "genome", source: "data/x" });
      const [named] = specs({ name: "again", source: "data/x", id: first });
      if (plain === undefined || named === undefined) throw new Error("there is no entry");
      const { entries } = await identify([plain, named], held({ id: first }), same);
      expect(entries[1]?.id).to.equal(first);
      expect(entries[0]?.id).to.not.equal(first);
    });

    for (const [what, change] of [
      ["source", { source: "data/y" }],
      ["primary region", { regions: ["us-west-2", "us-east-1"] }],
    ] as const) {
      it(`change with the ${what} of the item, because data are never replaced in place`, async () => {
        const item = { name: "genome", source: "data/x", id: "stage-abc123def456" };
        const moved = specs({ ...item, ...change });
        const state = held({ id: "stage-abc123def456", item: "genome", source: "data/x" });
        expect(await idIn(moved, state, never)).to.equal(moved[0]?.id);
      });
    }

    it("change with its primary region before the first update, too", async () => {
      const regions = ["us-west-2", "us-east-1"];
      const moved = specs({ name: "genome", source: "data/x", id: "stage-abc123def456", regions });
      const state = held({ id: "stage-abc123def456" });
      expect(await idIn(moved, state, never)).to.equal(moved[0]?.id);
    });

    it("change with the name of the item once the entry has expired, although the item keeps id", async () => {
      const renamed = specs({ name: "hg38", source: "data/x", id: "stage-abc123def456" });
      const staged = { id: "stage-abc123def456", item: "genome", source: "data/x" };
      const expired = { ...staged, expiresAt: "2026-11-29T00:00:00Z" };
      expect(await idIn(renamed, held(staged), same)).to.equal("stage-abc123def456");
      expect(await idIn(adopted, held(expired), same)).to.equal("stage-abc123def456");
      expect(await idIn(renamed, held(expired), never)).to.equal(idOf("hg38", "data/x"));
      // While it is staged, and after the update.
      const begun = { id: idOf("hg38", "data/x"), isWhole: false };
      expect(await idIn(renamed, held(expired, begun), never)).to.equal(begun.id);
      const next = { id: begun.id, item: "hg38", source: "data/x" };
      expect(await idIn(renamed, held(expired, next), same)).to.equal(begun.id);
      expect(await idIn(renamed, held(next), same)).to.equal(begun.id);
    });

    it("are refused while the stack does not have the entry", async () => {
      const error = await errorOf(identify(adopted, [], never), InputError);
      expect(error.message).to.contain(
        "item genome names stage-abc123def456, which the stack dev does not have",
      );
      expect(error.fix).to.contain("spawn stage adopt stage-abc123def456 --environment dev");
    });
  });

  describe("of a renamed item", () => {
    const renamed = specs({ name: "hg38", source: "./data/x" });

    for (const [what, state] of [
      ["version 0.1.0", { id: first, item: "genome" }],
      ["this version", { id: "stage-abc123def456", item: "genome", source: "data/x" }],
    ] as const) {
      it(`stay as in a state of ${what}`, async () => {
        expect(await idIn(renamed, held(state), same)).to.equal(state.id);
        expect([...itemsInState("dev", renamed, held(state), NOW)]).to.deep.equal([[state.id, "hg38"]]);
      });
    }

    it("change with the content under the new name", async () => {
      const { entries } = await identify(renamed, held({ id: first, item: "genome" }), changed);
      expect(entries[0]?.id).to.equal(idOf("hg38", "data/x", OTHER));
    });

    it("stay when two items swap their names", async () => {
      const state = held(
        { id: first, item: "genome", source: "data/x" },
        { id: "stage-abc123def456", item: "hg38", source: "data/y" },
      );
      const swapped = specs({ name: "genome", source: "data/y" }, { name: "hg38", source: "data/x" });
      const ids = (await identify(swapped, state, same)).entries.map(({ id }) => id);
      expect(ids).to.deep.equal(["stage-abc123def456", first]);
    });

    it("are not given to a new item of the old name", async () => {
      const state = held({ id: first, item: "hg38", source: "data/x" });
      const items = specs({ name: "genome", source: "data/x" }, { name: "hg38", source: "data/x" });
      const [one, other] = (await identify(items, state, same)).entries;
      expect(other?.id).to.equal(first);
      expect(one?.id).to.not.equal(first);
      const next = held(
        { id: first, item: "hg38", source: "data/x" },
        { id: one?.id ?? "", item: "genome", source: "data/x" },
      );
      expect(await idIn(items, next, same)).to.equal(one?.id);
    });

    for (const [what, item, state] of [
      ["another source", { source: "data/y" }, {}],
      ["another primary region", { source: "data/x", regions: ["us-west-2"] }, {}],
      ["other patterns", { source: "data/x", exclude: ["*.tmp"] }, {}],
      ["another filename", { source: "data/x", filename: "y" }, {}],
      ["an expired entry", { source: "data/x" }, { expiresAt: "2026-11-29T00:00:00Z" }],
    ] as const) {
      it(`change with ${what}`, async () => {
        const [entry] = specs({ name: "hg38", ...item });
        const before = held({ id: first, item: "genome", source: "data/x", ...state });
        expect(await idIn([entry ?? genome], before, never)).to.equal(entry?.id);
      });
    }
  });

  describe("with a pinned SHA-256", () => {
    const pinned = (sha256: string) => specs({ name: "genome", source: "data/x", sha256 });
    const state = held({ id: first, item: "genome", source: "data/x" });

    it("accept the pinned content, new or staged", async () => {
      await identify(pinned(OTHER), [], changed);
      await identify(pinned(OTHER), state, changed);
      await identify(pinned(CONTENT), state, same);
      await identify(pinned(CONTENT), state, unreadable);
    });

    for (const [what, sha256, inState, compare, found] of [
      ["a new source", CONTENT, [], changed, OTHER],
      ["a changed source", CONTENT, state, changed, OTHER],
      ["an unchanged source", OTHER, state, same, CONTENT],
      ["staged data whose source is gone", OTHER, state, unreadable, CONTENT],
    ] as const) {
      it(`refuse ${what} with other content`, async () => {
        const error = await errorOf(identify(pinned(sha256), inState, compare), InputError);
        expect(error.message).to.contain(
          "Pulumi.dev.yaml: spawn:entries: item genome: sha256 is not that of",
        );
        expect(error.why).to.contain(`pins ${sha256}; found ${found}`);
      });
    }

    it("accept a checkout under another umask, and expect the SHA-256 that its upload has", async () => {
      const HERE = "e".repeat(64);
      const read = { sha256: HERE, isPinned: true };
      const comparisons: [readonly HeldEntry[], CompareSource][] = [
        [[], async () => ({ state: "changed", content: OTHER, ...read })],
        [state, async () => ({ state: "changed", content: OTHER, ...read })],
        [state, async () => ({ state: "same", stagingId: first, ...read })],
      ];
      for (const [inState, compare] of comparisons) {
        const { entries } = await identify(pinned(OTHER), inState, compare);
        expect(entries[0]?.sha256).to.equal(HERE);
      }
    });

    it("refuse a source in S3, which is not read", () => {
      expect(() => specs({ name: "genome", source: "s3://bucket/key", sha256: CONTENT })).to.throw(
        "sha256 is not valid: the content of s3://bucket/key cannot be pinned",
      );
    });
  });
});
