import { defineConfig } from './src/framework/index.js';

export default defineConfig({
  activities: ['./src/activities/**/*.activity.js'],
});
