import { writeSync } from 'node:fs';

/** The descriptor on which a process that {@link startProgram} has started reports. */
const REPORTS = 3;
const isReported = process.env.CRASH_REPORTS !== undefined;
// Processes that this one starts have no such descriptor.
delete process.env.CRASH_REPORTS;

/**
 * Tells the test something, past the standard streams: synchronously, so that it is known whatever ends this process
 * next, and in its order among the calls of the file system.
 */
export function say(what) {
  report({ said: what });
}

/** Writes a line of the report. Does nothing in a process that no test has started. */
export function report(line) {
  if (!isReported) return;
  let bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  while (bytes.length > 0)
    try {
      bytes = bytes.subarray(writeSync(REPORTS, bytes));
    } catch (error) {
      // The test reads more slowly than this process reports.
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
}
