/** `bin/spawn` sets this to `ignore`, because Node resets every ignored signal to its default at its start. */
const HANGUP_VARIABLE = "SPAWN_HANGUP";

/**
 * Whether this program started with SIGHUP ignored, as with `nohup`, and must outlive its terminal. `nohup node …`
 * skips `bin/spawn`; then only the shell's variable `_` shows it.
 */
export const isHangupIgnored = (env: NodeJS.ProcessEnv = process.env): boolean =>
  env[HANGUP_VARIABLE] === "ignore" || /(^|\/)nohup$/.test(env["_"] ?? "");

/** Keeps SIGHUP ignored in this process if it was ignored at the start. */
export function keepHangupIgnored(): void {
  if (isHangupIgnored()) process.on("SIGHUP", () => undefined);
}

/**
 * A program and its arguments, wrapped so that it starts with SIGHUP ignored if this one did. The process ID stays
 * the same.
 */
export function startedAlike(
  command: string,
  args: readonly string[],
): { readonly command: string; readonly args: readonly string[] } {
  if (!isHangupIgnored()) return { command, args };
  return { command: "/bin/sh", args: ["-c", `trap '' HUP; exec "$0" "$@"`, command, ...args] };
}
