import { showDuration } from '../../base/time/duration.js';
import type { Backlog, QueueProofs } from './backlog.js';
import type { Crew } from './workers-wanted.js';

export interface ReasonFacts {
  readonly now: number;
  readonly crew: Crew;
  readonly backlog: Backlog;
  readonly proofs: QueueProofs;
  readonly runMs: number | undefined;
  readonly idle: boolean;
  readonly wanted: number;
}

/** Returns one line of text that explains how the numbers of an estimate were found. */
export function reasonFor(facts: ReasonFacts): string {
  const { crew, idle, wanted } = facts;
  const held = !idle && wanted === crew.workers && crew.workers > 0;
  const parts = [
    waitingPart(facts),
    `${crew.atWork} of ${crew.slots} slots work`,
    ...(crew.unreadable > 0
      ? [`${crew.unreadable} of ${crew.workers} workers can't be read and count as full`]
      : []),
    ...(held ? ['none is taken away until a free slot proves that nothing waits'] : []),
  ];
  return parts.join('; ');
}

function waitingPart({ now, backlog, proofs, runMs }: ReasonFacts): string {
  const { waiting, sure, countedUntil } = backlog;
  const { emptyAt = now, emptyMinuteAt = now } = proofs;
  const ago = (at: number): string =>
    `${showDuration(Math.max(0, Math.round((now - at) / 1000) * 1000))} ago`;
  if (sure === 'proved') return `nothing waits: a poll was held in vain until ${ago(emptyAt)}`;
  const tasks = waiting === 0 ? 'nothing waits' : `${waiting} wait`;
  const counted = `by CloudWatch's counts until ${ago(countedUntil)}`;
  const since =
    sure === 'counted'
      ? `from ${ago(emptyMinuteAt)}, when nothing waited`
      : 'without a poll that proved a beginning, so that tasks stopped before their start may be in it';
  const lasting =
    runMs === undefined ? '' : `, each for about ${showDuration(Math.max(1, Math.round(runMs)))}`;
  return `${tasks} ${counted}, ${since}${waiting > 0 ? lasting : ''}`;
}
