import { setDefaultResultOrder } from 'node:dns';
import { writeSync } from 'node:fs';
import { setDefaultAutoSelectFamily } from 'node:net';
import { createSecureContext } from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';
import { connector } from '../../aws/lean/connections.js';
import { LeanCalls } from '../../aws/lean/lean-calls.js';
import { systemClock } from '../../base/time/clock.js';
import { Sidecar } from './sidecar.js';
import type { ThreadOptions, ToThread } from './heartbeat-thread.js';

/**
 * The heartbeat thread. In Node, all threads measure time from the start of the process, so both threads read the same
 * clock.
 */

const options = workerData as ThreadOptions;
setDefaultResultOrder(options.addresses.order);
setDefaultAutoSelectFamily(options.addresses.autoSelectFamily);
const trust = options.certificates && createSecureContext({ ca: [...options.certificates] });

const sidecar = new Sidecar(options, {
  clock: systemClock,
  random: Math.random,
  leanCalls: (settings) => new LeanCalls({ ...settings, open: connector(trust) }),
  send: (message) => parentPort?.postMessage(message),
  writeLine: (line) => {
    try {
      writeSync(2, `${line}\n`);
    } catch {
      // Standard error is closed.
    }
  },
});
parentPort?.on('message', (message: ToThread) => sidecar.take(message));
