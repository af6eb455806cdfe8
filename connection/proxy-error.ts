import { type HttpProxy, shown } from "./proxy.ts";

/** A connection that the proxy did not establish. The SDK retries if the error has `$retryable`. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  /** `HTTPS_PROXY=http://proxy:3128`, without a password. */
  readonly proxy: string;
  /** The proxy's response; undefined if there was none. */
  readonly status: number | undefined;
  /** The system's error code if the proxy was unreachable. */
  readonly code: string | undefined;
  readonly $retryable: { readonly throttling: false } | undefined;

  constructor(proxy: HttpProxy, reason: { readonly status?: number | undefined; readonly cause?: unknown }) {
    const said = reason.status === undefined ? "was not reached" : `answered ${reason.status}`;
    super(`the proxy ${shown(proxy)} ${said}`, { cause: reason.cause });
    this.proxy = `${proxy.variable}=${shown(proxy)}`;
    this.status = reason.status;
    const { code } = (reason.cause ?? {}) as { readonly code?: string };
    this.code = code;
    const isPassing = reason.status === undefined ? code !== "ENOTFOUND" : reason.status >= 500;
    this.$retryable = isPassing ? { throttling: false } : undefined;
  }
}
