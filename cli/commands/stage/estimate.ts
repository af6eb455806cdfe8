import { Args, Flags } from "@oclif/core";
import { InputError } from "../../../staging/errors.ts";
import { EXCLUDED_CHARGES } from "../../../staging/excluded-charges.ts";
import { priceBook } from "../../../staging/price-books.ts";
import { parseRegionList } from "../../../staging/regions.ts";
import { parseTtlDays } from "../../../staging/ttl.ts";
import { BaseCommand } from "../../base-command.ts";
import { configured, pricesFlag } from "../../flags.ts";
import { writeData } from "../../output.ts";
import { renderEstimate, renderEstimateCsv } from "../../render/estimate.ts";
import {
  alternative,
  type EstimatedSource,
  type EstimateMetadata,
  estimate,
  parseInstances,
  parseSizeGb,
  toEstimateMetadata,
} from "../../services/cost/estimate.ts";
import { inspectSource } from "../../services/entry/upload/source.ts";

const DEFAULT_COLUMNS = 80;

export default class StageEstimate extends BaseCommand {
  static override summary = "Estimate the costs and savings of staging, compared with direct downloads.";
  static override description =
    `Compares two ways to bring a dataset to instances in several regions: each instance downloads it from the first region, or it is staged once in every region. The command creates nothing, and sends requests only for the size of an s3:// URL.

The size comes from --data-size-gb, or from a file, a directory or an s3:// URL. Break-even is the smallest number of instances per region for which staging costs no more.

The guide's prices use AWS's internet price for a download from another region. AWS's list prices between regions are lower, so real savings are smaller: a line below the estimate shows them, and --prices aws shows the calculation. That price book names the source and date of each figure, and never guesses a price.

With --prices aws the data count from an upload at 12:00 UTC until AWS stops charging for them: until the 00:00 UTC after the TTL, and two more days, because expired data in a versioned bucket first become noncurrent versions. Requests of the upload, the copies and the tags count, too. Not included:
${EXCLUDED_CHARGES.map((line) => `- ${line}`).join("\n")}`;
  static override examples = [
    {
      description: "Estimate for a dataset of 100 GB",
      command:
        "<%= config.bin %> stage estimate --data-size-gb 100 --instances 10 --regions us-east-1,us-west-2",
    },
    {
      description: "Estimate with AWS's list prices and a TTL of 30 days",
      command: "<%= config.bin %> stage estimate --data-size-gb 100 --ttl 30 --prices aws",
    },
    {
      description: "Estimate for a directory before it is uploaded",
      command: "<%= config.bin %> stage estimate ./reference/ --instances 50",
    },
    {
      description: "Use the break-even in a script",
      command: "<%= config.bin %> stage estimate --data-size-gb 100 --format json | jq .break_even_instances",
    },
  ];

  static override args = {
    "local-path": Args.string({
      description: "File, directory or s3:// URL to take the size from, in place of --data-size-gb.",
    }),
  };

  static override flags = {
    "data-size-gb": Flags.string({
      summary: "Size of the dataset in GB (1 GB is 1,073,741,824 bytes).",
      helpValue: "GB",
    }),
    instances: Flags.string({
      summary: "Instances per region that read the data.",
      default: "10",
      helpValue: "COUNT",
    }),
    regions: Flags.string({
      summary: "Regions of the instances, separated by commas; the first is the primary region.",
      ...configured("staging.regions"),
      helpValue: "REGIONS",
    }),
    ttl: Flags.string({
      summary: "Days until the data expire, 1 to 90.",
      ...configured("staging.ttl"),
      helpValue: "DAYS",
    }),
    prices: pricesFlag(),
    "request-payer": Flags.boolean({
      default: false,
      summary: "Accept the charges for requests to a Requester Pays bucket.",
    }),
    format: Flags.option({
      options: ["table", "json", "yaml", "csv"] as const,
      default: "table",
      summary: "Output format: a table, or a format for programs.",
      description: "json, yaml and csv print the figures themselves; --json wraps them in an envelope.",
      helpValue: "table|json|yaml|csv",
      exclusive: ["json"],
    })(),
  };

  async run(): Promise<EstimateMetadata | undefined> {
    const { args, flags } = await this.parse(StageEstimate);
    const regions = parseRegionList(flags.regions);
    const ttl = parseTtlDays(flags.ttl);
    const instancesPerRegion = parseInstances(flags.instances);
    const requestPayer = flags["request-payer"];
    const { sizeBytes, source } = await this.#dataset(args["local-path"], flags);
    const fileCount = source?.fileCount;
    const request = { sizeBytes, fileCount, regions, instancesPerRegion, ttl };
    const result = estimate(request, priceBook(flags.prices));
    const aws = result.prices.name === "aws" ? { estimate: result } : alternative(request, priceBook("aws"));
    const metadata = toEstimateMetadata(result, aws);
    if (flags.format === "csv") {
      await writeData(renderEstimateCsv(metadata));
      return undefined;
    }
    const columns = process.stdout.columns ?? DEFAULT_COLUMNS;
    return await this.print(metadata, flags.format, () =>
      renderEstimate({ estimate: result, aws, source, columns, requestPayer }),
    );
  }

  async #dataset(
    path: string | undefined,
    flags: {
      readonly "data-size-gb"?: string | undefined;
      readonly "request-payer": boolean;
      readonly environment: string;
    },
  ): Promise<{ sizeBytes: number; source?: EstimatedSource }> {
    const size = flags["data-size-gb"];
    if ((size === undefined) === (path === undefined)) {
      throw new InputError(size === undefined ? "no size given" : "a size and a path are given", {
        why: "An estimate covers one dataset: give a size, or a file, a directory or an s3:// URL.",
        fix: `${this.suggested("spawn stage estimate --data-size-gb 100")}, or ${this.suggested("spawn stage estimate PATH")}`,
      });
    }
    if (size !== undefined) return { sizeBytes: parseSizeGb(size) };
    const requestPayer = flags["request-payer"];
    const options = { requestPayer, isEstimate: true };
    const source = await inspectSource(this.contextOf(flags), path ?? "", options);
    if (source.sizeBytes === 0) {
      throw new InputError(`${JSON.stringify(path)} is empty`, { why: "There is nothing to estimate." });
    }
    return { sizeBytes: source.sizeBytes, source };
  }
}
