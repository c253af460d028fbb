/**
 * What the service says of a text that is no JSON, in the words of its parser (Jackson). Recorded for a word that is no
 * value, and for a name that does not begin with a double quote; undefined for anything else.
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

/** Where the first character stands that begins nothing, or the length of the text. */
function firstOdd(text: string): number {
  const token = /\s*(?:"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|(?:true|false|null)(?![\p{L}\p{N}_$])|[{}[\],:])/uy;
  let at = 0;
  while (token.test(text)) at = token.lastIndex;
  return at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);
}

/** Whether a name is to come after this much of a text. */
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
