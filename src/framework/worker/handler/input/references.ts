import { type PayloadStore, readReference, type Reference, REFERENCE_KEY } from '../../keep/payload-store.js';
import { isPlainObject } from '../../../base/json.js';
import { showSize } from '../../../base/size.js';
import { OWN_ERROR, type Refusal, refusalOf } from '../outcome/own-errors.js';
import { cut } from '../../../base/show.js';
import { DEPTH_LIMIT, decodeText } from './decode.js';
import { showPath, type ValuePath, violationAt } from './value-path.js';

/** The most references in one input. */
export const MOST_REFERENCES = 1_000;
/** The most payloads of one input that are read at the same time. */
const AT_ONCE = 8;
const URI_SHOWN = 300;

/** A reference in an input. */
interface Place {
  /** The object or array in which the reference's object is, and its key or index there. */
  readonly holder: object;
  readonly step: string | number;
  readonly path: ValuePath | undefined;
  /** The number of objects and arrays around the reference's object. */
  readonly depth: number;
  readonly reference: Reference;
}

/**
 * Replaces every reference in an input by its payload, and joins the fields beside a reference with the payload's: those
 * beside win, since the state machine may have changed them. References inside of a payload aren't followed.
 * Nothing is read before all references were checked.
 * @param limit the most bytes of all payloads together
 * @throws Refusal with InvalidInput if a reference is broken, leads elsewhere, or there is too much; PayloadUnavailable
 * if a payload can't be had; the signal's reason
 */
export async function readPayloads(
  input: unknown,
  store: PayloadStore,
  limit: number,
  signal: () => AbortSignal,
): Promise<unknown> {
  const root = { input };
  const places: Place[] = [];
  find(input, { holder: root, step: 'input', path: undefined, depth: 0 }, store, places);
  if (places.length === 0) return input;
  checkTotal(places, limit);
  const texts = await readAll(places, store, signal());
  // An inner reference, beside an outer one, is replaced before the outer one's fields are joined.
  for (const place of places) {
    const holder = place.holder as Record<string | number, unknown>;
    holder[place.step] = joined(place, holder[place.step] as object, texts);
  }
  return root.input;
}

/**
 * Adds the references in a value, each checked, to `places`. Those inside of another's object come before that one.
 * @param place where the value is
 */
function find(value: unknown, place: Omit<Place, 'reference'>, store: PayloadStore, places: Place[]): void {
  if (typeof value !== 'object' || value === null) return;
  const isReference = !Array.isArray(value) && Object.hasOwn(value, REFERENCE_KEY);
  const { path: within, depth } = place;
  for (const [step, each] of Array.isArray(value) ? value.entries() : Object.entries(value))
    if (!isReference || step !== REFERENCE_KEY)
      find(each, { holder: value, step, path: { within, step }, depth: depth + 1 }, store, places);
  if (!isReference) return;
  const reference = checked(Reflect.get(value, REFERENCE_KEY), within, store);
  if (places.length === MOST_REFERENCES)
    throw refused(undefined, `has more than ${MOST_REFERENCES} references to payloads`);
  places.push({ ...place, reference });
}

function checked(value: unknown, path: ValuePath | undefined, store: PayloadStore): Reference {
  const reference = readReference(value);
  if (!reference)
    throw refused(
      path,
      `has a key "${REFERENCE_KEY}", which is kept for references to payloads: { uri, sha256, bytes }`,
    );
  if (store.isOwn(reference)) return reference;
  const { uri, sha256 } = reference;
  const fault = uri.startsWith(store.prefix)
    ? `which doesn't end in its own SHA-256, ${sha256}`
    : `and only references to ${store.prefix}… are followed`;
  throw refused(path, `refers to ${JSON.stringify(cut(uri, URI_SHOWN))}, ${fault}`);
}

function checkTotal(places: readonly Place[], limit: number): void {
  const bytes = places.reduce((sum, { reference }) => sum + reference.bytes, 0);
  if (bytes <= limit) return;
  const total = `${places.length} payloads of ${showSize(bytes)} together`;
  throw refused(undefined, `refers to ${total}; payloads.limit allows ${showSize(limit)} a task`);
}

const idOf = ({ sha256, bytes }: Reference): string => `${sha256}/${bytes}`;

/** Reads each payload once, some at a time. If one fails, ends the others. */
async function readAll(
  places: readonly Place[],
  store: PayloadStore,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const wanted = new Map(places.map(({ reference }) => [idOf(reference), reference]));
  const queue = [...wanted];
  const texts = new Map<string, string>();
  const end = new AbortController();
  const both = AbortSignal.any([signal, end.signal]);
  const take = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [id, reference] = next;
      both.throwIfAborted();
      texts.set(id, textOf(await store.read(reference, both), reference));
    }
  };
  const readers = Array.from({ length: Math.min(AT_ONCE, queue.length) }, take);
  try {
    await Promise.all(readers);
  } catch (error) {
    end.abort(error);
    throw error;
  }
  return texts;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(payload: Uint8Array, { uri }: Reference): string {
  try {
    return utf8.decode(payload);
  } catch {
    throw refused(undefined, `refers to ${uri}, which is not UTF-8`);
  }
}

/** Returns a reference's payload with the fields beside the reference. */
function joined(
  { path, depth, reference }: Place,
  object: object,
  texts: ReadonlyMap<string, string>,
): unknown {
  // Each place gets a value of its own, so that a handler that changes one doesn't change another.
  const payload = decodeText(
    texts.get(idOf(reference)) ?? '',
    `the payload ${reference.uri}`,
    DEPTH_LIMIT - depth,
  );
  const { [REFERENCE_KEY]: _, ...beside } = object as Record<string, unknown>;
  const keys = Object.keys(beside);
  if (keys.length === 0) return payload;
  if (isPlainObject(payload)) return Object.assign(payload, beside);
  throw refused(
    path,
    `has ${keys.slice(0, 3).join(', ')} beside a reference to a payload that is no object, so they can't be joined`,
  );
}

function refused(path: ValuePath | undefined, fault: string): Refusal {
  const violation = violationAt(path, 'payloadReference', fault);
  const message = showPath(path) === '' ? `the input ${fault}` : violation.message;
  return refusalOf(OWN_ERROR.invalidInput, 'the input is refused', [{ ...violation, message }]);
}
