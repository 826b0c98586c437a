/** Paths into a JSON value: `.name`, `.items[0]`, `["odd name"]`; `.` is the value itself. */
import { UsageError } from '../../console/usage-error.js';

type Step = string | number;

const STEP = /^(?:\.([\p{L}_$][\p{L}\p{N}_$-]*)|\.?\[(\d+)\]|\.?\[("(?:[^"\\]|\\.)*")\])/u;

/** @throws UsageError */
export function parsePath(text: string, option: string): readonly Step[] {
  if (text === '.') return [];
  const steps: Step[] = [];
  for (let rest = text; rest !== ''; ) {
    const match = STEP.exec(rest);
    if (match === null) {
      throw new UsageError(
        `${option} has the path '${text}'. Expected steps such as .name, [0] or ["a name"]: .user.age, .items[0].`,
      );
    }
    const [all, name, index, quoted] = match;
    steps.push(name ?? (index === undefined ? (JSON.parse(quoted as string) as string) : Number(index)));
    rest = rest.slice(all.length);
  }
  return steps;
}

/** The value at a path; undefined if there is none. */
export function valueAt(value: unknown, path: readonly Step[]): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Readonly<Record<Step, unknown>>)[step];
  }
  return at;
}
