/** The keys that say more of a prototype's parameters and result. */
export const BESIDE_KEYS: readonly string[] = [
  'out',
  'inout',
  'optional',
  'cstrings',
  'callbacks',
  'chunks',
  'cancelFlag',
  'cancelProbe',
  'progress',
  'owned',
  'structs',
];
