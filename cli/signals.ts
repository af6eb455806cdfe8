import { isHangupIgnored, keepHangupIgnored } from "../connection/hangup.ts";

type EndingSignal = "SIGHUP" | "SIGINT" | "SIGTERM";

/** Number of handlers that commands registered. Listeners of libraries, such as proper-lockfile, do not count: they do not end the process. */
const handlers: Record<EndingSignal, number> = { SIGHUP: 0, SIGINT: 0, SIGTERM: 0 };

/**
 * Ends the process with `process.exit` at a signal, so that its exit handlers end child processes. While a command has its own handler
 * for a clean stop, that handler decides instead.
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

/** The signals that stop a command in a clean way; SIGHUP, from a closed terminal, unless the user wants the command to survive it. */
export const stopSignals = (): readonly EndingSignal[] =>
  isHangupIgnored() ? ["SIGINT", "SIGTERM"] : ["SIGINT", "SIGTERM", "SIGHUP"];

/** Runs a task that changes nothing until one of the signals interrupts it. */
export async function interruptible<T>(
  run: (signal: AbortSignal) => Promise<T>,
  signals: readonly EndingSignal[] = ["SIGINT", "SIGTERM"],
): Promise<T> {
  const abort = new AbortController();
  const release = handleSignals(signals, () => {
    release();
    abort.abort();
  });
  try {
    return await run(abort.signal);
  } finally {
    release();
  }
}

/**
 * Calls `handler` at these signals, instead of ending the process.
 * @returns a function that removes the handler
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
