// The process of a worker that another process runs: `dev`, or a set of them. It loads what a worker needs, and then waits
// to be told to begin: so that a restart takes only the time of the user's own modules.
import { forgiveStreams } from '../../base/log/stdio.js';

// A terminal sends its signals to every process; what is to be done about them, that process says.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {});
forgiveStreams();
process.setSourceMapsEnabled(true);

const { awaitRun } = await import('./worker.js');
await awaitRun();
