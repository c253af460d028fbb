import { basename } from 'node:path';
import type { HandClock } from '../harness/hand-clock.js';
import { closest } from 'fastest-levenshtein';
import type { ActivityRef, HandlerDefinition } from '../../declare/definition.js';
import type { MachineSource } from '../../check/source/machine-source.js';
import { throwProblems } from '../../base/errors.js';
import type { Execution } from '../../local/engine/execution.js';
import type { Machine } from '../../local/engine/machines.js';
import type { StepFunctions } from '../../local/engine/step-functions.js';
import type { Mocks } from '../../local/resources/mocks.js';
import { silentLog } from '../../base/log/log.js';
import type { EnginePort } from './engine-port.js';
import { resultOf, type ExecutionResult } from './execution-result.js';
import { MachineWorker } from './machine-worker.js';
import { unusedFaults, unusedResources } from './unused-options.js';
import { makeBedHandlers } from '../harness/bed-handlers.js';
import { closeBy, OpenCalls } from '../harness/open-calls.js';
import { nap } from '../harness/real-time.js';
import { RealWork } from '../harness/real-work.js';
import { type Journey, runAhead } from '../harness/run-ahead.js';
import { TestClock } from '../harness/test-clock.js';
import {
  checkOptions,
  MACHINE_OPTIONS,
  realTimeLimitMs,
  type TestMachineOptions,
} from '../harness/options.js';

/** The time that a poll is held: longer than any execution, so that every poll waits for its task. */
const POLL_HOLD_MS = 200 * 365 * 86_400_000;
const KEPT_EXECUTIONS = 1_000;

/** A state machine with the user's handlers for its activities, on a clock that moves ahead by itself. */
export class TestMachine {
  /** The clock of the machine and its handlers, which moves ahead during `execute`. */
  readonly clock: HandClock;
  readonly #clock: TestClock;
  readonly #stepFunctions: StepFunctions;
  readonly #machine: Machine;
  readonly #worker: MachineWorker;
  readonly #unserved: readonly string[];
  readonly #handlers: readonly HandlerDefinition[];
  readonly #dispose: () => Promise<void>;
  readonly #calls = new OpenCalls();
  #closing: Promise<void> | undefined;

  constructor({ stepFunctions, machine, worker, clock, unserved, handlers, dispose }: MachineParts) {
    this.#stepFunctions = stepFunctions;
    this.#machine = machine;
    this.#worker = worker;
    this.#unserved = unserved;
    this.#handlers = handlers;
    this.#dispose = dispose;
    this.clock = clock;
    this.#clock = clock;
  }

  /**
   * Runs an execution to its end. Wait states take no real time.
   * @throws an Error as soon as a task waits that no handler takes or nothing is due any more, and one that names the
   *   handler that never settles, takes longer than `realTimeLimit`, or sleeps on `CLOCK` for ever.
   */
  execute(input: unknown = {}): Promise<ExecutionResult> {
    return this.#calls.call(() => this.#execute(JSON.stringify(input) ?? 'null'));
  }

  /**
   * Ends the machine: open executions reject, the signals of all tasks abort, and the providers are disposed of, with each
   * value that `setup` registered and that has a `dispose()`. Calling it again returns the same promise.
   * @throws what a provider throws, and an Error where they take longer than `realTimeLimit`
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** As `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#calls.close(new Error('the test machine was closed'));
    this.#worker.abort();
    this.#clock.work.abandon();
    this.#stepFunctions.close();
    await this.#dispose();
  }

  async #execute(input: string): Promise<ExecutionResult> {
    const execution = this.#stepFunctions.start(this.#machine, input);
    try {
      await runAhead(this.#journeyOf(execution));
    } catch (error) {
      this.#worker.abort();
      this.#clock.work.abandon();
      throw error;
    }
    const result = resultOf(execution);
    if (!result) throw new Error('the test machine was closed');
    return result;
  }

  #journeyOf(execution: Execution): Journey {
    const { heartbeats, running } = this.#worker;
    return {
      clock: this.#clock,
      isDone: () => execution.end !== undefined || this.#calls.isClosed,
      next: () => this.#nextTimer(),
      mayMove: () => this.clock.pending > heartbeats.waiting + this.#stepFunctions.parkedPolls,
      asked: () => this.#clock.timersSet - heartbeats.timersSet,
      progress: () => execution.history.length + this.#worker.ended,
      running: () => running,
      rest: () => this.#rest(execution),
    };
  }

  /** Resolves when everything has happened that needs no time by the clock, however long the engine works. */
  async #rest(execution: Execution): Promise<void> {
    await this.clock.settle();
    // A thread that evaluates an expression may need this core.
    for (; this.#stepFunctions.busy; await this.clock.settle()) await nap(1);
    if (execution.end || this.#calls.isClosed) return;
    const { activities } = this.#stepFunctions;
    const waiting = this.#unserved.find((arn) => activities.get(arn).queuedTasks > 0);
    if (waiting !== undefined) throw new Error(unservedTask(waiting, this.#handlers));
    if (this.#nextTimer() === undefined && this.#worker.running.length === 0)
      throw new Error(stuck(execution));
  }

  /** Returns the epoch milliseconds of the next timer, other than those that end a poll; undefined where none waits. */
  #nextTimer(): number | undefined {
    const { next } = this.clock;
    return next !== undefined && next - this.clock.now() < POLL_HOLD_MS / 2 ? next : undefined;
  }
}

/** The parts that a test machine is made of. */
interface MachineParts {
  readonly stepFunctions: StepFunctions;
  readonly machine: Machine;
  readonly worker: MachineWorker;
  readonly clock: TestClock;
  /** Activities of the machine that no handler takes. */
  readonly unserved: readonly string[];
  readonly handlers: readonly HandlerDefinition[];
  readonly dispose: () => Promise<void>;
}

/**
 * Returns true where a declared activity may have this ARN. A bare name matches in every account, and an unset
 * `${NAME}` matches any text.
 */
function isOf(activity: ActivityRef, arn: string): boolean {
  if (activity.kind === 'arn') return activity.arn === arn;
  if (!activity.name.includes('${')) return arn.split(':').at(-1) === activity.name;
  const parts = activity.name.split(/\$\{[^}]*\}/);
  const within = activity.name.startsWith('arn:') ? arn : (arn.split(':').at(-1) ?? '');
  return new RegExp(`^${parts.map((part) => escaped(part)).join('.+')}$`).test(within);
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

function unservedTask(arn: string, handlers: readonly HandlerDefinition[]): string {
  const known = handlers.map(({ name, activity }) => ({
    name,
    takes: activity.kind === 'arn' ? activity.arn : activity.name,
  }));
  const head = `a task of ${arn} waits, and no handler of this test machine takes it`;
  const [first] = known;
  if (!first) return `${head}\nFix: give the class that takes it: activities: [TheActivity]`;
  const nearest = closest(
    arn,
    known.map(({ takes }) => takes),
  );
  return [
    head,
    ...known.map(({ name, takes }) => `  ${name} takes ${takes}`),
    `Fix: did you mean ${nearest}? Correct the state's "Resource" or the class's @Activity, whichever is wrong; or give the class that takes the task in \`activities\``,
  ].join('\n');
}

function stuck({ history }: Execution): string {
  const [last] = history.page(0, 1, { reverse: true });
  return `the execution waits, and nothing is due any more. Its last event: ${JSON.stringify(last)}`;
}

/**
 * Makes a state machine that runs in this process, on a Step Functions of its own, without a network.
 * @param definition the path of an ASL file, its text, or the definition itself. `${NAME}` is read from the environment.
 * @throws StartError with each mistake of the definition and its place, and with every problem that a bed would have.
 */
export async function createTestMachine(
  definition: string | object,
  options: TestMachineOptions = {},
): Promise<TestMachine> {
  checkOptions('createTestMachine', MACHINE_OPTIONS, options);
  const { activities = [], resources = {}, faults = {}, log = silentLog, concurrency } = options;
  const source = await readDefinition(definition);
  const clock = new TestClock(new RealWork(realTimeLimitMs(options)));
  const parts = await makeBedHandlers(activities, options, clock);
  const { reportLimitMs, dispose } = parts;
  const served = clock.work.trackAll(parts.handlers);
  const handlers = served.map((each) => each.definition);
  const { stepFunctions, machine, port, arns } = await makeEngine(source, resources, clock);
  throwProblems([
    ...unusedFaults(faults, handlers),
    ...unusedResources(resources, source.name, machine.program.tasks),
  ]);
  const worker = new MachineWorker({ port, clock, log, faults, reportLimitMs, concurrency });
  const unserved = arns.filter((arn) => {
    const handler = served.find(({ definition: { activity } }) => isOf(activity, arn));
    if (handler) worker.serve(arn, handler);
    return !handler;
  });
  const made = new TestMachine({ stepFunctions, machine, worker, clock, unserved, handlers, dispose });
  closeBy(options.signal, made);
  return made;
}

/** A Step Functions with one machine and the activities of the machine's Tasks. */
interface EngineParts {
  readonly stepFunctions: StepFunctions;
  readonly port: EnginePort;
  readonly machine: Machine;
  readonly arns: readonly string[];
}

/** Makes the Step Functions that runs a definition. @throws StartError with each mistake of the definition */
async function makeEngine(source: MachineSource, resources: Mocks, clock: HandClock): Promise<EngineParts> {
  // Loaded here, so that a test of a handler does not load the states language.
  const { StepFunctions } = await import('../../local/engine/step-functions.js');
  const { EnginePort } = await import('./engine-port.js');
  const { definitionMistakes, machineProblem } = await import('../../check/definition-mistakes.js');
  throwProblems(definitionMistakes(source).map(machineProblem));
  const settings = { pollHoldMs: POLL_HOLD_MS, keptExecutions: KEPT_EXECUTIONS, random: () => 0.5 };
  const stepFunctions = new StepFunctions({ clock, mocks: resources, ...settings });
  const machine = stepFunctions.createMachine({ name: source.name, definition: source.definition });
  const arns = new Set(machine.program.tasks.flatMap(({ activity }) => activity?.activityArn ?? []));
  for (const arn of arns) stepFunctions.activities.create(arn);
  return { stepFunctions, port: new EnginePort(stepFunctions), machine, arns: [...arns] };
}

async function readDefinition(definition: string | object): Promise<MachineSource> {
  const { machineSource, readMachineSource } = await import('../../check/source/machine-source.js');
  if (typeof definition === 'object')
    return machineSource('TestMachine', 'the definition', JSON.stringify(definition, null, 2), {});
  if (/^\s*\{/.test(definition)) return machineSource('TestMachine', 'the definition', definition, {});
  const name = basename(definition).replace(/(\.asl)?\.json$/, '');
  const source = await readMachineSource(name, definition, definition, process.env);
  const [variable] = source.unset;
  if (variable === undefined) return source;
  throw new Error(
    `${definition} uses \${${variable}}, and the environment variable ${variable} is unset or empty`,
  );
}
