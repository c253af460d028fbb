/** Names variables after states, each with a name of its own. */
export class Names {
  readonly #used = new Map<string, number>([...RESERVED].map((each) => [each, 1]));

  of(state: string): string {
    const words = state.match(/[A-Za-z][A-Za-z0-9]*/g) ?? ['task'];
    const name = words
      .map(
        (word, index) =>
          `${index === 0 ? word.charAt(0).toLowerCase() : word.charAt(0).toUpperCase()}${word.slice(1)}`,
      )
      .join('');
    const count = (this.#used.get(name) ?? 0) + 1;
    this.#used.set(name, count);
    return count === 1 ? name : this.of(`${name}${count}`);
  }
}

/** The names that the test uses itself, and the words that can't name a variable. */
const RESERVED = new Set(
  'definition machine run result expect test createTestMachine await async break case catch class const continue debugger default delete do else enum export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof undefined using var void while with yield arguments eval'.split(
    ' ',
  ),
);

/** Returns JSON as a TypeScript expression. A member `__proto__` would set the prototype of an object literal. */
export function literal(json: string, indent = 0): string {
  if (json.includes('__proto__')) return `JSON.parse(${quoted(json)})`;
  const text = JSON.stringify(JSON.parse(json), null, 2);
  return text.length < 80 ? inOneLine(text) : text.replaceAll('\n', `\n${' '.repeat(indent)}`);
}

/** Joins the lines of indented JSON. A string in JSON contains no line break. */
const inOneLine = (text: string): string =>
  text.replaceAll(/\n */g, ' ').replaceAll('[ ', '[').replaceAll(' ]', ']');

/** Returns text as a string literal in single quotes. */
export const quoted = (text: string): string =>
  `'${JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(String.raw`\"`, '"')
    .replaceAll("'", String.raw`\'`)}'`;
