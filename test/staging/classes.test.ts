import { expect } from "chai";
import {
  encodeTags,
  isReplicateTag,
  LIFECYCLE_CLASSES,
  MAX_OBJECT_TAGS,
  maxTaggedDestinations,
  primaryTags,
  replicaTags,
  replicateTag,
} from "../../staging/classes.ts";
import { parseStagingId } from "../../staging/ids.ts";
import { parseRegionList, REGIONS } from "../../staging/regions.ts";
import { parseTtlDays } from "../../staging/ttl.ts";
import { refusalOf } from "./refusal.ts";

const ID = parseStagingId("stage-abc123def456");
const WEEK = parseTtlDays(7);

describe("classes", () => {
  it("tag an upload with its id, its TTL and the regions that rules replicate to", () => {
    expect(primaryTags(ID, WEEK, parseRegionList("us-west-2,eu-west-1"))).to.deep.equal({
      StagingID: "stage-abc123def456",
      "spawn:ttl-days": "7",
      "spawn:replicate-us-west-2": "true",
      "spawn:replicate-eu-west-1": "true",
    });
  });

  it("tag a copy with nothing that would replicate it again", () => {
    const tags = replicaTags(ID, WEEK);
    expect(tags).to.deep.equal({ StagingID: "stage-abc123def456", "spawn:ttl-days": "7" });
    expect(Object.keys(tags).some(isReplicateTag)).to.equal(false);
  });

  it("use the ten tags of an object, and refuse an eleventh", () => {
    const most = REGIONS.slice(0, maxTaggedDestinations(undefined));
    expect(Object.keys(primaryTags(ID, WEEK, most))).to.have.length(MAX_OBJECT_TAGS);
    const error = refusalOf(() =>
      primaryTags(ID, WEEK, REGIONS.slice(0, maxTaggedDestinations(undefined) + 1)),
    );
    expect(error.message).to.equal("9 regions cannot be replicated by rule");
    expect(error.fix).to.equal("--replication copy");
  });

  it("leave one tag to the accounts that read by the bucket's name", () => {
    const readers = "111111111111/222222222222";
    expect(replicaTags(ID, WEEK, readers)).to.deep.equal({
      ...{ StagingID: ID, "spawn:ttl-days": "7", "spawn:readers": readers },
    });
    const most = maxTaggedDestinations(readers);
    expect(Object.keys(primaryTags(ID, WEEK, REGIONS.slice(0, most), readers))).to.have.length(
      MAX_OBJECT_TAGS,
    );
    expect(refusalOf(() => primaryTags(ID, WEEK, REGIONS.slice(0, most + 1), readers)).message).to.equal(
      "8 regions cannot be replicated by rule",
    );
  });

  it("distinguish replication tags from others", () => {
    for (const region of REGIONS) expect(isReplicateTag(replicateTag(region))).to.equal(true);
    expect(isReplicateTag("spawn:ttl-days")).to.equal(false);
  });

  it("encode tags as the header has them", () => {
    expect(encodeTags(replicaTags(ID, WEEK))).to.equal("StagingID=stage-abc123def456&spawn%3Attl-days=7");
    expect(encodeTags({ "a b": "c+d&e=f" })).to.equal("a%20b=c%2Bd%26e%3Df");
  });

  it("have one lifecycle rule for each TTL", () => {
    expect(LIFECYCLE_CLASSES).to.have.length(90);
    expect(LIFECYCLE_CLASSES[6]).to.deep.equal({
      id: "spawn-ttl-7",
      ttl: 7,
      tag: { key: "spawn:ttl-days", value: "7" },
    });
    expect(new Set(LIFECYCLE_CLASSES.map(({ id }) => id)).size).to.equal(90);
  });
});
