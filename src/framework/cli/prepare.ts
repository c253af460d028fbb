import { systemClock } from '../clock.js';
import {
  checkKeys,
  type Config,
  configProblems,
  defined,
  PORT_RULE,
  resolveConfig,
  type Settings,
} from '../config/config.js';
import { type Problem, StartError } from '../errors.js';
import { type Endpoint, isProblem, resolveEndpoint } from '../service/endpoint.js';
import { environmentOptions, readOptions } from '../config/handler-options.js';
import { makePlan, type PlannedHandler, planWorker, type WorkerPlan } from '../worker/start/plan.js';
import { loadConfig, loadConfigIfAny } from './config-file.js';
import { type MachineFile, readMachines } from './seed.js';

/** Flags that `start` and `local` share; texts as they were typed. */
export interface StartFlags {
  readonly config?: string;
  readonly endpoint?: string;
  readonly port?: string;
  readonly healthPort?: string;
  readonly concurrency?: string;
  readonly pollers?: string;
  readonly heartbeat?: string;
  readonly timeout?: string;
}

/** Everything that can be known before anything runs. */
export interface Prepared {
  readonly settings: Settings;
  readonly endpoint: Endpoint;
  readonly handlers: readonly PlannedHandler[];
  /** Made only for a worker. */
  readonly container: WorkerPlan['container'];
  /** Read only where the local service is to be seeded with them. */
  readonly machines: readonly MachineFile[];
}

/** Reads the config, the flags and the environment, and plans the worker. @throws StartError with all problems at once. */
export async function prepare(flags: StartFlags, { seeds }: { seeds: boolean }): Promise<Prepared> {
  // The local service is of use without a worker, and so without a config.
  const load = seeds ? loadConfigIfAny : loadConfig;
  const { config, baseDir, projectDir } = await load(flags.config, process.cwd());
  const { env } = process;
  const ports = readPorts(flags);
  const fromEnv = environmentOptions(env);
  const fromFlags = readOptions((key) => ({ name: `--${key}`, text: flags[key] }));
  const typed = [...ports.problems, ...fromFlags.problems, ...fromEnv.problems];
  const wrong = configProblems(config);
  if (wrong.length > 0) throw new StartError([...typed, ...wrong]);

  const settings = resolveConfig({ ...config, ...ports.ports }, Math.random);
  const flag = seeds ? 'local' : flags.endpoint;
  const endpoint = resolveEndpoint({ flag, env, config: settings.endpoint, port: settings.port });
  const overrides = { ...fromEnv.options, ...fromFlags.options };
  const sources = { settings, baseDir, env, overrides };
  const plan = seeds
    ? { ...(await makePlan(sources)), container: undefined }
    : await planWorker(sources, { clock: systemClock, random: Math.random });
  const local = !isProblem(endpoint) && endpoint.kind === 'local';
  const read = local ? await readMachines(settings, projectDir, env) : { machines: [], problems: [] };
  const problems: Problem[] = [...typed, ...plan.problems, ...read.problems];
  if (isProblem(endpoint)) throw new StartError([endpoint, ...problems]);
  if (problems.length > 0) throw new StartError(problems);
  return { settings, endpoint, handlers: plan.handlers, container: plan.container, machines: read.machines };
}

/** The ports among the flags. A bad one is a problem that names its flag. */
export function readPorts(flags: Pick<StartFlags, 'port' | 'healthPort'>): {
  ports: Pick<Config, 'port' | 'healthPort'>;
  problems: Problem[];
} {
  const read = (text: string | undefined): unknown => (text && /^\d+$/.test(text) ? Number(text) : text);
  const ports = defined({ port: read(flags.port), healthPort: read(flags.healthPort) });
  const typed = defined({ '--port': ports.port, '--health-port': ports.healthPort });
  const problems = checkKeys('', typed, { '--port': PORT_RULE, '--health-port': PORT_RULE });
  return { ports: problems.length > 0 ? {} : (ports as Pick<Config, 'port' | 'healthPort'>), problems };
}
