import { hash } from "node:crypto";
import { text } from "node:stream/consumers";
import { HttpRequest } from "@smithy/core/protocols";
import { Signer } from "../../../connection/signing.ts";
import type { Call } from "./call.ts";
import { clientSettings } from "./settings.ts";
import { credentials } from "./sts.ts";

/** An error from AWS, in the form of the SDK's errors. */
class AwsError extends Error {
  readonly $metadata: { readonly httpStatusCode: number };

  constructor(name: string, message: string, httpStatusCode: number) {
    super(message);
    this.name = name;
    this.$metadata = { httpStatusCode };
  }
}

/**
 * One SSM operation without the SDK's client, which takes 18 MB for a single read.
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
 * @returns the response, unchecked
 * @throws Error named after AWS's error code
 */
export async function callSsm(operation: string, input: object, call: Call): Promise<unknown> {
  const { endpoint, requestHandler } = clientSettings(call.server.transport, "SSM", call.region);
  const { accessKeyId, secretAccessKey, sessionToken } = await credentials(call);
  const url = new URL(endpoint);
  const body = JSON.stringify(input);
  const headers = {
    "content-type": "application/x-amz-json-1.1",
    host: url.host,
    "x-amz-content-sha256": hash("sha256", body),
    "x-amz-target": `AmazonSSM.${operation}`,
  };
  const signed = new Signer().headers(
    { method: "POST", path: "/", query: "", headers },
    { accessKeyId, secretAccessKey, sessionToken, region: call.region, service: "ssm" },
    new Date(),
  );
  const request = new HttpRequest({
    method: "POST",
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    path: "/",
    headers: pairs(signed),
    body,
  });
  const { response } = await requestHandler.handle(request, { abortSignal: call.context.signal });
  const output: unknown = JSON.parse((await text(response.body)) || "{}");
  if (response.statusCode >= 300) throw errorOf(output, response.statusCode);
  return output;
}

/** Converts a list of alternating names and values to an object. */
function pairs(list: readonly string[]): Record<string, string> {
  const entries = list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1] ?? ""]] : []));
  return Object.fromEntries(entries) as Record<string, string>;
}

function errorOf(answer: unknown, status: number): AwsError {
  const { __type = "UnknownError", message, Message } = (answer ?? {}) as Record<string, unknown>;
  const name = String(__type).replace(/^.*#/, "");
  return new AwsError(name, String(message ?? Message ?? `HTTP ${status}`), status);
}
