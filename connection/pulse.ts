import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";

/**
 * The file and instance of the heartbeat of the parent command, for plugins: they continue to beat while the command
 * is stopped (Ctrl-Z).
 */
export const HEARTBEAT_VARIABLE = "SPAWN_HEARTBEAT";

/** Milliseconds between two beats. */
export const BEAT_EVERY_MS = 1_000;

/** Milliseconds until the thread starts, which takes 0.04 s. Most updates end earlier. */
const THREAD_AFTER_MS = 2_000;

/** The process that works on a stack, from the file of its heartbeat. */
export const recordOf = (heartbeat: string): string => `${heartbeat}.json`;
/** Changes with each beat. */
export const pulseOf = (heartbeat: string): string => `${heartbeat}.beat`;

/** A thread, so that a busy process still beats. Each beat writes a new text, so that no clock has to be correct. */
const PROGRAM = `
const { randomUUID } = require("node:crypto");
const { readFileSync, writeFileSync } = require("node:fs");
const { parentPort, workerData } = require("node:worker_threads");
const { record, pulse, instance, every } = workerData;
const timer = setInterval(() => {
  try {
    if (JSON.parse(readFileSync(record, "utf8")).instance === instance) {
      writeFileSync(pulse, randomUUID());
      return;
    }
  } catch (error) {
    if (error.code !== "ENOENT") return; // a server that temporarily does not respond
  }
  clearInterval(timer);
  parentPort.postMessage("lost");
}, every);
`;

/**
 * Beats until it is stopped, or until another command has replaced this record.
 * @param instance of the record
 * @param onLost called if another command has replaced the record
 * @returns a function that stops it
 */
export function startPulse(heartbeat: string, instance: string, onLost: () => void): () => void {
  const [record, pulse] = [recordOf(heartbeat), pulseOf(heartbeat)];
  writeFileSync(pulse, randomUUID());
  let worker: Worker | undefined;
  const start = setTimeout(() => {
    // Without beats, other commands take over the stack only if they also cannot find the holder of its lock.
    try {
      worker = new Worker(PROGRAM, {
        eval: true,
        workerData: { record, pulse, instance, every: BEAT_EVERY_MS },
      });
    } catch {
      return; // no memory for a thread
    }
    worker.unref();
    worker.on("message", onLost);
    worker.on("error", () => undefined);
  }, THREAD_AFTER_MS);
  start.unref();
  return () => {
    clearTimeout(start);
    void worker?.terminate();
  };
}

/** Beats in a plugin as long as it runs, even while its command is stopped. */
export function beatAsPlugin(env: NodeJS.ProcessEnv = process.env): void {
  const [heartbeat, instance] = (env[HEARTBEAT_VARIABLE] ?? "").split("\n");
  if (!heartbeat || !instance) return;
  try {
    startPulse(heartbeat, instance, () => undefined);
  } catch {
    // The command beats as well.
  }
}
