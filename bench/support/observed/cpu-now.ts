import { readdirSync, readFileSync } from 'node:fs';

/** The processor time that all threads of a process have used so far, in milliseconds, to the nanosecond. Linux only. */
export function cpuNowMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const ns = threads.map((id) =>
    Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]),
  );
  return ns.reduce((sum, each) => sum + each, 0) / 1e6;
}
