/** How much memory this process holds: for reports and limits, never for a call. */

let last = 0;

/** @returns bytes; what was last measured where the system does not tell: out of descriptors, or without /proc. 0 where it never did. */
export function residentBytes(): number {
  try {
    last = process.memoryUsage.rss();
  } catch {
    // What only reports ends nothing.
  }
  return last;
}
