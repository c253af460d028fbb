type Sdk = typeof import('@aws-sdk/client-sfn');

let loaded: Sdk | undefined;

/**
 * Loads the SDK's client for Step Functions. It is loaded only when this is called, since a test bed (a worker in unit
 * tests, without a service) and the thread that sends heartbeats never need it.
 */
export async function loadSdk(): Promise<Sdk> {
  loaded ??= await import('@aws-sdk/client-sfn');
  return loaded;
}

/** Returns the SDK's client for Step Functions, which has been loaded: whoever has a client has loaded it. */
export function loadedSdk(): Sdk {
  if (!loaded) throw new Error('the SDK is not loaded');
  return loaded;
}
