import { lifecycleRules } from "../../../components/lifecycle-rules.ts";
import { replicateTag, replicationRuleId } from "../../../staging/classes.ts";
import type { Region } from "../../../staging/regions.ts";
import type { SimulatedS3 } from "./simulated-s3.ts";

/** The settings of a bucket in XML, as the environment's components declare them. */
export const BUCKET_SETTINGS: Readonly<Record<string, (s3: SimulatedS3, region: Region) => string>> = {
  versioning: () => "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",

  lifecycle: () => {
    const rules = lifecycleRules().map(({ id, filter, expiration }) => {
      const tag = filter?.tag;
      const which =
        tag === undefined
          ? "<Prefix></Prefix>"
          : `<Tag><Key>${tag.key}</Key><Value>${tag.value}</Value></Tag>`;
      const days =
        expiration?.days === undefined ? "" : `<Expiration><Days>${expiration.days}</Days></Expiration>`;
      return `<Rule><ID>${id}</ID><Status>Enabled</Status><Filter>${which}</Filter>${days}</Rule>`;
    });
    return `<LifecycleConfiguration>${rules.join("")}</LifecycleConfiguration>`;
  },

  replication: (s3, region) => {
    const rules = s3.buckets
      .filter((bucket) => bucket.region !== region)
      .map(
        (bucket) =>
          `<Rule><ID>${replicationRuleId(bucket.region)}</ID><Status>Enabled</Status><Filter><Tag><Key>${replicateTag(bucket.region)}</Key><Value>true</Value></Tag></Filter><Destination><Bucket>arn:aws:s3:::${bucket.name}</Bucket></Destination></Rule>`,
      );
    return `<ReplicationConfiguration><Role>arn:aws:iam::000000000000:role/r</Role>${rules.join("")}</ReplicationConfiguration>`;
  },
};
