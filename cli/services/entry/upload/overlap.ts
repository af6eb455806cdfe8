import { statusOf } from "../../../../connection/errors/failure.ts";
import { InputError } from "../../../../staging/errors.ts";
import {
  isAccessPointAlias,
  type OverlapCase,
  overlaps,
  refuseOverlap,
} from "../../../../staging/overlap.ts";
import type { Region } from "../../../../staging/regions.ts";
import { isS3Url, parseS3Url } from "../../../../staging/s3-url.ts";
import type { Context } from "../../../context.ts";

/**
 * Refuses a source on S3 that contains the objects of its own upload, by the name of a bucket or by the alias of an access point. Only
 * an alias costs requests.
 * @throws InputError before anything is created
 */
export async function refuseOverlapIn(
  context: Pick<Context, "account" | "clientConfig" | "settings">,
  entry: OverlapCase,
): Promise<void> {
  if (!isS3Url(entry.source)) return;
  const { buckets } = await context.settings();
  refuseOverlap(entry, buckets.values());
  const { bucket: alias, key } = parseS3Url(entry.source);
  if (!isAccessPointAlias(alias)) return;
  for (const [region, bucket] of buckets) {
    if (!(await aliasesOf(context, region, bucket, alias)).includes(alias)) continue;
    try {
      refuseOverlap({ ...entry, source: `s3://${bucket}/${key}` }, [bucket]);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw overlaps(entry.source, bucket, `The access point ${alias} leads to it.`);
    }
  }
}

/** The aliases of the bucket's access points in the account of the credentials in use. */
async function aliasesOf(
  context: Pick<Context, "account" | "clientConfig" | "settings">,
  region: Region,
  bucket: string,
  asked: string,
): Promise<readonly (string | undefined)[]> {
  const [{ ListAccessPointsCommand }, { withS3Control }, { accountOf }] = await Promise.all([
    import("@aws-sdk/client-s3-control"),
    import("../access-points.ts"),
    import("../remains/access-points.ts"),
  ]);
  const AccountId = await accountOf(context);
  try {
    return await withS3Control(context, region, async (client) => {
      const found: (string | undefined)[] = [];
      let NextToken: string | undefined;
      do {
        const page = await client.send(new ListAccessPointsCommand({ AccountId, Bucket: bucket, NextToken }));
        found.push(...(page.AccessPointList ?? []).map(({ Alias }) => Alias));
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      return found;
    });
  } catch (error) {
    // A bucket that does not exist has no access points.
    if (statusOf(error) === 404) return [];
    if (statusOf(error) !== 403) throw error;
    throw new InputError(`the bucket of the access point ${asked} cannot be determined`, {
      why: `The credentials in use may not list the access points of ${bucket}, a bucket that the upload writes to.`,
      fix: "Name the bucket itself: s3://BUCKET/PREFIX/. Or use credentials with s3:ListAccessPoints.",
    });
  }
}
