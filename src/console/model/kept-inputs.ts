/** An input that the user has kept by name, for one machine. */
export interface KeptInput {
  readonly machine: string;
  readonly name: string;
  readonly input: string;
}

const KEY = 'stepwright.inputs';
/** The most inputs that are kept for all machines, and the most characters that they have together. */
const MOST_INPUTS = 100;
const MOST_CHARS = 1_000_000;

/** Returns the inputs that the browser has kept, the latest first. */
function all(): KeptInput[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isKept) : [];
  } catch {
    return [];
  }
}

const isKept = (value: unknown): value is KeptInput =>
  typeof value === 'object' &&
  value !== null &&
  ['machine', 'name', 'input'].every((key) => typeof Reflect.get(value, key) === 'string');

export const keptInputs = (machine: string): KeptInput[] => all().filter((each) => each.machine === machine);

const isSame = (a: KeptInput, b: Omit<KeptInput, 'input'>): boolean =>
  a.machine === b.machine && a.name === b.name;

/**
 * Keeps an input. It replaces the one of this machine with the same name. If there are too many, the oldest are dropped.
 * @throws Error if the browser keeps nothing, or the input is too large
 */
export function keepInput(input: KeptInput): void {
  if (input.input.length > MOST_CHARS)
    throw new Error(`The browser keeps at most ${MOST_CHARS.toLocaleString('en')} characters.`);
  let chars = 0;
  const kept = [input, ...all().filter((each) => !isSame(each, input))]
    .slice(0, MOST_INPUTS)
    .filter((each) => (chars += each.input.length) <= MOST_CHARS);
  store(kept);
}

/** @throws Error if the browser keeps nothing */
export const forgetInput = (input: Omit<KeptInput, 'input'>): void =>
  store(all().filter((each) => !isSame(each, input)));

function store(kept: readonly KeptInput[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    throw new Error('The browser refused to keep it: its storage is full, or closed for this page.');
  }
}
