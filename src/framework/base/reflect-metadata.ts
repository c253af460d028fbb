/// <reference types="reflect-metadata" />
import { loadLibrary } from './load-library.js';

// Imported before any code that reads or writes the types that the compiler has emitted.
try {
  loadLibrary('reflect-metadata');
} catch (error) {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'MODULE_NOT_FOUND') throw error;
  const what = "stepwright needs the package 'reflect-metadata', which is not installed";
  const fix = 'npm install reflect-metadata tsyringe class-validator class-transformer';
  throw Object.assign(new Error(`${what}. Fix: ${fix}`, { cause: error }), { code });
}
