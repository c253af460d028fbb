import { ignoreStreamErrors, releaseDeadTerminal } from '../base/log/stdio.js';
import { catchSignals } from './process/signals.js';

// Signals are caught before the rest is loaded, since the process with the id 1 (in a container) ignores a signal
// that it doesn't catch.
catchSignals(process.argv.slice(2));
ignoreStreamErrors();
process.on('exit', releaseDeadTerminal);

const { runProgram } = await import('./program.js');
await runProgram();
