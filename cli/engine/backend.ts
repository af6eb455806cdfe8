import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PROJECT_NAME } from "../../staging/stack-name.ts";

/** A stack's name with organization and project. The engine accepts it in any folder. */
export const fullStackName = (stack: string): string => `organization/${PROJECT_NAME}/${stack}`;

/** Paths (in a folder) or key prefixes (in a bucket) of the project's stacks in a backend. */
export const BACKEND = {
  stacks: `.pulumi/stacks/${PROJECT_NAME}`,
  backups: `.pulumi/backups/${PROJECT_NAME}`,
  history: `.pulumi/history/${PROJECT_NAME}`,
  locks: `.pulumi/locks/organization/${PROJECT_NAME}`,
} as const;

/** The folder of a `file://` backend, as the engine resolves it; undefined for other backends. */
export function backendFolder(url: string | undefined): string | undefined {
  if (url === undefined || !url.startsWith("file://")) return undefined;
  const path = url.slice("file://".length).replace(/\?.*$/, "");
  if (path === "~" || path.startsWith("~/")) return join(homedir(), path.slice(1));
  return path.startsWith("/") ? fileURLToPath(`file://${path}`) : undefined;
}
