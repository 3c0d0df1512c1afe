// Parley's browser SDK. Types and documentation: index.d.ts, README.md.
export { join } from './join.js';
export { Room } from './room.js';
export { ParleyError } from './errors.js';
export * as devices from './devices.js';
export * as errors from './errors.js';
