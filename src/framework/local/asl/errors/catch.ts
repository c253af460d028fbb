import type { StateFailure } from '../runtime/state-failure.js';
import type { Exit, Language } from '../definition/query-language.js';
import type { Reader } from '../definition/reader.js';
import { checkAll, readErrorEquals } from './retry.js';

export interface Catcher {
  readonly index: number;
  readonly names: readonly string[];
  readonly next: string;
  readonly exit: Exit;
}

/**
 * Compiles a Catch field. The compiled function returns the first catcher whose ErrorEquals matches a failure, or
 * undefined if none matches.
 */
export function compileCatch(
  reader: Reader,
  language: Language,
): (failure: StateFailure) => Catcher | undefined {
  const catchers = (reader.objects('Catch') ?? []).map((each, index) => ({
    index,
    ...readCatcher(each, language),
  }));
  checkAll(reader, catchers, 'Catch', 'catcher');
  return (failure) => catchers.find(({ names }) => failure.matches(names, true));
}

function readCatcher(reader: Reader, language: Language): Omit<Catcher, 'index'> {
  const names = readErrorEquals(reader);
  const next = reader.requiredString('Next');
  const exit = language.catcher(reader);
  reader.finish((field) => language.explainUnread(field));
  return { names, next, exit };
}
