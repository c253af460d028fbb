import { isProblem, resolveEndpoint } from '../../aws/endpoint.js';
import { AwsService } from '../../aws/sdk/aws-service.js';
import { StartError } from '../../base/errors.js';
import { didYouMean } from '../../base/show.js';
import { type Clock, systemClock } from '../../base/time/clock.js';
import type { Flags } from '../../config/layers.js';
import { resolveConfig, type Settings } from '../../config/resolve.js';
import { LimitedStore } from '../../worker/keep/limited-store.js';
import { plainText } from '../output/cell-text.js';
import { write } from '../output/stdout.js';
import { type LoadedConfig, loadConfig } from '../project/config-file.js';
import { findHolders } from './holders.js';
import { type KeptRow, readRows } from './kept-rows.js';
import { Offers } from './offer.js';
import { type HeldRow, nameOf, rowsJson, rowsTable } from './rows-shown.js';

/** The verbs of `stepwright outbox`. */
export type OutboxVerb = 'list' | 'offer' | 'drop';

/** The flags of `stepwright outbox` that set no option. */
export interface OutboxFlags {
  readonly all?: true;
  readonly yes?: true;
  readonly json?: true;
}

/** The exit code after a wrong use, which has done nothing. */
const WRONG_USE = 2;
/** The longest time for which a report is repeated; `reportLimit` can make it shorter. */
const REPORT_LIMIT_MS = 20_000;
/** The most outcomes that are reported at once. */
const MOST_AT_ONCE = 16;

/** Says that the command was used in a wrong way. */
class WrongUse extends Error {}

interface Opened {
  readonly store: LimitedStore;
  readonly clock: Clock;
  readonly settings: Settings;
  readonly loaded: LoadedConfig;
  readonly flags: Flags;
}

/**
 * Lists the outcomes in the outbox, reports those that nobody reports, or removes some.
 * @returns the exit code: 0 if all is well, 1 if an outcome was not accepted, 2 after a wrong use
 * @throws StartError if the config names no outbox, StoreError if the store fails
 */
export async function outbox(
  verb: OutboxVerb,
  ids: readonly string[],
  flags: Flags,
  how: OutboxFlags,
): Promise<number> {
  try {
    refuseMistakes(verb, ids, how);
    return await run(verb, ids, await open(flags), how);
  } catch (error) {
    if (!(error instanceof WrongUse)) throw error;
    print(error.message);
    return WRONG_USE;
  }
}

/** Checks the words of the command line. @throws WrongUse */
function refuseMistakes(verb: OutboxVerb, ids: readonly string[], { all, yes, json }: OutboxFlags): void {
  const refuse = (words: string): never => {
    throw new WrongUse(`stepwright outbox ${verb}: ${words}`);
  };
  if (all && verb !== 'offer') refuse('--all is for `offer`');
  if (json && verb !== 'list') refuse('--json is for `list`');
  if (yes && verb !== 'drop') refuse('--yes is for `drop`');
  if (verb === 'list' && ids.length > 0) refuse(`it takes no IDs, got ${ids.map(plainText).join(' ')}`);
  if (verb === 'offer' && ids.length > 0 === (all === true))
    refuse(`expected one or more IDs, or --all, got ${all ? 'both' : 'neither'}. \`list\` shows the IDs`);
  if (verb === 'drop' && ids.length === 0) refuse('expected one or more IDs. `list` shows them');
}

async function open(flags: Flags): Promise<Opened> {
  const loaded = await loadConfig(flags.texts['config'], process.cwd());
  const settings = resolveConfig({ config: loaded.config, env: process.env, flags });
  if (!settings.outbox) throw new StartError([NO_OUTBOX]);
  const clock = systemClock;
  // Each call rejects with the store's error, so nothing else tells of its trouble.
  const store = new LimitedStore(settings.outbox.store, {
    clock,
    trouble: { began: () => {}, ended: () => {} },
  });
  return { store, clock, settings, loaded, flags };
}

const NO_OUTBOX = {
  code: 'CONFIG_BAD_VALUE',
  where: 'outbox',
  what: 'the config names no store for outcomes',
  fix: "set outbox: { store: directory('/var/lib/stepwright') }, to the store that the workers use",
} as const;

async function run(
  verb: OutboxVerb,
  ids: readonly string[],
  opened: Opened,
  how: OutboxFlags,
): Promise<number> {
  const found = await readRows(opened.store);
  const rows = verb === 'list' || how.all ? found : named(found, ids);
  if (verb === 'drop') return drop(rows, opened, how);
  const held = await withHolders(rows, opened);
  return verb === 'offer' ? offer(held, opened, how) : list(held, how);
}

/** Returns the outcomes with these IDs. @throws WrongUse if there is none with one of them */
function named(rows: readonly KeptRow[], ids: readonly string[]): KeptRow[] {
  const known = [...new Set(rows.map(({ id }) => id))];
  const unknown = ids.filter((id) => !known.includes(id));
  if (unknown.length === 0) return rows.filter(({ id }) => ids.includes(id));
  const lines = unknown.map(
    (id) => `the outbox holds no outcome '${plainText(id)}': ${didYouMean(id, known)}`,
  );
  throw new WrongUse(lines.join('\n'));
}

async function withHolders(rows: readonly KeptRow[], { store, clock }: Opened): Promise<HeldRow[]> {
  const leases = rows.map(({ lease }) => lease);
  const holders = await findHolders(store, clock, leases, (many) =>
    print(`looking whether ${many === 1 ? 'a worker lives' : `${many} workers live`}, for up to 30 s`),
  );
  return rows.flatMap((row) => {
    const holder = holders.get(row.lease);
    return holder ? { row, holder } : [];
  });
}

async function list(rows: readonly HeldRow[], { json }: OutboxFlags): Promise<number> {
  if (json) await write(rowsJson(rows));
  else if (rows.length > 0) await write(rowsTable(rows, process.stdout));
  else print('the outbox is empty');
  return 0;
}

async function drop(rows: readonly KeptRow[], { store }: Opened, { yes }: OutboxFlags): Promise<number> {
  if (!yes) {
    const names = rows.map(nameOf).join('\n');
    throw new WrongUse(
      `${names}\nThese outcomes would be lost, and nothing was removed. To remove them, add --yes`,
    );
  }
  for (const row of rows) {
    await store.delete(row.key);
    await write(`${nameOf(row)}: removed\n`);
  }
  return 0;
}

async function offer(held: readonly HeldRow[], opened: Opened, { all }: OutboxFlags): Promise<number> {
  const rows = all ? held.filter(({ holder }) => holder.state !== 'lives') : held;
  if (rows.length < held.length)
    print(`left alone: ${held.length - rows.length}, which workers that live report`);
  if (rows.length === 0) print('there is nothing to offer');
  const { service, offers } = connect(opened);
  const waiting = [...rows];
  let code = 0;
  const offerNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { kind, words } = await offers.offer(next.row, next.holder);
      if (kind !== 'accepted') code = 1;
      const stays = kind === 'failed' ? '; it stays' : '';
      await write(`${nameOf(next.row)}: ${kind}${words && ` (${plainText(words)})`}${stays}\n`);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(MOST_AT_ONCE, rows.length) }, offerNext));
  } finally {
    service.close();
  }
  return code;
}

function connect({ store, clock, settings, loaded, flags }: Opened): { service: AwsService; offers: Offers } {
  const { sdk, region, port } = settings;
  const endpoint = resolveEndpoint({
    flag: flags.texts['endpoint'],
    env: process.env,
    config: loaded.config.endpoint,
    port,
  });
  if (isProblem(endpoint)) throw new StartError([endpoint]);
  const service = new AwsService({ endpoint, sdk, region });
  const offers = new Offers({
    ...{ store, clock, endpoint },
    reportLimitMs: Math.min(settings.reportLimitMs, REPORT_LIMIT_MS),
    portOf: (name) => service.port(name),
  });
  return { service, offers };
}

const print = (text: string): void => void process.stderr.write(`${text}\n`);
