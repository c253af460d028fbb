import { resolve } from 'node:path';
import { defineConfig, directory } from 'stepwright';
import { GATEWAY, TestGateway } from './src/gateway.js';

export default defineConfig({
  activities: ['./src/activities/**/*.activity.js'],
  // Where approvals are kept that wait for a person.
  deferred: { store: directory(resolve('waiting')) },
  setup(container) {
    container.register(GATEWAY, { useClass: TestGateway });
  },
});
