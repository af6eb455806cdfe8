import { useEffect, useMemo, useState } from "preact/hooks";
import { Banner, Header } from "./header.tsx";
import { PageContext, Ticker } from "./page-context.ts";
import { CostSection } from "./sections/cost.tsx";
import { EntriesSection } from "./sections/entries.tsx";
import { ProblemsSection } from "./sections/problems.tsx";
import { RegionsSection } from "./sections/regions.tsx";
import { SweepsSection } from "./sections/sweeps.tsx";
import { TilesSection } from "./sections/tiles.tsx";
import { TransfersSection } from "./sections/transfers.tsx";
import type { About } from "./snapshot.ts";
import type { Source, State } from "./source.ts";

/** The whole page. */
export function Dashboard({ about, source }: { readonly about: About; readonly source: Source }) {
  const [{ parts, connection }, setState] = useState<State>(source.state);
  const ticker = useMemo(() => new Ticker(), []);
  useEffect(() => source.subscribe(setState), [source]);
  const isRunning = connection === "live";
  useEffect(() => (isRunning ? ticker.run() : undefined), [ticker, isRunning]);
  const page = useMemo(() => ({ about, source, ticker }), [about, source, ticker]);
  return (
    <PageContext.Provider value={page}>
      <Header about={about} connection={connection} parts={parts} />
      <main id="content" tabIndex={-1}>
        <Banner connection={connection} parts={parts} />
        <TilesSection parts={parts} />
        <ProblemsSection parts={parts} />
        <TransfersSection part={parts.transfers} />
        <SweepsSection part={parts.sweeps} />
        <div class="columns">
          <CostSection part={parts.cost} />
          <RegionsSection parts={parts} />
        </div>
        <EntriesSection part={parts.entries} presence={parts.presence} />
      </main>
      <footer>
        This page only reads. 1 GB is 2<sup>30</sup> bytes. Amounts are US dollars from a price book, not a
        bill of AWS. Times are UTC.
      </footer>
    </PageContext.Provider>
  );
}
