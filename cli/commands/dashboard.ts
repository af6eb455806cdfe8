import { Flags } from "@oclif/core";
import type { About, Embedded } from "../../dashboard/snapshot.ts";
import { messageOf } from "../../staging/errors.ts";
import { serverClock } from "../../staging/server-clock.ts";
import { BaseCommand } from "../base-command.ts";
import { commandLine } from "../command-line.ts";
import type { Context } from "../context.ts";
import { pricesFlag } from "../flags.ts";
import { writeReportFile } from "../report-file.ts";
import { pause } from "../services/common/pause.ts";
import { problemOf } from "../services/dashboard/convert.ts";
import { detailsOf } from "../services/dashboard/details.ts";
import { openBrowser, openWithSystem } from "../services/dashboard/open-browser.ts";
import { Polling } from "../services/dashboard/polling.ts";
import { readersOf } from "../services/dashboard/readers.ts";
import { readSaved } from "../services/dashboard/saved.ts";
import { type RunningDashboard, serveDashboard } from "../services/dashboard/server.ts";
import { interruptible } from "../signals.ts";

/** The address of the served page, or the file of a saved one. */
interface DashboardJson {
  readonly url?: string;
  readonly file?: string;
}

export default class Dashboard extends BaseCommand {
  static override summary = "Show the environment in the browser: transfers, sweeps, costs and entries.";
  static override description =
    `Serves one read-only page on 127.0.0.1 until Ctrl-C, and prints its address. On a terminal, the command also opens the page in the browser. The address contains a secret token, because other users of this machine can also connect to the port.

The page shows unfinished uploads, sweeps with the logs of failed indices, the TTL and the data of each entry in every region, and the cost per day. While a browser tab shows the page, the command reads transfers every 3 seconds, sweeps every 5, entries every 10, costs every minute, and the data in each region every 10 minutes. All pages share these requests; without a visible page, the command sends none.

If the command runs on another machine, forward its port with ssh -L 8080:127.0.0.1:PORT HOST, and open the address with 127.0.0.1:8080. With --output the command writes the page to a file and ends.`;
  static override examples = [
    { description: "Open the dashboard", command: "<%= config.bin %> dashboard" },
    { description: "Print only the address", command: "<%= config.bin %> dashboard --no-open" },
    {
      description: "Save a copy of the page for offline use",
      command: "<%= config.bin %> dashboard --output dashboard.html",
    },
  ];

  static override flags = {
    open: Flags.boolean({
      allowNo: true,
      default: true,
      summary: "Open the page in the browser, on a terminal.",
    }),
    output: Flags.string({
      summary: "Write a copy of the page to this file, and end.",
      helpValue: "FILE",
    }),
    prices: pricesFlag(),
  };

  async run(): Promise<DashboardJson> {
    const { flags } = await this.parse(Dashboard);
    const context = this.contextOf(flags);
    // Refuses a missing environment, and one of another account, before the page is served.
    await context.tables();
    const about = await aboutOf(context);
    const details = detailsOf(context);
    const deps = {
      now: () => serverClock.now(),
      steady: () => performance.now(),
      pause,
      explain: (error: unknown) => problemOf(context, error),
    };
    const polling = new Polling(readersOf(context, flags.prices), deps);
    if (flags.output !== undefined) {
      const saved = await readSaved(polling, details, deps, (problem) => this.incomplete(problem));
      return await this.#save(flags.output, { about, saved });
    }
    const { renderDashboardPage } = await import("../render/dashboard-page.ts");
    const dashboard = await serveDashboard({
      page: await renderDashboardPage({ about }),
      ...{ polling, details, explain: deps.explain },
    });
    const { url } = dashboard;
    this.log(url);
    this.note(`Serving the dashboard of ${context.environmentName}. Press Ctrl-C to stop.`);
    const opens = flags.open && process.stdout.isTTY && !this.jsonEnabled();
    this.afterOutput(`The dashboard was at ${url}`, () => this.#serve(dashboard, opens));
    return { url };
  }

  /** Until Ctrl-C or SIGTERM, which end it without an error. */
  async #serve(dashboard: RunningDashboard, opens: boolean): Promise<void> {
    let removeFile: (() => Promise<void>) | undefined;
    try {
      await interruptible(async (signal) => {
        if (opens) {
          removeFile = await openBrowser(dashboard.url, openWithSystem).catch((error: unknown) => {
            this.warn(`The browser cannot be opened (${messageOf(error)}). Open the address yourself.`);
            return undefined;
          });
        }
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      });
    } finally {
      await dashboard.close();
      await removeFile?.();
    }
  }

  async #save(file: string, embedded: Embedded): Promise<DashboardJson> {
    const { renderDashboardPage } = await import("../render/dashboard-page.ts");
    await writeReportFile(file, (await renderDashboardPage(embedded)).html);
    this.note(`Written to ${file}`);
    return { file };
  }
}

async function aboutOf(context: Context): Promise<About> {
  const { cloud, buckets } = await context.settings();
  return {
    environment: context.environmentName,
    cloud,
    regions: [...buckets].map(([region, bucket]) => ({ region, bucket })),
    commandEnd: commandLine("", context.environmentName),
  };
}
