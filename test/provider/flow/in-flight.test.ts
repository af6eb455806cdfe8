import { expect } from "chai";
import { InFlight } from "../../../provider/flow/in-flight.ts";

describe("The limit of bodies in flight", () => {
  it("serves a waiting body although an abort serves and ends others of the same signal", async () => {
    const inFlight = new InFlight({ bodies: 10, bytes: 10 });
    const [own, other] = [new AbortController(), new AbortController()];
    let end = (): void => undefined;
    const first = new Promise<void>((resolve) => {
      end = resolve;
    });
    const running = inFlight.run(6, () => first, other.signal);
    const aborted = [8, 3].map((bytes) => inFlight.run(bytes, async () => bytes, own.signal));
    const waiting = inFlight.run(9, async () => "served", other.signal);
    const ends = Promise.allSettled(aborted);
    own.abort(new Error("aborted"));
    await ends;
    end();
    await running;
    expect(await waiting).to.equal("served");
  });
});
