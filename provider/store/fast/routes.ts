import type { S3Client } from "@aws-sdk/client-s3";
import { encodeKey } from "./encoding.ts";

/** How the SDK reaches a bucket, seen in a request that it made. */
export interface Route {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: number | undefined;
  /** What comes before the key: `/` or `/bucket/`. */
  readonly prefix: string;
  /** The value of the `host` header, as it is signed. */
  readonly host: string;
  readonly region: string;
  readonly service: string;
  readonly userAgent: string;
}

interface SeenRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** `AWS4-HMAC-SHA256 Credential=KEY/20261123/us-east-1/s3/aws4_request, ...`, and no other kind of signature. */
const CREDENTIAL = /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request,/;

/**
 * Learns how the SDK reaches each bucket from the first request that it sends there: endpoint, path style and signing
 * region follow from many settings and rules, and asking them again for each request costs more than sending it.
 */
export function learnRoutes(
  client: S3Client,
  isUsable: (route: Route) => boolean = () => true,
): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  client.middlewareStack.add(
    (next) => (args) => {
      const { Bucket: bucket, Key: key } = args.input as { Bucket?: string; Key?: string };
      if (bucket !== undefined && key !== undefined && !routes.has(bucket)) {
        const route = routeOf(args.request as SeenRequest, key);
        if (route !== undefined && isUsable(route)) routes.set(bucket, route);
      }
      return next(args);
    },
    // After the signing, which is of the same step at a higher priority.
    { step: "finalizeRequest", priority: "low", name: "learnRoutes" },
  );
  return routes;
}

function routeOf(request: SeenRequest, key: string): Route | undefined {
  const credential = CREDENTIAL.exec(request.headers["authorization"] ?? "");
  const encoded = encodeKey(key);
  // Sessions of directory buckets and signatures for several regions are the SDK's business.
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
