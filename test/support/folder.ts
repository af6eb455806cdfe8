import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Creates a temporary folder before each test of the surrounding suite, or once for the whole suite, and removes it afterwards.
 * @param prefix of its name; a space in it tests the quoting of paths
 * @returns a function that returns its real path
 */
export function temporaryFolder(prefix: string, per: "test" | "suite" = "test"): () => string {
  let folder = "";
  const create = async (): Promise<void> => {
    folder = await realpath(await mkdtemp(join(tmpdir(), prefix)));
  };
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  if (per === "suite") {
    before(create);
    after(remove);
  } else {
    beforeEach(create);
    afterEach(remove);
  }
  return () => folder;
}
