const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * The error message for a timestamp in a definition that doesn't have the format of RFC 3339. Recorded from the live
 * service.
 */
export const NO_TIMESTAMP = 'String does not match RFC3339 timestamp';

/**
 * Parses a timestamp of the Amazon States Language. Returns epoch milliseconds. The text must have a `T`, an offset or
 * `Z`, and a date that exists; its fraction of a second may have any length. Returns undefined for any other text.
 */
export function parseTimestamp(text: string): number | undefined {
  const [, year, month, day, hour] = RFC_3339.exec(text) ?? [];
  if (year === undefined || Number(hour) > 23) return undefined;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  const ms = Date.parse(text.replace(/(\.\d{3})\d+/, '$1'));
  return Number.isNaN(ms) ? undefined : ms;
}
