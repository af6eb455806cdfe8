import { expect } from "chai";
import { openSession } from "../../../../cli/engine/session.ts";
import { findEnvironmentEntries, refuseWithEntries } from "../../../../cli/services/environment/entries.ts";
import { STAGED_DATA } from "../../../../staging/resources/tokens.ts";
import { entrySpec } from "../../../components/settings.ts";
import { awsError, errorOf, failureOf } from "../../../support/failure.ts";
import { testId, testRecord } from "../../records.ts";
import { entryResource, Machine, type World } from "../machine.ts";

const ID = {
  declared: testId(1),
  undeclared: testId(2),
  recorded: testId(3),
  stacked: testId(4),
  stored: testId(5),
  renamed: testId(6),
};
const resource = (stagingId: string) => entryResource(STAGED_DATA, { stagingId });

describe("the entries of an environment at its destruction", () => {
  const machine = Machine.forEachTest();

  const withSession = async <T>(
    world: World,
    work: typeof findEnvironmentEntries | typeof refuseWithEntries,
  ) => {
    const context = machine.context(world);
    return (await work(context, await openSession(context))) as T;
  };
  const declared = [entrySpec("us-east-1", { id: ID.declared, declaredAs: "grch38" })];

  it("are found in records, stacks of any name and buckets, each with the command that removes it", async () => {
    await machine.stack("dev", [resource(ID.declared), resource(ID.undeclared)]);
    await machine.stack(`dev.${ID.stacked}`);
    await machine.stack("dev.renamed", [resource(ID.renamed)]);
    await machine.stack(`prod.${testId(7)}`);
    const world: World = {
      declared,
      records: [ID.declared, ID.undeclared, ID.recorded].map((stagingId) => testRecord({ stagingId })),
      s3: ({ query }) =>
        "versions" in query
          ? { body: `<R><CommonPrefixes><Prefix>${ID.stored}/</Prefix></CommonPrefixes></R>` }
          : undefined,
    };
    expect(await withSession(world, findEnvironmentEntries)).to.deep.equal({
      deletable: [ID.recorded, ID.stacked, ID.stored, ID.renamed],
      declared: ["grch38"],
      undeclared: [ID.undeclared],
    });
    const error = await failureOf(withSession(world, refuseWithEntries));
    expect(error.message).to.equal("environment dev still has 6 entries");
    expect(error.why).to.match(/^The data would be lost: grch38, .*, and 1 more\.$/);
    expect(error.fix).to.equal(
      "Remove grch38 from spawn:entries in Pulumi.dev.yaml, then run: spawn environment up; " +
        `spawn stage delete ${[ID.recorded, ID.stacked, ID.stored, ID.renamed].join(" ")} --yes`,
    );
  });

  it("are removed by an update if only the state has them", async () => {
    await machine.stack("dev", [resource(ID.undeclared)]);
    const error = await failureOf(
      withSession({ records: [testRecord({ stagingId: ID.undeclared })] }, refuseWithEntries),
    );
    expect(error).to.include({ message: "environment dev still has an entry", fix: "spawn environment up" });
  });

  it("are none without tables and buckets, apart from those that the stack removes", async () => {
    await machine.stack("dev", [resource(ID.undeclared)]);
    const gone: World = {
      dynamo: () => awsError("ResourceNotFoundException"),
      s3: () => ({ status: 404, code: "NoSuchBucket" }),
    };
    expect(await withSession(gone, refuseWithEntries)).to.equal(undefined);
  });

  it("are unknown, not none, if a bucket cannot be read", async () => {
    const denied: World = { s3: () => ({ status: 403, code: "AccessDenied" }) };
    expect(await errorOf(withSession(denied, refuseWithEntries))).to.have.property("name", "AccessDenied");
  });
});
