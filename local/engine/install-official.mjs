// Installs the official Pulumi engine into a folder, as a process of its own, so that it can be given up whole.
// Usage: node install-official.mjs FOLDER VERSION. Prints "answer" once Pulumi's site has answered.
// It ends, with everything that it started, when its stdin is closed: when the command that wanted it is gone.
import { createRequire } from "node:module";
import { PulumiCommand } from "@pulumi/pulumi/automation/cmd.js";

// The installer takes a version object of the very library that it compares with.
const { SemVer } = createRequire(import.meta.resolve("@pulumi/pulumi"))("semver");

const [root, version] = process.argv.slice(2);

process.stdin.resume().once("close", () => process.kill(-process.pid, "SIGKILL"));

const response = await fetch("https://get.pulumi.com/install.sh", { method: "HEAD" });
if (!response.ok) throw new Error(`get.pulumi.com answered ${response.status}`);
console.log("answer");
await PulumiCommand.install({ root, version: new SemVer(version) });
process.exit(0);
