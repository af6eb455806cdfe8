/** The result of `make`, which is called when the result is first needed. */
export function once<T>(make: () => T): () => T {
  let made: { readonly result: T } | undefined;
  return () => {
    made ??= { result: make() };
    return made.result;
  };
}

/** The result of `make` for each key, which is called when that result is first needed. */
export function oncePer<Key, T>(make: (key: Key) => T): (key: Key) => T {
  const results = new Map<Key, { readonly result: T }>();
  return (key) => {
    const made = results.get(key) ?? { result: make(key) };
    results.set(key, made);
    return made.result;
  };
}
