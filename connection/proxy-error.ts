import { type HttpProxy, shown } from "./proxy.ts";

/** A connection that the proxy did not make. The SDK asks again after those of `$retryable`. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  /** `HTTPS_PROXY=http://proxy:3128`, without a password. */
  readonly proxy: string;
  /** The proxy's answer; undefined where there was none. */
  readonly status: number | undefined;
  /** The system's code where the proxy was not reached. */
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
