/**
 * A progress report of the provider. It travels as an ephemeral debug message on the resource's URN, beside a text for
 * people, so that `pulumi up` shows the text and the command line draws bars: {@link encodeProgress},
 * {@link decodeProgress}.
 */
export interface Progress {
  /** The phase. `wait`: for a rule or a bucket, without counts. */
  phase: "upload" | "download" | "copy" | "wait" | "verify" | "delete" | "tag";
  region: string;
  /** Bytes (phases upload, download, copy, verify) or objects (others) done and to do. */
  done: number;
  total: number;
  /** Objects done and to do. */
  objectsDone: number;
  objectsTotal: number;
  /** Whether this is the last report of the phase. */
  finished: boolean;
}

/** Begins every report: no other program's message does. */
const PROGRESS_MARK = "spawn-progress:";

export function encodeProgress(progress: Progress): string {
  return PROGRESS_MARK + JSON.stringify(progress);
}

/** The report in a log message, or undefined for any other message. */
export function decodeProgress(message: string): Progress | undefined {
  if (!message.startsWith(PROGRESS_MARK)) return undefined;
  try {
    return JSON.parse(message.slice(PROGRESS_MARK.length)) as Progress;
  } catch {
    return undefined; // another program's message that happens to begin like one
  }
}
