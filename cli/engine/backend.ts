import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Name of the Pulumi project, here and in the repository's `Pulumi.yaml`. */
export const PROJECT_NAME = "spawn";

/** A stack's name with organization and project, which the engine takes in any folder. */
export const fullStackName = (stack: string): string => `organization/${PROJECT_NAME}/${stack}`;

/** Where a backend keeps what belongs to the project's stacks: paths in a folder, or prefixes of keys in a bucket. */
export const BACKEND = {
  stacks: `.pulumi/stacks/${PROJECT_NAME}`,
  backups: `.pulumi/backups/${PROJECT_NAME}`,
  history: `.pulumi/history/${PROJECT_NAME}`,
  locks: `.pulumi/locks/organization/${PROJECT_NAME}`,
} as const;

/** The folder of a `file://` backend as the engine understands it; undefined for any other backend. */
export function backendFolder(url: string | undefined): string | undefined {
  if (url === undefined || !url.startsWith("file://")) return undefined;
  const path = url.slice("file://".length).replace(/\?.*$/, "");
  if (path === "~" || path.startsWith("~/")) return join(homedir(), path.slice(1));
  return path.startsWith("/") ? fileURLToPath(`file://${path}`) : undefined;
}
