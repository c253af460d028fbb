import type { Problem } from '../base/errors.js';
import { problemsIn } from '../asl/machine.js';
import { proposal } from '../base/show.js';
import { type DefinitionProblem, DUPLICATE } from '../asl/definition/reader.js';
import { locationOf, messageOf } from './finding.js';
import { type JsonText, type Position, type JsonStep, stateAt } from './source/json-text.js';
import { locatable, type MachineSource } from './source/machine-source.js';

/** A mistake in the definition of a state machine, and its position in the text. */
export interface DefinitionMistake extends Position {
  readonly file: string;
  /** The name of the innermost state in which the mistake is; undefined if it is outside of all states. */
  readonly state: string | undefined;
  readonly what: string;
  readonly fix: string;
  /** True if Step Functions runs the machine, and only the local service doesn't. @default false */
  readonly unsupported?: true;
}

/**
 * Returns the mistakes because of which a machine can't run on the local service, in the order of the text. Those with
 * `unsupported` are none at Step Functions itself.
 */
export function definitionMistakes(source: MachineSource): DefinitionMistake[] {
  const json = locatable(source);
  const { broken } = json;
  if (broken) return [{ file: source.file, state: undefined, ...broken }];
  const told = new Set(json.twice.map(({ steps }) => steps.join('/')));
  const problems = withoutConsequences(problemsIn(source.definition, source.seed?.type))
    .filter(({ code, path }) => code !== DUPLICATE || !told.has(json.stepsTo(path).join('/')))
    .map((each) => mistakeOf(each, json, source.file));
  const twice = json.twice.map(({ steps, at }) => keyTwice(steps, at, source.file));
  return [...twice, ...problems].toSorted((a, b) => a.line - b.line || a.column - b.column);
}

const stateOf = (path: string): string => /^.*\/States\/[^/]*/.exec(path)?.[0] ?? '';

/**
 * Leaves out problems that are only consequences of a misspelt field or target, so that one mistake is reported once.
 */
function withoutConsequences(problems: readonly DefinitionProblem[]): DefinitionProblem[] {
  const meant = (path: string, field: string): boolean =>
    problems.some((each) => stateOf(each.path) === stateOf(path) && each.fix === proposal(field));
  const lostTarget = problems.some(
    ({ text, fix }) => text.startsWith("Missing 'Next'") || fix === proposal('Next'),
  );
  return problems.filter(({ path, text }) => {
    const [, missing] = /^The field '(.*)' is missing$/.exec(text) ?? [];
    if (missing !== undefined && meant(path, missing)) return false;
    if (text.startsWith('The resource provided  is not')) return false;
    if (text.startsWith('A state must have exactly one of') && (meant(path, 'Next') || meant(path, 'End')))
      return false;
    return !(lostTarget && text.endsWith('is not reachable.'));
  });
}

function mistakeOf(
  { path, text, fix, unsupported }: DefinitionProblem,
  json: JsonText,
  file: string,
): DefinitionMistake {
  const steps = json.stepsTo(path);
  const state = stateAt(steps);
  const defaultFix = `correct '${String(steps.at(-1) ?? 'it')}': https://states-language.net/spec.html says what is allowed there`;
  const only = unsupported && { unsupported };
  const shown = startAtMistake(path, text, fix) ?? { what: text, fix: fix ?? defaultFix };
  return { file, ...json.positionOf(steps), state, ...shown, ...only };
}

/** Words a StartAt that names no state by that field: Step Functions words it as a missing 'Next' target. */
function startAtMistake(path: string, text: string, fix = ''): { what: string; fix: string } | undefined {
  const [, target] = /^Missing 'Next' target: (.*)$/s.exec(text) ?? [];
  if (target === undefined || !path.endsWith('/StartAt')) return undefined;
  const [, meant] = /did you mean '(.*)'\?$/s.exec(fix) ?? [];
  return {
    what: `StartAt is '${target}', and no state has that name`,
    fix:
      meant === undefined
        ? 'write the name of the first state there'
        : `write "StartAt": ${JSON.stringify(meant)}`,
  };
}

function keyTwice(steps: readonly JsonStep[], at: Position, file: string): DefinitionMistake {
  const key = String(steps.at(-1));
  const isState = steps.at(-2) === 'States';
  return {
    file,
    ...at,
    state: stateAt(isState ? steps : steps.slice(0, -1)),
    what: `the ${isState ? 'state' : 'key'} '${key}' is written here a second time, and only the last one counts`,
    fix: isState ? 'give one of the two another name' : 'remove one of the two',
  };
}

/**
 * Returns the problem with which the command `start` fails if a mistake in a state machine keeps its local service from
 * loading the machine.
 */
export const machineProblem = (mistake: DefinitionMistake): Problem => ({
  code: mistake.unsupported ? 'MACHINE_UNSUPPORTED' : 'MACHINE_INVALID',
  where: locationOf(mistake),
  what: messageOf(mistake),
  fix: mistake.fix,
});
