import type { GetOptions, KeyPage, PutOptions, ReadOptions, Store, Stored } from '../../base/store/store.js';

/**
 * A store whose code is loaded with its first call, so that a worker that keeps nothing loads none of it. It copies what
 * it is to write, since the caller may change its bytes meanwhile.
 */
export class LazyStore implements Store {
  readonly name: string;
  readonly uri?: string;
  readonly maxBytes: number;
  readonly #load: () => Promise<Store>;
  #store: Promise<Store> | undefined;

  constructor(name: string, uri: string, maxBytes: number, load: () => Promise<Store>) {
    this.name = name;
    this.uri = uri;
    this.maxBytes = maxBytes;
    this.#load = load;
  }

  async put(key: string, value: Uint8Array, options?: PutOptions): Promise<string> {
    const copy = new Uint8Array(value);
    return (await this.#open()).put(key, copy, options);
  }

  async putIfAbsent(key: string, value: Uint8Array, options?: PutOptions): Promise<string | undefined> {
    const copy = new Uint8Array(value);
    return (await this.#open()).putIfAbsent(key, copy, options);
  }

  async replace(
    key: string,
    value: Uint8Array,
    version: string,
    options?: PutOptions,
  ): Promise<string | undefined> {
    const copy = new Uint8Array(value);
    return (await this.#open()).replace(key, copy, version, options);
  }

  async get(key: string, options?: GetOptions): Promise<Stored | undefined> {
    return (await this.#open()).get(key, options);
  }

  async delete(key: string, options?: ReadOptions): Promise<void> {
    return (await this.#open()).delete(key, options);
  }

  async deleteIf(key: string, version: string, options?: ReadOptions): Promise<boolean> {
    return (await this.#open()).deleteIf(key, version, options);
  }

  async list(
    prefix: string,
    options?: ReadOptions & { readonly after?: string | undefined },
  ): Promise<KeyPage> {
    return (await this.#open()).list(prefix, options);
  }

  #open(): Promise<Store> {
    this.#store ??= this.#load();
    return this.#store;
  }
}
