const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

/** What a definition is told that has another text for a timestamp. Recorded from the live service. */
export const NO_TIMESTAMP = 'String does not match RFC3339 timestamp';

/**
 * Epoch milliseconds of a timestamp as the states language writes it, or undefined for any other text: it has a `T`, an
 * offset or `Z`, and a date that there is; its fraction may be of any length.
 */
export function parseTimestamp(text: string): number | undefined {
  const [, year, month, day, hour] = RFC_3339.exec(text) ?? [];
  if (year === undefined || Number(hour) > 23) return undefined;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  const ms = Date.parse(text.replace(/(\.\d{3})\d+/, '$1'));
  return Number.isNaN(ms) ? undefined : ms;
}
