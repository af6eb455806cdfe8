/** The endpoint that stands in for AWS, if any: an emulator or another S3-compatible server. */
export const endpointOverride = (): string | undefined =>
  process.env["AWS_ENDPOINT_URL_S3"] || process.env["AWS_ENDPOINT_URL"] || undefined;

/** Whether it is that of the local cloud which this program runs: `spawn env` and the command line set both variables. */
export const isEmbeddedCloud = (endpoint: string): boolean =>
  endpoint === process.env["SPAWN_CLOUD_ENDPOINT"];
