/** The resident memory of this process, for reports and limits. */

let last = 0;

/**
 * @returns bytes; the last measurement if the system reports none (no free descriptor, or no /proc); 0 if there was
 * none.
 */
export function residentBytes(): number {
  try {
    last = process.memoryUsage.rss();
  } catch {
    // A failed measurement must not end anything.
  }
  return last;
}
