import { FaultLab } from "./seeded-run.ts";

/** The same ones in every run; `npm run test:faults` has more. */
const SEEDS = 20;

describe("staging under faults", function () {
  this.timeout(300_000);
  let lab: FaultLab;
  before(async () => {
    lab = await FaultLab.open();
  });
  after(() => lab.close());

  for (let seed = 1; seed <= SEEDS; seed += 1) {
    it(`ends right or with a clear failure that is resumed: seed ${seed}`, async () => {
      await lab.run(seed);
    });
  }
});
