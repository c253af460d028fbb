/**
 * Describes the mistake in a text that is not JSON, in the words of the service's parser (Jackson). Returns undefined
 * for any mistake but the two that were recorded: a word that is not a value, and a field name without its double
 * quote.
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

/** Returns the offset of the first character that begins no token, or the length of the text. */
function firstOdd(text: string): number {
  const token = /\s*(?:"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|(?:true|false|null)(?![\p{L}\p{N}_$])|[{}[\],:])/uy;
  let at = 0;
  while (token.test(text)) at = token.lastIndex;
  return at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);
}

/** Returns true where the token after `before` has to be the name of a field. */
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
