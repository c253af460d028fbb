import { readFile } from 'node:fs/promises';
import { text as readStream } from 'node:stream/consumers';
import { JsonText } from '../../check/source/json-text.js';

/**
 * Returns the input of an execution, given JSON, `@FILE`, or `-` for standard input.
 * @throws Error that says at which position the text isn't JSON
 */
export async function readInput(typed: string): Promise<string> {
  const [text, from] = await readText(typed);
  const { broken } = new JsonText(text);
  if (!broken) return text;
  const place =
    from === undefined ? `at character ${broken.column}` : `at ${from}:${broken.line}:${broken.column}`;
  const quoting =
    from === undefined
      ? `; got ${text}\nQuote it for the shell: '{"who":"hoge"}', or read a file: @input.json`
      : '';
  throw new Error(`the input is not JSON ${place}: ${broken.what} (${broken.fix})${quoting}`);
}

/** Returns the path if the input has the form `@FILE`; otherwise undefined. */
export const fileOf = (typed: string): string | undefined =>
  typed.startsWith('@') ? typed.slice(1) : undefined;

async function readText(typed: string): Promise<[text: string, from?: string]> {
  if (typed === '-') return [await readStream(process.stdin), 'standard input'];
  const file = fileOf(typed);
  if (file === undefined) return [typed];
  try {
    return [await readFile(file, 'utf8'), file];
  } catch (error) {
    throw new Error(`the input's file can not be read: ${(error as Error).message}`, { cause: error });
  }
}
