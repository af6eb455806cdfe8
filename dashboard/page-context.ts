import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { About } from "./snapshot.ts";
import type { Source } from "./source.ts";

/** The values that all components of the page share. */
interface PageValues {
  readonly about: About;
  readonly source: Source;
  readonly ticker: Ticker;
}

export const PageContext = createContext<PageValues | undefined>(undefined);

export function usePage(): PageValues {
  const page = useContext(PageContext);
  if (page === undefined) throw new Error("this component is outside of the page");
  return page;
}

/** Calls its listeners every second. */
export class Ticker {
  readonly #listeners = new Set<() => void>();

  add(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** @returns a function that stops it */
  run(): () => void {
    const timer = setInterval(() => {
      for (const listener of this.#listeners) listener();
    }, 1_000);
    return () => clearInterval(timer);
  }
}

/** A value that depends on the time. The component renders again only when the value changes. */
export function useTimed<T extends string | number>(valueAt: (now: number) => T): T {
  const { source, ticker } = usePage();
  const [, setValue] = useState<T>();
  useEffect(() => ticker.add(() => setValue(valueAt(source.now()))));
  return valueAt(source.now());
}
