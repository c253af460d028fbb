import type { Finding } from '../finding.js';
import { editJson } from './json-edit.js';

/** What became of a text that was mended. */
export interface Mended {
  readonly text: string;
  /** What was mended. Each is found no more in the text. */
  readonly fixed: readonly Finding[];
}

/** More rounds than mistakes that one change can bring to light. */
const MOST_ROUNDS = 5;

/**
 * Mends what can be mended without a person in a machine's text.
 * @param findings what is found in a text.
 */
export function fixMachine(text: string, findings: (text: string) => readonly Finding[]): Mended {
  const fixed: Finding[] = [];
  let mended = text;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const fixable = findings(mended).filter(({ edits }) => edits !== undefined);
    if (fixable.length === 0) break;
    for (const finding of fixable) {
      const next = (finding.edits ?? []).reduce<string | undefined>(
        (before, edit) => (before === undefined ? undefined : editJson(before, edit)),
        mended,
      );
      if (next === undefined) continue;
      mended = next;
      fixed.push(finding);
    }
  }
  return { text: mended, fixed };
}
