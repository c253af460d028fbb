import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Service } from '../../bench/support/service.js';
import { type Cancel, systemClock } from '../../src/framework/base/time/clock.js';
import { type Disk, openDisk } from './disk.js';
import { WRONG_KEY, WRONG_TIME } from './faults.js';
import type { WireRecord } from './wire.js';

/** What the troubles did. */
export interface Effects {
  /** What the workers logged, and how many lines of it were never written. */
  readonly lines: number;
  readonly linesLost: number;
  /** What the disk was, and how long it was full. */
  readonly disk: string;
  readonly fullMs: number;
  /** How many calls were refused for the key, and how many for the time, that they were signed with. */
  readonly wrongKey: number;
  readonly wrongTime: number;
}

/** What of the troubles was none. A soak in which nothing was refused or lost has proved nothing. */
export function untried({ linesLost, wrongKey, wrongTime }: Effects): string[] {
  const checks: [number, string][] = [
    [linesLost, 'the full disk cost no line: it was not tried'],
    [wrongKey, 'no call was refused for the replaced key: it was not tried'],
    [wrongTime, 'no call was refused for the clock: it was not tried'],
  ];
  return checks.filter(([many]) => many === 0).map(([, what]) => what);
}

const FULL_MS = 30_000;
const JUMP_MS = 3_600_000;
/** When, in shares of the run. */
const [KEY_AT, CLOCK_AT] = [0.5, 0.6] as const;
const [OLD_KEY, NEW_KEY] = ['AKIAOLD', 'AKIANEW'] as const;

/** What befalls the workers of a soak all at once: a full disk under their logs, a replaced key, a clock that jumps. */
export class Troubles {
  /** What the workers are to be started with. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly #credentials: string;
  readonly #clock: string;
  readonly #said: string;
  #filledAt = Number.POSITIVE_INFINITY;
  #freedAt: number | undefined;

  private constructor(
    private readonly service: Service,
    private readonly seed: number,
    private readonly logDir: string,
    private readonly disk: Disk,
  ) {
    this.#credentials = join(logDir, 'credentials');
    this.#clock = join(logDir, 'clock');
    this.#said = join(logDir, 'said');
    this.env = {
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_SESSION_TOKEN: undefined,
      AWS_PROFILE: undefined,
      AWS_SHARED_CREDENTIALS_FILE: this.#credentials,
      AWS_CONFIG_FILE: join(logDir, 'no-config'),
      AWS_EC2_METADATA_DISABLED: 'true',
      NODE_OPTIONS: `--import=${new URL('troubled-worker.js', import.meta.url).href}`,
      STEPWRIGHT_LOG_LEVEL: 'info',
      SOAK_CLOCK: this.#clock,
      SOAK_SAID: this.#said,
    };
  }

  /** Everything is well so far: there is room on the disk, the key is good, the clock is right. */
  static async prepare(service: Service, seed: number, logDir: string): Promise<Troubles> {
    const troubles = new Troubles(service, seed, logDir, await openDisk());
    mkdirSync(troubles.#said);
    troubles.#setClock(0);
    await troubles.#useKey(OLD_KEY);
    return troubles;
  }

  /** Where a worker that starts now is to log to. */
  logOf(worker: string): string {
    return this.disk.logOf(worker);
  }

  /** In the middle of so long a run the disk is full for half a minute; the key and the clock change meanwhile. */
  begin(runMs: number): Cancel {
    const fullAfterMs = Math.max(0, (runMs - FULL_MS) / 2);
    const cancels = [
      systemClock.after(fullAfterMs, () => this.#fillDisk()),
      systemClock.after(runMs * KEY_AT, () => void this.#useKey(NEW_KEY)),
      systemClock.after(runMs * CLOCK_AT, () => this.#setClock(JUMP_MS)),
      systemClock.after(fullAfterMs + FULL_MS, () => this.#freeDisk()),
    ];
    return () => cancels.forEach((cancel) => cancel());
  }

  /** Reads what the workers said and what of it is on the disk, and keeps both with the logs. */
  effects({ errors }: WireRecord, workers: readonly string[]): Effects {
    const logs = workers.map((worker) => this.#readLog(worker));
    return {
      lines: logs.reduce((sum, { lines }) => sum + lines, 0),
      linesLost: logs.reduce((sum, { lost }) => sum + lost, 0),
      disk: this.disk.what,
      fullMs: Math.max(0, (this.#freedAt ?? systemClock.now()) - this.#filledAt),
      wrongKey: errors[WRONG_KEY] ?? 0,
      wrongTime: errors[WRONG_TIME] ?? 0,
    };
  }

  close(): void {
    this.disk.close();
  }

  #fillDisk(): void {
    this.#filledAt = systemClock.now();
    this.disk.fill();
  }

  #freeDisk(): void {
    this.#freedAt = systemClock.now();
    this.disk.free();
  }

  #readLog(worker: string): { lines: number; lost: number } {
    const written = this.disk.read(worker);
    writeFileSync(join(this.logDir, `${worker}.log`), written);
    const kept = new Set(written.split('\n'));
    const file = join(this.#said, `${worker}.log`);
    // Who is told to go while it starts may have said nothing.
    const said = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
    return { lines: said.length, lost: said.filter((line) => !kept.has(line)).length };
  }

  /** The file has it before the service refuses every other. */
  async #useKey(key: string): Promise<void> {
    write(this.#credentials, `[default]\naws_access_key_id = ${key}\naws_secret_access_key = secret\n`);
    await this.service.plan({ kind: 'soak', seed: this.seed, accessKey: key });
  }

  #setClock(shiftMs: number): void {
    write(this.#clock, String(shiftMs));
  }
}

/** Nobody ever reads half of it. */
function write(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
