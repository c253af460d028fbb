import type { Logger } from '../../base/log/log.js';
import { decodeRecord, type RecordFields, type RecordKind } from './record.js';

/** Reads records, and logs once for each kind that one can't be read. */
export class RecordReader {
  readonly #log: Logger;
  readonly #told = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * Returns the fields of a record; undefined if it was written by a later release or isn't a record of this kind. Such
   * a record is to be left as it is.
   */
  read(kind: RecordKind, key: string, value: Uint8Array): RecordFields | undefined {
    const record = decodeRecord(kind, value);
    if (record.is === 'read') return record.fields;
    if (record.is === 'newer')
      this.#warnOnce(
        `${kind} newer`,
        { key, v: record.v },
        `a record of kind ${kind} was written by a later release; it is left as it is`,
      );
    else
      this.#warnOnce(
        `${kind} foreign`,
        { key, reason: record.reason },
        `not a record of kind ${kind}; it is left as it is`,
      );
    return undefined;
  }

  #warnOnce(what: string, fields: object, message: string): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.#log.warn(fields, message);
  }
}
