import { silentLog } from '../../base/log/log.js';
import { type Clock, systemClock } from '../../base/time/clock.js';
import { DURATION_EXPECTED, parseDuration } from '../../base/time/duration.js';
import { unlessAborted } from '../../base/time/wait.js';
import type { Address } from '../../config/address.js';
import { writeIfRead } from '../output/stdout.js';
import { stopSignal } from '../process/signals.js';
import { readFleet } from '../workers/read-fleet.js';
import { readPlaces } from '../workers/worker-places.js';
import { fleetLines, type FleetReading } from './fleet-frame.js';
import { fleetLine } from './fleet-line.js';
import { paintFor } from '../output/paint.js';
import { Screen } from './screen.js';

/** The flags of the command `fleet`, as texts. */
export interface FleetFlags {
  readonly workers?: readonly string[];
  readonly every?: string;
  readonly once?: true;
  readonly json?: true;
}

interface Settings {
  readonly places: readonly Address[];
  readonly everyMs: number;
}

const LEAST_EVERY_MS = 200;

/**
 * Shows the workers of a fleet: in a terminal as a table that refreshes until a stop signal arrives, elsewhere or with
 * `--once` as one table, with `--json` as a line of JSON for each refresh.
 * @param words arguments without a flag, which are mistakes
 * @returns the exit code: 1 if one table or line was asked for and a worker can't be read, or there is none
 * @throws Error that names every mistake in the flags
 */
export async function fleet(flags: FleetFlags, words: readonly string[]): Promise<number> {
  const settings = settingsOf(flags, words);
  const { stdout } = process;
  const isScreen = stdout.isTTY && process.env['TERM'] !== 'dumb';
  if (flags.once || !(isScreen || flags.json)) return once(settings, flags);
  const stop = stopSignal(silentLog, '');
  await (flags.json ? lines(settings, stop) : watch(settings, stop));
  return 0;
}

async function once({ places }: Settings, { json }: FleetFlags): Promise<number> {
  const { stdout } = process;
  const reading = await read(places, systemClock);
  // A file and a pipe have room for everything.
  const columns = stdout.isTTY && stdout.columns > 0 ? stdout.columns : Number.POSITIVE_INFINITY;
  const text = json ? fleetLine(reading) : fleetLines(reading, { columns }, paintFor(stdout)).join('\n');
  await writeIfRead(`${text}\n`);
  const { members } = reading;
  return members.length > 0 && members.every(({ status }) => status) ? 0 : 1;
}

/** Writes a line of JSON for each refresh, until `stop` aborts or nobody reads them any more. */
async function lines(settings: Settings, stop: AbortSignal): Promise<void> {
  for await (const reading of readings(settings, stop, systemClock))
    if (!(await writeIfRead(`${fleetLine(reading)}\n`))) return;
}

/** Draws the table anew with each refresh, until `stop` aborts. */
async function watch(settings: Settings, stop: AbortSignal): Promise<void> {
  const paint = paintFor(process.stdout);
  let latest: FleetReading | undefined;
  const screen: Screen = new Screen(process.stdout, () => {
    const { columns, lines } = screen;
    screen.draw(latest ? fleetLines(latest, { columns, lines }, paint) : ['Asking the workers …']);
  });
  screen.open();
  try {
    screen.draw(['Asking the workers …']);
    for await (const reading of readings(settings, stop, systemClock)) {
      latest = reading;
      const { columns, lines } = screen;
      screen.draw(fleetLines(reading, { columns, lines }, paint));
    }
  } finally {
    screen.close();
  }
}

/** Reads the fleet every so often, until `stop` aborts. */
async function* readings(
  { places, everyMs }: Settings,
  stop: AbortSignal,
  clock: Clock,
): AsyncGenerator<FleetReading> {
  while (!stop.aborted) {
    const begun = clock.now();
    const reading = await unlessAborted(stop, read(places, clock)).catch(() => undefined);
    if (!reading) return;
    yield reading;
    await clock.sleep(Math.max(0, begun + everyMs - clock.now()), stop);
  }
}

async function read(places: readonly Address[], clock: Clock): Promise<FleetReading> {
  const members = await readFleet(places, clock);
  return { at: clock.now(), members };
}

/** Reads the flags. @throws Error that names every mistake */
function settingsOf({ workers = [], every = '2s' }: FleetFlags, words: readonly string[]): Settings {
  const { places, mistakes } = readPlaces(workers);
  const everyMs = parseDuration(every) ?? 0;
  const all = [
    ...(words.length > 0 ? [`workers are named by a flag: --workers ${words.join(',')}`] : mistakes),
    ...(everyMs < LEAST_EVERY_MS
      ? [`--every: expected ${DURATION_EXPECTED}, and at least ${LEAST_EVERY_MS}ms, got '${every}'`]
      : []),
  ];
  if (all.length > 0) throw new Error(all.join('\n'));
  return { places, everyMs };
}
