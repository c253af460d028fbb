#!/usr/bin/env node
// Traces then show the user's .ts lines. It must be on before user code is loaded.
process.setSourceMapsEnabled(true);

// Nothing heavy is imported above this line, so that what must be there from the first moment can be put here.
const { runProgram } = await import('./program.js');
await runProgram();
