/**
 * Returns the error message of Jackson, the JSON parser of Step Functions, for a text that isn't JSON. Only two kinds
 * of mistake were recorded: a word that isn't a value, and a field name without its double quote. Returns undefined for
 * any other mistake.
 */
export function complaint(text: string): string | undefined {
  const at = firstOdd(text);
  if (at >= text.length) return undefined;
  const [word = ''] = /^[\p{L}_$][\p{L}\p{N}_$]*/u.exec(text.slice(at)) ?? [];
  const before = text.slice(0, at).trimEnd();
  if (isName(before)) {
    const char = text.charAt(at);
    return `Unexpected character ('${char}' (code ${char.charCodeAt(0)})): was expecting double-quote to start field name`;
  }
  if (word === '') return undefined;
  return `Unrecognized token '${word}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')`;
}

/**
 * Returns the offset of the first character that can't begin a token. If there is none, returns the length of the text.
 */
function firstOdd(text: string): number {
  const token = /\s*(?:"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|(?:true|false|null)(?![\p{L}\p{N}_$])|[{}[\],:])/uy;
  let at = 0;
  while (token.test(text)) at = token.lastIndex;
  return at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);
}

/** Returns true if the next token after the text `before` must be the name of a field. */
function isName(before: string): boolean {
  if (before.endsWith('{')) return true;
  if (!before.endsWith(',')) return false;
  const open: string[] = [];
  for (const [bracket] of before.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').matchAll(/[{}[\]]/g)) {
    if (bracket === '{' || bracket === '[') open.push(bracket);
    else open.pop();
  }
  return open.at(-1) === '{';
}
