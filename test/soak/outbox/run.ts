import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../../src/framework/base/time/clock.js';
import { startStores } from '../../aws/stores/stores.js';
import { Probe } from './probe.js';
import { LateService } from './service.js';
import { storeAt } from './soak-store.js';

const HELP = `npm run soak -- --outbox [--store directory|dynamodb|none] [--kills N] [--rate N] [--seed N]
  Kills the oldest of sixteen workers every 3 s, at a service that takes reports late.
  --store   where results are kept: a directory (default), DynamoDB as moto plays it, or nowhere, which shows what is lost
  --kills   how many (default 110)
  --rate    tasks a second (default 12; 6 with dynamodb, since moto takes one call after another)
  --seed    how late each report is taken (default 1)`;

/** So many that each lives for 48 s, and the leases of those before it lapse meanwhile. */
const WORKERS = 16;
const KILL_MS = 3_000;
const RATES = { directory: 12, dynamodb: 6, none: 12 } as const;
/** By then the last task has ended, whatever became of its worker. */
const LAST_MS = 150_000;

type Kind = keyof typeof RATES;

interface Options {
  readonly store: Kind;
  readonly kills: number;
  /** Tasks a second. */
  readonly rate: number;
  readonly seed: number;
}

/** What a dead worker had finished and kept, and the service had not accepted when it died. */
interface Left {
  readonly finished: readonly number[];
  readonly kept: readonly number[];
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      outbox: { type: 'boolean' },
      store: { type: 'string', default: 'directory' },
      kills: { type: 'string', default: '110' },
      rate: { type: 'string' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean' },
    },
  });
  const { store, kills, rate, seed, help } = values;
  if (help || !isKind(store)) return undefined;
  return { store, kills: Number(kills), rate: Number(rate ?? RATES[store]), seed: Number(seed) };
}

const isKind = (store: string): store is Kind => Object.hasOwn(RATES, store);

/** The workers, of which the oldest is killed time and again. */
class Crowd {
  readonly left: Left[] = [];
  readonly #running: { readonly child: ChildProcess; readonly said: string }[] = [];
  readonly #service: LateService;
  readonly #store: string;
  readonly #dir: string;
  #started = 0;

  constructor(service: LateService, store: string, dir: string) {
    this.#service = service;
    this.#store = store;
    this.#dir = dir;
  }

  start(): void {
    const name = `w${++this.#started}`;
    const said = join(this.#dir, `${name}.said`);
    const log = openSync(join(this.#dir, `${name}.log`), 'a');
    const child = spawn(process.execPath, [join(import.meta.dirname, 'worker.js')], {
      env: {
        ...process.env,
        SOAK_URL: this.#service.url,
        SOAK_ARN: this.#service.activityArn,
        SOAK_NAME: name,
        SOAK_STORE: this.#store,
        SOAK_SAID: said,
      },
      stdio: ['ignore', log, log],
    });
    this.#running.push({ child, said });
  }

  /** Kills the oldest, notes what it leaves, and starts another. */
  async killOldest(): Promise<void> {
    const oldest = this.#running.shift();
    this.start();
    if (!oldest) return;
    const { child, said } = oldest;
    const ended = new Promise((resolve) => void child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    const lines = existsSync(said) ? readFileSync(said, 'utf8').split('\n') : [];
    const of = (what: string): number[] =>
      lines.flatMap((line) => {
        const [word, n] = line.split(' ');
        return word === what && !this.#service.accepted.has(Number(n)) ? Number(n) : [];
      });
    this.left.push({ finished: of('finished'), kept: of('kept') });
  }

  async close(): Promise<void> {
    const ended = this.#running.map(
      ({ child }) => new Promise((resolve) => void child.once('exit', resolve)),
    );
    for (const { child } of this.#running) child.kill('SIGTERM');
    const limit = systemClock.after(90_000, () => {
      for (const { child } of this.#running) child.kill('SIGKILL');
    });
    await Promise.all(ended);
    limit();
  }
}

/** Starts executions at an even pace until `end`. @returns their ARNs, by number */
async function feed(service: LateService, rate: number, end: number): Promise<string[]> {
  const arns: string[] = [];
  while (systemClock.now() < end) {
    arns.push(await service.start(arns.length));
    await systemClock.sleep(1_000 / rate);
  }
  return arns;
}

/** Waits until every execution has ended, for a limited time. */
async function untilEnded(service: LateService, arns: readonly string[]): Promise<void> {
  const end = systemClock.now() + LAST_MS;
  let running = [...arns];
  while (running.length > 0 && systemClock.now() < end) {
    await systemClock.sleep(2_000);
    const looks = await Promise.all(running.map((arn) => service.look(arn)));
    running = running.filter((_, index) => looks[index]?.status === 'RUNNING');
  }
}

async function soak({ store, kills, rate, seed }: Options): Promise<string[]> {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-outbox-'));
  mkdirSync(join(dir, 'store'));
  const moto = store === 'dynamodb' ? await startStores() : undefined;
  if (store === 'dynamodb' && !moto) return ['moto or the SDK is not installed'];
  const runMs = kills * KILL_MS + 5_000;
  const service = await LateService.start(seed, Math.ceil((runMs / 1_000) * rate) + 100);
  const place = { directory: join(dir, 'store'), dynamodb: moto?.url ?? '', none: '' }[store];
  const crowd = new Crowd(service, place, dir);
  const probed = storeAt(place);
  const probe = probed && new Probe(probed);
  for (let n = 0; n < WORKERS; n++) {
    crowd.start();
    await systemClock.sleep(500);
  }
  const feeding = feed(service, rate, systemClock.now() + runMs);
  for (let kill = 0; kill < kills; kill++) {
    await systemClock.sleep(KILL_MS);
    await crowd.killOldest();
  }
  const arns = await feeding;
  await untilEnded(service, arns);
  await crowd.close();
  const answers = await probe?.stop();
  const ends = await Promise.all(arns.map((arn) => service.look(arn)));
  await service.close();
  await moto?.stop();
  console.log(`outbox: store ${store}, ${rate} tasks a second, seed ${seed} (logs: ${dir})`);
  if (answers)
    console.log(`  the store answered in ${answers.median} ms, at the slowest in ${answers.slowest}`);
  return judge(crowd.left, ends, service.differing, store);
}

function judge(
  left: readonly Left[],
  ends: readonly { status: string; output: unknown; error: unknown }[],
  differing: number,
  store: Kind,
): string[] {
  const delivered = (n: number): boolean =>
    ends[n]?.status === 'SUCCEEDED' && ends[n].output === JSON.stringify({ done: n });
  const lapsed = (n: number): boolean =>
    ends[n]?.error === 'States.HeartbeatTimeout' || ends[n]?.error === 'States.Timeout';
  const finished = [...new Set(left.flatMap((each) => each.finished))];
  const kept = [...new Set(left.flatMap((each) => each.kept))];
  const lost = kept.filter((n) => !delivered(n) && !lapsed(n));
  const rows: [string, number][] = [
    ['kills', left.length],
    ['executions', ends.length],
    ['  ended as they should', ends.filter((_, n) => delivered(n)).length],
    ['finished and not accepted when their worker was killed', finished.length],
    ['  delivered', finished.filter(delivered).length],
    ['  lost: their task timed out', finished.filter(lapsed).length],
    ['of these, kept', kept.length],
    ['  delivered', kept.filter(delivered).length],
    ['  whose task timed out before', kept.filter(lapsed).length],
    ['tokens for which different outcomes were sent', differing],
  ];
  for (const [what, figure] of rows) console.log(`  ${what.padEnd(58)}${String(figure).padStart(6)}`);
  return [
    ...(lost.length > 0 ? [`${lost.length} kept results were not delivered: ${lost.join(', ')}`] : []),
    ...(differing > 0 ? [`for ${differing} tokens different outcomes were sent`] : []),
    ...(store === 'none' && finished.every(delivered) ? ['nothing was lost without a store'] : []),
    ...(store !== 'none' && kept.length < 2 * left.length
      ? [`only ${kept.length} results were kept and not accepted`]
      : []),
    ...(store !== 'none' && kept.filter(lapsed).length > kept.length / 50
      ? ['more than one kept result in fifty was late']
      : []),
  ];
}

/** Runs the soak of the outbox, and ends the process. */
export async function runOutboxSoak(): Promise<never> {
  const options = readOptions();
  if (!options) {
    console.log(HELP);
    process.exit(1);
  }
  const violated = await soak(options);
  for (const what of violated) console.error(`VIOLATED: ${what}`);
  console.log(`outbox: ${violated.length > 0 ? '0 passed, 1 failed' : '1 passed, 0 failed'}`);
  process.exit(violated.length > 0 ? 1 : 0);
}
