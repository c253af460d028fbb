import { isTooLarge, type Json, type JsonObject } from '../values/json.js';
import { dataLimitFailure } from '../runtime/state-failure.js';
import { afterFailure, compileCatch, compileRetry, testOnce } from './retry-catch.js';
import type { Exit, Flow, Language } from '../definition/query-language.js';
import type { Reader } from '../definition/reader.js';
import type { State, StateGroup, StateOutcome } from '../runtime/interpret.js';
import type { StateTestEnd } from '../runtime/state-test.js';
import type { Branch } from '../runtime/branch.js';
import { KINDS, type StateKind, type StateType } from '../kinds.js';
import { soon, type Soon, type StateData } from '../expression.js';

/** The outcome of what a state does, such as a task's result. The state's output is computed from it. */
export interface WorkResult {
  readonly result: Json;
  /** The name of the next state. @default the state's `Next` */
  readonly next?: string;
  /** The compiled Output and Assign to apply. @default those of the state itself */
  readonly exit?: Exit;
}

/**
 * Compiles the fields that only one type of state has. The compiled function does what the state is for, such as running
 * a task. If it returns undefined, the result is the state's input.
 */
export type Compile = (
  reader: Reader,
  context: StateContext,
) => (branch: Branch, data: StateData, flow: Flow) => Soon<WorkResult | undefined>;

/** The data that is needed to compile a state, besides its own fields. */
export interface StateContext {
  readonly name: string;
  readonly language: Language;
  /** The query language of the states inside this one, unless they have their own. */
  readonly inherited: Language['name'];
  /**
   * Compiles the states of a branch or of an iteration inside this state.
   * @param isAlone true for states that can't read the variables around them. @default false
   */
  readonly nested: (reader: Reader, isAlone?: boolean) => StateGroup;
  /** The Task states of the machine that were compiled so far. Each Task state adds itself when it is compiled. */
  readonly tasks: DefinedTask[];
  /** The Labels of the Distributed Maps that were compiled so far. Each adds its own. */
  readonly labels: Set<string>;
  /**
   * The names of the variables that each state reads, by the state's name. Each state adds its own entry when it is
   * compiled.
   */
  readonly references: Map<string, readonly string[]>;
}

export interface DefinedTask {
  readonly state: string;
  readonly resource: string;
  readonly activity?: ActivityTask;
}

/**
 * A Task state whose resource is an activity. A field with seconds is absent if the definition doesn't set it, or sets
 * it by an expression.
 */
export interface ActivityTask {
  readonly state: string;
  readonly activityArn: string;
  readonly heartbeatSeconds?: number;
  readonly timeoutSeconds?: number;
}

/**
 * Compiles a state to a function. Mistakes are added to the reader's problems.
 * @param compile compiles the fields that only this type of state has
 */
export function compileState(
  type: StateType,
  compile: Compile,
  reader: Reader,
  context: StateContext,
): State {
  const { language, name } = context;
  const kind: StateKind = KINDS[type];
  const flow = language.flow(reader, kind.flow);
  const work = compile(reader, context);
  const retriers = kind.recovers ? compileRetry(reader) : [];
  const catchers = kind.recovers ? compileCatch(reader, language) : [];
  const next = kind.leaves.includes('Next') ? readNext(reader) : undefined;
  reader.finish((field) => language.explainUnread(field));
  if (reader.variables.size > 0) context.references.set(name, [...reader.variables].toSorted());

  const once = (branch: Branch, input: Json): Soon<StateOutcome> => {
    const see = branch.execution.stateTest?.see;
    const given = see ? { ...branch.data(input), see } : branch.data(input);
    return soon(
      branch.evaluate((seen) => flow.input(seen), given),
      (data) => {
        see?.('afterInputPath', data.root);
        return soon(work(branch, data, flow), (done = { result: data.root }) => {
          see?.('result', done.result);
          branch.succeeded();
          return leave(branch, done.exit ?? flow, { ...data, result: done.result }, done.next ?? next);
        });
      },
    );
  };
  const entered = { name, kind, enteredEvent: `${type}StateEntered`, exitedEvent: `${type}StateExited` };
  const attempts = { once, retriers, catchers, leave };
  const enter = (branch: Branch, input: Json): void => branch.enter(entered, input);
  const recover = (branch: Branch, input: Json, error: unknown): Promise<StateOutcome> =>
    afterFailure(branch, input, attempts, error);
  const test = (branch: Branch, input: Json): Promise<StateTestEnd> => {
    branch.enter(entered, input);
    const { retries = 0 } = branch.execution.stateTest ?? {};
    branch.visit.retryCount = retries;
    return testOnce(branch, input, attempts, retries);
  };
  return { enter, run: once, recover, test };
}

function leave(branch: Branch, exit: Exit, data: StateData, next: string | undefined): Soon<StateOutcome> {
  return soon(
    branch.evaluate((seen) => exit.output(seen), data),
    (output) =>
      soon(
        branch.evaluate((seen) => exit.assign(seen), data),
        (assigned) => branch.scope.halt() ?? record(branch, output, assigned, next, data.errorOutput),
      ),
  );
}

/** Records that a branch leaves a state, after a check of the sizes. @throws StateFailure if something is too large */
function record(
  branch: Branch,
  output: Json,
  assigned: JsonObject | undefined,
  next: string | undefined,
  errorOutput: Json | undefined,
): StateOutcome {
  const { name } = branch.visit.state;
  const texts = assigned && textsOf(branch, assigned, name);
  branch.json.checkSize(output, name);
  if (assigned && texts) branch.variables.assign(assigned, texts);
  branch.exit(output, next, texts, errorOutput);
  return { next, output };
}

/**
 * Returns the JSON of each assigned variable, by its name.
 * @throws StateFailure if these variables together are larger than 256 KiB, or all variables are too large. AWS page
 * "Passing data between states with variables"
 */
function textsOf(branch: Branch, assigned: JsonObject, name: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const [variable, value] of Object.entries(assigned)) {
    branch.json.checkSize(value, name);
    texts.set(variable, branch.json.of(value));
  }
  const all = [...texts.values()].join('');
  if (isTooLarge(all) || !branch.variables.hasRoom(texts)) throw dataLimitFailure(name);
  return texts;
}

function readNext(reader: Reader): string | undefined {
  const end = reader.boolean('End');
  const next = reader.string('Next');
  if (end === true ? next !== undefined : next === undefined) {
    const fix = end ? "take out 'Next', or 'End'" : 'write "Next": "A state", or "End": true';
    reader.problem("A state must have exactly one of 'Next' and 'End'", undefined, fix);
  }
  return next;
}
