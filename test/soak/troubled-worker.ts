import { appendFileSync, readFileSync } from 'node:fs';
import { standardOutput } from '../../src/framework/base/log/log-output.js';

// Loaded into a worker before anything else: its wall clock is what a file says, and what it logs is written down where
// the disk is not full, to be compared.
const { SOAK_CLOCK = '', SOAK_SAID = '', BENCH_WORKER_NAME = '' } = process.env;
const LOOK_MS = 100;

let shiftMs = 0;
const readShift = (): void => void (shiftMs = Number(readFileSync(SOAK_CLOCK, 'utf8')));
readShift();
setInterval(readShift, LOOK_MS).unref();

const { now } = Date;
const shifted = (): number => now() + shiftMs;
globalThis.Date = new Proxy(Date, {
  construct: (target, args: unknown[], made) =>
    Reflect.construct(target, args.length > 0 ? args : [shifted()], made) as object,
  apply: () => new Date().toString(),
  get: (target, key, receiver) => (key === 'now' ? shifted : (Reflect.get(target, key, receiver) as unknown)),
});

const output = standardOutput();
const write = output.write.bind(output);
output.write = (line) => {
  appendFileSync(`${SOAK_SAID}/${BENCH_WORKER_NAME}.log`, line);
  return write(line);
};
