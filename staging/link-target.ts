/** Linux follows the same number of links before it reports a loop. */
const MAX_LINKS = 40;

/**
 * Whether a link of a tree leads out of the tree. Each link of the path is followed as the system follows it; the
 * target may be missing, or part of a loop.
 * @param path of the link, relative to the root of the tree
 * @param links the targets of all links of the tree, by path; no other path is below one of them
 */
export function leavesTree(path: string, links: ReadonlyMap<string, string>): boolean {
  const at = path.split("/").slice(0, -1);
  const ahead = (links.get(path) ?? "").split("/");
  if (links.get(path)?.startsWith("/")) return true;
  for (let followed = 0; ahead.length > 0; ) {
    const step = ahead.shift();
    if (step === undefined || step === "" || step === ".") continue;
    if (step === "..") {
      if (at.pop() === undefined) return true;
      continue;
    }
    at.push(step);
    const next = links.get(at.join("/"));
    if (next === undefined) continue;
    if (next.startsWith("/")) return true;
    followed += 1;
    if (followed > MAX_LINKS) return false;
    at.pop();
    ahead.unshift(...next.split("/"));
  }
  return false;
}
