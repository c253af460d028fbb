#!/usr/bin/env node
import { forgiveStreams, leaveDeadTerminal } from '../stdio.js';
import { catchSignals } from './signals.js';

// As process 1 a signal that nobody catches is lost, and the rest takes a while to load.
catchSignals(process.argv[2]);
forgiveStreams();
process.on('exit', leaveDeadTerminal);
// Traces then show the user's .ts lines. It must be on before user code is loaded.
process.setSourceMapsEnabled(true);

const { runProgram } = await import('./program.js');
await runProgram();
