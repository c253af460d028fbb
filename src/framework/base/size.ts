/** The most bytes of UTF-8 that Step Functions accepts of an input or an output (page "Service quotas"). */
export const PAYLOAD_LIMIT_BYTES = 262_144;

/** The most characters that it accepts in the name of an error, and in its cause (SendTaskFailure). */
export const ERROR_LIMIT = 256;
export const CAUSE_LIMIT = 32_768;

const GRAMMAR = /^(\d+(?:\.\d+)?) *(B|KB|MB|GB)$/i;
const BYTES = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 } as const;

/** The words after "expected" in messages about a bad size. */
export const SIZE_EXPECTED = "a size with its unit, such as '200KB' or '64MB'";

/**
 * Returns the bytes of a size such as `'200KB'`, `'1.5 MB'` or `'512B'`. A KB has 1,024 bytes, as in the quotas of AWS.
 * Returns undefined for anything else, and for a number without a unit.
 */
export function parseSize(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const [, amount, unit = ''] = GRAMMAR.exec(value) ?? [];
  if (amount === undefined) return undefined;
  return Math.floor(Number(amount) * BYTES[unit.toUpperCase() as keyof typeof BYTES]);
}

/** Returns a number of bytes as text for people: `64 MB`, `200 KB`, `1000 bytes`. */
export function showSize(bytes: number): string {
  for (const unit of ['GB', 'MB', 'KB'] as const)
    if (bytes >= BYTES[unit]) return `${Number((bytes / BYTES[unit]).toFixed(1))} ${unit}`;
  return `${bytes} bytes`;
}

/** Writes a size in the form that a config uses, such as `200KB`. */
export const writeSize = (bytes: number): string => showSize(bytes).replace(/ (?=.B$)/, '');
