import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

/** Runs a program with JSON on stdin. @returns the JSON of its stdout */
export async function answerOf(command: string, args: readonly string[], asked: string): Promise<unknown> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  child.stdin.end(asked);
  const [answer, code] = await Promise.all([text(child.stdout), ended]);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}`);
  return JSON.parse(answer);
}
