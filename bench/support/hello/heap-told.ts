import { renameSync, writeFileSync } from 'node:fs';

// Loaded before a worker (`node --expose-gc --import`): at SIGUSR2 it collects garbage, and writes how many bytes of the
// heap are left into the file that BENCH_HEAP_FILE names.

declare const gc: () => void;
const file = process.env['BENCH_HEAP_FILE'];

process.on('SIGUSR2', () => {
  if (!file) return;
  for (let n = 0; n < 3; n++) gc();
  writeFileSync(`${file}.new`, String(process.memoryUsage().heapUsed));
  renameSync(`${file}.new`, file);
});
