import { ignoreStreamErrors } from '../../base/log/stdio.js';

// The entry point of a worker's process, which `dev` forks. It loads what every worker needs, and then waits for
// the `run` message. So a restart takes only as long as loading the user's own modules.

// A terminal sends its signals to all processes of a group. The parent process gets them too, and asks this process
// to drain.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {});
ignoreStreamErrors();

const { awaitRun } = await import('./supervised-worker.js');
await awaitRun();
