import { defineConfig } from 'stepwright';
import { DECISIONS, FileDecisions } from './src/decisions.js';
import { GATEWAY, TestGateway } from './src/gateway.js';

export default defineConfig({
  activities: ['./src/activities/**/*.activity.js'],
  // An approval that still waits is let go soon. The state machine asks again, and another worker takes it.
  grace: '5s',
  setup(container) {
    container.register(GATEWAY, { useClass: TestGateway });
    container.register(DECISIONS, { useValue: new FileDecisions('decisions') });
  },
});
