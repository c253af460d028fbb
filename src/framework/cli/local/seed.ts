import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isLocalService } from '../../base/local-protocol.js';
import { checkMachines } from '../../check/check-machines.js';
import { type Finding, locationOf } from '../../check/finding.js';
import { checkedHandler } from '../../check/handlers.js';
import { allErrorNames } from '../../declare/metadata.js';
import type { MachineSource } from '../../check/source/machine-source.js';
import type { LocalServiceFlags } from '../flags/local-service-flags.js';
import type { ActivityRef } from '../../declare/definition.js';
import { type BeatingHandler, slowStateProblem, slowStates } from '../../check/task-limits.js';
import { type Problem, throwProblems } from '../../base/errors.js';
import { show } from '../../base/show.js';
import {
  activityTasks,
  type ConsoleOptions,
  type LocalService,
  startLocalService,
} from '../../local/index.js';
import type { Logger } from '../../base/log/log.js';
import type { Project } from '../project/project.js';
import { answerOptions, type ServiceSettings } from './project-answers.js';
import { portInUse } from '../../worker/health/health-port.js';
import type { Plan, PlannedHandler } from '../../worker/build/plan.js';
import { JsonText } from '../../check/source/json-text.js';
import { type MockConfig, mockConfigMistakes } from '../../local/resources/mock-config.js';

/** The account number in the ARNs that the local service gives to activities that are declared by a bare name. */
const LOCAL_ACCOUNT = '123456789012';
const LOCAL_REGION = 'us-east-1';

/** The options of a local service that the commands start. */
interface ListenOptions {
  readonly settings: ServiceSettings;
  readonly projectDir: string;
  readonly flags: LocalServiceFlags & { readonly host?: string };
  readonly log: Logger;
  readonly console: false | ConsoleOptions;
}

/** Starts the local service with a project's activities and state machines. @throws StartError if it can't start */
export async function startSeeded(
  { plan: { settings, handlers }, machines, activities, projectDir }: Project,
  options: Omit<ListenOptions, 'settings' | 'projectDir'>,
): Promise<LocalService> {
  const service = await listen({ settings, projectDir, ...options });
  const seeded = seededHandlers(handlers, settings.region);
  for (const { arn } of seeded) service.seedActivity(arn);
  for (const arn of activities) service.seedActivity(arn);
  for (const { name, definition, seed } of machines) {
    // A project whose classes aren't read here, such as a NestJS application, names its activities in its machines.
    for (const { activityArn } of activityTasks(definition)) service.seedActivity(activityArn);
    service.seedMachine({ name, definition, ...seed });
  }
  const problems = slowHeartbeats(machines, seeded);
  if (problems.length > 0) await service.close();
  throwProblems(problems);
  return service;
}

/**
 * Returns the findings about disagreements between the classes and the machines of the local service. If an activity is
 * declared by a bare name, its ARN at the local service is used.
 */
export function seededFindings(
  { settings, handlers }: Plan,
  machines: readonly MachineSource[],
): readonly Finding[] {
  const place = { region: settings.region ?? LOCAL_REGION, account: LOCAL_ACCOUNT };
  const checked = handlers.map((handler) => checkedHandler(handler, place));
  return checkMachines({ machines, handlers: checked, errorNames: [...new Set(allErrorNames().values())] });
}

/** Returns the ARN that an activity has at the local service: the declared ARN, or one made from the bare name. */
export function localArn(activity: ActivityRef, region = LOCAL_REGION): string {
  return activity.kind === 'arn'
    ? activity.arn
    : `arn:aws:states:${region}:${LOCAL_ACCOUNT}:activity:${activity.name}`;
}

/** A handler, with the ARN that its activity has at the local service. */
export interface SeededHandler extends BeatingHandler {
  readonly arn: string;
}

export const seededHandlers = (
  handlers: readonly PlannedHandler[],
  region: string | undefined,
): SeededHandler[] =>
  handlers.map(({ definition: { name, activity }, options: { heartbeatMs } }) => ({
    name,
    arn: localArn(activity, region),
    heartbeatMs,
  }));

/** Starts a local service without activities and machines. @throws StartError if the service can't listen */
export async function listen({
  settings,
  projectDir,
  flags,
  log,
  console,
}: ListenOptions): Promise<LocalService> {
  const { port, mocks, keptExecutions, keptBytes } = settings;
  const { host, allowHost, allowOrigin, timeScale, verbose } = flags;
  const mockConfig = await readMockConfig(flags.mockConfig, log);
  try {
    return await startLocalService({
      port,
      host,
      console,
      log,
      mocks,
      mockConfig,
      keptExecutions,
      keptBytes,
      timeScale,
      verbose,
      allowHosts: allowHost,
      allowOrigins: allowOrigin,
      ...answerOptions(settings, projectDir),
    });
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code === 'EADDRINUSE')
      throwProblems([
        (await isLocalService(`http://127.0.0.1:${port}`))
          ? portTakenByStepwright(port)
          : portInUse(port, '--port', 'port'),
      ]);
    if (code === 'EACCES') throwProblems([portDenied(port)]);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
      throwProblems([hostNotHere(host, message)]);
    throw error;
  }
}

/** Finds states of the machines whose HeartbeatSeconds is too short for the heartbeats of their handlers. */
export const slowHeartbeats = (
  machines: readonly MachineSource[],
  handlers: readonly SeededHandler[],
): Problem[] =>
  slowStates(machines, (arn) => handlers.find((each) => each.arn === arn)).map(slowStateProblem);

const hostNotHere = (host: string | undefined, message: string): Problem => ({
  code: 'CONFIG_BAD_VALUE',
  where: '--host',
  what: `expected an address or a name of this machine, got ${show(host)}: ${message}`,
  fix: 'set --host to 127.0.0.1, for this machine alone, or to 0.0.0.0, for all of its networks',
});

const portDenied = (port: number): Problem => ({
  code: 'CONFIG_BAD_VALUE',
  where: `port ${port}`,
  what: 'this user may not listen on it: the system keeps ports below 1024 for root',
  fix: `choose another port: --port 8083, or \`port: 8083\` in the config`,
});

/** The file that Step Functions Local reads from the folder in which it is started. */
const BY_DEFAULT = 'MockConfigFile.json';

/**
 * Reads a mock file of Step Functions Local. Returns undefined if none is named, and there is none in this folder.
 * @throws StartError with each mistake in the file and its line
 */
async function readMockConfig(named: string | undefined, log: Logger): Promise<MockConfig | undefined> {
  const file = named ?? BY_DEFAULT;
  if (named === undefined && !existsSync(file)) return undefined;
  const text = await readFile(file, 'utf8').catch((error: Error) => throwProblems([unreadable(file, error)]));
  const json = new JsonText(text ?? '');
  const { broken } = json;
  if (broken) throwProblems([invalid(locationOf({ file, ...broken }), broken.what, broken.fix)]);
  const config: unknown = JSON.parse(json.text);
  throwProblems(
    mockConfigMistakes(config).map(({ steps, what, fix }) =>
      invalid(locationOf({ file, ...json.positionOf(steps) }), `/${steps.join('/')}: ${what}`, fix),
    ),
  );
  log.info(`Mocks: ${file}`);
  return config as MockConfig;
}

const invalid = (where: string, what: string, fix: string): Problem => ({
  code: 'MOCK_CONFIG_INVALID',
  where,
  what,
  fix,
});

const unreadable = (file: string, { message }: Error): Problem =>
  invalid(file, `the mock file can't be read: ${message}`, 'correct the path of --mock-config');

/** Returns the problem that another `start`, `local` or `dev` already listens on the port. */
const portTakenByStepwright = (port: number): Problem => ({
  code: 'PORT_IN_USE',
  where: `port ${port}`,
  what: 'another Stepwright (start, local or dev) serves its local Step Functions there',
  fix: `stop that one (Ctrl-C in its terminal); or let this worker use it: the same command with AWS_ENDPOINT_URL_SFN=http://127.0.0.1:${port} before it; or choose another port: --port ${port + 1}`,
});
