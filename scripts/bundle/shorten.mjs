/**
 * Makes code shorter: V8 reads a file to its end before it runs the first line. Names of local variables become short;
 * those of functions and classes stay, because stack traces name them.
 */
import { minify_sync as minify } from 'terser';

/** Classes without a name of their own, which have that of their variable: esbuild writes all classes of a module so. */
const CLASS_IN_VARIABLE = /([\w$]+)\s*=\s*class\b/g;

/** @param options `module` for an ES module; `parse`: options of the parser. */
export function shorten(text, { module = false, parse = {} } = {}) {
  const classes = [...text.matchAll(CLASS_IN_VARIABLE)].map(([, name]) => name);
  return minify(text, {
    module,
    toplevel: true,
    compress: false,
    mangle: { reserved: classes },
    keep_classnames: true,
    keep_fnames: true,
    parse,
    format: {
      // `package-home.ts` reads the version.
      comments: /^ offthread \d/,
      // Node.js shows the line of an uncaught error.
      max_line_len: 120,
    },
  }).code;
}
