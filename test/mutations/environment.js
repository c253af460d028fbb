import { ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import Environment from '../support/environment.js';

// Processes write what they have executed to the folder, and so do threads.
const folder = process.env.MUTATIONS_COVERAGE;
let current;
const spawn = ChildProcess.prototype.spawn;
if (folder !== undefined) {
  ChildProcess.prototype.spawn = function (options) {
    if (current !== undefined) options.envPairs?.push(`NODE_V8_COVERAGE=${current}`);
    return spawn.call(this, options);
  };
}

/** Skips the rest of a test file after the first failure, and tells its processes where to write their coverage. */
export default class extends Environment {
  #failed = false;

  constructor(config, context) {
    super(config, context);
    if (folder === undefined) return;
    current = `${folder}/${encodeURIComponent(context.testPath.slice(config.projectConfig.rootDir.length + 1))}`;
    mkdirSync(current, { recursive: true });
    chmodSync(current, 0o777);
    process.env.NODE_V8_COVERAGE = current;
    this.global.process.env.NODE_V8_COVERAGE = current;
  }

  handleTestEvent({ name, test }) {
    if (name === 'test_done' && test.errors.length > 0) this.#failed = true;
    if (name === 'test_start' && this.#failed) test.mode = 'skip';
  }
}
