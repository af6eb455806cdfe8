import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../package-root.ts";

const SECTION = "## Not tried on AWS";

/** A point of "Not tried on AWS" in docs/design/not-tried-on-aws.md: `- **id**: what was not tried`. */
export interface Point {
  readonly id: string;
  /** The untested behaviour, on one line. */
  readonly text: string;
}

/** The points of the document. @throws Error for a list item without an ID, or a duplicate ID */
export async function readPoints(): Promise<Point[]> {
  return pointsIn(await readFile(join(packageRoot(), "docs/design/not-tried-on-aws.md"), "utf8"));
}

export function pointsIn(document: string): Point[] {
  const [, section = ""] = document.split(`${SECTION}\n`);
  const [own = ""] = section.split(/^## /m);
  const items = own
    .split(/^- /m)
    .slice(1)
    .map((item) => item.split(/\n\n/)[0] ?? "");
  const points = items.map((item) => {
    const { id, text } = /^\*\*(?<id>[a-z0-9-]+)\*\*: (?<text>[\s\S]+)$/.exec(item)?.groups ?? {};
    if (id === undefined || text === undefined) {
      throw new Error(
        `docs/design/not-tried-on-aws.md, "Not tried on AWS": this item has no id: "- ${item.slice(0, 60)}…". Begin it with "- **some-id**: " and add a step that answers it in scripts/aws-acceptance/steps/.`,
      );
    }
    return { id, text: text.replace(/\s+/g, " ").trim().replace(/[,.]$/, "") };
  });
  const twice = points.find(({ id }, index) => points.findIndex((other) => other.id === id) !== index);
  if (twice !== undefined)
    throw new Error(`docs/design/not-tried-on-aws.md has two points with the id ${twice.id}`);
  return points;
}
