import type { S3Client } from "@aws-sdk/client-s3";
import type { Server } from "../../../connection/request-handler.ts";
import { encodeKey } from "./encoding.ts";

/** How the SDK reaches a bucket, derived from one of its requests. */
export interface Route extends Server {
  /** The path before the key: `/` or `/bucket/`. */
  readonly prefix: string;
  /** The signed value of the `host` header. */
  readonly host: string;
  readonly region: string;
  readonly service: string;
  readonly userAgent: string;
}

interface SeenRequest extends Server {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** `AWS4-HMAC-SHA256 Credential=KEY/20261123/us-east-1/s3/aws4_request, ...`, and no other kind of signature. */
const CREDENTIAL = /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request,/;

/**
 * Derives the route to each bucket from the SDK's first request there. Endpoint, path style and signing region depend
 * on many settings and rules. Evaluating them for each request would cost more than sending it.
 */
export function learnRoutes(client: S3Client): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  client.middlewareStack.add(
    (next) => (args) => {
      const { Bucket: bucket, Key: key } = args.input as { Bucket?: string; Key?: string };
      if (bucket !== undefined && key !== undefined && !routes.has(bucket)) {
        const route = routeOf(args.request as SeenRequest, key);
        if (route !== undefined) routes.set(bucket, route);
      }
      return next(args);
    },
    // After the signature, which has a higher priority in the same step.
    { step: "finalizeRequest", priority: "low", name: "learnRoutes" },
  );
  return routes;
}

function routeOf(request: SeenRequest, key: string): Route | undefined {
  const credential = CREDENTIAL.exec(request.headers["authorization"] ?? "");
  const encoded = encodeKey(key);
  // Only the SDK handles sessions of directory buckets and signatures for several regions.
  if (credential === null || !request.path.endsWith(`/${encoded}`)) return undefined;
  if ("x-amz-s3session-token" in request.headers) return undefined;
  const { protocol, hostname, port, path, headers } = request;
  return {
    protocol,
    hostname,
    port,
    prefix: path.slice(0, -encoded.length),
    host: headers["host"] ?? (port === undefined ? hostname : `${hostname}:${port}`),
    region: credential[1] ?? "",
    service: credential[2] ?? "",
    userAgent: headers["user-agent"] ?? "",
  };
}
