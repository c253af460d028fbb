import { randomUUID } from 'node:crypto';
import { appendFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PAYLOAD_LIMIT_BYTES } from '../../base/size.js';
import type { ChildEnd, MapResults } from '../runtime/map-run.js';
import { StateFailure } from '../runtime/state-failure.js';
import type { Json } from '../values/json.js';
import type { ObjectStore } from '../runtime/running-execution.js';

/** The field WriterConfig. AWS page "ResultWriter (Map)". */
export interface WriterConfig {
  readonly transformation: 'NONE' | 'COMPACT' | 'FLATTEN';
  readonly outputType: 'JSON' | 'JSONL';
}

/** Returns the JSON texts that a child execution adds to the results. A failed one is described, whatever is asked. */
function textsOf(end: ChildEnd, { transformation }: WriterConfig): string[] {
  if (end.output === undefined || transformation === 'NONE') return [end.describe()];
  const output = transformation === 'FLATTEN' ? (JSON.parse(end.output) as Json) : undefined;
  return Array.isArray(output) ? output.map((each) => JSON.stringify(each)) : [end.output];
}

/**
 * Collects the results in the order of the items. Once they are larger than a state's output may be, they are only
 * counted.
 */
export class ResultList implements MapResults {
  #texts: string[][] = [];
  #bytes = 0;

  constructor(private readonly config: WriterConfig) {}

  add(index: number, end: ChildEnd): undefined {
    const texts = textsOf(end, this.config);
    const before = this.#texts[index] ?? [];
    this.#bytes += bytesOf(texts) - bytesOf(before);
    if (this.#bytes > PAYLOAD_LIMIT_BYTES) this.#texts = [];
    else this.#texts[index] = texts;
  }

  end(): undefined {}

  take(): Json | undefined {
    if (this.#bytes > PAYLOAD_LIMIT_BYTES) return undefined;
    const texts = this.#texts.flat();
    this.#texts = [];
    if (this.config.outputType === 'JSONL') return texts.map((text) => `${text}\n`).join('');
    return JSON.parse(`[${texts.join(',')}]`) as Json;
  }
}

const bytesOf = (texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);

/** Results are written in parts of this size, in characters. */
const PART = 1024 * 1024;

const writerFailure = (error: unknown): StateFailure =>
  error instanceof StateFailure
    ? error
    : new StateFailure('States.ResultWriterFailed', (error as Error).message);

type Outcome = 'SUCCEEDED' | 'FAILED';
interface ResultFile {
  readonly Key: string;
  readonly Size: number;
}

/**
 * Writes the results to files, one for the child executions that have succeeded and one for those that have failed, in
 * the order of their ends. Recorded from the live service: the manifest, its key, and the result of the state. The files
 * are those of AWS page "ResultWriter (Map)".
 */
export class ResultFiles implements MapResults {
  readonly #open = new Map<Outcome, OpenFile>();
  readonly #written: Record<Outcome, ResultFile[]> = { SUCCEEDED: [], FAILED: [] };
  #result: Json | undefined;
  /** Why results are lost. A redrive does not run what has succeeded, and would write a manifest without them. */
  #lost: StateFailure | undefined;

  constructor(
    private readonly store: ObjectStore,
    private readonly bucket: string,
    private readonly prefix: string,
    private readonly config: WriterConfig,
  ) {}

  add(_index: number, end: ChildEnd): Promise<void> | undefined {
    const outcome = end.succeeded ? 'SUCCEEDED' : 'FAILED';
    let file = this.#open.get(outcome);
    if (!file) this.#open.set(outcome, (file = new OpenFile(this.config.outputType)));
    return file.add(textsOf(end, this.config));
  }

  async end(mapRunArn: string): Promise<void> {
    const { bucket, prefix } = this;
    const id = mapRunArn.slice(mapRunArn.lastIndexOf(':') + 1);
    const folder = prefix === '' ? id : `${prefix}/${id}`;
    // Those that had failed before a redrive have run again.
    this.#written.FAILED = [];
    try {
      await this.#storeOpen(folder);
      const ResultFiles = { ...this.#written, PENDING: [] };
      const manifest = new OpenFile('JSONL');
      await manifest.add([JSON.stringify({ DestinationBucket: bucket, MapRunArn: mapRunArn, ResultFiles })]);
      await manifest.storeAs((path) => this.store.write(bucket, `${folder}/manifest.json`, path));
    } catch (error) {
      throw writerFailure(error);
    }
    const details = { Bucket: bucket, Key: `${folder}/manifest.json` };
    this.#result = { MapRunArn: mapRunArn, ResultWriterDetails: details };
  }

  /** Stores the files of this attempt. The results of children that have failed are never lost: those run again. */
  async #storeOpen(folder: string): Promise<void> {
    const files = new Map(this.#open);
    this.#open.clear();
    try {
      if (this.#lost) throw this.#lost;
      for (const outcome of ['SUCCEEDED', 'FAILED'] as const) {
        const file = files.get(outcome);
        if (file) this.#written[outcome].push(await this.#stored(file, `${folder}/${outcome}`, outcome));
      }
    } finally {
      for (const file of files.values()) await file.remove();
    }
  }

  async #stored(file: OpenFile, name: string, outcome: Outcome): Promise<ResultFile> {
    const key = `${name}_${this.#written[outcome].length}.${this.config.outputType.toLowerCase()}`;
    try {
      const size = await file.storeAs((path) => this.store.write(this.bucket, key, path));
      return { Key: key, Size: size };
    } catch (error) {
      if (outcome === 'SUCCEEDED') this.#lost = writerFailure(error);
      throw error;
    }
  }

  take(): Json | undefined {
    return this.#result;
  }
}

/** A file of results, which is written to a temporary folder first. */
class OpenFile {
  readonly #path = join(tmpdir(), `stepwright-results-${randomUUID()}`);
  #part = '';
  #isFirst = true;
  #written: Promise<void> = Promise.resolve();

  constructor(private readonly type: WriterConfig['outputType']) {}

  add(texts: readonly string[]): Promise<void> | undefined {
    for (const text of texts) {
      this.#part += this.type === 'JSONL' ? `${text}\n` : `${this.#isFirst ? '[' : ','}${text}`;
      this.#isFirst = false;
    }
    return this.#part.length < PART ? undefined : this.#flush();
  }

  /** Calls `store` with the path of the whole file, and removes it then. Resolves with the number of its bytes. */
  async storeAs(store: (path: string) => Promise<void>): Promise<number> {
    try {
      if (this.type === 'JSON') this.#part += this.#isFirst ? '[]' : ']';
      await this.#flush();
      const { size } = await stat(this.#path);
      await store(this.#path);
      return size;
    } finally {
      await this.remove();
    }
  }

  /** Removes the temporary file, once what is being written to it is written. */
  async remove(): Promise<void> {
    await this.#written.catch(() => undefined);
    await rm(this.#path, { force: true });
  }

  #flush(): Promise<void> {
    const part = this.#part;
    this.#part = '';
    const append = this.#written.then(() => appendFile(this.#path, part));
    this.#written = append.catch((error: unknown) => Promise.reject(writerFailure(error)));
    this.#written.catch(() => undefined);
    return this.#written;
  }
}
