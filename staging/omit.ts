/** An object without its undefined members: present optional members have a value. */
type Given<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Omits undefined members. */
export function omitUndefined<T extends object>(value: T): Given<T> {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries) as Given<T>; // `Object.entries` forgets the types of the members
}

/** The items, or undefined for none: AWS and state files omit an empty list. */
export const undefinedIfEmpty = <T>(items: readonly T[] | undefined): T[] | undefined =>
  items?.length ? [...items] : undefined;
