import { join } from "node:path";
import { workingFolder } from "../../stacks/project-folder.ts";
import { settingsFileName } from "../../staging/environment.ts";

interface Place {
  readonly environmentName: string;
  readonly projectFolder: string;
}

/** The path of the environment's settings file; undefined if the file is in the working folder, where users see it. */
export const settingsPath = ({ environmentName, projectFolder }: Place): string | undefined =>
  projectFolder === workingFolder() ? undefined : join(projectFolder, settingsFileName(environmentName));
