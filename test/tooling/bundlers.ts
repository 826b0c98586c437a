/** Bundles a program with offthread into one file, as applications do. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import webpack from 'webpack';
import { packageRoot } from '../helpers/testlib.js';

export interface BundleOrder {
  /** The program; its `node_modules` are looked up from there. */
  readonly entry: string;
  readonly output: string;
  /** offthread stays out of it. */
  readonly external: boolean;
}
export type Bundler = (order: BundleOrder) => Promise<void>;

const esbuild =
  (format: 'esm' | 'cjs'): Bundler =>
  async ({ entry, output, external }) => {
    await build({
      entryPoints: [entry],
      outfile: output,
      bundle: true,
      platform: 'node',
      format,
      minify: true,
      external: external ? ['offthread'] : [],
      logLevel: 'silent',
    });
  };

const withWebpack: Bundler = async ({ entry, output, external }) => {
  const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) => {
    webpack(
      {
        mode: 'none',
        target: 'node',
        entry,
        output: { path: join(output, '..'), filename: output.slice(output.lastIndexOf('/') + 1) },
        externals: external ? { offthread: 'commonjs offthread' } : {},
      },
      (error, result) => (error === null ? resolve(result) : reject(error)),
    );
  });
  if (stats?.hasErrors() === true) throw new Error(stats.toString({ all: false, errors: true }));
  // It writes down where files were when it read them. An application is deployed to where they are not.
  const text = readFileSync(output, 'utf8');
  writeFileSync(output, text.replaceAll(pathToFileURL(packageRoot()).href, 'file:///not/here'));
};

/** Each with the ending of what it makes. */
export const BUNDLERS: Readonly<Record<string, { readonly bundle: Bundler; readonly ending: string }>> = {
  'esbuild, ESM': { bundle: esbuild('esm'), ending: 'mjs' },
  'esbuild, CommonJS': { bundle: esbuild('cjs'), ending: 'cjs' },
  webpack: { bundle: withWebpack, ending: 'cjs' },
};
