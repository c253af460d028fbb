import type { Config, HandlerOptions, Store, Worker } from 'stepwright';
import type { Host } from '../../../src/framework/worker/pool/host.js';
import type { Chronicle } from '../chronicle.js';
import type { Network } from '../network.js';
import type { HandlerPlan, Plan } from '../plan.js';
import type { Keys } from '../member.js';
import type { Probes } from '../probes.js';
import type { Answer, Request } from '../service.js';
import type { SimulatedProcess, Timeline } from '../timeline.js';

/** Everything between a worker and its world that a fault may change. Each is called for each process. */
export interface Seams {
  readonly plan: Plan;
  readonly timeline: Timeline;
  readonly chronicle: Chronicle;
  /** The way of each call to the network. */
  send: Network['send'];
  config: (config: Config) => Config;
  store: (store: Store, process: SimulatedProcess) => Store;
  process: (process: SimulatedProcess) => void;
  worker: (it: Worker, process: SimulatedProcess) => void;
  host: (host: Host) => Host;
  keys: (keys: Keys) => Keys['provide'];
  probes: (probes: Probes, main: SimulatedProcess) => void;
}

/** A deliberate break of a promise. It names a behaviour, and is planted where a worker meets its world. */
export interface Fault {
  readonly name: string;
  /** The seed that is tried first. It saves time and decides nothing. @default 1 */
  readonly seed?: number;
  /** Plants it into one story. @returns a function that restores what outlives the story, if anything does */
  readonly plant: (seams: Seams) => (() => void) | void;
}

export const soundSeams = (world: Pick<Seams, 'plan' | 'timeline' | 'chronicle' | 'send'>): Seams => ({
  ...world,
  config: (config) => config,
  store: (store) => store,
  process: () => {},
  worker: () => {},
  host: (host) => host,
  keys: (keys) => keys.provide,
  probes: () => {},
});

type Plant = Fault['plant'];

/** Lets workers read other answers than those that arrive. */
export const answers =
  (change: (answer: Answer, request: Request, seams: Seams) => Answer): Plant =>
  (seams) => {
    const { send } = seams;
    seams.send = (request, link, wire) =>
      send(request, link, {
        ...wire,
        answered: (answer) => wire.answered(change(answer, request, seams)),
      });
  };

/** Lets workers heed other options of each handler than those of the plan. */
export const handlerOptions =
  (change: (options: HandlerOptions, handler: HandlerPlan) => HandlerOptions): Plant =>
  (seams) => {
    seams.config = (config) => ({
      ...config,
      handlers: Object.fromEntries(
        seams.plan.handlers.map((handler) => {
          const name = `Handlers.${handler.key}`;
          return [name, change(config.handlers?.[name] ?? {}, handler)];
        }),
      ),
    });
  };

/** Lets workers heed other options than those of the plan. */
export const options =
  (change: (config: Config, plan: Plan) => Config): Plant =>
  (seams) => {
    seams.config = (config) => change(config, seams.plan);
  };

/** Lets workers meet another store than the one that there is, for records of some keys. */
export const records =
  (prefix: string, change: (store: Store, seams: Seams) => Partial<Store>): Plant =>
  (seams) => {
    seams.store = (store) => {
      const changed = { ...store, ...change(store, seams) };
      const of = (key: string): Store => (key.startsWith(prefix) ? changed : store);
      return {
        ...store,
        put: (key, ...rest) => of(key).put(key, ...rest),
        putIfAbsent: (key, ...rest) => of(key).putIfAbsent(key, ...rest),
        replace: (key, ...rest) => of(key).replace(key, ...rest),
        get: (key, ...rest) => of(key).get(key, ...rest),
        delete: (key, ...rest) => of(key).delete(key, ...rest),
        deleteIf: (key, ...rest) => of(key).deleteIf(key, ...rest),
        list: (key, ...rest) => of(key).list(key, ...rest),
      };
    };
  };

/** Says at once that a record is written, before it is. */
export const early = (store: Store): Partial<Store> => {
  const soon = (write: Promise<unknown>): Promise<string> => {
    write.catch(() => {});
    return Promise.resolve('early');
  };
  return {
    put: (...call) => soon(store.put(...call)),
    putIfAbsent: (...call) => soon(store.putIfAbsent(...call)),
    replace: (...call) => soon(store.replace(...call)),
  };
};

/** Replaces a method of a class. @returns a function that restores it */
export function replaced<T extends object, K extends keyof T>(
  { prototype }: { readonly prototype: T },
  name: K,
  by: (original: T[K]) => T[K],
): () => void {
  const original = prototype[name];
  prototype[name] = by(original);
  return () => void (prototype[name] = original);
}
