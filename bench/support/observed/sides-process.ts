import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { startLoop } from './loop.js';
import type { MemoryService } from './memory-service.js';
import { startObserved } from './observed-worker.js';
import type { Recorded, SideName } from './sides.js';
import { disableContexts, exportedSpans } from './telemetry.js';

/** The spans of one task: its own, its poll's and its report's. */
const SPANS = 3;

/** The last spans end within so many turns of the event loop after their report. */
const EBB_TURNS = 10;
const SETTLE_MS = 50;

/** Runs one side alone. @returns the processor time of the whole process for one task, in microseconds */
async function turn(side: MemoryService, recorded: Recorded, tasks: number): Promise<number> {
  // An enabled context manager costs at each promise of the process. The first context that is run in enables it.
  if (recorded !== 'traces') disableContexts();
  const expected = (await exportedSpans()) + (recorded === 'traces' ? SPANS * tasks : 0);
  const from = process.cpuUsage();
  await side.run(tasks);
  for (let n = 0; (await exportedSpans()) !== expected; n++) {
    if (n === EBB_TURNS) throw new Error(`not ${expected} spans were exported, but ${await exportedSpans()}`);
    await nextTurn();
  }
  const { user, system } = process.cpuUsage(from);
  return (user + system) / tasks;
}

const keyOf = ({ who, recorded }: SideName): string => `${who}, ${recorded}`;

const names = JSON.parse(process.argv[2] ?? '[]') as readonly SideName[];
const sides = new Map<string, MemoryService>();
for (const name of names)
  sides.set(
    keyOf(name),
    name.who === 'the floor' ? startLoop(name.recorded) : await startObserved(name.recorded),
  );

async function answer(name: SideName, tasks: number): Promise<void> {
  const side = sides.get(keyOf(name));
  if (!side) throw new Error(`${keyOf(name)} was not started`);
  process.send?.({ answer: await turn(side, name.recorded, tasks) });
}

interface Question {
  readonly given: { readonly side: SideName; readonly tasks: number };
}
await sleep(SETTLE_MS);
process.on('message', ({ given: { side, tasks } }: Question) => void answer(side, tasks));
process.on('disconnect', () => process.exit(0));
process.send?.({ answer: {} });
