import type { ObjectStore } from "../../../provider/store/object-store.ts";
import type { DataPlane } from "../../../provider/transfer/data-plane.ts";
import type { Region } from "../../../staging/regions.ts";
import type { Context } from "../../context.ts";

/** For transfers by the command line itself: their limits, memory and threads, and the objects of each region. */
interface Transfers {
  readonly plane: DataPlane;
  /** @throws InputError if the region's bucket belongs to another environment or account */
  store(region: Region): Promise<ObjectStore>;
  /** Closes the connections, which would keep the process running. */
  close(): void;
}

/** Opens clients as the provider does: they retry patiently, and a bucket that throttles lowers the concurrency. */
export async function openTransfers(
  context: Pick<Context, "account" | "connection" | "s3">,
): Promise<Transfers> {
  const [{ createS3Clients }, { openAccess }, { DataPlane }, connection] = await Promise.all([
    import("../../../provider/store/clients.ts"),
    import("../../../connection/access.ts"),
    import("../../../provider/transfer/data-plane.ts"),
    context.connection(),
  ]);
  const plane = new DataPlane();
  const clients = createS3Clients({
    access: await openAccess("cli", connection),
    account: () => context.account(),
    onThrottled: (bucket) => plane.limiters.throttled(bucket),
  });
  const opened = new Set<Region>();
  return {
    plane,
    store: async (region) => {
      await context.s3(region); // refuses a bucket of another environment
      opened.add(region);
      return clients.store(region);
    },
    close: () => {
      for (const region of opened) clients.at(region).client.destroy();
    },
  };
}
