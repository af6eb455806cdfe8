/** Timeouts of all clients except S3, whose timeouts depend on the request size. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** Timeout without data for small requests, after which the SDK retries. The SDK's default is to wait forever. */
export const STALL_TIMEOUT_MS = 30_000;
