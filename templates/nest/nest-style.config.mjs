import { defineConfig } from 'stepwright';

// For the commands check, schema, types, doctor and local. The options of the worker are in src/app.module.ts.
export default defineConfig({ activities: ['./dist/**/*.activity.js'] });
