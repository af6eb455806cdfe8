/** Set to `ignore` by `bin/spawn`: Node sets every signal that was ignored at its start back to its default. */
export const HANGUP_VARIABLE = "SPAWN_HANGUP";

/**
 * Whether this program was started with SIGHUP ignored, as `nohup` does it, and has to outlive its terminal. `nohup node …` leaves out
 * `bin/spawn`'s first lines; then only the shell's variable `_` shows it.
 */
export const isHangupIgnored = (env: NodeJS.ProcessEnv = process.env): boolean =>
  env[HANGUP_VARIABLE] === "ignore" || /(^|\/)nohup$/.test(env["_"] ?? "");

/** Keeps SIGHUP ignored in this process where it was so at the start. */
export function keepHangupIgnored(): void {
  if (isHangupIgnored()) process.on("SIGHUP", () => undefined);
}

/** A program and its arguments so that it starts with SIGHUP ignored where this one did. Its process id stays the same. */
export function startedAlike(
  command: string,
  args: readonly string[],
): { readonly command: string; readonly args: readonly string[] } {
  if (!isHangupIgnored()) return { command, args };
  return { command: "/bin/sh", args: ["-c", `trap '' HUP; exec "$0" "$@"`, command, ...args] };
}
