/**
 * Takes the imports out of bundled ES modules. Lines stay where they are, for a source map.
 *
 * Built-in modules are asked for by `process.getBuiltinModule`: an import of one reads every export of it, and the
 * streams of `node:fs` alone take 2 ms.
 */
import { fail } from '../tools.mjs';

const WHERE = 'scripts/bundle/as-function.mjs';
const IMPORTED = /(?<=^|[;}])import\s*\{([^}]*)\}\s*from\s*"([^"]+)";/gm;
const IMPORTED_WHOLE = /(?<=^|[;}])import\s*(?:\*\s*as\s+)?(\w+)\s+from\s*"([^"]+)";/gm;
/** Of a module of which nothing is used. */
const IMPORTED_UNUSED = /(?<=^|[;}])import\s*"([^"]+)";/gm;
const EXPORTED = /(?<=^|[;}])export\s*\{\s*(?:(\w+)\s+as\s+)?modules\s*\};/m;

/** @param from the code for another module, by its name; undefined if it is unknown. */
function withoutImports(text, from) {
  const names = (list) => list.replace(/\s+as\s+/g, ':');
  const source = (module) => {
    const code = module.startsWith('node:')
      ? `process.getBuiltinModule(${JSON.stringify(module)})`
      : from(module);
    if (code === undefined) fail(`${WHERE}: unknown import ${module}`);
    return code;
  };
  const constant = (names, module) => `const ${names}=${source(module)};`;
  const result = text
    .replace(IMPORTED, (_, list, module) => constant(`{${names(list)}}`, module))
    .replace(IMPORTED_WHOLE, (_, name, module) => constant(name, module))
    .replace(IMPORTED_UNUSED, (_, module) => (source(module), ''));
  const left = /(?:^|[;}])import\b(?!\.meta).{0,60}/m.exec(result);
  if (left !== null) fail(`${WHERE}: an import in an unknown form: ${left[0]}`);
  return result;
}

/** An ES module that imports built-in modules only, without these imports. */
export function withoutBuiltinImports(text) {
  return withoutImports(text, () => undefined);
}

/**
 * An ES module as the body of a function, whose parameter `earlier` has the modules of earlier files, and which returns
 * its own.
 * @param earlier how modules of earlier files are named in imports.
 */
export function bodyOf(text, earlier) {
  const from = (module) =>
    module.startsWith(earlier) ? `earlier[${JSON.stringify(module.slice(earlier.length))}]` : undefined;
  const body = withoutImports(text, from).replace(EXPORTED, (_, local = 'modules') => `return ${local};`);
  if (/(?:^|[;}])export\b/m.test(body) || body.includes(earlier)) fail(`${WHERE}: an unknown export`);
  return body;
}

/** What exports that function. */
export function asFunction(body) {
  // V8 compiles a function in parentheses at once, and not twice; an arrow function it would compile twice.
  return `module.exports=(function(earlier){${body}});`;
}
