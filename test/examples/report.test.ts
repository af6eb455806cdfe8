import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { FakeGitHub } from "../e2e/support/fake-github.ts";
import { run, succeed } from "../e2e/support/process.ts";
import { temporaryFolder } from "../support/folder.ts";
import { GITOPS } from "./workflows.ts";

const PULL_REQUEST = 7;
/** GitHub refuses longer bodies. */
const MAX_BODY = 65_536;

describe("the comment on a pull request", () => {
  const folder = temporaryFolder("spawn report ");
  let gitHub: FakeGitHub;
  let address: string;
  beforeEach(async () => {
    gitHub = new FakeGitHub();
    address = await gitHub.start();
  });
  afterEach(() => gitHub.stop());

  async function bodyOf(preview: string): Promise<string> {
    const file = join(folder(), "preview.txt");
    await writeFile(file, preview);
    const env = {
      ...{ PATH: process.env["PATH"], SPAWN_ENVIRONMENT: "prod", PULL_REQUEST: String(PULL_REQUEST) },
      ...{ GITHUB_API_URL: address, GITHUB_REPOSITORY: gitHub.repository, GITHUB_TOKEN: gitHub.token },
      ...{ GITHUB_SERVER_URL: "https://github.com", GITHUB_RUN_ID: "42" },
    };
    const script = join(GITOPS, ".github", "scripts", "report.mjs");
    await succeed(run(process.execPath, [script, "comment", file], { cwd: folder(), env }));
    return gitHub.comments.get(PULL_REQUEST)?.[0]?.body ?? "";
  }
  const cost = (days: number) =>
    `    would move 1.2 GB (3 files) to us-east-1, and replicate to us-west-2; estimated cost: <$0.01 for ${days} days\n`;

  it("lists the costs first, once each", async () => {
    const body = await bodyOf(`Diagnostics:\n${cost(7)}${cost(7)}\nResources:\n    + 5 to create\n\n`);
    expect(body.split("\n").filter((line) => line.startsWith("- "))).to.deep.equal([
      cost(7).replace(/^ +(.*)\n$/, "- $1"),
    ]);
    expect(body).to.contain("```text\nResources:\n    + 5 to create\n```");
  });

  it("has a length that GitHub accepts, however many entries there are", async () => {
    const costs = Array.from({ length: 2_000 }, (_, days) => cost(days)).join("");
    const body = await bodyOf(`${costs}\nResources:\n${"x".repeat(100_000)}`);
    expect(body.length).to.be.below(MAX_BODY);
    expect(body).to.contain("- and 1980 more below");
  });

  it("shows texts of files and messages only in a block of code", async () => {
    const forged = "    would move 1 [here](https://example.org) @acme/all <img src=x>\n```\n# end\n";
    const body = await bodyOf(`${forged}\nResources:\n    + 5 to create\n`);
    expect(body).to.not.match(/^- /m);
    expect(body).to.contain(`\`\`\`\`text\n${forged}`);
  });
});
