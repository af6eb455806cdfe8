/**
 * Divides `total` into whole shares in proportion to `weights`, by the method of the largest remainder: each share is
 * rounded down, and the shares with the largest remainders get one more; ties go to the earlier one.
 * @param weights whole numbers, at least one above zero
 */
export function apportion(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  if (sum === 0) throw new RangeError("all weights are zero");
  const exact = weights.map((weight) => {
    const product = BigInt(total) * BigInt(weight);
    return { share: Number(product / BigInt(sum)), remainder: product % BigInt(sum) };
  });
  let rest = total - exact.reduce((all, { share }) => all + share, 0);
  const shares = exact.map(({ share }) => share);
  const order = exact
    .map(({ remainder }, place) => ({ remainder, place }))
    .sort((a, b) => (a.remainder === b.remainder ? a.place - b.place : a.remainder > b.remainder ? -1 : 1));
  for (const { place } of order) {
    if (rest === 0) break;
    shares[place] = (shares[place] ?? 0) + 1;
    rest--;
  }
  return shares;
}
