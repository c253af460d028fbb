import type { FleetMember } from '../workers/read-fleet.js';
import type { RemoteHandler, RemoteStatus } from '../workers/remote-status.js';
import { longAge, plainText, shortAge } from '../output/cell-text.js';
import { heldBy, versionOf } from './fleet-sums.js';
import type { Cell, Column, Row } from '../output/table.js';

/** The columns of the table, in their order: how each is called, and what its cell says of a worker. */
const COLUMNS: readonly (Column & { readonly cell: (worker: Shown) => Cell })[] = [
  { title: { wide: 'ADDRESS' }, cell: ({ address }) => ({ wide: address }) },
  {
    title: { wide: 'WORKER' },
    least: 10,
    rank: 1,
    isSpare: true,
    cell: ({ name }) => ({ wide: plainText(name) }),
  },
  { title: { wide: 'VERSION' }, rank: 2, cell: (worker) => ({ wide: plainText(versionOf(worker)) }) },
  { title: { wide: 'UP' }, rank: 3, cell: upCell },
  { title: { wide: 'STATE' }, cell: stateCell },
  { title: { wide: 'HANDLERS' }, least: 8, rank: 4, cell: handlersCell },
  { title: { wide: 'AT WORK', narrow: 'WORK' }, cell: workCell },
  { title: { wide: 'HELD BACK', narrow: 'HELD' }, least: 7, rank: 6, cell: heldCell },
  { title: { wide: 'PROTECTED', narrow: 'PROT' }, rank: 5, cell: protectionCell },
  { title: { wide: 'LONGEST TASK', narrow: 'LONGEST' }, least: 7, cell: longestCell },
];

/** A worker and what its row needs to know beside its status. */
interface Shown extends RemoteStatus {
  readonly address: string;
  readonly now: number;
}

/** Returns the columns. If all workers have the same version, that column is spare, since the sums tell it too. */
export const fleetColumns = (isOneVersion: boolean): readonly Column[] =>
  COLUMNS.map((column) => (column.title.wide === 'VERSION' ? { ...column, isSpare: isOneVersion } : column));

/** Returns the row of a worker. Where its status can't be read, the row says why. */
export function rowOf({ address, status, why }: FleetMember, now: number): Row {
  if (!status)
    return [
      { wide: address, tone: 'bad' },
      { wide: plainText(why), tone: 'bad' },
    ];
  return COLUMNS.map(({ cell }) => cell({ ...status, address, now }));
}

const NONE: Cell = { wide: '–', tone: 'faint' };

function upCell({ startedAt, now }: Shown): Cell {
  if (startedAt === undefined) return { wide: '?', tone: 'faint' };
  return { wide: longAge(now - startedAt), narrow: shortAge(now - startedAt) };
}

function stateCell({ state, ready, drain, ageMs, now }: Shown): Cell {
  if (ageMs !== undefined) return { wide: `blocked ${longAge(ageMs)}`, narrow: 'blocked', tone: 'odd' };
  if (state === 'draining') {
    const left = drain && drain.graceUntil - now;
    const grace = left === undefined ? '' : left > 0 ? `, ${longAge(left)} of grace left` : ', grace is over';
    const lasts = drain ? ` ${longAge(now - drain.since)}` : '';
    return { wide: `draining${lasts}${grace}`, narrow: 'draining', tone: 'odd' };
  }
  if (state === 'running' && !ready) return { wide: 'not ready', tone: 'odd' };
  if (state === 'created') return { wide: 'starting', tone: 'odd' };
  return { wide: plainText(state), ...(state === 'failed' && { tone: 'bad' }) };
}

function handlersCell({ handlers }: Shown): Cell {
  const [first, ...others] = handlers.map(({ name }) => plainText(name));
  if (first === undefined) return NONE;
  const more = others.length === 0 ? '' : ` +${others.length}`;
  return { wide: [first, ...others].join(', '), narrow: `${first}${more}` };
}

function workCell({ handlers }: Shown): Cell {
  const slots = handlers.reduce((sum, { concurrency }) => sum + concurrency, 0);
  const running = handlers.reduce((sum, each) => sum + each.running, 0);
  return { wide: `${running} of ${slots}`, narrow: `${running}/${slots}` };
}

const HELD_WORDS = { control: 'paused', task: 'paused by a task', breaker: 'breaker', waiting: 'waiting' };
const HELD_SHORT = { control: 'paused', task: 'paused', breaker: 'breaker', waiting: 'waiting' };

function heldCell({ handlers, now }: Shown): Cell {
  const held = handlers.flatMap((handler) => {
    const by = heldBy(handler);
    return by === undefined ? [] : { handler, by };
  });
  const [first] = held;
  if (!first) return NONE;
  const more = held.length > 1 ? ` +${held.length - 1}` : '';
  const wide = held.map(({ handler, by }) => `${plainText(handler.name)}: ${heldText(handler, by, now)}`);
  return { wide: wide.join('; '), narrow: `${HELD_SHORT[first.by]}${more}`, tone: 'odd' };
}

function heldText({ paused, trouble }: RemoteHandler, by: keyof typeof HELD_WORDS, now: number): string {
  if (by === 'waiting') {
    const lasts = trouble?.since === undefined ? '' : ` for ${longAge(now - trouble.since)}`;
    return plainText(`waiting, ${trouble?.kind}${lasts}`);
  }
  return paused?.until === undefined
    ? `${HELD_WORDS[by]} for ${longAge(now - (paused?.since ?? now))}`
    : `${HELD_WORDS[by]}, ${longAge(paused.until - now)} left`;
}

function protectionCell({ protection, now }: Shown): Cell {
  if (!protection || protection.state === 'free') return NONE;
  const { platform, state, since } = protection;
  if (state === 'wanted') return { wide: `${platform}: asked for`, narrow: 'asked', tone: 'odd' };
  return { wide: `${platform}${since === undefined ? '' : ` for ${longAge(now - since)}`}`, narrow: 'yes' };
}

function longestCell({ tasks: [task] }: Shown): Cell {
  if (!task) return NONE;
  const { handler, ageMs, phase } = task;
  const word = phase === 'handling' ? '' : `, ${phase}`;
  const name = plainText(handler);
  return { wide: `${longAge(ageMs)} ${name}${word}`, narrow: `${shortAge(ageMs)} ${name}` };
}
