import { loadLibrary } from '../../base/load-library.js';

/**
 * Loads the SDK's client for Step Functions. It is loaded only when this is called, since a test bed (a worker in unit
 * tests, without a service) and the thread that sends heartbeats never need it.
 */
export const loadSdk = (): typeof import('@aws-sdk/client-sfn') =>
  loadLibrary('@aws-sdk/client-sfn') as typeof import('@aws-sdk/client-sfn');
