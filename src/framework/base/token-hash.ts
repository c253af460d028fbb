// Not by name: Node 18 has no such export, and would fail here before it is told what version is needed.
import zlib from 'node:zlib';

/**
 * Returns a short hash of a task token, which is safe to log. The token itself must not be logged, since anyone who has
 * it can report the task's result.
 *
 * The hash is a CRC-32, because that costs half of a SHA-256. It reveals at most 32 of a token's thousands of bits.
 */
export const tokenHash = (token: string): string => zlib.crc32(token).toString(16).padStart(8, '0');
