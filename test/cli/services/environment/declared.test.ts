import { expect } from "chai";
import { openSession } from "../../../../cli/engine/session.ts";
import { refuseDeclared, refuseInFile, refuseKept } from "../../../../cli/services/environment/declared.ts";
import { STAGED_DATA } from "../../../../staging/resources/tokens.ts";
import { entrySpec } from "../../../components/settings.ts";
import { failureOf } from "../../../support/failure.ts";
import { testId } from "../../records.ts";
import { entryResource, Machine, type World } from "../machine.ts";

const SPEC = entrySpec("us-east-1", { declaredAs: "grch38" });
const { id: ID } = SPEC;
const UP = "spawn environment up";

describe("an entry that the environment declares", () => {
  const machine = Machine.forEachTest();

  const data = (more = {}, id = ID) =>
    entryResource(STAGED_DATA, { stagingId: id, region: "us-east-1" }, more);

  it("is not deleted while the file names it, which needs no engine", async () => {
    const error = await failureOf(refuseInFile(machine.context({ declared: [SPEC] }), ID));
    expect(error).to.include({
      message: `${ID} is declared in Pulumi.dev.yaml as item grch38 of spawn:entries`,
      fix: `Remove the item grch38 from Pulumi.dev.yaml, then run: ${UP}`,
    });
    expect(await machine.log()).to.deep.equal([]);
  });

  it("is not deleted while the environment's stack has it", async () => {
    await machine.stack("dev", [data()]);
    const error = await failureOf(refuseDeclared(machine.context(), ID, "grch38"));
    expect(error).to.include({
      message: `${ID} belongs to the stack of environment dev, as item grch38`,
      fix: UP,
    });
  });

  it("is not deleted if the state that could have it is damaged", async () => {
    await machine.write("state/.pulumi/stacks/spawn/dev.json", "{");
    const error = await failureOf(refuseDeclared(machine.context(), ID, undefined));
    expect(error.message).to.match(/the state of dev is damaged/);
  });

  it("is deleted like other entries after an update has removed it", async () => {
    await machine.stack("dev", [data({}, testId(1))]);
    await refuseDeclared(machine.context(), ID, "grch38");
  });

  const HELD: World["s3"] = ({ method, query, key }) => {
    if ("object-lock" in query)
      return {
        body: "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>",
      };
    if ("versions" in query)
      return { body: `<R><Version><Key>${ID}/a</Key><VersionId>v</VersionId><Size>1</Size></Version></R>` };
    return method === "HEAD" && key !== ""
      ? { headers: { "x-amz-object-lock-legal-hold": "ON" } }
      : undefined;
  };
  for (const [what, more, s3, message] of [
    ["protected", { protect: true }, undefined, `${ID} is protected and was not deleted`],
    ["locked", {}, HELD, `${ID} cannot be deleted: S3 Object Lock protects its objects`],
  ] as const) {
    it(`is not removed by an update while it is ${what}`, async () => {
      await machine.stack("dev", [data(more)]);
      const context = machine.context({ s3 });
      const { environmentProject } = await openSession(context);
      const error = await failureOf(refuseKept(context, environmentProject, []));
      expect(error.message).to.contain(message);
      expect(error.fix?.endsWith(UP)).to.equal(true);
      await refuseKept(context, environmentProject, [SPEC]);
    });
  }
});
