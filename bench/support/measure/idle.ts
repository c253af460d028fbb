import { cpus } from 'node:os';

/** Watches how much of the machine is left over. @returns a function that tells the share since then, from 0 to 1 */
export function watchIdle(): () => number {
  const before = times();
  return () => {
    const after = times();
    return (after.idle - before.idle) / Math.max(after.all - before.all, 1);
  };
}

function times(): { idle: number; all: number } {
  const each = cpus().map(({ times }) => times);
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  return {
    idle: sum(each.map(({ idle }) => idle)),
    all: sum(each.map((one) => sum(Object.values(one)))),
  };
}
