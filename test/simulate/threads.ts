import { LeanCalls } from '../../src/framework/aws/lean/lean-calls.js';
import { Sidecar } from '../../src/framework/worker/thread/sidecar.js';
import type { StartThread, ToThread } from '../../src/framework/worker/thread/heartbeat-thread.js';
import type { Chronicle } from './chronicle.js';
import { connectionOf } from './lean-connection.js';
import type { Network } from './network.js';
import type { Probes } from './probes.js';
import { Dice } from './random.js';
import type { SimulatedProcess } from './timeline.js';

/** A thread takes so long to load its code. */
const LOADS_MS = [20, 150] as const;

interface ThreadWorld {
  readonly main: SimulatedProcess;
  readonly network: Network;
  readonly chronicle: Chronicle;
  readonly worker: number;
  readonly seed: number;
  readonly probes: Probes;
}

/** The threads of heartbeats of one process, of which a plan may end one. */
export class HeartbeatThreads {
  /** The thread that runs; undefined while there is none. */
  running: SimulatedProcess | undefined;
  /** When one last started or ended. */
  changedAt: number | undefined;
  readonly #dice: Dice;
  #onExit: ((error: Error) => void) | undefined;

  constructor(private readonly world: ThreadWorld) {
    this.#dice = new Dice(world.seed, `${world.main.name} heartbeats`);
  }

  /** Starts a thread, as `startThread` does. */
  readonly start: StartThread = (options, { onMessage, onExit }) => {
    const { main, network, worker } = this.world;
    const thread = main.start('heartbeats', { isThread: true });
    this.running = thread;
    this.changedAt = main.now();
    this.#onExit = onExit;
    const early: ToThread[] = [];
    let sidecar: Sidecar | undefined;
    thread.input(this.#dice.between(...LOADS_MS), () => {
      sidecar = new Sidecar(options, {
        clock: thread.clock,
        random: () => this.#dice.next(),
        send: (message) => {
          const copy = structuredClone(message);
          thread.post(main, () => onMessage(copy));
        },
        writeLine: () => {},
        leanCalls: (settings) =>
          new LeanCalls({ ...settings, open: () => connectionOf(network, worker, thread) }),
        servePages: this.world.probes.servePagesIn(thread),
      });
      for (const message of early) sidecar.take(message);
    });
    return {
      postMessage: (message) => {
        const copy = structuredClone(message);
        main.post(thread, () => (sidecar ? sidecar.take(copy) : void early.push(copy)));
      },
      terminate: async () => this.#end(thread),
    };
  };

  /** Ends the thread, as an error in it does. */
  crash(): void {
    const { main, chronicle } = this.world;
    const thread = this.running;
    if (!thread) return;
    chronicle.add(thread.name, 'crashes');
    const onExit = this.#onExit;
    this.#end(thread);
    main.input(0, () => onExit?.(new Error('the thread crashed as planned')));
  }

  #end(thread: SimulatedProcess): void {
    this.running = undefined;
    this.changedAt = this.world.main.now();
    thread.kill();
    this.world.network.drop(thread);
  }
}
