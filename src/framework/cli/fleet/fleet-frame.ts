import type { FleetMember } from '../workers/read-fleet.js';
import { cutTo, longAge, plainText, widthOf } from '../output/cell-text.js';
import { type FleetSums, type HandlerSums, sumsOf } from './fleet-sums.js';
import { fleetColumns, rowOf } from './fleet-table.js';
import { type Paint, tableLines } from '../output/table.js';

/** The statuses of a fleet, and the time at which they were read, in epoch milliseconds. */
export interface FleetReading {
  readonly at: number;
  readonly members: readonly FleetMember[];
}

/** The room for a table. */
export interface Room {
  readonly columns: number;
  /** @default all lines are shown */
  readonly lines?: number;
}

/** The most handlers and reasons that are listed below the table. */
const MOST_HANDLERS = 8;
const MOST_REASONS = 10;
const LEAST_ROWS = 3;
/** The reasons take at most one of this many parts of a screen. */
const REASONS_SHARE = 4;
/** The line with the titles of the columns. */
const HEAD_LINES = 1;

/**
 * Returns the lines that show a fleet: a table of its workers, the sums, and why workers aren't ready. Where there isn't
 * room for all workers, those that need a look come first.
 */
export function fleetLines({ at, members }: FleetReading, room: Room, paint: Paint): string[] {
  const { columns, lines = Number.POSITIVE_INFINITY } = room;
  const found = sumsOf(members);
  // Some rows are shown even where they leave no room for all that comes below the table.
  const forRows = Math.min(members.length, LEAST_ROWS);
  const sums = below(sumLines(found, at, columns), lines - HEAD_LINES - forRows);
  const forReasons = Math.min(lines / REASONS_SHARE, lines - HEAD_LINES - forRows - sums.length);
  const reasons = below(reasonLines(members), forReasons);
  const rows = rowsFor(members, lines - HEAD_LINES - sums.length - reasons.length);
  const table = tableLines(
    fleetColumns(Object.keys(found.versions).length < 2),
    rows.shown.map((each) => rowOf(each, at)),
    columns,
    paint,
  );
  const more = rows.more > 0 ? [paint(`… and ${rows.more} more`, 'faint')] : [];
  return [...table, ...more, ...[...sums, ...reasons].map((line) => cutTo(line, columns))];
}

/** Returns a block of lines with an empty one above it, as far as there is room. */
const below = (lines: readonly string[], room: number): string[] =>
  lines.length === 0 || room < 2 ? [] : ['', ...lines].slice(0, room);

/** Returns the workers that there is room for. If that isn't all, a line has to say how many more there are. */
function rowsFor(members: readonly FleetMember[], room: number): { shown: FleetMember[]; more: number } {
  if (members.length <= room) return { shown: [...members], more: 0 };
  const shown = urgentFirst(members).slice(0, Math.max(1, room - 1));
  return { shown, more: members.length - shown.length };
}

/** Returns the workers with those first that can't be read or aren't ready, then those with a handler that is held back. */
function urgentFirst(members: readonly FleetMember[]): FleetMember[] {
  const rank = ({ status }: FleetMember): number => {
    if (!status) return 0;
    if (!status.ready) return 1;
    return status.handlers.some(({ paused, trouble }) => paused ?? trouble) ? 2 : 3;
  };
  return members.toSorted((a, b) => rank(a) - rank(b));
}

function sumLines(sums: FleetSums, at: number, columns: number): string[] {
  const { workers, slots, atWork, longestTask: longest } = sums;
  const head = [
    `${count(workers, 'worker')}: ${atWork} of ${count(slots, 'slot')} at work`,
    ...stateParts(sums),
    ...(longest ? [`longest task ${longAge(longest.ageMs)} (${plainText(longest.handler)})`] : []),
  ];
  const shown = sums.handlers.slice(0, MOST_HANDLERS).map((each) => handlerLine(each, at));
  const more = sums.handlers.length - shown.length;
  return [
    ...wrap(head, columns),
    ...versionLine(sums, at),
    ...shown,
    ...(more > 0 ? [`and ${count(more, 'more handler')}`] : []),
  ];
}

function stateParts({ unreadable, ready, draining, workers, held, protected: kept }: FleetSums): string[] {
  const unready = workers - unreadable - ready - draining;
  const paused = (held.control ?? 0) + (held.task ?? 0);
  return [
    ...part(unreadable, "can't be read"),
    ...part(unready, 'not ready'),
    ...part(draining, 'draining'),
    ...part(kept, 'protected'),
    ...part(paused, paused === 1 ? 'handler paused' : 'handlers paused'),
    ...part(held.breaker ?? 0, 'by a breaker'),
    ...part(held.waiting ?? 0, 'waiting for the service'),
  ];
}

/** Joins parts with commas, in as many lines as they need. */
function wrap(parts: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const next of parts) {
    const last = lines.at(-1);
    const longer = `${last}, ${next}`;
    if (last === undefined || widthOf(longer) >= columns) lines.push(last === undefined ? next : `  ${next}`);
    else lines[lines.length - 1] = longer;
  }
  return lines.map((line, index) => (index < lines.length - 1 ? `${line},` : line));
}

const part = (n: number, words: string): string[] => (n > 0 ? [`${n} ${words}`] : []);

function versionLine({ versions }: FleetSums, at: number): string[] {
  const all = Object.entries(versions).map(([version, n]) => [plainText(version), n] as const);
  const [first] = all;
  const read = `read at ${new Date(at).toTimeString().slice(0, 8)}`;
  if (!first) return [read];
  if (all.length === 1) return [`version ${first[0]}, ${read}`];
  return [`versions ${all.map(([version, n]) => `${version} (${n})`).join(', ')}, ${read}`];
}

function handlerLine(
  { name, workers, slots, atWork, undelivered, emptyAt }: HandlerSums,
  at: number,
): string {
  const parts = [
    `${atWork} of ${slots} at work on ${count(workers, 'worker')}`,
    ...part(undelivered, 'undelivered'),
    ...(emptyAt === undefined ? [] : [`its queue was empty ${longAge(at - emptyAt)} ago`]),
  ];
  return `${plainText(name)}: ${parts.join(', ')}`;
}

function reasonLines(members: readonly FleetMember[]): string[] {
  const all = members.flatMap(({ address, status }) =>
    (status?.state === 'running' || status?.state === 'created' ? status.reasons : []).map(
      (reason) => `${address}: ${plainText(reason)}`,
    ),
  );
  const more = all.length - MOST_REASONS;
  return more > 0 ? [...all.slice(0, MOST_REASONS), `and ${count(more, 'more reason')}`] : all;
}

const count = (n: number, one: string): string => `${n} ${one}${n === 1 ? '' : 's'}`;
