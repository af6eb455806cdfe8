import { HttpResponse } from "@smithy/core/protocols";
import { expect } from "chai";
import { attemptsOf } from "../../../connection/errors/failure.ts";
import { createS3Clients } from "../../../provider/store/clients.ts";
import { NoAnswerError, regionOf } from "../../../provider/store/no-answer.ts";
import type { RequestSender } from "../../../provider/store/operations.ts";
import { type Deadline, Retries, type RetryPolicy } from "../../../provider/store/request-retries.ts";
import { pause } from "../../../provider/store/retry.ts";
import { retryingSender } from "../../../provider/store/retrying.ts";
import { errorOf } from "../../support/failure.ts";
import { setVariables } from "../transfer/endpoint.ts";

/** An error as the SDK throws it. */
const failing = (name: string, status?: number, fields: object = {}): Error =>
  Object.assign(new Error(name), {
    name,
    $metadata: status === undefined ? {} : { httpStatusCode: status },
    ...fields,
  });
const broken = (code: string): Error => failing("Error", undefined, { code });
const asking = (headers: Record<string, string>): Error =>
  failing("SlowDown", 503, { $response: new HttpResponse({ statusCode: 503, headers }) });

const STALL = failing("TimeoutError");
const STALL_MS = 90_000;
const DEADLINE: Deadline = { timeoutMs: 300_000, stallMs: STALL_MS };
const HALF_MINUTE = 30_000;

/** The error of an attempt, and its duration. */
type Failure = readonly [error: unknown, ms?: number];

/** A sender that fails, on a clock that only its attempts and delays move. */
class Failing {
  readonly delays: number[] = [];
  readonly throttled: string[] = [];
  readonly retries: (boolean | undefined)[] = [];
  seconds = 0;

  readonly #failures: Iterable<Failure>;

  /** @param failures of the attempts; the next attempt succeeds */
  constructor(failures: Iterable<Failure>) {
    this.#failures = failures;
  }

  async send(policy: Partial<RetryPolicy> = {}, random = 1): Promise<unknown> {
    const failures = this.#failures[Symbol.iterator]();
    let now = 0;
    const clock = {
      now: () => now,
      random: () => random,
      pause: async (ms: number) => {
        this.delays.push(ms);
        now += ms;
      },
    };
    const send = async (_operation: string, _input: object, { isRetry }: { isRetry?: boolean }) => {
      this.retries.push(isRetry);
      const { value } = failures.next();
      if (value === undefined) return "sent";
      now += value[1] ?? 0;
      this.seconds = now / 1000;
      throw value[0];
    };
    const onThrottled = (bucket: string) => this.throttled.push(bucket);
    const sender = { region: "eu-west-1", send } as unknown as RequestSender;
    const retrying = retryingSender(sender, { region: "eu-west-1", clock, onThrottled, ...policy });
    return await retrying.send("deleteVersion", { bucket: "b", key: "k" }, {});
  }
}

function* always(error: unknown, ms = 0): Generator<readonly [unknown, number]> {
  for (;;) yield [error, ms];
}

describe("retryingSender", () => {
  const errors: [what: string, error: unknown, isRetried: boolean][] = [
    ["InternalError", failing("InternalError", 500), true],
    ["a 502 without a name", failing("UnknownError", 502), true],
    ["SlowDown", failing("SlowDown", 503), true],
    ["429", failing("TooManyRequestsException", 429), true],
    ["a throttled request of another service", failing("ThrottlingException", 400), true],
    ["RequestTimeout", failing("RequestTimeout", 400), true],
    ["a reset", broken("ECONNRESET"), true],
    ["a refused connection", broken("ECONNREFUSED"), true],
    ["an unknown host", broken("ENOTFOUND"), true],
    ["a stall", STALL, true],
    ["a clock that the SDK has corrected", corrected("RequestTimeTooSkewed"), true],
    ["a clock that the SDK has not corrected", failing("RequestTimeTooSkewed", 403), false],
    ["NotImplemented", failing("NotImplemented", 501), false],
    ["AccessDenied", failing("AccessDenied", 403), false],
    ["NoSuchUpload", failing("NoSuchUpload", 404), false],
    ["an abort", failing("AbortError"), false],
    ["an error of this program", new TypeError("no"), false],
    ["a thrown text", "no", false],
  ];
  for (const [what, error, isRetried] of errors) {
    it(`${isRetried ? "retries" : "does not retry"} ${what}`, async () => {
      const failingOnce = new Failing([[error]]);
      const result = await failingOnce.send().catch((thrown: unknown) => thrown);
      expect(result).to.equal(isRetried ? "sent" : error);
      expect(failingOnce.retries).to.deep.equal(isRetried ? [false, true] : [false]);
    });
  }

  for (const [what, error, delays] of [
    ["after an error", failing("InternalError", 500), [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 20_000]],
    [
      "after a throttled request",
      failing("SlowDown", 503),
      [500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000],
    ],
    ["after a stall, which has already waited", STALL, [200, 200, 200]],
    [
      "for the time that the server requests",
      asking({ "retry-after": "5" }),
      [5_000, 5_000, 5_000, 5_000, 8_000],
    ],
    ["for at most 20 s", asking({ "retry-after": "3600" }), [20_000, 20_000]],
  ] as const) {
    it(`waits ${what}`, async () => {
      const some = new Failing(delays.map(() => [error, 0]));
      expect(await some.send({ patience: { attempts: 100, forMs: 0 } })).to.equal("sent");
      expect(some.delays.map((delay) => Math.round(delay / 100) * 100)).to.deep.equal(delays);
    });
  }

  it("waits a random share of the delay", async () => {
    const some = new Failing(Array.from({ length: 3 }, () => [broken("ECONNRESET")] as const));
    await some.send({}, 0.25);
    expect(some.delays).to.deep.equal([50, 100, 200]);
  });

  it("fails after the maximum of attempts and of time, and reports the attempts and the region", async () => {
    for (const [patience, random, attempts] of [
      [{ attempts: 4, forMs: 0 }, 1, 4],
      [{ attempts: 2, forMs: 1_000 }, 1, 4], // 200 + 400 + 800 ms
      [undefined, 1, 9], // the 8th failure comes after 25.4 s
      [undefined, 0.1, 22],
    ] as const) {
      const error = failing("InternalError", 500);
      const endless = new Failing(always(error));
      expect(await errorOf(endless.send({ patience }, random))).to.equal(error);
      expect(endless.retries).to.have.length(attempts);
      expect(attemptsOf(error)).to.equal(attempts);
      expect(regionOf(error)).to.equal("eu-west-1");
      if (patience === undefined) expect(endless.seconds * 1000).to.be.at.least(HALF_MINUTE);
    }
  });

  it("counts stalls like other failures without a deadline", async () => {
    const silent = new Failing(always(STALL, STALL_MS));
    expect(await errorOf(silent.send())).to.equal(STALL);
    expect(silent.retries).to.have.length(8);
  });

  it("retries stalls until the deadline, whatever the patience", async () => {
    const silent = new Failing(always(STALL, 1_000));
    const error = await errorOf(
      silent.send({ deadline: { timeoutMs: 60_000, stallMs: 1_000 }, patience: { attempts: 2, forMs: 0 } }),
    );
    expect(error).to.be.instanceOf(NoAnswerError).and.have.property("seconds", 60);
    expect(regionOf(error)).to.equal("eu-west-1");
    expect(silent.seconds).to.be.within(60, 62);
  });

  it("counts the time without a byte from the last response, and from the last byte of an upload", async () => {
    const error = failing("InternalError", 500);
    for (const [what, ms] of [
      [error, 0],
      [STALL, 10 * STALL_MS],
    ] as const) {
      const some = new Failing([
        [STALL, STALL_MS],
        [STALL, STALL_MS],
        [STALL, STALL_MS],
        [what, ms],
        ...repeated(2),
      ]);
      expect(await some.send({ deadline: DEADLINE })).to.equal("sent");
    }
    const silent = new Failing(repeated(4));
    expect(await errorOf(silent.send({ deadline: DEADLINE }))).to.be.instanceOf(NoAnswerError);
  });

  it("counts a long wait for the memory of other requests only if S3 answered none of them", () => {
    let now = 0;
    const clock = { now: () => now, random: () => 1, pause };
    const retries = new Retries({ region: "eu-west-1", deadline: DEADLINE, clock });
    const stallAfter = (waitMs: number, answeredAt: number) => {
      const startedAt = now;
      now += waitMs + STALL_MS;
      return retries.delayAfter(STALL, startedAt, { endedAt: startedAt + waitMs, answeredAt });
    };
    try {
      expect(stallAfter(0, Number.NEGATIVE_INFINITY)).to.be.a("number");
      const answeredAt = now;
      expect(stallAfter(200_000, answeredAt)).to.be.a("number");
      expect(() => stallAfter(200_000, answeredAt)).to.throw(NoAnswerError);
    } finally {
      retries.end();
    }
  });

  it("does not count stalls before a failure of another kind", async () => {
    const after = new Failing([
      ...repeated(3),
      ...Array.from({ length: 7 }, () => [broken("ECONNRESET")] as const),
    ]);
    expect(await after.send({ deadline: DEADLINE })).to.equal("sent");
  });

  it("reports each throttled attempt with its bucket", async () => {
    const some = new Failing([
      [failing("SlowDown", 503)],
      [failing("InternalError", 500)],
      [failing("Error", 429)],
    ]);
    await some.send();
    expect(some.throttled).to.deep.equal(["b", "b"]);
  });

  it("stops a delay when the signal aborts, with the signal's reason", async () => {
    const abort = new AbortController();
    const reason = new Error("stop");
    let sends = 0;
    const send = () => {
      sends += 1;
      return Promise.reject(failing("InternalError", 500));
    };
    const sender = { region: "r", send } as unknown as RequestSender;
    const clock = {
      now: () => 0,
      random: () => 1,
      pause: (_: number, signal: AbortSignal) => {
        abort.abort(reason);
        return pause(HALF_MINUTE, signal);
      },
    };
    const { signal } = abort;
    const sent = retryingSender(sender, { region: "r", clock }).send(
      "abortUpload",
      { bucket: "b", key: "k", uploadId: "u" },
      { signal },
    );
    expect(await errorOf(sent)).to.equal(reason);
    expect(sends).to.equal(1);
  });

  it("has no rate limit of the SDK beside it, which AWS_RETRY_MODE can set", async () => {
    const restore = setVariables({ AWS_RETRY_MODE: "adaptive" });
    try {
      const { config } = createS3Clients().at("us-east-1").client;
      expect(await config.retryStrategy()).to.have.property("mode", "standard");
      expect(await config.maxAttempts()).to.equal(1);
    } finally {
      restore();
    }
  });

  it("does not retry a failed lookup of the account", async () => {
    let lookups = 0;
    const refused = broken("ECONNREFUSED");
    const account = () => {
      lookups += 1;
      return Promise.reject(refused);
    };
    const config = {
      endpoint: "http://127.0.0.1:1",
      credentials: { accessKeyId: "k", secretAccessKey: "s" },
    };
    const store = createS3Clients({ account, config }).store("us-east-1");
    expect(await errorOf(store.head({ bucket: "b", key: "k" }))).to.equal(refused);
    expect(lookups).to.equal(1);
  });
});

const repeated = (times: number) => Array.from({ length: times }, () => [STALL, STALL_MS] as const);

/** The error of a request that was signed with a wrong time, after the SDK has measured the server's time. */
function corrected(name: string): Error {
  return failing(name, 403, { $metadata: { httpStatusCode: 403, clockSkewCorrected: true } });
}
