import type { EnvironmentConfig } from "../../../stacks/environment-file.ts";
import {
  type CompareSource,
  type IdentifiedEntries,
  identifyEntries,
} from "../../../staging/declared-ids.ts";
import { once } from "../../../staging/once.ts";
import type { Held } from "../../../staging/ownership/names.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import type { Context } from "../../context.ts";
import { sourceClients } from "../entry/upload/source.ts";

/** The declared entries with the IDs of the state; a changed source gets another ID. */
export const identify = (
  context: Pick<Context, "clientConfig">,
  { settings, entries }: EnvironmentConfig,
  held: Held,
  signal: AbortSignal,
): Promise<IdentifiedEntries> =>
  identifyEntries(settings.name, entries, held.entries ?? [], comparison(context, signal), serverClock.now());

/** All comparisons share their threads and clients. */
function comparison(context: Pick<Context, "clientConfig">, signal: AbortSignal): CompareSource {
  // The transfer modules take long to load, and most environments declare no entry.
  const tools = once(async () => {
    const [{ compareSource }, { FileThreads }, clients] = await Promise.all([
      import("../../../provider/transfer/compare-source.ts"),
      import("../../../provider/transfer/source/file-threads.ts"),
      sourceClients(context),
    ]);
    return { compareSource, shared: { signal, clients, threads: new FileThreads() } };
  });
  return async ({ source, exclude, followLinks = false, requestPayer = false, sha256: pinned }, staged) => {
    const { compareSource, shared } = await tools();
    return await compareSource(source, staged, { ...shared, exclude, followLinks, requestPayer, pinned });
  };
}
