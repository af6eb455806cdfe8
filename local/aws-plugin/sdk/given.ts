/** An object without its undefined members: present optional members have a value. */
export type Given<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Omits undefined values, which AWS did not return. */
export function given<T extends object>(value: T): Given<T> {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries) as Given<T>; // `Object.entries` forgets the types of the members
}

/** AWS returns an empty list for no items. */
export const unlessEmpty = <T>(items: readonly T[] | undefined): T[] | undefined =>
  items?.length ? [...items] : undefined;
