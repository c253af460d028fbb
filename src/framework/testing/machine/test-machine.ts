import { basename } from 'node:path';
import { systemClock } from '../../base/time/clock.js';
import { HandClock } from '../hand-clock.js';
import { closest } from 'fastest-levenshtein';
import type { ActivityRef, HandlerDefinition } from '../../declare/definition.js';
import type { MachineSource } from '../../check/source/machine-source.js';
import { throwProblems } from '../../base/errors.js';
import type { Execution } from '../../local/engine/execution.js';
import type { Machine } from '../../local/engine/machines.js';
import { silentLog } from '../../base/log/log.js';
import type { Engine } from './engine.js';
import { resultOf, type ExecutionResult } from './execution-result.js';
import { faultProblems, resourceProblems } from '../unused-mocks.js';
import { MachineWorker } from './machine-worker.js';
import { makeBedHandlers } from '../tested-handlers.js';
import { checkOptions, MACHINE_OPTIONS, type TestMachineOptions } from '../options.js';

/** Longer than any execution: a poll waits for its task. */
const POLL_HOLD_MS = 200 * 365 * 86_400_000;
/** How often the machine looks again before time moves while a handler runs: it may wait for something real. */
const PATIENCE = 10;

/** A state machine on a clock that runs ahead by itself, with the user's handlers for its activities. */
export class TestMachine {
  /** Moves during `execute`. */
  readonly clock: HandClock;
  readonly #engine: Engine;
  readonly #machine: Machine;
  readonly #worker: MachineWorker;
  readonly #unserved: readonly string[];
  readonly #handlers: readonly HandlerDefinition[];

  constructor({ engine, machine, worker, clock, unserved, handlers }: MachineParts) {
    this.#engine = engine;
    this.#machine = machine;
    this.#worker = worker;
    this.#unserved = unserved;
    this.#handlers = handlers;
    this.clock = clock;
  }

  /**
   * Runs an execution to its end. Waits take no time.
   * @throws an Error as soon as a task waits that no handler takes, and where nothing is due any more: after 10 real
   *   seconds where a handler still runs, since what it waits for may be real.
   */
  async execute(input: unknown = {}): Promise<ExecutionResult> {
    const execution = this.#engine.start(this.#machine, JSON.stringify(input) ?? 'null');
    for (;;) {
      await this.#rest();
      const result = resultOf(execution);
      if (result) return result;
      const waiting = this.#unserved.find((arn) => this.#engine.hasWaiting(arn));
      if (waiting !== undefined) throw new Error(unservedTask(waiting, this.#handlers));
      await this.#moveOn(execution);
    }
  }

  /** Lets all happen that needs no time by the clock. What the engine is at work at takes as long as it takes. */
  async #rest(): Promise<void> {
    for (let looks = 0; looks < PATIENCE;) {
      await this.clock.settle();
      // Meanwhile a thread that works out an expression may have the core.
      if (this.#engine.busy) await systemClock.sleep(1);
      else if (this.#worker.running.length > 0) looks++;
      else return;
    }
  }

  async #moveOn(execution: Execution): Promise<void> {
    const next = this.#nextTimer();
    if (next !== undefined) return this.clock.advance(Math.max(next - this.clock.now(), 0));
    if (this.#worker.running.length === 0) throw new Error(stuck(execution));
    await this.#handlerEnds();
  }

  /** What a handler waits for where nothing is due is real, and takes real time; or it never comes. */
  async #handlerEnds(): Promise<void> {
    const { ended } = this.#worker;
    try {
      await this.clock.settle(() => this.#worker.ended > ended || this.#nextTimer() !== undefined);
    } catch (error) {
      throw new Error(hangs(this.#worker.running), { cause: error });
    }
  }

  /** When something is due; the end of a poll is nothing to wait for. */
  #nextTimer(): number | undefined {
    const { next } = this.clock;
    return next !== undefined && next - this.clock.now() < POLL_HOLD_MS / 2 ? next : undefined;
  }
}

/** What a machine is made of. */
interface MachineParts {
  readonly engine: Engine;
  readonly machine: Machine;
  readonly worker: MachineWorker;
  readonly clock: HandClock;
  /** Activities of the machine that no handler takes. */
  readonly unserved: readonly string[];
  readonly handlers: readonly HandlerDefinition[];
}

/** A bare name is served wherever the machine has it, and so is a whole text whose `${NAME}` is unset. */
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

function hangs(handlers: readonly string[]): string {
  const names = [...new Set(handlers)];
  return [
    `${names.join(', ')} ${names.length > 1 ? 'have' : 'has'} not ended in 10 real seconds, and nothing is due by the clock`,
    'Fix: mock what it waits for, so that it settles; or give it a limit, by `timeout` of @Handle or "TimeoutSeconds" of the state',
  ].join('\n');
}

function stuck({ history }: Execution): string {
  const [last] = history.page(0, 1, { reverse: true });
  return `the execution waits, and nothing is due any more. Its last event: ${JSON.stringify(last)}`;
}

/**
 * Makes a state machine that runs in this process, on the local engine, without a network.
 * @param definition the path of an ASL file, its text, or the definition itself. `${NAME}` is read from the environment.
 * @throws StartError where it can't be run, with each mistake and its place, and for whatever a bed would.
 */
export async function createTestMachine(
  definition: string | object,
  options: TestMachineOptions = {},
): Promise<TestMachine> {
  checkOptions('createTestMachine', MACHINE_OPTIONS, options);
  const source = await readDefinition(definition);
  const { name, definition: text } = source;
  const clock = new HandClock();
  const { handlers } = await makeBedHandlers(options.activities ?? [], options, clock);
  // Loaded here, so that a test of a handler does not pay for the states language.
  const { Engine } = await import('./engine.js');
  const { activityTasks } = await import('../../local/asl/machine.js');
  const { definitionMistakes, machineProblem } = await import('../../check/definition-mistakes.js');
  throwProblems(definitionMistakes(source).map(machineProblem));
  const engine = new Engine(clock, options.resources ?? {}, POLL_HOLD_MS);
  const arns = [...new Set(activityTasks(text).map(({ activityArn }) => activityArn))];
  for (const arn of arns) engine.createActivity(arn);
  const machine = engine.createMachine(name, text);
  const definitions = handlers.map((each) => each.definition);
  throwProblems([
    ...faultProblems(options.faults ?? {}, definitions),
    ...resourceProblems(options.resources ?? {}, name, machine.program.tasks),
  ]);
  const worker = new MachineWorker(engine, clock, options.log ?? silentLog, options.faults ?? {});
  const unserved: string[] = [];
  for (const arn of arns) {
    const handler = handlers.find(({ definition: { activity } }) => isOf(activity, arn));
    if (handler) worker.serve(arn, handler);
    else unserved.push(arn);
  }
  return new TestMachine({ engine, machine, worker, clock, unserved, handlers: definitions });
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
