import { loadLibrary } from '../../base/load-library.js';

/** The SDK's client, loaded at the first call: a bed and a thread of heartbeats load none. */
export const loadSdk = (): typeof import('@aws-sdk/client-sfn') =>
  loadLibrary('@aws-sdk/client-sfn') as typeof import('@aws-sdk/client-sfn');
