import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { InjectionToken } from 'tsyringe';
import type { HandClock } from '../harness/hand-clock.js';
import { type ActivityRef, type HandlerDefinition, methodName } from '../../declare/definition.js';
import type { MachineSource } from '../../check/source/machine-source.js';
import { type Problem, throwProblems } from '../../base/errors.js';
import type { Execution } from '../../local/engine/execution.js';
import type { Machine } from '../../local/engine/machines/machine.js';
import type { DefinedTask } from '../../asl/states/state.js';
import type { Json } from '../../asl/values/json.js';
import { silentLog } from '../../base/log/log.js';
import type { ExecutionResult } from './execution-result.js';
import { type HandTask, HandTasks } from './hand-tasks.js';
import { statesOf } from '../../asl/definition/state-graph.js';
import { MachineStates, type StateName } from './machine-states.js';
import { MachineWorker } from './machine-worker.js';
import { isTemplateMachine, readTemplateMachine } from './template-machine.js';
import { type MachineWorld, TestExecution } from './test-execution.js';
import { makeBedHandlers } from '../harness/bed-handlers.js';
import { closeBy, OpenCalls } from '../harness/open-calls.js';
import { RealWork } from '../work/real-work.js';
import { TestClock } from '../harness/test-clock.js';
import {
  checkOptions,
  type Fault,
  FAULTS,
  MACHINE_OPTIONS,
  realTimeLimits,
  START_EXECUTION_OPTIONS,
  type StartExecutionOptions,
  type TestMachineOptions,
  unusedProblem,
} from '../harness/options.js';
import { didYouMean, show } from '../../base/show.js';

/**
 * A state machine that runs in this process, with the user's handlers for its activities, on a clock that moves on by
 * itself.
 */
export class TestMachine<State extends string = string> {
  /**
   * The clock of the machine and its handlers. It moves on during `execute` and, for an execution that was started with
   * `start`, during each step.
   */
  readonly clock: HandClock;
  readonly #world: MachineWorld;
  readonly #machine: Machine;
  readonly #dispose: () => Promise<void>;
  #closing: Promise<void> | undefined;

  constructor(world: MachineWorld, machine: Machine, dispose: () => Promise<void>) {
    this.clock = world.clock;
    this.#world = world;
    this.#machine = machine;
    this.#dispose = dispose;
  }

  /**
   * Runs an execution to its end. Wait states take no real time.
   * @throws an Error as soon as there is a task without a handler, or nothing more can happen. Also an Error that names
   * the handler if a handler never settles, takes longer than `realTimeLimit`, or sleeps on `CLOCK` for ever
   */
  execute(input: unknown = {}): Promise<ExecutionResult> {
    return this.#world.calls.call(async () => {
      const execution = this.#begin(input);
      try {
        return await new TestExecution(execution, this.#world).result();
      } catch (error) {
        execution.stop(undefined, undefined);
        throw error;
      }
    });
  }

  /**
   * Starts an execution that the test moves on step by step. Resolves when nothing more happens without moving the
   * clock, which then stands still until the next step. The test must end callbacks and the tasks that have no handler.
   * @throws an Error if an execution of this machine has the name, unless it runs and has the same input: the result is
   * then that execution; StartError for an invalid option
   */
  async start(
    input: unknown = {},
    options: StartExecutionOptions<State> = {},
  ): Promise<TestExecution<State>> {
    checkOptions('start', START_EXECUTION_OPTIONS, options);
    const { name, byHand = [] } = options;
    this.#world.states.checkByHand(byHand);
    return this.#world.calls.call(async () => {
      const execution = this.#begin(input, name);
      this.#world.handTasks.add(execution, byHand);
      await this.#world.clock.turns();
      return new TestExecution<State>(execution, this.#world, byHand);
    });
  }

  /**
   * Returns the open task to which a task token belongs. Code under test that would end a callback with the SDK can be
   * given this object instead. Also works during `execute`.
   * @throws an Error if this machine never issued the token, or the task has ended
   */
  taskByToken(token: string): HandTask {
    const { handTasks } = this.#world;
    const task = handTasks.find(token);
    if (task) return handTasks.handOver(task);
    throw new Error(
      'this test machine has no open task by that token: it was answered, it timed out, its execution has ended, or the token is of another machine',
    );
  }

  /**
   * Closes the machine. Open executions reject, the signals of all tasks abort, and everything in the container is
   * disposed of, including each value that `setup` registered and that has a `dispose()`. Each call returns the same
   * promise.
   * @throws whatever a provider's `dispose` throws, and an Error if disposing takes longer than `realTimeLimit`
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #begin(input: unknown, name?: string): Execution {
    const text = JSON.stringify(input) ?? 'null';
    const { executions } = this.#world.stepFunctions;
    return executions.start(this.#machine, name, text, JSON.parse(text) as Json);
  }

  async #close(): Promise<void> {
    const { calls, worker, clock, stepFunctions } = this.#world;
    calls.close(new Error('the test machine was closed'));
    worker.abort();
    clock.work.abandon();
    stepFunctions.close();
    await this.#dispose();
  }
}

/**
 * Returns true if this may be the ARN of an activity that a handler declares. If the handler declares only a name, the
 * account and region don't matter. An unset `${NAME}` in it matches any text.
 */
function isOf(activity: ActivityRef, arn: string): boolean {
  if (activity.kind === 'arn') return activity.arn === arn;
  if (!activity.name.includes('${')) return arn.split(':').at(-1) === activity.name;
  const parts = activity.name.split(/\$\{[^}]*\}/);
  const within = activity.name.startsWith('arn:') ? arn : (arn.split(':').at(-1) ?? '');
  return new RegExp(`^${parts.map((part) => escaped(part)).join('.+')}$`).test(within);
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * Creates a test machine: a state machine that runs in this process, without a network.
 * @param definition the path of an ASL file, its text, the definition itself, or a machine of a template
 * (`{ template: 'template.yaml', resource: 'OrderMachine' }`). `${NAME}` in a file or a text is replaced by the
 * environment variable.
 * @throws StartError with each mistake in the definition and its path, and with every problem that a test bed would
 * report.
 */
export async function createTestMachine<
  const Definition extends string | object,
  const Tokens extends readonly InjectionToken[] = readonly InjectionToken[],
>(
  definition: Definition,
  options: TestMachineOptions<Tokens> = {},
): Promise<TestMachine<StateName<Definition>>> {
  checkOptions('createTestMachine', MACHINE_OPTIONS, options);
  const {
    activities = [],
    resources = {},
    machines = {},
    faults = {},
    log = silentLog,
    concurrency,
  } = options;
  const source = await readDefinition(definition);
  const children = await Promise.all(
    Object.entries(machines).map(async ([name, each]) => ({ ...(await readDefinition(each)), name })),
  );
  const clock = new TestClock(new RealWork(realTimeLimits(options)));
  const parts = await makeBedHandlers(activities, options, clock);
  const { reportLimitMs, dispose, handlers, whole, deferrals } = parts;
  const served = clock.work.trackAll(handlers, clock);
  const definitions = served.map((each) => each.definition);
  // Imported only when needed, so that a test with a bed doesn't load the code of the Amazon States Language.
  const { makeEngine } = await import('./engine.js');
  const engine = makeEngine(source, children, options, clock);
  const { stepFunctions, machine, nested, port, arns } = engine;
  throwProblems([...unusedFaults(faults, definitions), ...unusedResources(resources, [machine, ...nested])]);
  const handlersByArn = new Map(
    arns.flatMap((arn) => {
      const handler = served.find((each) => isOf(each.definition.activity, arn));
      return handler ? [[arn, handler] as const] : [];
    }),
  );
  const unserved = arns.filter((arn) => !handlersByArn.has(arn));
  const handTasks = new HandTasks(engine, clock, unserved);
  const worker = new MachineWorker({
    port,
    clock,
    log,
    faults,
    reportLimitMs,
    deferrals,
    concurrency,
    handTasks,
  });
  for (const [arn, handler] of handlersByArn) worker.serve(arn, handler);
  const names = new Map([...handlersByArn].map(([arn, handler]) => [arn, handler.definition.name]));
  const states = new MachineStates(
    statesOf(source.definition).map(({ name }) => name),
    [...machine.program.tasks, ...nested.flatMap(tasksByMachine)],
    names,
  );
  const world = {
    stepFunctions,
    worker,
    clock,
    states,
    handTasks,
    unserved,
    whole,
    handlers: definitions,
    calls: new OpenCalls(),
  };
  clock.isBusy = () => {
    if (stepFunctions.busy) return true;
    handTasks.lease();
    return false;
  };
  const made = new TestMachine<StateName<Definition>>(world, machine, dispose);
  closeBy(options.signal, made);
  return made;
}

async function readDefinition(definition: string | object): Promise<MachineSource> {
  const { machineSource, readMachineSource } = await import('../../check/source/machine-source.js');
  if (typeof definition === 'object' && isTemplateMachine(definition)) return readTemplateMachine(definition);
  if (typeof definition === 'object')
    return machineSource('TestMachine', 'the definition', JSON.stringify(definition, null, 2), {});
  if (/^\s*\{/.test(definition)) return machineSource('TestMachine', 'the definition', definition, {});
  const name = basename(definition).replace(/(\.asl)?\.json$/, '');
  if (!existsSync(definition))
    throw new Error(
      `createTestMachine: there is no file ${definition} in ${process.cwd()}\nFix: give the path of a definition from that folder, its text, or the definition itself`,
    );
  const source = await readMachineSource(name, definition, definition, process.env);
  const [variable] = source.unset;
  if (variable === undefined) return source;
  throw new Error(
    `${definition} uses \${${variable}}, and the environment variable ${variable} is unset or empty`,
  );
}

/** Returns a problem for each fault that is set for an unknown handler, and for each unknown fault. */
function unusedFaults(
  faults: Readonly<Record<string, readonly Fault[]>>,
  handlers: readonly HandlerDefinition[],
): Problem[] {
  const names = handlers.map(({ name }) => name);
  const methods = handlers.map(methodName);
  return Object.entries(faults).flatMap(([name, list]): Problem[] => {
    const where = `faults['${name}']`;
    if (!names.includes(name) && !methods.includes(name))
      return [unusedProblem(where, 'there is no such handler in this test machine', didYouMean(name, names))];
    const known: readonly unknown[] = FAULTS;
    return list
      .filter((fault) => !known.includes(fault))
      .map((fault) => unusedProblem(where, `there is no fault ${show(fault)}`, didYouMean(fault, FAULTS)));
  });
}

/**
 * A Task state of the machine under test. If it has no `activity`, a mock in `resources` can stand in for its resource.
 */
interface ResourceTask {
  readonly state: string;
  readonly resource: string;
  readonly activity?: unknown;
}

/** Returns the tasks of a machine, with each state as `Machine.State`. */
const tasksByMachine = ({ name, program }: Machine): DefinedTask[] =>
  program.tasks.map((task) => ({ ...task, state: `${name}.${task.state}` }));

/** Returns a problem for each mock in `resources` that no Task of the machines calls. */
function unusedResources(resources: object, machines: readonly Machine[]): Problem[] {
  const tasks: readonly ResourceTask[] = machines.flatMap(tasksByMachine);
  const called = tasks.filter(({ activity }) => activity === undefined);
  const names = [...new Set(called.flatMap(({ state, resource }) => [state, resource]))];
  const unused = Object.keys(resources).filter((name) => !names.includes(name));
  return unused.map((name) => {
    const onActivity = tasks.some(({ state, activity }) => activity !== undefined && name === state);
    const [what, fix] = onActivity ? ON_ACTIVITY : [NEVER_CALLED, didYouMean(name, names)];
    return unusedProblem(`resources['${name}']`, what, fix);
  });
}

const NEVER_CALLED = 'no Task of the machine calls it';
const ON_ACTIVITY = [
  'that Task is on an activity, so a handler answers it, and no resource',
  'remove this entry, and give the class of the handler in `activities`; what is injected there can be replaced by `mocks`',
] as const;
