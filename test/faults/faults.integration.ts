import { FaultLab } from "./seeded-run.ts";

/** The same ones in every run; `npm run test:faults` has more. */
const SEEDS = 20;

describe("staging under faults", () => {
  let lab: FaultLab;
  before(async () => {
    lab = await FaultLab.open();
  });
  after(() => lab.close());

  for (let seed = 1; seed <= SEEDS; seed += 1) {
    it(`succeeds or fails clearly and is resumed: seed ${seed}`, async () => {
      await lab.run(seed);
    });
  }
});
