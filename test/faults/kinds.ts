import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, type Exchange, headersOf, passOn } from "./fault-proxy.ts";

/** Actions of faults outside the proxy. */
export interface Surroundings {
  /** Puts other bytes of the same size in the object's place in other regions, directly in the cloud. */
  tamperWithReplicas(key: string, region: string): Promise<void>;
  /** Puts other bytes of the same size in the object's place, directly in the cloud. */
  tamperWith(bucket: string, key: string, region: string): Promise<void>;
  /** The effect of Ctrl-C. */
  interrupt(): void;
}

interface Kind {
  /** Operations that it can affect; "*": all. */
  readonly operations: readonly string[];
  inject(exchange: Exchange, surroundings: Surroundings): Promise<void>;
}

const WRITES_OF_BYTES = ["PutObject", "UploadPart"];
const COPIES = ["CopyObject", "UploadPartCopy"];
const WITH_ANSWER = [
  ...COPIES,
  "GetObject",
  "CreateMultipartUpload",
  "CompleteMultipartUpload",
  "ListMultipartUploads",
  "ListParts",
  "ListObjectsV2",
  "GetObjectTagging",
  "GetBucketLifecycleConfiguration",
  "GetBucketReplication",
  "UpdateItem",
];

/** Longer than the storm's usual retries take, but shorter than a run may take. */
const OUTAGE_MS = 150;
const TRICKLE_PAUSE_MS = 40;
const TRICKLE_PIECES = 8;

const kinds = {
  /** A short outage. */
  "connection refused": {
    operations: ["*"],
    inject: async ({ outage }) => outage(OUTAGE_MS),
  },

  /** The request hangs without a response. */
  hang: {
    operations: ["*"],
    inject: async ({ outgoing }) => {
      await new Promise<void>((resolve) => outgoing.once("close", resolve));
    },
  },

  "reset in the request": {
    operations: WRITES_OF_BYTES,
    inject: async ({ incoming }) => {
      await new Promise<void>((resolve) => incoming.once("data", () => resolve()).once("end", resolve));
      incoming.socket.resetAndDestroy();
    },
  },

  "reset in the answer": {
    operations: WITH_ANSWER,
    inject: async (exchange) => {
      await sendHalf(exchange);
      exchange.incoming.socket.resetAndDestroy();
    },
  },

  /** The connection closes normally, with fewer bytes than Content-Length announced. */
  "truncated answer": {
    operations: WITH_ANSWER,
    inject: async (exchange) => {
      await sendHalf(exchange);
      exchange.incoming.socket.end();
    },
  },

  /** The cloud executes the request, but the response is lost. */
  "lost answer": {
    operations: ["*"],
    inject: async ({ incoming, body, forward }) => {
      await forward(await body());
      incoming.socket.resetAndDestroy();
    },
  },

  "500 InternalError": {
    operations: ["*"],
    inject: (exchange) => fail(exchange, 500, "InternalError", "We encountered an internal error."),
  },

  "503 SlowDown": {
    operations: ["*"],
    inject: (exchange) => fail(exchange, 503, "SlowDown", "Please reduce your request rate."),
  },

  "expired token": {
    operations: ["*"],
    inject: (exchange) => fail(exchange, 403, "ExpiredToken", "The provided token has expired."),
  },

  /** One byte of the request changes in transit: the cloud must detect it by its checksum. */
  "damaged request": {
    operations: WRITES_OF_BYTES,
    inject: async ({ body, forward, reply }) => {
      const bytes = Buffer.from(await body());
      const middle = bytes.length >> 1;
      if (bytes.length > 0) bytes[middle] = (bytes[middle] ?? 0) ^ 0x10;
      reply(await forward(bytes));
    },
  },

  "damaged answer": {
    operations: [...WRITES_OF_BYTES, ...COPIES, "CompleteMultipartUpload", "HeadObject", "ListParts"],
    inject: async ({ body, forward, reply }) => reply(withOtherChecksums(await forward(await body()))),
  },

  /** The headers report success before S3 knows that the request fails. */
  "error in a 200": {
    operations: [...COPIES, "CompleteMultipartUpload"],
    inject: async (exchange) => {
      await exchange.body();
      exchange.reply(errorAnswer(exchange, 200, "InternalError", "We encountered an internal error."));
    },
  },

  /** The cloud receives the request twice. */
  "duplicated request": {
    operations: ["*"],
    inject: async ({ body, forward, reply }) => {
      const bytes = await body();
      const answer = await forward(bytes);
      await forward(bytes);
      reply(answer);
    },
  },

  trickle: {
    operations: ["*"],
    inject: async (exchange) => {
      const { outgoing, method } = exchange;
      const answer = await exchange.forward(await exchange.body());
      outgoing.writeHead(answer.status, headersOf(answer, method));
      const step = Math.max(1, Math.ceil(answer.body.length / TRICKLE_PIECES));
      for (let offset = 0; offset < answer.body.length; offset += step) {
        outgoing.write(answer.body.subarray(offset, offset + step));
        await sleep(TRICKLE_PAUSE_MS);
      }
      outgoing.end();
    },
  },

  /** Another writer replaces a new replica before the program compares it. */
  "replica tampered with": {
    operations: ["PutObject", "CopyObject", "CompleteMultipartUpload"],
    inject: async ({ operation, body, forward, reply }, surroundings) => {
      const answer = await forward(await body());
      await surroundings.tamperWithReplicas(operation.key, operation.region);
      reply(answer);
    },
  },

  /** Another writer replaces an object after its upload. */
  "upload tampered with": {
    operations: ["PutObject", "CompleteMultipartUpload"],
    inject: async ({ operation, body, forward, reply }, surroundings) => {
      const answer = await forward(await body());
      await surroundings.tamperWith(operation.bucket, operation.key, operation.region);
      reply(answer);
    },
  },

  interrupted: {
    operations: ["*"],
    inject: async (exchange, surroundings) => {
      surroundings.interrupt();
      await passOn(exchange);
    },
  },
} as const satisfies Readonly<Record<string, Kind>>;

export type FaultKind = keyof typeof kinds;
export const KINDS: Readonly<Record<FaultKind, Kind>> = kinds;
export const KIND_NAMES = Object.keys(kinds) as FaultKind[];

async function sendHalf({ method, outgoing, body, forward }: Exchange): Promise<void> {
  const answer = await forward(await body());
  outgoing.writeHead(answer.status, headersOf(answer, method));
  const half = answer.body.subarray(0, answer.body.length >> 1);
  await new Promise<void>((resolve) => outgoing.write(half, () => resolve()));
}

/** An error in the format of S3 or DynamoDB; the response to a HEAD has no body. */
async function fail(exchange: Exchange, status: number, code: string, message: string): Promise<void> {
  await exchange.body();
  exchange.reply(errorAnswer(exchange, status, code, message));
}

function errorAnswer({ method, incoming }: Exchange, status: number, code: string, message: string): Answer {
  if (method === "HEAD") return { status, headers: {}, body: Buffer.alloc(0) };
  const isDynamo = incoming.headers["x-amz-target"] !== undefined;
  const text = isDynamo
    ? JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${code}`, message })
    : `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  const type = isDynamo ? "application/x-amz-json-1.0" : "application/xml";
  return { status, headers: { "content-type": type }, body: Buffer.from(text) };
}

/** The beginning of the element, and its text without quotes. */
const CHECKSUM_IN_XML = /(<(?:ETag|ChecksumCRC32)>(?:&quot;|&#34;|")?)([^<&"]+)/g;

/** Changes ETag and CRC32, in the headers or in the XML. */
function withOtherChecksums({ status, headers, body }: Answer): Answer {
  const changed = { ...headers };
  for (const name of ["etag", "x-amz-checksum-crc32"]) {
    const value = changed[name];
    if (typeof value === "string") changed[name] = otherText(value);
  }
  const text = body
    .toString("latin1")
    .replaceAll(CHECKSUM_IN_XML, (_all, before: string, value: string) => before + otherText(value));
  return { status, headers: changed, body: Buffer.from(text, "latin1") };
}

/** Changes the first hexadecimal digit or letter of a checksum; its length stays. */
const otherText = (value: string): string =>
  value.replace(/[0-9A-Za-z](?=[0-9A-Za-z+/]{3})/, (digit) => (digit === "0" ? "1" : "0"));
