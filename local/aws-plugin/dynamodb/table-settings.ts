import {
  DescribeContinuousBackupsCommand,
  DescribeTimeToLiveCommand,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import type { Call } from "../sdk/call.ts";
import { dynamodb } from "../sdk/dynamodb.ts";
import { trueUnless } from "../sdk/errors.ts";
import { settle } from "../sdk/settle.ts";

/** Table settings with separate calls. */

interface Ttl {
  attributeName?: string;
  enabled?: boolean;
}

interface PointInTimeRecovery {
  enabled: boolean;
  recoveryPeriodInDays?: number;
}

/** Whether items expire, and by which attribute. */
export async function getTtl(TableName: string, call: Call): Promise<Ttl> {
  const { TimeToLiveDescription: ttl } = await dynamodb(call).send(
    new DescribeTimeToLiveCommand({ TableName }),
  );
  const enabled = ttl?.TimeToLiveStatus === "ENABLED" || ttl?.TimeToLiveStatus === "ENABLING";
  return enabled && ttl.AttributeName ? { attributeName: ttl.AttributeName, enabled } : { enabled: false };
}

export async function setTtl(TableName: string, wanted: Ttl | undefined, call: Call): Promise<void> {
  const attribute = wanted?.enabled ? wanted.attributeName : undefined;
  const now = (await getTtl(TableName, call)).attributeName;
  if (now === attribute) return;
  // Another attribute is possible only after the first is disabled.
  if (now !== undefined) await updateTtl(TableName, now, false, call);
  if (attribute !== undefined) await updateTtl(TableName, attribute, true, call);
}

async function updateTtl(
  TableName: string,
  AttributeName: string,
  Enabled: boolean,
  call: Call,
): Promise<void> {
  const TimeToLiveSpecification = { AttributeName, Enabled };
  await dynamodb(call).send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
  const wanted = Enabled ? AttributeName : undefined;
  await settle(call, `the TTL of the table ${TableName}`, async () =>
    (await getTtl(TableName, call)).attributeName === wanted ? true : undefined,
  );
}

/** Point-in-time recovery, and its number of days. */
export async function getPointInTimeRecovery(TableName: string, call: Call): Promise<PointInTimeRecovery> {
  const { ContinuousBackupsDescription } = await dynamodb(call).send(
    new DescribeContinuousBackupsCommand({ TableName }),
  );
  const { PointInTimeRecoveryStatus: status, RecoveryPeriodInDays: days } =
    ContinuousBackupsDescription?.PointInTimeRecoveryDescription ?? {};
  return {
    enabled: status === "ENABLED",
    ...(status === "ENABLED" && days && { recoveryPeriodInDays: days }),
  };
}

export async function setPointInTimeRecovery(
  TableName: string,
  wanted: PointInTimeRecovery | undefined,
  call: Call,
): Promise<void> {
  const { enabled, recoveryPeriodInDays: days } = wanted ?? { enabled: false };
  const now = await getPointInTimeRecovery(TableName, call);
  if (enabled === now.enabled && (!enabled || days === undefined || days === now.recoveryPeriodInDays))
    return;
  // Backups may still be starting right after a table's creation.
  const PointInTimeRecoverySpecification = {
    PointInTimeRecoveryEnabled: enabled,
    RecoveryPeriodInDays: enabled ? days : undefined,
  };
  await settle(call, `the backups of the table ${TableName}`, () =>
    trueUnless(
      ["ContinuousBackupsUnavailableException"],
      dynamodb(call).send(
        new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }),
      ),
    ),
  );
}
