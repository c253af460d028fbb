import type { Finding } from './finding.js';
import { editJson, type JsonEdit } from './source/json-edit.js';

/** A text and the findings that were fixed in it. */
export interface FixedMachine {
  readonly text: string;
  /** The fixed findings, none of which the text has any more. */
  readonly fixed: readonly Finding[];
}

/** More rounds than one change can bring new mistakes to light. */
const MOST_ROUNDS = 5;

/**
 * Fixes every mistake of a machine's text that has an edit.
 * @param findings returns the findings of a text.
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

/** Makes several changes; undefined where the place of one does not exist. */
const edited = (text: string, edits: readonly JsonEdit[]): string | undefined =>
  edits.reduce<string | undefined>(
    (before, edit) => (before === undefined ? undefined : editJson(before, edit)),
    text,
  );
