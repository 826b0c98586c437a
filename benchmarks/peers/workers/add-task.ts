/** A task of piscina or tinypool. */
import { add } from './add.js';

export default ([a, b]: readonly [number, number]): number => add(a, b);
