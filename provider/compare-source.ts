import type { SourceComparison } from "../staging/declared-ids.ts";
import type { compareSourceFunction as declaration } from "../staging/resources/compare-source.ts";
import type { InputsOf } from "../staging/schema/fields.ts";
import type { Dependencies } from "./deps.ts";
import type { CallContext, Properties } from "./plugin/types.ts";
import { clientsOfAnyOwner } from "./store/sending.ts";
import { compareSource } from "./transfer/compare-source.ts";

/** The provider function `compareSource`. A program calls it before it declares an entry. */
export async function compareSourceFunction(
  args: Properties,
  deps: Pick<Dependencies, "s3" | "plane">,
  { signal }: CallContext,
): Promise<Properties> {
  const {
    source,
    exclude = [],
    followLinks = false,
    requestPayer = false,
    pinned,
    staged,
  } = args as unknown as InputsOf<(typeof declaration)["inputs"]>;
  const found: SourceComparison = await compareSource(source, staged, {
    ...{ exclude, followLinks, requestPayer, pinned, signal },
    threads: deps.plane.files,
    clients: clientsOfAnyOwner(deps.s3),
  });
  return { ...found };
}
