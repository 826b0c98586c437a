/** Reads from a Mach-O header which processors a macOS library was built for. */

const CPUS: ReadonlyMap<number, string> = new Map([
  [7, 'ia32'],
  [12, 'arm'],
  [0x01000007, 'x64'],
  [0x0100000c, 'arm64'],
]);

const THIN_32 = 0xfeedface;
const THIN_64 = 0xfeedfacf;
const UNIVERSAL = 0xcafebabe;
/** More than any universal library holds; a Java class file, of the same magic number, has a version here. */
const UNIVERSAL_LIMIT = 30;

/** The architectures of a Mach-O file, in the words of `process.arch`; null for any other file. */
export function machArchitectures(bytes: Uint8Array): string[] | null {
  if (bytes.byteLength < 8) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0, true);
  if (magic === THIN_32 || magic === THIN_64) return [nameOf(view.getUint32(4, true))];
  if (view.getUint32(0, false) !== UNIVERSAL) return null;
  const count = view.getUint32(4, false);
  if (count > UNIVERSAL_LIMIT) return null;
  const names: string[] = [];
  for (let at = 8; names.length < count && at + 4 <= bytes.byteLength; at += 20) {
    names.push(nameOf(view.getUint32(at, false)));
  }
  return names;
}

function nameOf(cpu: number): string {
  return CPUS.get(cpu) ?? `cpu ${cpu}`;
}
