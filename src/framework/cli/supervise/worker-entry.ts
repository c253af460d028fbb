// Entry of a worker's process, which `dev` or `start --processes` forks. It loads what a worker needs and then waits for
// the `run` message, so that a restart takes only the time of the user's own modules.
import { ignoreStreamErrors } from '../../base/log/stdio.js';

// A terminal sends its signals to every process of a group. The parent receives them, too, and asks this one to drain.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {});
ignoreStreamErrors();
process.setSourceMapsEnabled(true);

const { awaitRun } = await import('./supervised-worker.js');
await awaitRun();
