/**
 * A spin checks its condition several times, reads the clock, and repeats until its time is over. Checks and readings
 * take longer than {@link READINGS_PER_US} allows for, so a spin reaches the limit only if the clock stands still,
 * because it was replaced before offthread was loaded.
 */

const READINGS_PER_US = 64;

/** Readings of the clock after which a spin of that many µs ends, even if the clock stands still. */
export function mostReadings(us: number): number {
  return us * READINGS_PER_US + READINGS_PER_US;
}
