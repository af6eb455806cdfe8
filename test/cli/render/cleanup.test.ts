import { expect } from "chai";
import { renderCleanup } from "../../../cli/render/cleanup.ts";
import type { CleanableEntry, CleanupPlan, Orphan } from "../../../cli/services/cleanup/plan.ts";
import { dollars } from "../../../staging/money.ts";
import { parseRegion } from "../../../staging/regions.ts";
import { GIB_100, testId } from "../records.ts";

const NOTHING: CleanupPlan = { entries: [], declared: [], incomplete: [], orphans: [] };
const EXPIRED = { expired: true, sweepId: undefined, orphans: false };

const entry: CleanableEntry = {
  id: testId(1),
  uploadedAt: new Date("2024-01-22T10:30:15Z"),
  filename: "reference\u001b.fasta",
  sizeBytes: GIB_100,
  fileCount: 1,
  regions: ["us-east-1", "us-west-2"],
  reason: "expired",
  expiresAt: new Date("2024-01-29T10:30:15Z"),
  isRecorded: true,
  costPerDay: dollars(0.153333),
};

const orphan: Orphan = {
  id: testId(2),
  kind: "data",
  places: [
    {
      region: parseRegion("us-east-1"),
      bucket: "spawn-staging-us-east-1",
      objects: 1200,
      bytes: 5 * 1024 ** 3,
      uploads: [{ key: `${testId(2)}/x`, uploadId: "1" }],
      isOwn: true,
    },
  ],
  changedAt: new Date("2024-01-20T00:00:00Z"),
  costPerDay: dollars(0.003833),
};
const shared: Orphan = {
  ...orphan,
  id: testId(3),
  places: orphan.places.map((place) => ({ ...place, isOwn: false })),
};

describe("The cleanup report", () => {
  it("shows entries to remove and orphans, with sizes and costs", () => {
    expect(renderCleanup({ ...NOTHING, entries: [entry], orphans: [orphan] }, EXPIRED, "dev")).to.equal(
      `To be removed: 1 entry (200GB in all regions, $0.153 a day)
STAGING ID          SIZE    REGIONS  EXPIRES     A DAY   FILE
stage-000000000001  100GB   2        2024-01-29  $0.153  reference\\x1b.fasta

Orphans: 1 leftover (5GB in all regions, $0.004 a day)
STAGING ID          OBJECTS  UPLOADS  SIZE    CHANGED     BUCKET
stage-000000000002  1,200    1        5GB     2024-01-20  spawn-staging-us-east-1
To remove it: spawn stage cleanup --orphans
`,
    );
  });

  it("names skipped entries and the next command", () => {
    const incomplete = (["uploading", "interrupted", "half-deleted", "unknown"] as const).map(
      (state, at) => ({
        id: testId(at),
        stack: `prod.${testId(at)}`,
        state,
      }),
    );
    const declared = [{ id: testId(9), item: "mesh", reason: "expired" as const }];
    const text = renderCleanup({ ...NOTHING, declared, incomplete, orphans: [shared] }, EXPIRED, "prod");
    expect(text).to.equal(`Declared in Pulumi.prod.yaml, not removed: 1 entry
  stage-000000000009  item mesh, expired
To remove one, delete its item from spawn:entries in Pulumi.prod.yaml, then run: spawn environment up --environment prod

Unfinished, not removed: 4 uploads and deletions
  stage-000000000000  is being uploaded
  stage-000000000001  interrupted; to resume: spawn stage resume stage-000000000001 --environment prod; to remove: spawn stage delete stage-000000000001 --environment prod
  stage-000000000002  its deletion was interrupted; to complete it: spawn stage delete stage-000000000002 --environment prod
  stage-000000000003  incomplete, from another machine; to remove: spawn stage delete stage-000000000003 --environment prod

Possible orphans, not removed: 1 leftover (5GB in all regions, $0.004 a day)
STAGING ID          OBJECTS  UPLOADS  SIZE    CHANGED     BUCKET
stage-000000000003  1,200    1        5GB     2024-01-20  spawn-staging-us-east-1
Environment prod did not create the bucket, so others may use it. To remove your data: aws s3 rm --recursive s3://BUCKET/ID/
`);
  });

  it("names only the incomplete uploads under complete entries, never their data", () => {
    const uploads: Orphan = {
      ...shared,
      kind: "uploads",
      places: shared.places.map((place) => ({
        ...place,
        objects: 0,
        bytes: 10,
        uploads: [{ key: `${shared.id}/it's here`, uploadId: "abc" }],
      })),
    };
    const text = renderCleanup({ ...NOTHING, orphans: [uploads] }, EXPIRED, "dev");
    expect(text).to.contain(
      `  aws s3api abort-multipart-upload --region us-east-1 --bucket spawn-staging-us-east-1 --key '${shared.id}/it'\\''s here' --upload-id abc\n`,
    );
    expect(text).to.not.contain("s3 rm");
  });

  it("announces the removal of selected orphans", () => {
    const text = renderCleanup({ ...NOTHING, orphans: [orphan] }, { ...EXPIRED, orphans: true }, "dev");
    expect(text)
      .to.match(/^Orphans to be removed: 1 leftover/)
      .and.not.contain("--orphans");
  });
});
