import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { CONTRACT_FILE, contractText } from "./contract/contract.ts";

describe("the command contract", () => {
  it("matches test/gates/contract.txt", async () => {
    const before = linesOf(await readFile(CONTRACT_FILE, "utf8"));
    const now = linesOf(await contractText());
    const lost = before.filter((line) => !now.includes(line));
    const added = now.filter((line) => !before.includes(line));
    expect(lost, "Scripts of users rely on these. If they must change, run: npm run contract").to.deep.equal(
      [],
    );
    expect(added, "These are new. To add them to the contract, run: npm run contract").to.deep.equal([]);
  });
});

/** Each line after the name of its command. */
function linesOf(text: string): string[] {
  let command = "";
  return text.split("\n").flatMap((line) => {
    if (line === "" || line.startsWith("#")) return [];
    if (!line.startsWith(" ")) command = line;
    return [line.startsWith(" ") ? `${command}: ${line.trim()}` : command];
  });
}
