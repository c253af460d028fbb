import type { ExitOf, ExpressionFault } from '../definition/reader.js';
import { parse } from './evaluation/compiler.js';
import { referencesIn } from './references.js';

const UNSUPPORTED = 'UNSUPPORTED_JSONATA_EXPRESSION';

/** Returns the mistakes in a JSONata expression. The texts are those of Step Functions. */
export function faultsOf(source: string): readonly ExpressionFault[] {
  try {
    return unsupported(parse(source).ast());
  } catch (error) {
    return [{ code: 'INVALID_JSONATA_EXPRESSION', text: (error as Error).message }];
  }
}

/** Returns a mistake for each reference in an expression that Step Functions doesn't support. */
function unsupported(ast: object): ExpressionFault[] {
  const { names, root, fields } = referencesIn(ast);
  const faults: ExpressionFault[] = [...names].map((name) => ({
    code: UNSUPPORTED,
    text: `Reference to '${name}' at the top level is not supported.`,
  }));
  if (root) faults.push({ code: UNSUPPORTED, text: "Reference to '$$' is not supported." });
  for (const [field, allowedIn] of FIELDS)
    if (fields.has(field))
      faults.push({ code: UNSUPPORTED, text: `Field '$states.${field}' does not exist.`, allowedIn });
  return faults;
}

const FIELDS: readonly (readonly [field: string, allowedIn: ExitOf])[] = [
  ['errorOutput', 'catch'],
  ['result', 'work'],
];
