import type { Instance } from "./instances.ts";

/**
 * The waiting instances that get one of `free` machines: always the oldest of the region with the fewest machines, so
 * that no region waits for another one to finish.
 */
export function nextInstances(
  waiting: readonly Instance[],
  running: readonly Instance[],
  free: number,
): Instance[] {
  const machines = new Map<string, number>();
  const count = ({ region }: Instance) => machines.get(region) ?? 0;
  for (const instance of running) machines.set(instance.region, count(instance) + 1);
  const queue = [...waiting].sort((a, b) => a.launchedAt - b.launchedAt || (a.id < b.id ? -1 : 1));
  const chosen: Instance[] = [];
  while (chosen.length < free && queue.length > 0) {
    const fewest = Math.min(...queue.map(count));
    const at = queue.findIndex((instance) => count(instance) === fewest);
    const [next] = queue.splice(at, 1);
    if (next === undefined) break;
    machines.set(next.region, fewest + 1);
    chosen.push(next);
  }
  return chosen;
}
