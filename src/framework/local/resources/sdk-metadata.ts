/** Headers of a response with their names as they were sent. */
export type HttpHeaders = readonly (readonly [name: string, value: string])[];

/** The names of headers as AWS sends them. The SDK has them with small letters only. */
const NAMES = new Map(
  ['x-amzn-RequestId', 'Content-Length', 'Content-Type', 'Date', 'Server'].map((name) => [
    name.toLowerCase(),
    name,
  ]),
);

/**
 * Returns what the optimised integrations of most services add to the response of an API. Recorded from the live
 * service: `AllHttpHeaders` has lists, `HttpHeaders` single values, sorted by their names without regard to case.
 */
export function sdkMetadata(status: number, headers: HttpHeaders, requestId: string | undefined): object {
  const all: Record<string, string[]> = {};
  for (const [name, value] of headers) (all[NAMES.get(name) ?? name] ??= []).push(value);
  const names = Object.keys(all).toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  return {
    SdkHttpMetadata: {
      AllHttpHeaders: all,
      HttpHeaders: Object.fromEntries(names.map((name) => [name, all[name]?.at(-1)])),
      HttpStatusCode: status,
    },
    SdkResponseMetadata: { RequestId: requestId ?? '' },
  };
}
