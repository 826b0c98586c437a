/** The engines that this Node.js can load: the contract runs on each. */
import type { EngineName } from '../../src/declare/spec.js';

const hasNodeFfi = process.getBuiltinModule?.('node:ffi') !== undefined;

/** In the order of preference. */
export const ENGINES: readonly EngineName[] = hasNodeFfi ? ['ffi-rs', 'koffi', 'node'] : ['ffi-rs', 'koffi'];
