import { InputError } from "../staging/errors.ts";
import type { Profile } from "./profile-file.ts";
import { ignoresEndpoints, type Variables } from "./variables.ts";

/** The services that this program uses, by the suffix of their variables. */
export const SERVICES = [
  "S3",
  "S3_CONTROL",
  "DYNAMODB",
  "IAM",
  "STS",
  "AUTO_SCALING",
  "EC2",
  "SSM",
  "SERVICE_QUOTAS",
] as const;
export type Service = (typeof SERVICES)[number];

/** A server in place of AWS, and the setting that names it. */
interface Endpoint {
  readonly url: string;
  /** `AWS_ENDPOINT_URL_S3`, or the profile. */
  readonly source: string;
}

export type Endpoints = Readonly<Partial<Record<Service, Endpoint>>>;

export const endpointVariable = (service: Service): string => `AWS_ENDPOINT_URL_${service}`;

/**
 * The endpoint of each service, by the rules of all AWS tools: the service's own variable, AWS_ENDPOINT_URL, the
 * profile's section of services, the profile's `endpoint_url`. A service without any of them is AWS.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 * @throws InputError that names the variable or the profile, if its value is not a URL
 */
export function endpointsOf(env: Variables, profile: Profile): Endpoints {
  if (ignoresEndpoints(env)) return {};
  const inFile = profile.settings.get("ignore_configured_endpoint_urls")?.toLowerCase() !== "true";
  const found = SERVICES.map((service) => {
    const endpoint = inVariables(env, service) ?? (inFile ? inProfile(profile, service) : undefined);
    return [service, endpoint] as const;
  });
  for (const [, endpoint] of found) if (endpoint !== undefined) assertUrl(endpoint);
  return Object.fromEntries(found.filter(([, endpoint]) => endpoint !== undefined));
}

function inVariables(env: Variables, service: Service): Endpoint | undefined {
  const source = [endpointVariable(service), "AWS_ENDPOINT_URL"].find((name) => env[name]);
  return source === undefined ? undefined : { url: env[source] ?? "", source };
}

function inProfile(profile: Profile, service: Service): Endpoint | undefined {
  const ofService = profile.services?.get(`${service.toLowerCase()}.endpoint_url`);
  const url = ofService || profile.settings.get("endpoint_url");
  return url ? { url, source: profile.source } : undefined;
}

function assertUrl({ url, source }: Endpoint): void {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return;
  throw new InputError(`the endpoint ${JSON.stringify(url)} is not a URL`, {
    why: `${source.startsWith("AWS_") ? source : `endpoint_url of ${source}`} names it; it must begin with http:// or https://.`,
    fix: source.startsWith("AWS_") ? `unset ${source}` : "Correct endpoint_url in that file.",
  });
}
