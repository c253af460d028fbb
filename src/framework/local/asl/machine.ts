import { choiceKind } from './choice.js';
import { failKind } from './fail.js';
import { isObject, parseJson, type Json } from './json.js';
import { jsonPath } from './jsonpath.js';
import type { Language } from './language.js';
import { passKind } from './pass.js';
import { Reader, type DefinitionProblem } from './reader.js';
import { compileState, type ActivityTask, type Kind, type State, type StateGroup } from './state.js';
import { succeedKind } from './succeed.js';
import { taskKind } from './task.js';
import { waitKind } from './wait.js';

/** A definition, compiled: what an execution runs. */
export interface Program extends StateGroup {
  /** The machine's own TimeoutSeconds. */
  readonly timeoutSeconds: number | undefined;
  /** Its Tasks on activities, nested ones included, in the order of the definition. */
  readonly activities: readonly ActivityTask[];
}

/** A definition that cannot be run, with everything that is wrong with it. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError';

  constructor(readonly problems: readonly DefinitionProblem[]) {
    super(problems.map(({ path, text }) => `SCHEMA_VALIDATION_FAILED: ${text} at ${path}`).join(', '));
  }
}

const KINDS: Record<string, Kind> = {
  Task: taskKind,
  Pass: passKind,
  Choice: choiceKind,
  Wait: waitKind,
  Succeed: succeedKind,
  Fail: failKind,
};

const NOT_YET = ['Parallel', 'Map'];
const LONGEST_SECONDS = 99_999_999;

/**
 * Compiles a definition, once, to closures.
 * @throws DefinitionError where it is not valid, or holds what is not run here
 */
export function compileMachine(definition: string): Program {
  const source = parseJson(definition);
  if (source === undefined)
    throw new DefinitionError([{ path: '/', text: 'The definition is not valid JSON' }]);
  if (!isObject(source))
    throw new DefinitionError([{ path: '/', text: 'The definition is not a JSON object' }]);
  const problems: DefinitionProblem[] = [];
  const program = new MachineCompiler().compile(new Reader(source, '', problems));
  if (problems.length > 0) throw new DefinitionError(problems);
  return program;
}

class MachineCompiler {
  readonly #activities: ActivityTask[] = [];

  compile(reader: Reader): Program {
    reader.string('Version');
    const timeoutSeconds = reader.integer('TimeoutSeconds', 1, LONGEST_SECONDS);
    const language = this.#language(reader, jsonPath);
    const group = this.#group(reader, language);
    reader.finish();
    return { ...group, timeoutSeconds, activities: this.#activities };
  }

  #group(reader: Reader, language: Language): StateGroup {
    const startAt = reader.requiredString('StartAt');
    const source = reader.object('States');
    if (!source) reader.problem("The field 'States' is missing");
    const states = new Map<string, State>();
    for (const name of Object.keys(source?.source ?? {})) {
      const state = source?.object(name);
      if (state) states.set(name, this.#state(name, state, language));
    }
    if (source) checkTargets(reader, source, startAt);
    return { startAt, states };
  }

  #state(name: string, reader: Reader, inherited: Language): State {
    const language = this.#language(reader, inherited);
    const type = reader.requiredString('Type');
    const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
    if (!kind) {
      reader.problem(refusal(name, type), 'Type');
      return { run: () => Promise.reject(new Error(refusal(name, type))) };
    }
    const nested = (inner: Reader): StateGroup => this.#group(inner, language);
    return compileState(type, kind, reader, { name, language, nested, activities: this.#activities });
  }

  #language(reader: Reader, inherited: Language): Language {
    const name = reader.string('QueryLanguage');
    if (name !== undefined && name !== 'JSONPath') {
      reader.problem(`The query language '${name}' is not supported here`, 'QueryLanguage');
    }
    return inherited;
  }
}

function refusal(name: string, type: string): string {
  if (NOT_YET.includes(type))
    return `The state '${name}' is a ${type}, which the local service does not run yet`;
  return `The state '${name}' is of an unknown type '${type}'`;
}

/** Every state that is pointed to must be there, and every state must be pointed to. */
function checkTargets(reader: Reader, states: Reader, startAt: string): void {
  const names = new Set(Object.keys(states.source));
  const reached = new Set<string>([startAt]);
  if (startAt !== '' && !names.has(startAt)) reader.problem(missingTarget(startAt), 'StartAt');
  for (const [name, state] of Object.entries(states.source)) {
    for (const [field, target] of targetsOf(state)) {
      reached.add(target);
      if (!names.has(target)) states.problem(missingTarget(target), `${name}/${field}`);
    }
  }
  for (const name of names) {
    if (!reached.has(name)) states.problem(`The state '${name}' cannot be reached`, name);
  }
}

function missingTarget(target: string): string {
  return `Missing 'Next' target: ${target}`;
}

function targetsOf(state: Json): [string, string][] {
  if (!isObject(state)) return [];
  const targets: [string, Json | undefined][] = [
    ['Next', state['Next']],
    ['Default', state['Default']],
  ];
  for (const field of ['Choices', 'Catch']) {
    const list = state[field];
    if (!Array.isArray(list)) continue;
    for (const [i, item] of list.entries()) {
      if (isObject(item)) targets.push([`${field}[${i}]/Next`, item['Next']]);
    }
  }
  return targets.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
}

/**
 * The Tasks on activities that a definition has, nested ones included.
 * @throws DefinitionError where the definition cannot be run
 */
export function activityTasks(definition: string): ActivityTask[] {
  return [...compileMachine(definition).activities];
}
