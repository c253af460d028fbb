import { turn } from '../../base/time/turn.js';
import type { Execution } from '../engine/execution.js';
import type { StepFunctions } from '../engine/step-functions.js';
import type { Queries } from './api.js';
import { executionRow } from './topics/execution-list.js';

type Find = Queries['findExecutions'];

/** The most executions in an answer. `total` counts all that were found. */
const SHOWN = 1_000;

/**
 * Returns the kept executions that fit a filter, the latest first. A field that is absent or empty fits each of them.
 * The work is done in parts, so that calls of the API are answered meanwhile: an input may have 256 KB.
 */
export async function findExecutions(
  query: Partial<Find['query']>,
  { executions }: StepFunctions,
): Promise<Find['answer']> {
  const machine = query.machine === '' ? undefined : query.machine;
  const all = [...executions.startedAfter(0, machine)].toSorted((a, b) => b.order - a.order);
  const fits = fitting(query);
  const found: Execution[] = [];
  for (const each of all) {
    if (fits(each)) found.push(each);
    await turn.share();
  }
  return { rows: found.slice(0, SHOWN).map(executionRow), total: found.length, of: all.length };
}

function fitting(query: Partial<Find['query']>): (execution: Execution) => boolean {
  const { status = '', name = '', error = '', input = '', since = '' } = query;
  const [wantedName, wantedError] = [name.toLowerCase(), error.toLowerCase()];
  const wantedInput = compact(input);
  const from = Number(since);
  // The text of an input is compared last, since that takes longest.
  return (each) =>
    (status === '' || (status === 'KEPT' ? each.isPinned : each.status === status)) &&
    (since === '' || each.startedAt >= from) &&
    each.name.toLowerCase().includes(wantedName) &&
    `${each.end?.error ?? ''} ${each.end?.cause ?? ''}`.toLowerCase().includes(wantedError) &&
    (each.input.includes(input) || compact(each.input).includes(wantedInput));
}

/** Returns JSON, or a part of some, without the spaces between its values: they don't count. */
const compact = (json: string): string =>
  /\s/.test(json) ? json.replaceAll(/("(?:[^"\\]|\\.)*"?)|\s+/g, (_, text?: string) => text ?? '') : json;
