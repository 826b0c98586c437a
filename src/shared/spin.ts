/**
 * A spin looks some times, reads the clock, and goes on until its time is over.
 * Reading the clock and looking take longer than {@link READINGS_PER_US} allows
 * for, so only a spin by a clock that stands still comes to the limit: one that
 * was replaced before offthread was loaded.
 */

const READINGS_PER_US = 64;

/** Readings of the clock after which a spin of that many µs ends, even if the clock stands still. */
export function mostReadings(us: number): number {
  return us * READINGS_PER_US + READINGS_PER_US;
}
