import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { readParameters } from "../../../../cli/services/sweep/read-parameters.ts";
import { packageRoot } from "../../../../package-root.ts";
import { priceBook } from "../../../../staging/price-books.ts";
import { commandNotes } from "../../../../staging/sweep/parameters.ts";

const folder = join(packageRoot(), "examples/staging");

/** The guide's numbers for each example: indices, regions, datasets. */
const EXAMPLES: Readonly<Record<string, readonly [count: number, regions: number, entries: number]>> = {
  "bioinformatics/my-analysis.yaml": [3, 0, 1],
  "cross-account/sweep.yaml": [2, 2, 0],
  "genome-pipeline/sweep.yaml": [4, 2, 1],
  "inference/inference.yaml": [6, 3, 1],
  "ml-training/sweep.yaml": [6, 3, 1],
  "multiple-datasets/sweep.yaml": [2, 2, 2],
  "simulation/simulation.yaml": [4, 0, 1],
};

describe("the example parameter files", () => {
  it("equal the guide's", async () => {
    const files = await readdir(folder, { recursive: true });
    expect(files.filter((file) => file.endsWith(".yaml")).sort()).to.deep.equal(Object.keys(EXAMPLES));
  });

  for (const [file, [count, regions, entries]] of Object.entries(EXAMPLES)) {
    it(`can be launched unchanged: ${file}`, async () => {
      const options = { instanceType: undefined, spot: true };
      const parameters = await readParameters(join(folder, file), options);
      expect(parameters.count).to.equal(count);
      expect(parameters.regions).to.have.length(regions);
      expect(parameters.entries).to.have.length(entries);
      expect(commandNotes(parameters).join()).not.to.contain("the same command");
      for (const type of parameters.instanceTypes)
        for (const { region } of parameters.regions)
          expect(priceBook("aws").instanceHour(type, region)).to.be.greaterThan(0);
    });
  }
});
