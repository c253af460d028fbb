import type { Answerer, servePages } from '../../src/framework/worker/health/page-server.js';
import type { Chronicle } from './chronicle.js';
import type { Broken } from './held-back.js';
import type { Invariants } from './invariants.js';
import type { Member } from './member.js';
import type { SimulatedProcess } from './timeline.js';

const PATHS = ['/live', '/ready'] as const;
/** A probe is answered within this time, whatever the main thread does. */
const ANSWERED_MS = 2_000;
/** The thread that answers knows within this time that the main thread is blocked. */
const NOTICED_MS = 2_000;

interface Port {
  /** The thread that answers. */
  readonly by: SimulatedProcess;
  readonly answer: Answerer;
}

interface Ask {
  readonly path: (typeof PATHS)[number];
  readonly port: Port;
  readonly at: number;
  /** True where the worker was ready; undefined where nobody can tell. */
  readonly wasReady: boolean | undefined;
}

/** The health port of one worker, which is asked each second. */
export class Probes {
  readonly #open = new Set<Ask>();
  readonly #last = new Map<string, number>();
  #port: Port | undefined;

  constructor(private readonly chronicle: Chronicle) {}

  /** Opens the port in a process or a thread, as `servePages` does. */
  servePagesIn(by: SimulatedProcess): typeof servePages {
    return async (address, answer) => {
      const port = 'port' in address ? address.port : 0;
      const opened = { by, answer };
      this.#port = opened;
      return { port, close: () => void (this.#port === opened && (this.#port = undefined)) };
    };
  }

  /** Asks for each page, and checks the answers that have come, and those that have not. */
  ask(member: Member, invariants: Invariants): void {
    const { process } = member;
    const { broken } = invariants;
    const { now } = process.timeline;
    const port = this.#port;
    for (const { path, port: asked, at } of this.#open)
      if (asked === port && !asked.by.dead && now - Math.max(at, asked.by.stalledUntil) > ANSWERED_MS)
        return broken('probes', `${process.name} has not answered ${path} for ${now - at} ms`);
    this.#open.clear();
    if (!port || port.by.dead) return;
    const isBlocked = process.stalledUntil > now;
    const blockedMs = now - Math.max(process.stalledSince, port.by.stalledUntil);
    // A thread that stood still with its process has noticed nothing.
    const isNoticed = isBlocked && port.by !== process && blockedMs >= NOTICED_MS;
    const wasReady = isNoticed ? false : isBlocked ? undefined : invariants.status(member).ready;
    for (const path of PATHS) this.#send({ path, port, at: now, wasReady }, member, broken);
  }

  #send(ask: Ask, member: Member, broken: Broken): void {
    const { port, path } = ask;
    this.#open.add(ask);
    port.by.input(0, () => {
      void port.answer('GET', path).then(({ status, body }) => {
        this.#open.delete(ask);
        this.#answered(ask, member, { status, body }, broken);
      });
    });
  }

  #answered(
    { path, at, wasReady }: Ask,
    { process, it }: Member,
    { status, body }: { readonly status: number; readonly body: string },
    broken: Broken,
  ): void {
    if (this.#last.get(path) !== status) this.chronicle.add(process.name, `answers ${path} by ${status}`);
    this.#last.set(path, status);
    const what = `${process.name} answered ${path} by ${status}: ${body.trim()}`;
    if (path === '/live') return status === 200 ? undefined : broken('probes', what);
    // Whatever was asked for around a stall may have been made before it, or after.
    if (wasReady === undefined || (process.stalledUntil > at - NOTICED_MS && wasReady)) return;
    const isReady = process.stalledUntil <= process.timeline.now && it.status().ready;
    if (wasReady === isReady && (status === 200) !== isReady) broken('probes', what);
  }
}
