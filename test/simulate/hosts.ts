import { StoreMonitor } from '../../src/framework/base/store.js';
import { silentLog } from '../../src/framework/base/log/log.js';
import { discover } from '../../src/framework/declare/discovery/discovery.js';
import { createContainer } from '../../src/framework/worker/container/create-container.js';
import { CLOCK, RANDOM, STORE_FOR } from '../../src/framework/worker/container/registrations.js';
import { makeCheckpoints } from '../../src/framework/worker/handler/task-stores.js';
import { Payloads } from '../../src/framework/worker/handler/output/payloads.js';
import { type LoadedHandler, loadedHandler } from '../../src/framework/worker/pool/entry/load-handler.js';
import { TaskRunner } from '../../src/framework/worker/pool/entry/task-runner.js';
import type { Host, HostExit } from '../../src/framework/worker/pool/host.js';
import type { FromHost, HostOptions, ToHost } from '../../src/framework/worker/pool/pool-messages.js';
import type { Chronicle } from './chronicle.js';
import { Handlers, registerHandlers, scopedIn, SomeOnce, type Stage } from './handlers.js';
import type { UsesOptions } from './member.js';
import type { Plan } from './plan.js';
import { Dice } from './random.js';
import type { SimulatedProcess } from './timeline.js';

/** A thread or a process takes so long to start and to import the config. */
const STARTS_MS = { thread: [30, 200], process: [80, 600] } as const;
/** The system notices the end of a process within this time. */
const NOTICED_MS = 20;

interface HostWorld {
  readonly main: SimulatedProcess;
  readonly chronicle: Chronicle;
  readonly plan: Plan;
  /** Makes what watches the handlers of a host. */
  readonly stageOf: (process: SimulatedProcess) => HostStage;
  /** Opens the store in a host; undefined where tasks leave nothing in a store. */
  readonly open: (process: SimulatedProcess) => UsesOptions | undefined;
}

/** Watches the handlers of one host. */
export interface HostStage extends Stage {
  /** The host has ended, and with it the handlers that ran there. */
  died(): void;
}

/** The threads and processes of one worker's pools, of which a plan may end some. */
export class Hosts {
  readonly #dice: Dice;
  readonly #running: SimulatedHost[] = [];
  #started = 0;

  constructor(private readonly world: HostWorld) {
    this.#dice = new Dice(world.plan.seed, `${world.main.name} hosts`);
  }

  /** Starts a thread or a process, as a pool does. */
  readonly spawn = (kind: Host['kind']): Host => {
    const { main, chronicle, plan, stageOf, open } = this.world;
    const [least, most] = STARTS_MS[kind];
    const process = main.start(`${kind}${this.#started++}`, { isThread: kind === 'thread' });
    const parts = { plan, stage: stageOf(process), uses: open(process), random: this.#dice.next };
    const host = new SimulatedHost(kind, process, parts, this.#dice.between(least, most));
    chronicle.add(process.name, 'starts');
    this.#running.push(host);
    void host.exited.then(() => {
      this.#running.splice(this.#running.indexOf(host), 1);
      chronicle.add(process.name, 'is over');
    });
    return host;
  };

  /** Ends the host that was started last, as the system does. */
  crash(): void {
    this.#running.at(-1)?.crash();
  }
}

interface HostParts {
  readonly plan: Plan;
  readonly stage: HostStage;
  readonly uses: UsesOptions | undefined;
  readonly random: () => number;
}

class SimulatedHost implements Host {
  onMessage: (message: FromHost) => void = () => {};
  readonly exited: Promise<HostExit>;
  readonly #early: ToHost[] = [];
  #runner: TaskRunner | undefined;
  #exit: (exit: HostExit) => void = () => {};

  constructor(
    readonly kind: Host['kind'],
    private readonly process: SimulatedProcess,
    private readonly parts: HostParts,
    startsMs: number,
  ) {
    this.exited = new Promise((resolve) => (this.#exit = resolve));
    process.input(startsMs, () => {
      this.#runner = new TaskRunner({
        clock: process.clock,
        send: (message, written) => this.#fromHost(message, written),
        load: (options) => this.#load(options),
        memoryMb: () => 0,
        exit: () => this.#end({ exitCode: 0, signal: null }),
      });
      for (const message of this.#early) this.#runner.take(message);
    });
  }

  send(message: ToHost): void {
    const copy = structuredClone(message);
    this.process.owner.post(this.process, () => {
      if (this.#runner) this.#runner.take(copy);
      else this.#early.push(copy);
    });
  }

  kill(): void {
    this.#end(this.kind === 'thread' ? { exitCode: 1, signal: null } : { exitCode: null, signal: 'SIGKILL' });
  }

  crash(): void {
    this.#end(this.kind === 'thread' ? { exitCode: 7, signal: null } : { exitCode: null, signal: 'SIGSEGV' });
  }

  #fromHost(message: FromHost, written?: () => void): void {
    const copy = structuredClone(message);
    const { owner } = this.process;
    this.process.post(owner, () => this.onMessage(copy));
    // A pipe takes a moment; a thread's port none.
    if (this.kind === 'thread') written?.();
    else if (written) this.process.input(1, written);
  }

  async #load({ handler }: HostOptions): Promise<LoadedHandler> {
    const { plan, stage, uses, random } = this.parts;
    const { clock } = this.process;
    const container = await createContainer((made) => {
      registerHandlers(made, stage);
      made.register(CLOCK, { useValue: clock });
      made.register(RANDOM, { useValue: random });
      if (uses) made.register(STORE_FOR, { useValue: () => uses.payloads.store });
    });
    const declared = discover([Handlers], {}).handlers.find(({ name }) => name === handler);
    if (!declared) throw new Error(`there is no handler ${handler}`);
    const definition = scopedIn(plan, declared);
    if (!uses) return loadedHandler(definition, container, []);
    const stores = new StoreMonitor(() => {});
    const world = { clock, random, log: silentLog, stores };
    const checkpoints = await makeCheckpoints(definition, uses.checkpoint, world);
    const payloads = new Payloads(uses.payloads, { clock, random, stores });
    return loadedHandler(definition, container, [SomeOnce], payloads, checkpoints);
  }

  #end(how: Pick<HostExit, 'exitCode' | 'signal'>): void {
    if (this.process.dead) return;
    const { owner } = this.process;
    this.process.kill();
    this.parts.stage.died();
    owner.input(NOTICED_MS, () => this.#exit({ ...how, error: undefined, stderr: '' }));
  }
}
