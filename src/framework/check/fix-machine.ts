import type { Finding } from './finding.js';
import { editJson, type JsonEdit } from './source/json-edit.js';

/** The text of a machine after its fixes, and the findings that were fixed. */
export interface FixedMachine {
  readonly text: string;
  /** The findings that were fixed. None of them is found in `text` any more. */
  readonly fixed: readonly Finding[];
}

/** The most times that the text is checked and fixed again, since a fix may reveal another mistake. */
const MOST_ROUNDS = 5;

/**
 * Makes the edits of all findings that have edits.
 * @param findings returns the findings about a text. It is called again for each changed text
 */
export function fixMachine(text: string, findings: (text: string) => readonly Finding[]): FixedMachine {
  const fixed: Finding[] = [];
  let latest = text;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const fixable = findings(latest).filter(({ edits }) => edits !== undefined);
    if (fixable.length === 0) break;
    for (const finding of fixable) {
      const next = edited(latest, finding.edits ?? []);
      if (next === undefined) continue;
      latest = next;
      fixed.push(finding);
    }
  }
  return { text: latest, fixed };
}

/** Makes several edits in a text. Returns undefined if the place of any edit doesn't exist. */
const edited = (text: string, edits: readonly JsonEdit[]): string | undefined =>
  edits.reduce<string | undefined>(
    (before, edit) => (before === undefined ? undefined : editJson(before, edit)),
    text,
  );
