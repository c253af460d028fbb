import { loadLibrary } from '../../base/load-library.js';

/**
 * Loads the SDK's client. It isn't imported at the top, so that a test bed and the heartbeat thread, which never call
 * this, don't load the SDK.
 */
export const loadSdk = (): typeof import('@aws-sdk/client-sfn') =>
  loadLibrary('@aws-sdk/client-sfn') as typeof import('@aws-sdk/client-sfn');
