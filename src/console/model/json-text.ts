/** Returns the browser's error message for a text that isn't JSON; undefined if the text is JSON. */
export function jsonProblem(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * Indents a JSON text. Any other text is returned unchanged. The text isn't parsed for this, since parsing would change
 * long numbers and the order of keys.
 */
export function pretty(text: string): string {
  if (jsonProblem(text) !== undefined) return text;
  const out: string[] = [];
  let depth = 0;
  let isOpening = false;
  const line = (): string => `\n${'  '.repeat(depth)}`;
  for (const { kind, text: token } of jsonTokens(text)) {
    const isClosing = kind === 'mark' && (token === '}' || token === ']');
    if (isClosing) depth--;
    if (isOpening !== isClosing) out.push(line());
    isOpening = kind === 'mark' && (token === '{' || token === '[');
    out.push(kind === 'mark' && token === ':' ? ': ' : token);
    if (isOpening) depth++;
    if (kind === 'mark' && token === ',') out.push(line());
  }
  return out.join('');
}

/** Returns a definition as it is edited: a text without line breaks is indented. */
export const editable = (definition: string): string =>
  definition.includes('\n') ? definition : pretty(definition);

export interface JsonToken {
  readonly kind: 'key' | 'text' | 'number' | 'word' | 'mark' | 'other';
  readonly text: string;
}

const TOKEN =
  /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b|([{}[\],:])|(\s+)|(.)/gs;

/**
 * Yields the tokens of a JSON text, and the white space between them if `spaces` is true. If the text isn't JSON,
 * yields everything in it that looks like a token.
 */
export function* jsonTokens(text: string, { spaces = false } = {}): Generator<JsonToken> {
  for (const [all, string, colon, number, word, mark, space] of text.matchAll(TOKEN)) {
    if (string !== undefined) {
      yield { kind: colon === undefined ? 'text' : 'key', text: string };
      if (colon !== undefined) yield { kind: 'mark', text: spaces ? colon : ':' };
    } else if (number !== undefined) yield { kind: 'number', text: all };
    else if (word !== undefined) yield { kind: 'word', text: all };
    else if (mark !== undefined) yield { kind: 'mark', text: all };
    else if (space === undefined) yield { kind: 'other', text: all };
    else if (spaces) yield { kind: 'other', text: all };
  }
}

/**
 * Finds a path, such as `/States/Pay/Choices[0]/Next`, in the text of a definition. If the definition doesn't have it,
 * finds the longest part of the path, from its beginning, that exists.
 * @returns the offsets of the key at the end of the path. For an item of a list, the offsets of the item's first token
 */
export function locatePath(text: string, path: string): Offsets {
  let best: Located = { path: '', from: 0, to: Math.min(1, text.length) };
  for (const each of pathsIn(text)) {
    const isAround = path === each.path || isWithin(path, each.path);
    if (isAround && each.path.length > best.path.length) best = each;
  }
  return { from: best.from, to: best.to };
}

interface Offsets {
  readonly from: number;
  readonly to: number;
}

interface Located extends Offsets {
  readonly path: string;
}

const isWithin = (path: string, around: string): boolean =>
  path.startsWith(around) && /^[/[]/.test(path.slice(around.length));

/** Yields every key and every list item of a JSON text, with its path and its offsets. */
function* pathsIn(text: string): Generator<Located> {
  const around: { path: string; index: number | undefined }[] = [];
  let path = '';
  let at = 0;
  for (const { kind, text: token } of jsonTokens(text, { spaces: true })) {
    const from = at;
    at += token.length;
    const top = around.at(-1);
    const isValue =
      kind !== 'other' && kind !== 'key' && !(kind === 'mark' && /^[\]},]|:$/.test(token.trim()));
    if (isValue && top?.index !== undefined) {
      path = `${top.path}[${top.index}]`;
      yield { path, from, to: at };
    }
    if (kind === 'key' && top) {
      path = `${top.path}/${readText(token)}`;
      yield { path, from, to: at };
    } else if (token === '{') around.push({ path, index: undefined });
    else if (token === '[') around.push({ path, index: 0 });
    else if (token === '}' || token === ']') path = around.pop()?.path ?? '';
    else if (token === ',' && top?.index !== undefined) top.index++;
  }
}

function readText(token: string): string {
  try {
    return JSON.parse(token) as string;
  } catch {
    return token;
  }
}
