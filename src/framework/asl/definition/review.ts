import { isActivityArn } from '../values/arn.js';
import { isObject, type Json, type JsonObject } from '../values/json.js';
import { KINDS, kindOf, type StateKind } from '../kinds.js';
import { pathOf, statesIn } from './state-graph.js';
import type { DefinitionProblem } from './reader.js';

/**
 * Returns the states that Step Functions refuses in an EXPRESS machine, and in the EXPRESS children of a distributed Map.
 * The messages for Tasks were recorded from the live service, where the first one ends with a blank. AWS page "Map state
 * processing modes": a distributed Map needs a STANDARD machine.
 */
export function expressProblemsIn(machine: JsonObject, isExpress: boolean): DefinitionProblem[] {
  return [...statesIn(machine)].flatMap(({ steps, source, around }) => {
    if (!isExpress && !around.some((map) => processorConfig(map.source)['ExecutionType'] === 'EXPRESS'))
      return [];
    const at = pathOf(steps);
    const { Type: type, Resource: resource } = source;
    if (processorConfig(source)['Mode'] === 'DISTRIBUTED')
      return { path: `${at}/ItemProcessor`, text: `${CANNOT} a Map in the mode DISTRIBUTED` };
    const text = kindOf(type)?.calls && typeof resource === 'string' ? refusedInExpress(resource) : undefined;
    return text === undefined ? [] : { path: `${at}/Resource`, text };
  });
}

function processorConfig({ ItemProcessor: processor }: JsonObject): JsonObject {
  const config = isObject(processor) ? processor['ProcessorConfig'] : undefined;
  return isObject(config) ? config : {};
}

const CANNOT = 'Express state machine does not support';

function refusedInExpress(resource: string): string | undefined {
  if (resource.endsWith('.waitForTaskToken')) return `${CANNOT} '.waitForTaskToken' service integration `;
  if (/\.sync(?::2)?$/.test(resource)) return `${CANNOT} '.sync' service integration`;
  return isActivityArn(resource) ? `${CANNOT} Activity ARN` : undefined;
}

const TEMPLATES = new Set(['Parameters', 'ResultSelector', 'ItemSelector', 'Assign']);
const ALL: readonly StateKind[] = Object.values(KINDS);
/** Fields whose texts are not paths, or may be paths although their names don't end in "Path". */
const OTHERS = new Set([
  'Comment',
  'Resource',
  'Variable',
  'States',
  ...ALL.flatMap(({ holds }) => holds?.fields ?? []),
  ...ALL.flatMap(({ literal }) => literal ?? []),
]);
const PATH = /^\${1,2}(?:$|[.[])/;
const INTRINSIC = /^States\.[A-Za-z0-9]+\(/;

/**
 * Returns what Step Functions warns of: texts that look like a path or an intrinsic function, but aren't evaluated. The
 * codes and their meanings are those of the API reference, ValidateStateMachineDefinitionDiagnostic; the messages of the
 * live service are not known.
 */
export function warningsIn(machine: JsonObject): DefinitionProblem[] {
  const found = [...statesIn(machine)].filter(({ language }) => language === 'JSONPath');
  return found.flatMap(({ steps, source }) =>
    Object.entries(source).flatMap(([field, value]): DefinitionProblem[] => {
      const at = `${pathOf(steps)}/${field}`;
      const texts = [...textsIn(value, field, at)];
      if (field === kindOf(source['Type'])?.literal) return staticResult(texts, at);
      if (TEMPLATES.has(field)) return withoutDollar(texts);
      return OTHERS.has(field) ? [] : withoutPath(texts);
    }),
  );
}

/** A text in a definition, the name of the field that contains it, and its path. */
type FoundText = readonly [text: string, name: string, path: string];

/** Yields each text in a value. */
function* textsIn(value: Json, name: string, path: string): Generator<FoundText> {
  if (typeof value === 'string') yield [value, name, path];
  else if (Array.isArray(value))
    for (const [i, each] of value.entries()) yield* textsIn(each, name, `${path}[${i}]`);
  else if (isObject(value))
    for (const [key, each] of Object.entries(value)) yield* textsIn(each, key, `${path}/${key}`);
}

const isExpression = (text: string): boolean => PATH.test(text) || INTRINSIC.test(text);

function staticResult(texts: readonly FoundText[], path: string): DefinitionProblem[] {
  const text = 'The Result of a Pass state is static: a path in it is not evaluated';
  return texts.some(([each]) => isExpression(each)) ? [{ code: 'PASS_RESULT_IS_STATIC', path, text }] : [];
}

const withoutDollar = (texts: readonly FoundText[]): DefinitionProblem[] =>
  texts
    .filter(([text, name]) => !name.endsWith('.$') && isExpression(text))
    .map(([, name, path]) => ({
      code: 'NO_DOLLAR',
      path,
      text: `The value of '${name}' looks like a path or an intrinsic function, but the name of the field does not end with '.$'`,
    }));

const withoutPath = (texts: readonly FoundText[]): DefinitionProblem[] =>
  texts
    .filter(([text, name]) => PATH.test(text) && !/Path$|\.\$$/.test(name) && !OTHERS.has(name))
    .map(([, name, path]) => ({
      code: 'NO_PATH',
      path,
      text: `The value of '${name}' looks like a path, but the name of the field does not end with 'Path'`,
    }));
