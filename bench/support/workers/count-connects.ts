import { channel } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';

// Preloaded into a worker: says in a file how many connections it has tried to open, which nobody else can count where
// nothing listens.
const file = process.env['BENCH_CONNECTS'];
let connects = 0;
if (file !== undefined) {
  channel('net.client.socket').subscribe(() => connects++);
  writeFileSync(file, '0');
  setInterval(() => writeFileSync(file, String(connects)), 200).unref();
}
