import { MemoryService } from './memory-service.js';
import { type Recorder, RECORDERS } from './recorders.js';
import type { Recorded } from './sides.js';

/** The tasks that each side has in flight. */
export const IN_FLIGHT = 100;

/** Starts a loop that polls, greets and reports, and records one thing of each task by its library alone. */
export function startLoop(recorded: Recorded): MemoryService {
  const service = new MemoryService();
  const recorder = RECORDERS[recorded]();
  for (let n = 0; n < IN_FLIGHT; n++) void loop(service, recorder);
  return service;
}

async function loop(service: MemoryService, recorder: Recorder): Promise<never> {
  for (;;) {
    const polledAt = Date.now();
    const { input } = (await read((answered) => service.poll(answered))) as { input: string };
    await recorder(
      polledAt,
      () => greet(input),
      () => read((answered) => service.report(answered)),
    );
  }
}

async function greet(input: string): Promise<string> {
  const { who } = JSON.parse(input) as { who: string };
  return JSON.stringify({ message: `Hello ${who}!` });
}

const read = async (call: (answered: (body: Buffer) => void) => void): Promise<unknown> =>
  JSON.parse((await new Promise<Buffer>(call)).toString());
