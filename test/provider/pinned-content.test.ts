import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Dependencies } from "../../provider/deps.ts";
import { PartialFailure } from "../../provider/plugin/types.ts";
import { ServerCapabilities } from "../../provider/rules/capabilities.ts";
import { stagedData } from "../../provider/staged-data.ts";
import { DataPlane } from "../../provider/transfer/data-plane.ts";
import { errorOf } from "../support/failure.ts";
import { temporaryFolder } from "../support/folder.ts";
import { stagedInputs, TestContext } from "./cloud-fixture.ts";
import { clientsAt, FakeS3 } from "./transfer/fake-s3.ts";

const CONTENT = "the content of the pull request";
const sha256 = createHash("sha256").update(CONTENT).digest("hex");

describe("Staged data with a pinned SHA-256", () => {
  const folder = temporaryFolder("spawn pinned ");
  const s3 = new FakeS3();
  let deps: Dependencies;
  before(async () => {
    const noTags = { status: 200, body: "<Tagging><TagSet></TagSet></Tagging>" };
    s3.intercept = ({ operation }) => (operation.startsWith("GET tagging") ? noTags : undefined);
    const unused = {} as never;
    deps = {
      ...{ s3: clientsAt(await s3.start()), plane: new DataPlane(), capabilities: new ServerCapabilities() },
      ...{ patience: unused, settling: unused, spreading: unused, now: () => new Date() },
    };
  });
  after(() => s3.stop());

  /** Stages a file that changed after its comparison with the item. */
  async function create(content: string) {
    const source = join(folder(), "reference.fasta");
    await writeFile(source, content);
    const inputs = stagedInputs(source, { replicateTo: [], expectedSha256: sha256 });
    return await stagedData(deps).create(inputs, new TestContext());
  }

  it("are complete with that content", async () => {
    expect((await create(CONTENT)).outputs.sha256).to.equal(sha256);
  });

  it("are incomplete with other content, so that they get no record", async () => {
    const error = (await errorOf(create("other content"), PartialFailure)) as PartialFailure;
    expect(String(error.message)).to.contain("reference.fasta changed before it was staged");
    expect(String(error.message)).to.contain(sha256);
    expect(error.outputs).to.not.have.property("uploadedAt");
  });
});
