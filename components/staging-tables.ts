import { Table, type TableArgs } from "@pulumi/aws/dynamodb/table.js";
import { ComponentResource, type ComponentResourceOptions, type CustomResourceOptions } from "@pulumi/pulumi";
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
  transform?: StagingTablesTransform;
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
    const optionsOf = (table: string): CustomResourceOptions => ({
      parent: this,
      ...keep(settings.cloud, adopts?.has(table) ? `${table}@${settings.tableRegion}` : undefined),
    });
    const common = {
      region: settings.tableRegion,
      billingMode: "PAY_PER_REQUEST",
      pointInTimeRecovery: { enabled: true },
      tags: tableTags(settings),
      // The engine's own protection does not cover other tools.
      ...(settings.cloud === "aws" ? { deletionProtectionEnabled: true } : {}),
    };

    this.records = createRecords();
    this.usage = createUsage();
    this.sweeps = createSweeps();
    this.registerOutputs({
      records: this.records.name,
      usage: this.usage.name,
      sweeps: this.sweeps.name,
    });

    function createRecords(): Table {
      const own: TableArgs = {
        ...common,
        name: settings.recordsTable,
        hashKey: RECORD_KEY,
        attributes: [RECORD_KEY, RECORD_KIND_ATTRIBUTE, SWEEP_ID, UPLOADED_AT].map((attribute) => ({
          name: attribute,
          type: "S",
        })),
        ttl: { attributeName: RECORD_TTL_ATTRIBUTE, enabled: true },
        globalSecondaryIndexes: [
          indexByUpload(UPLOADED_INDEX, RECORD_KIND_ATTRIBUTE),
          indexByUpload(SWEEP_INDEX, SWEEP_ID),
        ],
      };
      return new Table(...child(transform.records, `${name}-records`, own, optionsOf(settings.recordsTable)));
    }

    function createUsage(): Table {
      const own: TableArgs = {
        ...common,
        name: settings.usageTable,
        hashKey: USAGE_KEY,
        attributes: [{ name: USAGE_KEY, type: "S" }],
      };
      return new Table(...child(transform.usage, `${name}-usage`, own, optionsOf(settings.usageTable)));
    }

    function createSweeps(): Table {
      const own: TableArgs = {
        ...common,
        name: settings.sweepsTable,
        hashKey: SWEEP_KEY,
        rangeKey: ITEM_KEY,
        attributes: [SWEEP_KEY, ITEM_KEY, SWEEP_KIND_ATTRIBUTE, CREATED_AT].map((attribute) => ({
          name: attribute,
          type: "S",
        })),
        ttl: { attributeName: SWEEP_TTL_ATTRIBUTE, enabled: true },
        // Sparse, so that a list of sweeps does not read index items.
        globalSecondaryIndexes: [
          { name: SWEEPS_INDEX, hashKey: SWEEP_KIND_ATTRIBUTE, rangeKey: CREATED_AT, projectionType: "ALL" },
        ],
      };
      return new Table(...child(transform.sweeps, `${name}-sweeps`, own, optionsOf(settings.sweepsTable)));
    }
  }
}

// The provider prefers `keySchemas` to these two keys, but then shows a difference at every update:
// https://github.com/hashicorp/terraform-provider-aws/issues/46513
function indexByUpload(name: string, hashKey: string) {
  return { name, hashKey, rangeKey: UPLOADED_AT, projectionType: "ALL" };
}
