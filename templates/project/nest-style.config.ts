import { defineConfig } from 'stepwright';

export default defineConfig({
  // Compiled files, relative to this file once it is compiled.
  activities: ['./src/activities/**/*.activity.js'],
});
