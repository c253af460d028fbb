import { loadLibrary } from '../../base/load-library.js';

/** Loads the SDK's client at the first call, so that a bed and the heartbeats' thread load no SDK. */
export const loadSdk = (): typeof import('@aws-sdk/client-sfn') =>
  loadLibrary('@aws-sdk/client-sfn') as typeof import('@aws-sdk/client-sfn');
