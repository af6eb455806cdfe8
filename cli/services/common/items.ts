import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { UserError } from "../../../staging/errors.ts";

type Item = Record<string, AttributeValue>;

/** A response to a query or a scan. */
interface Page {
  readonly Items?: Item[] | undefined;
  readonly LastEvaluatedKey?: Item | undefined;
}

/** The part of a request that selects the page; empty for the first one. */
interface Start {
  readonly ExclusiveStartKey?: Item;
}

/**
 * The items of a query or a scan, a page at a time. It fetches the next page while the caller uses the current one.
 * @param fetch requests a page
 */
export async function* itemPages(fetch: (start: Start) => Promise<Page>): AsyncGenerator<Item[]> {
  let next: Promise<Page> | undefined = fetch({});
  while (next !== undefined) {
    const { Items = [], LastEvaluatedKey }: Page = await next;
    next = LastEvaluatedKey === undefined ? undefined : fetch({ ExclusiveStartKey: LastEvaluatedKey });
    // If the caller stops here, the fetch of the next page must not become an unhandled rejection.
    next?.catch(() => undefined);
    yield Items;
  }
}

/**
 * Parses items.
 * @param onMalformed called with the error of an item that cannot be read, which is left out
 */
export async function parsedRows<I, T>(
  items: readonly I[],
  parse: (item: I) => T | Promise<T>,
  onMalformed: (error: UserError) => void,
): Promise<T[]> {
  const rows: T[] = [];
  for (const item of items) {
    try {
      rows.push(await parse(item));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      onMalformed(error);
    }
  }
  return rows;
}
