import { defineConfig } from 'stepwright';
import { BankGateway } from './src/bank-gateway.js';
import { GATEWAY } from './src/gateway.js';

export default defineConfig({
  setup: (container) => {
    container.register(GATEWAY, { useClass: BankGateway });
  },
});
