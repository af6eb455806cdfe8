import type { ExpiredEntry } from "../services/environment/expired-declared.ts";
import { formatUtcDay } from "./text.ts";

/** @param environment whose file declares the entry */
export const describeExpired = ({ item, stagingId, expiredAt }: ExpiredEntry, environment: string): string =>
  `the item ${item} of spawn:entries (${stagingId}) expired on ${formatUtcDay(expiredAt)}: S3 deletes its data, and no update stages ` +
  `them again. To stage them again, give the item another name in Pulumi.${environment}.yaml.`;
