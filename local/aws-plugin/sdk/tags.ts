interface Tag {
  Key?: string | undefined;
  Value?: string | undefined;
}

/** AWS's form of tags. */
export function toTagList(tags: Readonly<Record<string, string>> = {}): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** Tags as a map; undefined if there are none. Omits AWS's own tags, which no user can set. */
export function fromTagList(list: readonly Tag[] = []): Record<string, string> | undefined {
  const own = list.filter(({ Key = "" }) => Key !== "" && !Key.startsWith("aws:"));
  if (own.length === 0) return undefined;
  return Object.fromEntries(own.map(({ Key = "", Value = "" }) => [Key, Value]));
}

/** Changes tags from `before` to `after` by the calls Untag… and Tag…. Sends only the difference. */
export async function changeTags(
  before: Readonly<Record<string, string>> = {},
  after: Readonly<Record<string, string>> = {},
  untag: (keys: string[]) => Promise<unknown>,
  tag: (tags: { Key: string; Value: string }[]) => Promise<unknown>,
): Promise<void> {
  const removed = Object.keys(before).filter((key) => after[key] === undefined);
  const set = toTagList(after).filter(({ Key, Value }) => before[Key] !== Value);
  if (removed.length > 0) await untag(removed);
  if (set.length > 0) await tag(set);
}
