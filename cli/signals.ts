import { isHangupIgnored, keepHangupIgnored } from "../connection/hangup.ts";

export type EndingSignal = "SIGHUP" | "SIGINT" | "SIGTERM";

/** How many handlers of commands there are. Listeners of libraries, such as proper-lockfile's for its locks, end nothing, and do not count. */
const handlers: Record<EndingSignal, number> = { SIGHUP: 0, SIGINT: 0, SIGTERM: 0 };

/**
 * A signal ends the process by `process.exit`, so that what has been started is ended, too. A command that has a
 * handler of its own for as long as it can stop cleanly decides for itself.
 */
export function endBySignal(): void {
  keepHangupIgnored();
  for (const [signal, exitCode] of [
    ...(isHangupIgnored() ? [] : ([["SIGHUP", 129]] as const)),
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    process.on(signal, () => {
      if (handlers[signal] === 0) process.exit(exitCode);
    });
  }
}

/**
 * Lets `handler` decide what signals do.
 * @returns what ends that
 */
export function handleSignals(signals: readonly EndingSignal[], handler: () => void): () => void {
  let isOn = true;
  for (const signal of signals) {
    process.on(signal, handler);
    handlers[signal] += 1;
  }
  return () => {
    if (!isOn) return;
    isOn = false;
    for (const signal of signals) {
      process.off(signal, handler);
      handlers[signal] -= 1;
    }
  };
}
