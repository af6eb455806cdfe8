import { expect } from "chai";
import { patientRetries } from "../../../provider/store/retry-strategy.ts";

type Info = Parameters<ReturnType<typeof patientRetries>["refreshRetryTokenForRetry"]>[1];

const THROTTLED: Info = { errorType: "THROTTLING" };
const TRANSIENT: Info = { errorType: "TRANSIENT" };
const STALLED: Info = { errorType: "TRANSIENT", error: { name: "TimeoutError", message: "stalled" } };

describe("patientRetries", () => {
  /** The delays before the retries of a request that fails and fails. */
  async function delaysOf(info: Info, most = 12, retries = patientRetries()): Promise<number[]> {
    const delays: number[] = [];
    let token = await retries.acquireInitialRetryToken("");
    while (delays.length < most) {
      const next = await retries.refreshRetryTokenForRetry(token, info).catch(() => undefined);
      if (next === undefined) break;
      token = next;
      delays.push(token.getRetryDelay());
    }
    return delays;
  }

  /** The longest delay before each retry of many requests. */
  async function longestOf(info: Info): Promise<number[]> {
    const all = await Promise.all(Array.from({ length: 300 }, () => delaysOf(info)));
    return (all[0] ?? []).map((_, retry) => Math.max(...all.map((delays) => delays[retry] ?? 0)));
  }

  for (const [info, first] of [
    [TRANSIENT, 200],
    [THROTTLED, 500],
  ] as const) {
    it(`waits at random for up to ${first} ms first and 20 s in the end (${info.errorType})`, async () => {
      const longest = await longestOf(info);
      expect(longest).to.have.length(12);
      for (const [retry, delay] of longest.entries()) {
        const most = Math.min(20_000, first * 2 ** retry);
        expect(delay).to.be.within(0.9 * most, most);
      }
    });
  }

  it("waits no longer for one that is silent again and again", async () => {
    expect(Math.max(...(await longestOf(STALLED)))).to.be.within(180, 200);
  });

  it("waits as long as the server asks, within reason", async () => {
    const asking = (ms: number): Info => ({ ...TRANSIENT, retryAfterHint: new Date(Date.now() + ms) });
    expect((await delaysOf(asking(5_000), 1))[0]).to.be.within(4_900, 5_000);
    expect(await delaysOf(asking(3_600_000), 1)).to.deep.equal([20_000]);
    expect((await delaysOf(asking(-5_000), 1))[0]).to.be.within(0, 200);
  });

  it("gives up once it was sent so often and has failed for so long", async () => {
    expect(await delaysOf(TRANSIENT, 12, patientRetries({ attempts: 4, forMs: 0 }))).to.have.length(3);
    expect(await delaysOf(TRANSIENT, 100, patientRetries({ attempts: 4, forMs: 60_000 }))).to.have.length(
      100,
    );
  });

  it("gives up at once what another attempt does not mend", async () => {
    expect(await delaysOf({ errorType: "CLIENT_ERROR" })).to.deep.equal([]);
    expect(await delaysOf({ errorType: "SERVER_ERROR" })).to.deep.equal([]);
  });
});
