#!/usr/bin/env node
import { ignoreStreamErrors, closeDeadTerminal } from '../base/log/stdio.js';
import { keepCompiledCode } from './process/compile-cache.js';
import { catchSignals } from './process/signals.js';

// As process 1 a signal that nobody catches is lost, and the rest takes a while to load.
catchSignals(process.argv.slice(2));
ignoreStreamErrors();
process.on('exit', closeDeadTerminal);
keepCompiledCode();

const { runProgram } = await import('./program.js');
await runProgram();
