import { Table, type TableArgs } from "@pulumi/aws/dynamodb/table.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi";
import type { EnvironmentSettings } from "../staging/environment.ts";
import { tableTags } from "../staging/ownership/names.ts";
import {
  RECORD_KEY,
  RECORD_KIND_ATTRIBUTE,
  RECORD_TTL_ATTRIBUTE,
  SWEEP_INDEX,
  UPLOADED_INDEX,
} from "../staging/record.ts";
import {
  CREATED_AT,
  ITEM_KEY,
  SWEEP_KEY,
  SWEEP_KIND_ATTRIBUTE,
  SWEEP_TTL_ATTRIBUTE,
  SWEEPS_INDEX,
} from "../staging/sweep/item-keys.ts";
import { USAGE_KEY } from "../staging/usage.ts";
import { child, type Transform } from "./child.ts";
import { keep } from "./keep.ts";

/** Attributes of records that are keys of an index. */
const UPLOADED_AT = "uploaded_at";
const SWEEP_ID = "sweep_id";

/** Transforms of the children of {@link StagingTables}. */
export interface StagingTablesTransform {
  /** The table of the records. @default none @example { deletionProtectionEnabled: true } */
  records?: Transform<TableArgs>;
  /** The table of their usage. @default none */
  usage?: Transform<TableArgs>;
  /** The table of the sweeps. @default none */
  sweeps?: Transform<TableArgs>;
}

interface StagingTablesArgs {
  /** The environment of the tables. */
  settings: EnvironmentSettings;
  /** Names of tables that exist in AWS and not in the state. @default none */
  adopts?: ReadonlySet<string>;
  /** Transforms of the children. @default none */
  transform?: StagingTablesTransform | undefined;
}

/**
 * The tables of an environment: records of entries, which DynamoDB deletes when they expire; the usage ledger, which
 * stays; and items of sweeps, which workers claim and DynamoDB deletes long after the end. All are on demand, with
 * point-in-time recovery for 35 days.
 */
export class StagingTables extends ComponentResource {
  readonly records: Table;
  readonly usage: Table;
  readonly sweeps: Table;

  constructor(name: string, args: StagingTablesArgs, options?: ComponentResourceOptions) {
    super("spawn:index:StagingTables", name, {}, options);
    const { settings, adopts, transform = {} } = args;
    const parent = this;
    const common = {
      region: settings.tableRegion,
      billingMode: "PAY_PER_REQUEST",
      pointInTimeRecovery: { enabled: true },
      tags: tableTags(settings),
      // The engine's own protection does not cover other tools.
      ...(settings.cloud === "aws" ? { deletionProtectionEnabled: true } : {}),
    };

    this.records = create("records", settings.recordsTable, {
      hashKey: RECORD_KEY,
      attributes: texts(RECORD_KEY, RECORD_KIND_ATTRIBUTE, SWEEP_ID, UPLOADED_AT),
      ttl: { attributeName: RECORD_TTL_ATTRIBUTE, enabled: true },
      globalSecondaryIndexes: [
        indexByTime(UPLOADED_INDEX, RECORD_KIND_ATTRIBUTE, UPLOADED_AT),
        indexByTime(SWEEP_INDEX, SWEEP_ID, UPLOADED_AT),
      ],
    });
    this.usage = create("usage", settings.usageTable, { hashKey: USAGE_KEY, attributes: texts(USAGE_KEY) });
    this.sweeps = create("sweeps", settings.sweepsTable, {
      hashKey: SWEEP_KEY,
      rangeKey: ITEM_KEY,
      attributes: texts(SWEEP_KEY, ITEM_KEY, SWEEP_KIND_ATTRIBUTE, CREATED_AT),
      ttl: { attributeName: SWEEP_TTL_ATTRIBUTE, enabled: true },
      // Sparse, so that a list of sweeps does not read index items.
      globalSecondaryIndexes: [indexByTime(SWEEPS_INDEX, SWEEP_KIND_ATTRIBUTE, CREATED_AT)],
    });
    this.registerOutputs({
      records: this.records.name,
      usage: this.usage.name,
      sweeps: this.sweeps.name,
    });

    function create(part: keyof StagingTablesTransform, table: string, keys: TableArgs): Table {
      const imported = adopts?.has(table) ? `${table}@${settings.tableRegion}` : undefined;
      const own: TableArgs = { ...common, name: table, ...keys };
      const options = { parent, ...keep(settings.cloud, imported) };
      return new Table(...child(transform[part], `${name}-${part}`, own, options));
    }
  }
}

const texts = (...names: readonly string[]) => names.map((name) => ({ name, type: "S" }));

// The provider prefers `keySchemas` to these two keys, but then shows a difference at every update:
// https://github.com/hashicorp/terraform-provider-aws/issues/46513
function indexByTime(name: string, hashKey: string, rangeKey: string) {
  return { name, hashKey, rangeKey, projectionType: "ALL" };
}
