import { channel } from 'node:diagnostics_channel';
import { renameSync, writeFileSync } from 'node:fs';

// Preloaded into a worker: says in a file how many connections it has tried to open, which nobody else can count where
// nothing listens.
const file = process.env['BENCH_CONNECTS'];
let connects = 0;
if (file !== undefined) {
  channel('net.client.socket').subscribe(() => connects++);
  const tell = (): void => {
    writeFileSync(`${file}.new`, String(connects));
    // No reader may see half of it.
    renameSync(`${file}.new`, file);
  };
  tell();
  setInterval(tell, 200).unref();
}
