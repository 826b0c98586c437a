/** Loads piscina when the first thread is started: it needs files of its own, so it cannot be part of a bundle. */
import type { Piscina } from 'piscina';
import { requireInstalled } from '../../shared/package-home.js';

export function loadPiscina(): typeof Piscina {
  return (requireInstalled('piscina') as { readonly Piscina: typeof Piscina }).Piscina;
}
