import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { SameUpload } from "../../../../../cli/services/entry/listing/incomplete.ts";
import { continuationOf } from "../../../../../cli/services/entry/upload/continuation.ts";
import { findReusable } from "../../../../../cli/services/entry/upload/reuse.ts";
import {
  earlierUploadNote,
  findUploaded,
  rememberUploaded,
} from "../../../../../cli/services/entry/upload/same-upload.ts";
import type { InspectedSource } from "../../../../../cli/services/entry/upload/source.ts";
import { beginUpload, readUnfinished } from "../../../../../cli/services/entry/upload/unfinished.ts";
import { type EntrySpec, entryStackName } from "../../../../../staging/entry.ts";
import { NO_SHA256 } from "../../../../../staging/manifest.ts";
import { recordItem, type StagingRecord } from "../../../../../staging/record.ts";
import { parseRegionList } from "../../../../../staging/regions.ts";
import { STAGED_DATA } from "../../../../../staging/resources/tokens.ts";
import { parseTtlDays } from "../../../../../staging/ttl.ts";
import { entrySpec } from "../../../../components/settings.ts";
import { sha256Of } from "../../../../support/staged.ts";
import { testId, testRecord } from "../../../records.ts";
import { entryResource, freshRecord, holding, Machine, type World } from "../../machine.ts";

const SOURCE: Omit<InspectedSource, "path"> = {
  filename: "a.txt",
  sizeBytes: 5,
  version: { modifiedMs: 1 },
  warnings: [],
};
const RECORD = freshRecord({ filename: "a.txt", sha256: sha256Of("hello"), sweepId: undefined });
const { stagingId: ID, regions } = RECORD;

describe("an earlier upload of the same data", () => {
  const machine = Machine.forEachTest();
  beforeEach(async () => {
    await machine.write("a.txt", "hello");
  });

  const specOf = (changes: Partial<EntrySpec> = {}) =>
    entrySpec(regions.join(","), { source: join(machine.home, "a.txt"), ...changes });

  describe("is reused (--reuse)", () => {
    const reuse = async (record: StagingRecord, wanted: Partial<EntrySpec> = {}, world: World = {}) => {
      const context = machine.context({ records: [record], s3: holding(record), ...world });
      const { signal } = new AbortController();
      const spec = specOf(wanted);
      return await findReusable(context, spec, { ...SOURCE, path: spec.source }, signal);
    };

    it("by its SHA-256, if every requested region holds the data", async () => {
      expect(await reuse(RECORD)).to.deep.equal({ record: RECORD });
    });

    it("with the newest entry that fits", async () => {
      const older = { ...RECORD, uploadedAt: new Date(RECORD.uploadedAt.getTime() - 1000) };
      const [first, second] = [testId(1), testId(2)].map((stagingId) =>
        freshRecord({
          ...older,
          stagingId,
          stack: entryStackName("dev", stagingId),
          key: `${stagingId}/a.txt`,
          manifestKey: `${stagingId}/.spawn-manifest.jsonl`,
        }),
      );
      const pages = [first, RECORD, second].map((one) => one && recordItem(one));
      const dynamo: World["dynamo"] = (command) => {
        if (command !== "Query") return undefined;
        const item = pages.shift();
        return { Items: item ? [item] : [], ...(pages.length > 0 ? { LastEvaluatedKey: item } : {}) };
      };
      expect(await reuse(RECORD, {}, { dynamo })).to.deep.equal({ record: RECORD });
    });

    for (const [what, record, wanted, why] of [
      ["another content", { ...RECORD, sha256: "0".repeat(64) }, {}, "no entry has the same SHA-256"],
      [
        "another name",
        { ...RECORD, filename: "b.txt", key: `${ID}/b.txt` },
        {},
        `${ID} does not fit: its name is b.txt, not a.txt`,
      ],
      [
        "too little time left",
        { ...RECORD, uploadedAt: new Date(Date.now() - 3 * 86_400_000) },
        {},
        /does not fit: it expires in/,
      ],
    ] as const) {
      it(`not with ${what}`, async () => {
        const found = await reuse(record, wanted);
        expect(found).to.have.property("why");
        if ("why" in found) expect(found.why).to.match(new RegExp(why));
      });
    }

    it("not if a requested region is damaged", async () => {
      const s3 = holding(RECORD, ["spawn-staging-us-west-2"]);
      const found = await reuse(RECORD, {}, { s3 });
      expect("why" in found && found.why).to.match(/in us-west-2 its data are missing/);
      expect(await reuse(RECORD, { regions: parseRegionList("us-east-1") }, { s3 })).to.deep.equal({
        record: RECORD,
      });
    });

    it("by the ETags of a source on S3, of an upload from this machine, without reading it", async () => {
      const source = "s3://bucket/a.txt";
      const record = { ...RECORD, sha256: NO_SHA256 };
      const none = await reuse(record, { source, noSha256: true });
      expect(none).to.deep.equal({ why: "no entry is known to be of the same version of it" });
      await rememberUploaded("dev", ID, specOf({ source }), { ...SOURCE });
      expect(await reuse(record, { source, noSha256: true })).to.deep.equal({ record });
      expect(await reuse(record, { source })).to.deep.equal({
        why: `${ID} does not fit: its SHA-256 was not computed`,
      });
    });
  });

  describe("is remembered", () => {
    const find = (records: readonly StagingRecord[], source = SOURCE, spec = specOf()) =>
      findUploaded(machine.context({ records }), spec, source);
    const remember = (id = ID, source = SOURCE) => rememberUploaded("dev", id, specOf(), source);

    it("by the source, the regions, the name and the patterns", async () => {
      await remember();
      expect(await find([RECORD])).to.deep.equal([{ record: RECORD, mayDiffer: false }]);
      for (const [source, spec] of [
        [{ ...SOURCE, sizeBytes: 6 }, {}],
        [{ ...SOURCE, version: { modifiedMs: 2 } }, {}],
        [SOURCE, { filename: "b" }],
        [SOURCE, { exclude: ["x"] }],
        [SOURCE, { regions: parseRegionList("us-east-1") }],
      ] as const)
        expect(await find([RECORD], source, specOf(spec))).to.deep.equal([]);
    });

    it("until it is deleted; one that has expired is no twin", async () => {
      await remember();
      expect(await find([testRecord({ stagingId: ID })])).to.deep.equal([]);
      const folder = join(machine.home, "data/stacks/uploaded");
      const [digest = ""] = await readdir(folder);
      expect(await readdir(join(folder, digest))).to.deep.equal([ID]);
      expect(await find([])).to.deep.equal([]);
      expect(await readdir(join(folder, digest))).to.deep.equal([]);
    });

    it("with a hint if a program wrote to the source and restored its time; the unchanged one comes first", async () => {
      const now = { ...SOURCE, version: { modifiedMs: 1, changedMs: 6 } };
      await remember(ID, { ...SOURCE, version: { modifiedMs: 1, changedMs: 5 } });
      await remember(testId(1), now);
      const other = freshRecord({ stagingId: testId(1), ttl: parseTtlDays(3) });
      const found = await find([RECORD, other], now);
      expect(found.map(({ record, mayDiffer }) => [record.stagingId, mayDiffer])).to.deep.equal([
        [testId(1), false],
        [ID, true],
      ]);
      expect(
        found.map(earlierUploadNote).map((note) => /--reuse compares the content/.test(note)),
      ).to.deep.equal([false, true]);
    });
  });

  describe("continues", () => {
    const { stack } = RECORD;
    const continuation = async (earlier: Partial<SameUpload> | undefined, s3 = holding(RECORD)) =>
      continuationOf(
        machine.context({ s3 }),
        earlier &&
          ({ stack, settings: { spec: specOf() }, record: RECORD, untold: RECORD, ...earlier } as SameUpload),
      );

    it("by a resume, until it has its record", async () => {
      expect(await continuation(undefined)).to.deep.equal({ kind: "new" });
      const earlier = { record: undefined, untold: undefined };
      expect(await continuation(earlier)).to.have.property("kind", "resume");
    });

    it("never with an entry that has expired or expires soon, whose journal ends", async () => {
      for (const days of [6.9, 7.1]) {
        const record = { ...RECORD, uploadedAt: new Date(RECORD.uploadedAt.getTime() - days * 86_400_000) };
        // With other readers, a resume would share it.
        for (const untold of [record, undefined]) {
          await beginUpload(stack, SOURCE);
          const found = await continuation({ record, untold }, holding(record));
          expect(found).to.have.property("kind", "new");
          expect(found)
            .to.have.property("why")
            .that.matches(new RegExp(`^${ID} is not used.*: it expires in 0 days`));
          expect(await readUnfinished(stack)).to.equal(undefined);
        }
      }
    });

    it("by its ID alone if it is whole, or by a resume while the engine's state is not", async () => {
      await machine.stack(stack);
      expect(await continuation({})).to.deep.equal({ kind: "complete", record: RECORD });
      await machine.stack(stack, [], [entryResource(STAGED_DATA, { stagingId: ID })]);
      expect(await continuation({})).to.have.property("kind", "resume");
    });

    it("never with damaged data", async () => {
      const found = await continuation({}, holding(RECORD, ["spawn-staging-us-east-1"]));
      expect(found).to.have.property("kind", "new");
      expect(found)
        .to.have.property("why")
        .that.matches(new RegExp(`^${ID} is not used.*missing`));
    });
  });
});
