// Parts of undici that it exports from its one door only.
declare module 'undici/lib/core/connect.js' {
  import type { buildConnector } from 'undici';
  const connect: typeof buildConnector;
  export default connect;
}
declare module 'undici/lib/dispatcher/client.js' {
  import type { Client } from 'undici';
  const OneClient: typeof Client;
  export default OneClient;
}
