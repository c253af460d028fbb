/** Whether a text is JSON. */
export function jsonProblem(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * Spaces out a JSON text, and gives back any other as it is. Works on the text: parsed and written again, a long number
 * would be another.
 */
export function pretty(text: string): string {
  if (jsonProblem(text) !== undefined) return text;
  let out = '';
  let depth = 0;
  const line = (): string => `\n${'  '.repeat(depth)}`;
  for (const { kind, text: token } of jsonTokens(text)) {
    if (kind !== 'mark') out += token;
    else if (token === ',') out += `,${line()}`;
    else if (token === ':') out += ': ';
    else if (token === '{' || token === '[') {
      depth++;
      out += token + line();
    } else {
      depth--;
      out = /[{[]\s*$/.test(out.slice(-200)) ? out.trimEnd() + token : out + line() + token;
    }
  }
  return out;
}

export interface JsonToken {
  readonly kind: 'key' | 'text' | 'number' | 'word' | 'mark' | 'other';
  readonly text: string;
}

const TOKEN =
  /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b|([{}[\],:])|(\s+)|(.)/gs;

/** The tokens of a JSON text without the space between them; of any other text, what looks like some. */
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
 * Where a place of a definition stands in its text, written as the service writes it: `/States/Pay/Choices[0]/Next`. The
 * nearest around it where it is not there.
 * @returns the offsets of its key, or of its value where it has none
 */
export function findPlace(text: string, path: string): { from: number; to: number } {
  let best = { from: 0, to: Math.min(1, text.length), length: 0 };
  for (const place of places(text)) {
    if (place.path.length > best.length && (path === place.path || isWithin(path, place.path)))
      best = { from: place.from, to: place.to, length: place.path.length };
  }
  return { from: best.from, to: best.to };
}

const isWithin = (path: string, around: string): boolean =>
  path.startsWith(around) && /^[/[]/.test(path.slice(around.length));

/** Every key and item of a JSON text with the path to it. */
function* places(text: string): Generator<{ path: string; from: number; to: number }> {
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
