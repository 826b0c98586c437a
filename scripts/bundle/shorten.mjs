/**
 * Makes code shorter: V8 reads a file to its end before it runs the first line. In the library's code, the names of local
 * variables become short; those of functions and classes stay, because stack traces name them.
 */
import { minify_sync as minify } from 'terser';

/** Classes without a name of their own, which have that of their variable: esbuild writes all classes of a module so. */
const CLASS_IN_VARIABLE = /([\w$]+)\s*=\s*class\b/g;
/** Node.js shows the line of an uncaught error. */
const LINE = 120;

/** @param options `module` for an ES module; `parse`: options of the parser. */
export function shorten(text, { module = false, parse = {} } = {}) {
  const classes = [...text.matchAll(CLASS_IN_VARIABLE)].map(([, name]) => name);
  return minify(text, {
    module,
    toplevel: true,
    // A function that is put where it is called is in no stack trace.
    compress: { ecma: 2020, inline: false, keep_fargs: true, passes: 2, reduce_funcs: false },
    mangle: { reserved: classes },
    keep_classnames: true,
    keep_fnames: true,
    parse,
    // `package-home.ts` reads the version.
    format: { comments: /^ offthread \d/, max_line_len: LINE },
  }).code;
}

/** Code that nobody debugs: no names stay. */
export function shortest(text) {
  return minify(text, {
    module: true,
    compress: { ecma: 2020, passes: 2 },
    format: { comments: false, max_line_len: LINE },
  }).code;
}
