import { contextOf, type Field, templateShape } from './environment.js';
import { Evaluation, Lost } from './evaluation.js';
import { parsed } from './expression-node.js';
import { Scope } from './scope.js';
import { type Missing, type Shape, UNKNOWN } from './shape.js';

/** Returns what is known of the value that a JSONata template makes. */
export const expressionTemplate = (template: unknown, field: Field): Shape =>
  templateShape(template, field, (text, at) => {
    const [, source] = /^\{%(.*)%\}$/s.exec(text) ?? [];
    return source === undefined ? undefined : expressionShape(source, at);
  });

function expressionShape(source: string, { environment, steps, dead }: Field): Shape {
  const ast = parsed(source);
  if (!ast) return UNKNOWN;
  const { input, result, errorOutput, variables } = environment;
  const states = {
    input,
    context: contextOf(environment),
    ...(result !== undefined && { result }),
    ...(errorOutput !== undefined && { errorOutput }),
  };
  const add = (missing: Missing, path: string, isSure: boolean): void =>
    void dead.push({ steps, path, missing, isSure });
  const scope = new Scope(Object.entries({ ...variables, states }));
  const found = new Evaluation(scope, UNKNOWN, add).sequence([ast]);
  if (!(found instanceof Lost)) return found;
  add(found.missing, found.path, true);
  return UNKNOWN;
}
