import { S3Client } from "@aws-sdk/client-s3";
import { type HttpRequest, HttpResponse } from "@smithy/core/protocols";
import type { RequestHandler } from "../../connection/request-handler.ts";

export interface S3Request {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: Readonly<Record<string, unknown>>;
}

/** A status, or a whole response. */
export type S3Response = number | WholeResponse;

interface WholeResponse {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Of an error. */
  readonly code?: string;
}

/** Undefined: the bucket exists and is empty. */
export type AnswerS3 = (request: S3Request) => S3Response | undefined | Promise<S3Response | undefined>;

/** A client whose requests get their responses from a function instead of a server. */
export const fakeS3 = (answer: AnswerS3, region = "us-east-1"): S3Client =>
  new S3Client({
    region,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    forcePathStyle: true,
    maxAttempts: 1,
    requestHandler: fakeHandler(answer),
  });

/** The transport of a client of S3 or S3 Control. */
export function fakeHandler(answer: AnswerS3): RequestHandler {
  const handle = async ({ method, path, query = {} }: HttpRequest): Promise<{ response: HttpResponse }> => {
    const [, bucket = "", ...key] = decodeURIComponent(path).split("/");
    const asked = { method, bucket, key: key.join("/"), query };
    const found = (await answer(asked)) ?? absent(asked);
    const { status = 200, headers = {}, code, body } = typeof found === "number" ? { status: found } : found;
    const text = body ?? (code === undefined || method === "HEAD" ? "" : errorBody(code));
    return { response: new HttpResponse({ statusCode: status, headers: { ...headers }, body: bytes(text) }) };
  };
  const nothing = () => undefined;
  return {
    handle,
    metadata: { handlerProtocol: "http/1.1" },
    ...{ destroy: nothing, updateHttpClientConfig: nothing, httpHandlerConfigs: () => ({}) },
  };
}

const errorBody = (code: string): string => `<Error><Code>${code}</Code><Message>no</Message></Error>`;
const bytes = (text: string): ReadableStream => new Blob([text]).stream();

/** Settings of a bucket that can be absent, by the parameter that reads them. */
const SETTINGS: Readonly<Record<string, string>> = {
  tagging: "NoSuchTagSet",
  lifecycle: "NoSuchLifecycleConfiguration",
  replication: "ReplicationConfigurationNotFoundError",
  "object-lock": "ObjectLockConfigurationNotFoundError",
};

function absent({ method, key, query }: S3Request): S3Response {
  const setting = Object.keys(SETTINGS).find((name) => name in query);
  if (method === "GET" && setting !== undefined) return { status: 404, code: SETTINGS[setting] ?? "" };
  if (key === "") return method === "DELETE" ? 204 : { body: method === "GET" ? "<Result/>" : "" };
  return method === "DELETE" ? 204 : { status: 404, code: "NoSuchKey" };
}
