import { readFile } from 'node:fs/promises';
import type { Logger } from '../../base/log/log.js';
import type { Plan } from '../../worker/build/plan.js';
import type { Project } from '../project/project.js';

/**
 * Warns of states in the project's own files whose HeartbeatSeconds is too short for the heartbeats of their handlers.
 * Called where the endpoint isn't `local`, so the machines there may differ from the files. Never rejects: files that
 * can't be read are left out.
 */
export async function warnOfSlowStates(log: Logger, { plan, projectDir }: Project): Promise<void> {
  try {
    if (!(await mayBeSlow(plan, projectDir))) return;
    for (const line of await slowLines(plan, projectDir))
      log.warn(`${line}; the deployed machine may differ: npx stepwright doctor`);
  } catch {
    // The files are those of a development machine: a worker at AWS doesn't need them.
  }
}

/**
 * Returns true if a file has a HeartbeatSeconds that is too short for one of the handlers. The code that reads machines
 * is loaded only then.
 */
async function mayBeSlow({ settings, handlers }: Plan, cwd: string): Promise<boolean> {
  const slowest = Math.max(...handlers.map(({ options: { heartbeatMs } }) => heartbeatMs || Infinity));
  const { glob } = await import('tinyglobby');
  for (const file of await glob([...settings.machines], { cwd, absolute: true, expandDirectories: false })) {
    const text = await readFile(file, 'utf8');
    for (const [, seconds] of text.matchAll(/"HeartbeatSeconds"\s*:\s*(\d+)/g))
      if (2 * slowest > Number(seconds) * 1000) return true;
  }
  return false;
}

async function slowLines({ settings, handlers }: Plan, projectDir: string): Promise<string[]> {
  const [{ readMachines }, { slowStates }, { checkedHandler, handlerOf }, { lineOf }] = await Promise.all([
    import('../project/machines.js'),
    import('../../check/task-limits.js'),
    import('../../check/handlers.js'),
    import('../../check/finding.js'),
  ]);
  const { machines, unsupported } = await readMachines(settings, projectDir, process.env);
  const region = settings.region === undefined ? {} : { region: settings.region };
  const checked = handlers.map((handler) => checkedHandler(handler, region));
  return slowStates([...machines, ...unsupported], (arn) => handlerOf(checked, arn)).map(lineOf);
}
