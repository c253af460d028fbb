import { type Clock, createWorker, systemClock } from '../../../src/framework/index.js';
import config from './worker.config.js';

/** On a clock that is passed in there is no thread of heartbeats: this one is the machine's own, by another name. */
const clock = Object.create(systemClock) as Clock;
const { STEPWRIGHT_CONCURRENCY: concurrency } = process.env;
const worker = await createWorker({ ...config, concurrency: Number(concurrency) }, { clock });
await worker.run();
